package desk

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
	"holdover/web/page"
)

const (
	maxEvents = 50   // events that the desk lists
	maxLines  = 200  // lines of the ledger that one page shows
	maxOldest = 2000 // waiting lines read to find the oldest
)

// server holds the rooms; handlers are its methods, one file for each thing that an administrator does.
type server struct {
	Options
	checks checks
}

// Routes are all of the desk and of the API.
func Routes(o Options) []page.Route {
	s := &server{Options: o}
	return slices.Concat(s.eventRoutes(), s.releaseRoutes(), s.refillRoutes(), s.archiveRoutes(), eventsAPI{s}.routes(), releaseAPI{s}.routes(), s.refillAPI())
}

func (s *server) eventRoutes() []page.Route {
	return []page.Route{
		page.Get("/desk", page.Admins, s.situation),
		page.Get("/desk/events/new", page.Admins, s.startForm),
		page.Post("/desk/events", page.Admins, s.startEvent),
		page.Get("/desk/events/:id", page.Admins, s.eventPage),
		page.Post("/desk/events/:id/end", page.Admins, s.endEvent),
		page.Post("/desk/events/:id/retry", page.Admins, s.retryEntry),
		page.Get("/desk/events/:id/progress", page.Admins, s.eventProgress),
		page.Get("/desk/events/:id/entries", page.Admins, s.eventEntries),
		page.Post("/desk/events/:id/retry-all", page.Admins, s.retryAll),
		page.Get("/desk/events/:id/report", page.Admins, s.eventReport),
		page.Get("/desk/events/:id/report.csv", page.Admins, s.eventCSV),
	}
}

// situation is how things stand: one true sentence, then what needs doing.
func (s *server) situation(c echo.Context) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	p.Title = p.Words.T("desk.situation")
	p.Flash = flash(c, p.Words)
	report, err := s.Syncback.Report(ctx, time.Time{}, func(email.MailboxID) bool { return true })
	if err != nil {
		return err
	}
	events, err := s.Events.Events(ctx, maxEvents)
	if err != nil {
		return err
	}
	d := views.Desk{At: s.Time().Format("15:04:05")}
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
	return s.Render(c, http.StatusOK, p, views.DeskPage(p, d))
}

// sayDesk finds the sentence. It claims only what the counts of this moment say.
func (s *server) sayDesk(w *views.Words, d *views.Desk, events []continuity.Event, r syncback.Report) {
	left := r.Total - r.Verified - r.Accepted
	oldest, on := oldestActive(events)
	switch {
	case on && left > 0:
		d.Say = w.T("event.say_hold", "Kind", w.T("event."+string(oldest.Kind)), "Time", w.Since(oldest.Started, s.Time()), "N", w.N("event.changes", left))
	case on:
		d.Say = w.T("event.say_hold_none", "Kind", w.T("event."+string(oldest.Kind)), "Time", w.Since(oldest.Started, s.Time()))
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
		v := views.DeskAlarm{Text: a.Text, Since: w.T("desk.alarm_since", "Time", w.Since(a.Since, s.Time()))}
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
		Reason: e.Reason, ISO: e.Started.Format(time.RFC3339), When: w.T("desk.since", "Time", w.Since(e.Started, s.Time()))}
	if !e.Active() {
		row.When = w.T("desk.fromto", "From", w.Since(e.Started, s.Time()), "To", w.Since(e.Ended, s.Time()))
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
		t.Cause = w.T("desk.oldest", "Time", w.Since(oldest, s.Time()))
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

// legalMissing names what public pages must link to in Germany (DDG, section 5; GDPR, article 13) and do not.
func (s *server) legalMissing() (missing []string) {
	if s.Organisation.Imprint == "" {
		missing = append(missing, "imprint")
	}
	if s.Organisation.Privacy == "" {
		missing = append(missing, "privacy")
	}
	return missing
}

func (s *server) addressOf(m email.MailboxID) string {
	if box, ok := s.Directory.Mailbox(m); ok {
		return box.Address
	}
	return string(m)
}
