package web

import (
	"cmp"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/signin"
	"holdover/web/page"
)

var (
	errForbidden = errors.New("not allowed for this person")
	errToken     = errors.New("the API needs the administrators' token")
)

// identify finds out who asks, and answers errors while the session is still open.
func (s *server) identify(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		person, signedIn := s.Signin.Of(c.Request().Context())
		if !signedIn {
			person = signin.Person{Language: person.Language} // chosen before signing in
		}
		page.SetPerson(c, person)
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// admit lets in whom the route is for.
func (s *server) admit(r page.Route) echo.HandlerFunc {
	return func(c echo.Context) error {
		person := page.PersonOf(c)
		switch r.Access {
		case page.Everyone:
			return r.Handle(c)
		case page.People, page.Readers, page.Writers, page.Authors, page.Admins:
			if err := s.admitPerson(c, r, person); err != nil || c.Response().Committed {
				return err
			}
			return r.Handle(c)
		case page.Token:
			if !s.hasToken(c.Request()) {
				c.Response().Header().Set("WWW-Authenticate", "Bearer")
				return errToken
			}
			return r.Handle(c)
		}
		return errForbidden
	}
}

// admitPerson lets in who is signed in and may do this in the mailbox of the address.
func (s *server) admitPerson(c echo.Context, r page.Route, person signin.Person) error {
	if person.Mailbox == "" && r.Access == page.Authors {
		return s.rescue(c)
	}
	if person.Mailbox == "" {
		return s.askToSignIn(c)
	}
	if err := s.openBox(c); err != nil {
		return err
	}
	if r.Access == page.Admins && !person.Admin {
		return errForbidden
	}
	if r.Access == page.Writers {
		if only, err := s.readOnly(c.Request().Context(), boxOf(c).id); only || err != nil {
			return cmp.Or(err, errReadOnly)
		}
	}
	return nil
}

// askToSignIn sends people to the sign-in page and back here afterwards. htmx shows nothing for a
// bare 401 or a redirect to elsewhere, so it is told to navigate (webmail.md 3.2).
func (s *server) askToSignIn(c echo.Context) error {
	target := "/?" + url.Values{"back": {backAfterSignIn(c.Request())}}.Encode()
	switch {
	case page.IsHTMX(c) && c.Path() == "/addresses": // suggestions lead nobody away from what is being written
		return c.NoContent(http.StatusUnauthorized)
	case page.IsHTMX(c):
		c.Response().Header().Set("HX-Redirect", target)
		return c.NoContent(http.StatusUnauthorized)
	case c.Request().Header.Get("Accept") == "text/event-stream":
		return c.NoContent(http.StatusUnauthorized)
	}
	return c.Redirect(http.StatusSeeOther, target)
}

// backAfterSignIn is the page that was wanted; for what cannot be repeated it is the page before.
func backAfterSignIn(r *http.Request) string {
	wanted := r.URL.RequestURI()
	if at := r.Header.Get("HX-Current-URL"); at != "" {
		wanted = at
	} else if r.Method != http.MethodGet {
		wanted = r.Referer()
	}
	if u, err := url.Parse(wanted); err == nil && (u.Host == "" || u.Host == r.Host) {
		return localPath(u.RequestURI())
	}
	return "/mail/inbox"
}

// localPath is path when it stays on this host, else the inbox.
func localPath(path string) string {
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsAny(path, "\\\r\n\t") {
		return "/mail/inbox"
	}
	return path
}

// hasToken compares in constant time, whatever the lengths.
func (s *server) hasToken(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || s.AdminToken == "" {
		return false
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.AdminToken))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}
