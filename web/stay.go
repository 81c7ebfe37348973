package web

import (
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/signin"
	"holdover/views"

	"holdover/web/page"
)

// warnBefore is how long before its end a session is spoken of; a quarter of a short one.
const warnBefore = 5 * time.Minute

// stay is GET and POST /stay: how long the session lasts. For the writing page it is a line that asks again by
// itself; in a window of its own it is the page that says that one is signed in, and coming there keeps the
// session. The line never leads away: who is no longer signed in is told so where they write.
func (s *server) stay(c echo.Context) error {
	if lang := c.QueryParam("lang"); page.PersonOf(c).Mailbox == "" && s.words.Speaks(lang) { // of the page that asks
		page.SetPerson(c, signin.Person{Language: lang})
	}
	p := s.Shell(c)
	v, err := s.session(c, p.Words)
	if err != nil {
		return err
	}
	if page.IsHTMX(c) {
		v.Said = v.State != views.SessionCalm && v.State != c.QueryParam("was")
		return s.Write(c, http.StatusOK, views.SessionAnswer(p, v), templ.NopComponent)
	}
	if page.PersonOf(c).Mailbox == "" {
		return page.Redirect(c, "/?back=/stay")
	}
	p.Title = p.Words.T("stay.title")
	return s.Render(c, http.StatusOK, p, views.StayPage(p, v))
}

// session is what the writing page says of the session.
func (s *server) session(c echo.Context, w *views.Words) (views.Session, error) {
	if page.PersonOf(c).Mailbox == "" {
		return views.Session{State: views.SessionEnded, Again: 20}, nil
	}
	at, atMost, err := s.Signin.Ends(c.Request().Context())
	if err != nil {
		return views.Session{}, err
	}
	v := views.Session{State: views.SessionCalm, Until: w.Since(at, s.now()), Final: !at.Before(atMost), Kept: c.Request().Method == http.MethodPost}
	left := at.Sub(s.Now())
	wait := left - warnBefore
	if wait <= 0 {
		v.State, wait = views.SessionSoon, min(left, 30*time.Second)
	}
	v.Again = int(min(max(wait, 5*time.Second), 4*time.Minute) / time.Second)
	return v, nil
}
