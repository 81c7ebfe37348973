package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/directory"
	"holdover/signin"
	"holdover/views"
	"holdover/web/page"
)

// landing is GET /: the sign-in page, or the inbox for who is signed in.
func (s *server) landing(c echo.Context) error {
	if page.PersonOf(c).Mailbox != "" {
		return page.Redirect(c, localPath(c.QueryParam("back")))
	}
	return s.signInPage(c, http.StatusOK, "")
}

// signInPage shows the ways in; trouble names the words of what went wrong ("failed", "refused", "nomailbox").
func (s *server) signInPage(c echo.Context, status int, trouble string) error {
	lapse, ended, err := s.Signin.Lapsed(c.Request().Context())
	if err != nil {
		s.Log.Error("ended session not read", "err", err)
	}
	if ended && page.PersonOf(c).Language == "" { // nothing else of them shows here
		page.SetPerson(c, signin.Person{Language: lapse.Person.Language})
	}
	p := s.Shell(c)
	p.Title = p.Words.T("signin.title")
	model := views.SignIn{Back: localPath(c.QueryParam("back")), Trouble: trouble}
	if ended && !lapse.Saved.IsZero() {
		model.Saved = p.Words.Since(lapse.Saved, s.now())
	}
	down, err := s.downForAll(c)
	if err != nil {
		return err
	}
	if !down.IsZero() {
		model.Down = p.Words.Since(down, s.now())
	}
	return s.Write(c, status, views.SignInPage(p, model), templ.NopComponent)
}

// downForAll answers since when Exchange is down for the whole organisation. Events of single
// groups and drills are nobody's business who has not signed in.
func (s *server) downForAll(c echo.Context) (time.Time, error) {
	events, err := s.Events.Events(c.Request().Context(), 50)
	for _, e := range events {
		if e.Active() && e.Scope.All && (e.Kind == continuity.Outage || e.Kind == continuity.Lockdown) {
			return e.Started, err
		}
	}
	return time.Time{}, err
}

// signIn is GET /sign-in: on to the identity provider. A link, not a form, since form-action is 'self'.
func (s *server) signIn(c echo.Context) error {
	to, err := s.Signin.Begin(c.Request().Context(), localPath(c.QueryParam("back")))
	if err != nil {
		s.Log.Error("sign-in cannot begin", "err", err)
		return s.signInPage(c, http.StatusServiceUnavailable, "failed")
	}
	return c.Redirect(http.StatusSeeOther, to)
}

// signedIn is GET /sign-in/return: back from the identity provider.
func (s *server) signedIn(c echo.Context) error {
	back, err := s.Signin.Finish(c.Request().Context(), c.QueryParams())
	switch {
	case errors.Is(err, directory.ErrNotBound), errors.Is(err, directory.ErrTaken), errors.Is(err, directory.ErrUnknown):
		s.Log.Warn("sign-in without a mailbox", "err", err)
		return s.signInPage(c, http.StatusForbidden, "nomailbox")
	case errors.Is(err, signin.ErrProvider):
		s.Log.Error("sign-in cannot be finished", "err", err)
		return s.signInPage(c, http.StatusServiceUnavailable, "failed")
	case err != nil:
		s.Log.Warn("sign-in refused", "err", err)
		return s.signInPage(c, http.StatusForbidden, "refused")
	}
	return page.Redirect(c, localPath(back))
}

// signOut is POST /sign-out. The browser forgets what it kept of the pages.
func (s *server) signOut(c echo.Context) error {
	if err := s.Signin.Out(c.Request().Context()); err != nil {
		return err
	}
	c.Response().Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return page.Redirect(c, "/")
}
