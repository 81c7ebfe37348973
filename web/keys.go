package web

import (
	"context"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/views"
	"holdover/web/page"
)

// keysPreference says under which name the store remembers a person's set of keys.
const keysPreference = "keys"

func (s *server) keyRoutes() []page.Route {
	return []page.Route{
		page.Get("/keys", page.People, s.keys),
		page.Post("/keys", page.People, s.chooseKeys),
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
	return s.Render(c, http.StatusOK, p, views.KeysPage(p))
}

// chooseKeys is POST /keys: keys=outlook|gmail|off.
func (s *server) chooseKeys(c echo.Context) error {
	chosen := c.FormValue("keys")
	if !views.KnownKeys(chosen) {
		return page.ErrBad
	}
	if err := s.Mail.Prefer(c.Request().Context(), page.PersonOf(c).Mailbox, keysPreference, chosen); err != nil {
		return err
	}
	return page.Redirect(c, "/keys")
}
