package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
)

const (
	maxEvents = 50   // events that the desk lists
	maxOldest = 2000 // waiting lines read to find the oldest
)

func (s *server) deskRoutes() []route {
	release := s.releaseRoutes()
	api := eventsAPI{events: s.Events, org: s.Directory, told: s.Syncback, log: s.Log}
	return append(append(release, api.routes()...),
		route{http.MethodGet, "/desk", admins, s.desk},
		route{http.MethodGet, "/desk/events/new", admins, s.startForm},
		route{http.MethodPost, "/desk/events", admins, s.startEvent},
		route{http.MethodGet, "/desk/events/:id", admins, s.eventPage},
		route{http.MethodPost, "/desk/events/:id/end", admins, s.endEvent},
		route{http.MethodPost, "/desk/events/:id/retry", admins, s.retryEntry},
		route{http.MethodGet, "/desk/events/:id/progress", admins, s.eventProgress},
		route{http.MethodGet, "/desk/events/:id/entries", admins, s.eventEntries},
		route{http.MethodPost, "/desk/events/:id/retry-all", admins, s.retryAll},
		route{http.MethodGet, "/desk/events/:id/report", admins, s.eventReport},
		route{http.MethodGet, "/desk/refills", admins, s.refillForm},
		route{http.MethodPost, "/desk/refills", admins, s.startRefill},
		route{http.MethodGet, "/desk/refills/:id", admins, s.refillPage},
		route{http.MethodPost, "/desk/refills/:id/fill", admins, s.turnRefill(func(r Refills) func(context.Context, string, string) error { return r.FillRefill })},
		route{http.MethodPost, "/desk/refills/:id/cancel", admins, s.turnRefill(func(r Refills) func(context.Context, string, string) error { return r.CancelRefill })},
		route{http.MethodGet, "/api/refills", token, s.apiRefills},
		route{http.MethodPost, "/api/refills", token, s.apiStartRefill},
		route{http.MethodGet, "/api/refills/:id", token, s.apiRefill},
		route{http.MethodPost, "/api/refills/:id/fill", token, s.apiFillRefill},
		route{http.MethodPost, "/api/refills/:id/cancel", token, s.apiCancelRefill},
		route{http.MethodGet, "/desk/archive", admins, s.archivePage},
		route{http.MethodPost, "/desk/archive/:id/again", admins, s.decideReport("again", func(a Archive) func(context.Context, string, string) error { return a.Again })},
		route{http.MethodPost, "/desk/archive/:id/there", admins, s.decideReport("there", func(a Archive) func(context.Context, string, string) error { return a.There })},
		route{http.MethodGet, "/desk/events/:id/report.csv", admins, s.eventCSV},
	)
}

// desk is the situation: one true sentence, then what needs doing.
func (s *server) desk(c echo.Context) error {
	ctx, p := c.Request().Context(), s.shell(c)
	p.Title = p.Words.T("desk.situation")
	p.Flash = s.flash(c, p.Words)
	report, err := s.Syncback.Report(ctx, time.Time{}, func(email.MailboxID) bool { return true })
	if err != nil {
		return err
	}
	events, err := s.Events.Events(ctx, maxEvents)
	if err != nil {
		return err
	}
	d := views.Desk{At: s.now().Format("15:04:05")}
	for _, e := range events {
		if row := s.eventRow(p.Words, e); e.Active() {
			d.Active = append(d.Active, row)
		} else {
			d.History = append(d.History, row)
		}
	}
	if len(d.Active) == 0 { // a matter for quiet days
		d.Legal = s.legalMissing()
	}
	s.sayDesk(p.Words, &d, events, report)
	s.deskAlarms(p.Words, &d)
	if d.Tiles, err = s.deskTiles(ctx, p.Words, report, len(d.Active) > 0); err != nil {
		return err
	}
	return s.render(c, http.StatusOK, p, views.DeskPage(p, d))
}

