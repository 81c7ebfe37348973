package web

import (
	"slices"

	"github.com/labstack/echo/v4"

	"holdover/web/page"
)

// language is POST /language: language=the code of one that there is, back=where to go on.
func (s *server) language(c echo.Context) error {
	chosen := c.FormValue("language")
	if !s.words.Speaks(chosen) {
		return page.ErrBad
	}
	s.Signin.Prefer(c.Request().Context(), "language", chosen)
	return page.Redirect(c, localPath(c.FormValue("back")))
}

// theme is POST /theme: theme=light|dark|auto, back=where to go on.
func (s *server) theme(c echo.Context) error {
	chosen := c.FormValue("theme")
	if !slices.Contains([]string{"light", "dark", "auto"}, chosen) {
		return page.ErrBad
	}
	if chosen == "auto" {
		chosen = ""
	}
	s.Signin.Prefer(c.Request().Context(), "theme", chosen)
	return page.Redirect(c, localPath(c.FormValue("back")))
}
