package web

import (
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/web/page"
)

// pagePolicy allows what our own pages need and nothing else (webmail.md 3.2).
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
	"connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'"

var errCross = errors.New("request from another website")

// guard sets the headers that every answer carries, whatever its status, and refuses unsafe
// requests that another website caused.
func (s *server) guard(next echo.HandlerFunc) echo.HandlerFunc {
	cross := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		h := c.Response().Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if isFile(c.Request().URL.Path) {
			h.Set("Content-Security-Policy", page.FilePolicy) // no page: a logo that is opened by itself is the one that could do anything
			return next(c)
		}
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-DNS-Prefetch-Control", "off") // looking up a link's host tells its owner that the mail was opened
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Vary", "HX-Request")
		c.Response().Before(func() {
			if c.Response().Status == http.StatusNoContent { // most answers to open windows: there is no document to guard
				for _, name := range []string{"Content-Security-Policy", "X-DNS-Prefetch-Control", "Cross-Origin-Opener-Policy", "Permissions-Policy", "Referrer-Policy"} {
					h.Del(name)
				}
			}
		})
		if s.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		if err := cross.Check(c.Request()); err != nil && !isAPI(c) { // the API takes no cookie that another website could use
			return errCross
		}
		return next(c)
	}
}

// isFile says whether a path leads to no page and no mail, but to what pages are made with.
func isFile(path string) bool {
	return strings.HasPrefix(path, "/static/") || path == "/manifest.webmanifest"
}

// record logs one line per request: route and status, never path values, queries or people.
func (s *server) record(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := s.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		status := c.Response().Status
		level := slog.LevelDebug
		if status >= 500 {
			level = slog.LevelWarn
		}
		s.Log.Log(c.Request().Context(), level, "request", "method", c.Request().Method, "route", c.Path(),
			"status", status, "ms", s.Now().Sub(start).Milliseconds())
		return nil
	}
}

// isAPI says whether the answer is read by a program.
func isAPI(c echo.Context) bool { return strings.HasPrefix(c.Request().URL.Path, "/api/") }