// sayDesk finds the sentence. It claims only what the counts of this moment say.
func (s *server) sayDesk(w *views.Words, d *views.Desk, events []continuity.Event, r syncback.Report) {
	left := r.Total - r.Verified - r.Accepted
	oldest, on := oldestActive(events)
	switch {
	case on && left > 0:
		d.Say = w.T("event.say_hold", "Kind", w.T("event."+string(oldest.Kind)), "Time", w.Since(oldest.Started, s.now()), "N", w.N("event.changes", left))
	case on:
		d.Say = w.T("event.say_hold_none", "Kind", w.T("event."+string(oldest.Kind)), "Time", w.Since(oldest.Started, s.now()))
	case left > 0:
		d.Say = w.T("event.say_drain", "Done", w.Number(r.Verified), "Total", w.Number(r.Total))
	case r.Total == 0:
		d.Say, d.Done = w.T("desk.calm_never"), true
	default:
		d.Say, d.Done = w.T("desk.calm"), true
	}
	if r.Accepted > 0 {
		d.More = append(d.More, w.N("desk.checking", r.Accepted))
	}
	if r.Parked > 0 {
		d.More = append(d.More, w.N("desk.need", r.Parked))
	}
}

func oldestActive(events []continuity.Event) (oldest continuity.Event, on bool) {
	for _, e := range events {
		if e.Active() && (!on || e.Started.Before(oldest.Started)) {
			oldest, on = e, true
		}
	}
	return oldest, on
}

// alarms are the store's, and what the rooms beside it have to say of the same kind.
func (s *server) alarms() []mailstore.Alarm {
	list := slices.Clone(s.Mail.Alarms())
	for _, a := range s.Syncback.Alarms() {
		list = append(list, mailstore.Alarm{Code: a.Code, Since: a.Since, Text: a.Text})
	}
	if at, err := s.Directory.LastRead(); err != nil {
		list = append(list, mailstore.Alarm{Code: "directory-broken", Since: at, Text: "The directory file cannot be used, the state before it is kept for 24 hours: " + err.Error()})
	}
	return list
}

func (s *server) deskAlarms(w *views.Words, d *views.Desk) {
	for _, a := range s.alarms() {
		v := views.DeskAlarm{Text: a.Text, Since: w.T("desk.alarm_since", "Time", w.Since(a.Since, s.now()))}
		if a.Mailbox != "" {
			v.Where = w.T("desk.alarm_mailbox", "Address", s.addressOf(a.Mailbox))
		}
		d.Alarms = append(d.Alarms, v)
	}
	if len(d.Alarms) > 0 {
		d.Done = false
		d.More = append(d.More, w.N("desk.alarm_count", len(d.Alarms)))
	} else {
		d.More = append(d.More, w.T("desk.no_alarm"))
	}
}

func (s *server) eventRow(w *views.Words, e continuity.Event) views.EventRow {
	row := views.EventRow{URL: "/desk/events/" + e.ID, Kind: w.T("event." + string(e.Kind)), Icon: eventIcon(e.Kind), Scope: s.scopeWords(w, e.Scope),
		Reason: e.Reason, ISO: e.Started.Format(time.RFC3339), When: w.T("desk.since", "Time", w.Since(e.Started, s.now()))}
	if !e.Active() {
		row.When = w.T("desk.fromto", "From", w.Since(e.Started, s.now()), "To", w.Since(e.Ended, s.now()))
	}
	return row
}

func eventIcon(k continuity.Kind) string {
	switch k {
	case continuity.Maintenance:
		return "clock"
	case continuity.Lockdown:
		return "lock"
	}
	return "bridge"
}

// deskTiles are the layers, failing ones first.
func (s *server) deskTiles(ctx context.Context, w *views.Words, r syncback.Report, event bool) ([]views.Tile, error) {
	queue, err := s.queueTile(ctx, w)
	if err != nil {
		return nil, err
	}
	oldest, err := s.oldestWaiting(ctx, r)
	if err != nil {
		return nil, err
	}
	tiles := []views.Tile{s.waitTile(w, r, oldest, event), s.parkedTile(w, r), queue, s.spaceTile(w), {Title: w.T("desk.people"),
		Figure: w.Number(len(s.Directory.Mailboxes())), Unit: w.T("desk.people_text")}}
	var sorted []views.Tile
	for _, failing := range []bool{true, false} {
		for _, t := range tiles {
			if t.Off == failing {
				sorted = append(sorted, t)
			}
		}
	}
	return sorted, nil
}

