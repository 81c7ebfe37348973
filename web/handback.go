package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// errReadOnly refuses a change while Exchange runs and the administrator wants people to work there.
var errReadOnly = errors.New("outside an event the mail is for reading")

// recentEvents is how many events are read to find the one that concerns a mailbox.
const recentEvents = 50

// leave is the button that stores a draft for going on in Outlook.
const leave = "save:outlook"

// readOnly says that a mailbox can only be read here: it is so configured, and no event covers it
// whose gates are still closed. Exchange then has, or is being given, all that happened.
func (s *server) readOnly(ctx context.Context, m email.MailboxID) (bool, error) {
	if !s.ReadOnly || m == "" {
		return false, nil
	}
	events, err := s.Events.Events(ctx, recentEvents)
	if err != nil {
		return false, err
	}
	_, open := continuity.Latest(events, func(e continuity.Event) bool {
		return (e.Active() || e.Kind.Closes() && e.Opening()) && s.Events.Covers(e, m)
	})
	return !open, nil
}

// released is the event after which a mailbox was handed back to Exchange within the last days.
func (s *server) released(ctx context.Context, m email.MailboxID) (e continuity.Event, ok bool, err error) {
	events, err := s.Events.Events(ctx, recentEvents)
	if err != nil {
		return e, false, err
	}
	e, ok = continuity.Latest(events, func(e continuity.Event) bool { return e.Kind.Closes() && s.Events.Covers(e, m) })
	ok = ok && !e.Active() && !e.Released.IsZero() && s.Now().Sub(e.Released) <= returningWithin
	return e, ok, nil
}

// How long after an event its end is worth a word on each page: while changes are on their way, and
// once all have arrived.
const (
	returningWithin = 7 * 24 * time.Hour
	returnedWithin  = 3 * 24 * time.Hour
)

// returnBanner is what pages say of an Exchange that is back: how many of the person's own changes are
// still on their way, or that all have arrived; with the way to the receipts. Changes that wait without
// any event say nothing of Exchange having been away.
func (s *server) returnBanner(ctx context.Context, p views.Page, o box) (*views.Banner, error) {
	own, err := s.ownReturn(ctx, p.Words, o)
	if err != nil || own != nil || !p.ReadOnly {
		return own, err
	}
	return &views.Banner{Kind: "quiet"}, nil
}

func (s *server) ownReturn(ctx context.Context, w *views.Words, o box) (*views.Banner, error) {
	e, ok, err := s.released(ctx, o.id)
	if err != nil || !ok {
		return nil, err
	}
	done, err := s.countsSince(ctx, o.id, e)
	if err != nil || done.Total == 0 {
		return nil, err
	}
	b := &views.Banner{Kind: "return", Link: o.base + "/receipts", LinkText: w.T("receipts.banner")}
	if left := done.Total - done.Verified - done.Parked; left > 0 {
		b.Own = w.N("receipts.band_left", left)
		return b, nil
	}
	if s.Now().Sub(e.Released) > returnedWithin {
		return nil, nil
	}
	b.Kind, b.Own = "returned", w.N("receipts.band_done", done.Total)
	if done.Parked > 0 {
		b.Own = w.N("receipts.need_n", done.Parked)
	}
	return b, nil
}

// afterSaving is where a person goes whose draft is stored: on with writing, or to Outlook.
func (s *server) afterSaving(c echo.Context, form composeForm, sh sheet) error {
	if form.Button == leave {
		return page.Redirect(c, boxOf(c).folder(mailstore.Drafts)+"?done=kept")
	}
	return page.Redirect(c, boxOf(c).compose(sh))
}

// around is GET /band: what stands around a form while somebody fills it, the banner and the offer to go on in
// Outlook. Who is no longer signed in is not led away from what they write: the form says so itself.
func (s *server) around(c echo.Context) error {
	if page.PersonOf(c).Mailbox == "" {
		return c.NoContent(http.StatusNoContent)
	}
	p, err := s.page(c)
	if err != nil {
		return err
	}
	var v views.Compose
	if err := s.offerOutlook(c, p, &v); err != nil {
		return err
	}
	return s.Write(c, http.StatusOK, views.Around(p, v.Back), templ.NopComponent)
}

// offerOutlook tells who still writes that Exchange is back: finish here, or go on there.
func (s *server) offerOutlook(c echo.Context, p views.Page, v *views.Compose) error {
	_, back, err := s.released(c.Request().Context(), boxOf(c).id)
	v.Back = p.ReadOnly || back && (p.Banner == nil || p.Banner.Back())
	return err
}
