package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/push"
	"holdover/views"
	"holdover/web/page"
)

// Notices keeps which browsers take notifications.
type Notices interface {
	Key() string
	Subscribe(ctx context.Context, m email.MailboxID, s push.Subscription) error
	Unsubscribe(ctx context.Context, m email.MailboxID, endpoint string) error
}

// homePreference remembers that a person knows of the home screen.
const homePreference = "home"

func (s *server) noticeRoutes() []page.Route {
	return []page.Route{
		page.Get("/notices", page.People, s.notices),
		page.Post("/notices/on", page.People, s.noticesOn),
		page.Post("/notices/off", page.People, s.noticesOff),
		page.Post("/notices/known", page.People, s.homeKnown),
	}
}

// notices is the page on which a person puts the portal on the home screen and asks for notifications.
func (s *server) notices(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Title, p.More = p.Words.T("notice.title"), s.assets.URL("notice.js")
	v := views.Notices{}
	if s.Notices != nil {
		v.Key = s.Notices.Key()
	}
	return s.Render(c, http.StatusOK, p, views.NoticesPage(p, v))
}

// noticesOn keeps a browser. Its first notification is a greeting: what does not arrive is said at once.
func (s *server) noticesOn(c echo.Context) error {
	if s.Notices == nil {
		return mailstore.ErrNotFound
	}
	err := s.Notices.Subscribe(c.Request().Context(), page.PersonOf(c).Mailbox, push.Subscription{Endpoint: c.FormValue("endpoint"),
		P256dh: c.FormValue("p256dh"), Auth: c.FormValue("auth"), Lang: s.WordsOf(c).Lang})
	switch {
	case errors.Is(err, push.ErrInvalid):
		return page.ErrBad
	case err != nil:
		s.Log.WarnContext(c.Request().Context(), "a browser's push service was not reached", "err", err)
		return c.NoContent(http.StatusBadGateway)
	}
	return c.NoContent(http.StatusNoContent)
}

func (s *server) noticesOff(c echo.Context) error {
	if s.Notices == nil {
		return mailstore.ErrNotFound
	}
	if err := s.Notices.Unsubscribe(c.Request().Context(), page.PersonOf(c).Mailbox, c.FormValue("endpoint")); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// homeHint says whether to offer the home screen: whoever has just sent something knows what the portal is good for.
func (s *server) homeHint(ctx context.Context, mailbox email.MailboxID) bool {
	known, err := s.Mail.Preferences(ctx, mailbox, homePreference)
	return err == nil && known[homePreference] == ""
}

// homeKnown is POST /notices/known: the hint does not come again.
func (s *server) homeKnown(c echo.Context) error {
	if err := s.Mail.Prefer(c.Request().Context(), page.PersonOf(c).Mailbox, homePreference, "known"); err != nil {
		return err
	}
	return page.Redirect(c, "/mail/inbox")
}
