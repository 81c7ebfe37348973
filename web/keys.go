package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/views"
)

// keysPreference says under which name the store remembers a person's set of keys.
const keysPreference = "keys"

func (s *server) keyRoutes() []route {
	return []route{
		{http.MethodGet, "/keys", people, s.keys},
		{http.MethodPost, "/keys", people, s.chooseKeys},
	}
}

// keysOf is the set of keys that a person uses: "outlook" unless chosen otherwise, "gmail" or "off".
func (s *server) keysOf(ctx context.Context, mailbox email.MailboxID) string {
	chosen, err := s.Mail.Preferences(ctx, mailbox, keysPreference)
	if err == nil && views.KnownKeys(chosen[keysPreference]) {
		return chosen[keysPreference]
	}
	return "outlook"
}

// keys is the page that lists the keys of a set, and where another one is chosen or all are switched off
// (WCAG 2.1.4).
func (s *server) keys(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Title = p.Words.T("keys.title")
	return s.render(c, http.StatusOK, p, views.KeysPage(p))
}

// chooseKeys is POST /keys: keys=outlook|gmail|off.
func (s *server) chooseKeys(c echo.Context) error {
	chosen := c.FormValue("keys")
	if !views.KnownKeys(chosen) {
		return errBad
	}
	if err := s.Mail.Prefer(c.Request().Context(), personOf(c).Mailbox, keysPreference, chosen); err != nil {
		return err
	}
	return redirect(c, "/keys")
}