func (s *server) waitTile(w *views.Words, r syncback.Report, oldest time.Time, event bool) views.Tile {
	left := r.Waiting + r.Trying + r.InDoubt
	t := views.Tile{Title: w.T("desk.waits"), Figure: w.Number(left), Cause: w.T("desk.oldest_none"), State: goodBadge(w)}
	if left > 0 {
		t.Cause = ""
		t.State = views.Badge{Text: w.T("desk.holding"), Icon: "clock", Class: "is-hold"}
	}
	if !oldest.IsZero() {
		t.Cause = w.T("desk.oldest", "Time", w.Since(oldest, s.now()))
	}
	if r.Trouble != "" && left > 0 && !event {
		t.Off, t.State = true, views.Badge{Text: w.T("desk.failing"), Icon: "x", Class: "is-bad"}
		t.Cause = w.T("event.trouble") + " " + w.Say(r.Trouble)
	}
	return t
}

// oldestWaiting is when the longest waiting change was made; zero when the ledger's newest lines do
// not reach that far back.
func (s *server) oldestWaiting(ctx context.Context, r syncback.Report) (oldest time.Time, err error) {
	if r.Waiting == 0 || r.Waiting > maxOldest {
		return oldest, nil
	}
	lines, err := s.Syncback.Lines(ctx, time.Time{}, "", syncback.Waiting, maxOldest)
	for _, l := range lines {
		if oldest.IsZero() || l.At.Before(oldest) {
			oldest = l.At
		}
	}
	return oldest, err
}

func (s *server) parkedTile(w *views.Words, r syncback.Report) views.Tile {
	t := views.Tile{Title: w.T("desk.parked"), Figure: w.Number(r.Parked), Cause: w.T("desk.parked_none"), State: goodBadge(w)}
	if r.Parked > 0 {
		t.Off, t.Cause, t.State = true, w.T("desk.parked_some"), views.Badge{Text: w.T("count.parked"), Icon: "alert", Class: "is-bad"}
	}
	return t
}

func (s *server) queueTile(ctx context.Context, w *views.Words) (views.Tile, error) {
	rows, err := s.Mail.Submissions(ctx, "", maxLines)
	if err != nil {
		return views.Tile{}, err
	}
	var going, failed int
	for _, row := range rows {
		for _, r := range row.Recipients {
			switch {
			case r.State == "failed":
				failed++
			case r.State == "queued" && !row.Held:
				going++
			}
		}
	}
	t := views.Tile{Title: w.T("desk.queue"), Figure: w.Number(going), Unit: w.T("desk.queue_wait"), Cause: w.T("desk.queue_failed_none"), State: goodBadge(w)}
	if failed > 0 {
		t.Cause = w.T("desk.queue_failed", "N", w.Number(failed))
	}
	return t, nil
}

func (s *server) spaceTile(w *views.Words) views.Tile {
	t := views.Tile{Title: w.T("desk.space"), Figure: w.T("desk.space_ok"), Cause: w.T("desk.space_reserve"), State: goodBadge(w)}
	if s.Mail.SpaceLeft(s.MaxUpload) != nil {
		t.Off, t.Figure, t.Cause = true, w.T("desk.space_full"), w.T("desk.space_stop")
		t.State = views.Badge{Text: w.T("desk.failing"), Icon: "x", Class: "is-bad"}
	}
	return t
}

func goodBadge(w *views.Words) views.Badge {
	return views.Badge{Text: w.T("desk.working"), Icon: "check", Class: "is-good"}
}

func (s *server) addressOf(m email.MailboxID) string {
	if box, ok := s.Directory.Mailbox(m); ok {
		return box.Address
	}
	return string(m)
}
