package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// releaseRoutes are the pages between the end of an event and the drain; none without a gatekeeper.
func (s *server) releaseRoutes() []page.Route {
	return []page.Route{
		page.Get("/desk/events/:id/release", page.Admins, s.releasePage),
		page.Post("/desk/events/:id/release", page.Admins, s.releaseOrder),
		page.Get("/desk/events/:id/dry-run", page.Admins, s.dryRunPage),
		page.Get("/desk/events/:id/dry-run.csv", page.Admins, s.dryRunCSV),
		page.Get("/desk/exchange", page.Admins, s.exchangePage),
		page.Post("/desk/exchange", page.Admins, s.exchangeOrder),
	}
}

// releasePage shows how far the release of an event has come.
func (s *server) releasePage(c echo.Context) error {
	e, err := s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.showRelease(c, http.StatusOK, e, "", nil)
}

// releaseOrder tries again at once, or goes on without the test, with a reason.
func (s *server) releaseOrder(c echo.Context) error {
	ctx, reason := c.Request().Context(), c.FormValue("reason")
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	back := "/desk/events/" + e.ID + "/release"
	if c.FormValue("button") != "without" {
		if err := s.Gate.RetryRelease(ctx, e.ID); err != nil {
			return err
		}
		if err := s.Releases.Note(ctx, e.ID, "retry", page.PersonOf(c).Name, "the test before the sync-back"); err != nil {
			return err
		}
		return page.Redirect(c, back+"?done=releaseretry")
	}
	if wrong := checkReason(reason); wrong != nil && e.Opening() {
		return s.showRelease(c, http.StatusUnprocessableEntity, e, reason, wishFaults(s.WordsOf(c), []*wishError{wrong}))
	}
	_, err = s.Releases.Release(ctx, e.ID, page.PersonOf(c).Name, page.OneLine(reason))
	if err != nil && !errors.Is(err, continuity.ErrNotOpening) && !errors.Is(err, continuity.ErrUnconfirmed) { // the page says so
		return err
	}
	return page.Redirect(c, back)
}

func (s *server) showRelease(c echo.Context, status int, e continuity.Event, reason string, faults []views.Fault) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	w := p.Words
	v := views.Release{Event: e.ID, At: s.Time().Format("15:04:05"), Reason: reason, Faults: faults, Opening: e.Opening(), Live: e.Opening()}
	v.Title = w.T("release.title", "Kind", w.T("event."+string(e.Kind)), "Time", w.Since(e.Started, s.Time()))
	p.Title, p.Flash = v.Title, flash(c, w)
	r, err := s.Gate.ReleaseOf(ctx, e)
	if err != nil {
		return err
	}
	v.Say = s.sayRelease(w, e, r)
	if v.Done = !e.Released.IsZero(); v.Done && e.ReleaseReason != "" {
		v.More = append(v.More, w.T("event.record_release", "By", e.ReleasedBy, "Reason", w.Say(e.ReleaseReason)))
	}
	if e.Opening() {
		if !r.Probe {
			v.More = append(v.More, w.T("release.no_probe"))
		}
		for _, one := range r.Canaries {
			v.Canaries = append(v.Canaries, s.canaryRow(w, one, r.Blocked))
		}
		if v.Locked = r.Blocked == syncback.BlockIdentity; v.Locked {
			i, err := s.identities(c, w, e)
			if err != nil {
				return err
			}
			v.Identity = &i
		}
	}
	return s.Render(c, status, p, views.ReleasePage(p, v))
}

func (s *server) sayRelease(w *views.Words, e continuity.Event, r syncback.ReleaseReport) string {
	failed := false
	for _, c := range r.Canaries {
		failed = failed || c.State == syncback.CanaryFailed
	}
	switch {
	case e.Active():
		return w.T("release.say_active")
	case !e.Opening():
		return w.T("release.say_open")
	case r.Blocked != "":
		return w.T("release.say_" + r.Blocked)
	case failed:
		return w.T("release.say_failed")
	case len(r.Canaries) == 0:
		return w.T("release.say_starting")
	case !r.Probe:
		return w.T("release.say_scout")
	}
	return w.T("release.say_canary")
}

// canaryRow tells how far a way is; blocked says what keeps a new one from going in.
func (s *server) canaryRow(w *views.Words, c syncback.Canary, blocked string) views.CanaryRow {
	row := views.CanaryRow{Way: c.Title, Where: c.Address, Tries: w.Number(c.Tries), Words: c.Words, Remedy: c.Remedy}
	if c.Way == syncback.ScoutWay {
		row.Way, row.Where = w.T("release.scout"), s.addressOf(c.Mailbox)
	}
	icon := map[syncback.CanaryState][2]string{syncback.CanaryNew: {"clock", "is-hold"}, syncback.CanarySent: {"clock", "is-act"},
		syncback.CanaryPassed: {"ok", "is-good"}, syncback.CanaryFailed: {"x", "is-bad"}}[c.State]
	row.State = views.Badge{Text: w.T("release.state_" + string(c.State)), Icon: icon[0], Class: icon[1]}
	if c.State == syncback.CanaryNew && blocked != "" {
		row.State.Text = w.T("release.new_" + blocked)
	}
	if c.State == syncback.CanaryFailed && c.Next.After(s.Time()) {
		row.Next = w.Since(c.Next, s.Time())
	}
	return row
}

// estimateLines say when it ends, how fast it goes and what decides it.
func (s *server) estimateLines(ctx context.Context, w *views.Words, covers func(email.MailboxID) bool) (lines []string, e syncback.Estimate, err error) {
	if s.Gate == nil {
		return nil, e, nil
	}
	if e, err = s.Gate.Estimate(ctx, covers); err != nil || e.Items == 0 {
		return nil, e, err
	}
	if e.Left > 0 {
		lines = append(lines, w.T("release.left", "Left", duration(w, e.Left)))
	}
	if e.Rate >= 1 {
		lines = append(lines, w.T("release.left_rate", "N", w.Number(int(e.Rate+0.5))))
	}
	switch name := w.T("release.limit_name." + e.Binds); {
	case e.Binds == syncback.BindsExchange:
		lines = append(lines, w.T("release.binds_exchange"))
	case e.Binds == syncback.BindsNothing:
	case e.Mailbox != "":
		lines = append(lines, w.T("release.binds_box", "Name", name, "Address", s.addressOf(e.Mailbox)))
	default:
		lines = append(lines, w.T("release.binds_limit", "Name", name))
	}
	return []string{strings.Join(lines, " ")}, e, nil
}

// releaseWait is how long the identity page waits for Exchange's certificates.
const releaseWait = 15 * time.Second
