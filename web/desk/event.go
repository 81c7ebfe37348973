package desk

import (
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// eventPage shows one event with the account of every change.
func (s *server) eventPage(c echo.Context) error {
	e, err := s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	return s.showEvent(c, http.StatusOK, e, "", nil)
}

// endEvent ends an event with a reason; its page then shows the sync-back.
func (s *server) endEvent(c echo.Context) error {
	ctx, reason := c.Request().Context(), c.FormValue("reason")
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	if wrong := checkReason(reason); wrong != nil && e.Active() {
		return s.showEvent(c, http.StatusUnprocessableEntity, e, reason, wishFaults(s.WordsOf(c), []*wishError{wrong}))
	}
	_, err = s.Events.End(ctx, e.ID, page.PersonOf(c).Name, page.OneLine(reason))
	if err != nil && !errors.Is(err, continuity.ErrEnded) { // ended twice is ended: the page tells by whom
		return err
	}
	return page.Redirect(c, "/desk/events/"+e.ID)
}

func (s *server) showEvent(c echo.Context, status int, e continuity.Event, reason string, faults []views.Fault) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	w := p.Words
	v := views.EventPage{ID: e.ID, Active: e.Active(), Lockdown: e.Kind == continuity.Lockdown, EndReason: reason, Faults: faults}
	v.Title = w.T("event.title_ended", "Kind", w.T("event."+string(e.Kind)), "Time", w.Since(e.Started, s.Time()))
	if e.Active() {
		v.Title = w.T("event.title", "Kind", w.T("event."+string(e.Kind)), "Time", w.Since(e.Started, s.Time()))
	}
	p.Title = v.Title
	p.Flash = flash(c, w)
	v.Story = []string{w.T("event.started", "Time", w.Since(e.Started, s.Time()), "By", e.StartedBy, "Scope", s.scopeWords(w, e.Scope))}
	records, err := s.Events.Records(ctx, e.ID)
	if err != nil {
		return err
	}
	for _, r := range records {
		v.Records = append(v.Records, s.recordLine(w, r))
	}
	v.Opening = e.Opening()
	if v.Progress, err = s.progress(c, w, e); err != nil {
		return err
	}
	return s.Render(c, status, p, views.EventShow(p, v))
}

func (s *server) recordLine(w *views.Words, r continuity.Record) views.RecordLine {
	line := views.RecordLine{At: w.At(r.At, s.Time()), Icon: "bridge", Text: w.T("event.record_"+r.What, "By", r.By, "Reason", recordReason(w, r))}
	if r.What == "end" {
		line.Icon = "ok"
	}
	if r.Hash != "" {
		line.Hash = w.T("event.record_hash", "Hash", r.Hash)
	}
	return line
}

// recordReason is what a person wrote, or what Holdover gave as the reason by itself.
func recordReason(w *views.Words, r continuity.Record) string {
	if r.What == "release" || r.What == "retry" {
		return w.Say(r.Reason)
	}
	return r.Reason
}

// eventProgress is the part of the page that renews itself.
func (s *server) eventProgress(c echo.Context) error {
	e, err := s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	p := s.Shell(c)
	g, err := s.progress(c, p.Words, e)
	if err != nil {
		return err
	}
	if !page.IsHTMX(c) { // opened by hand: the whole page says more
		return page.Redirect(c, "/desk/events/"+e.ID)
	}
	return s.Write(c, http.StatusOK, views.EventProgress(p, g), nil)
}

// retryEntry lets a parked change try again.
func (s *server) retryEntry(c echo.Context) error {
	seq, err := seqOf(c.FormValue("seq"))
	if err != nil {
		return page.ErrBad
	}
	e, err := s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	box := email.MailboxID(c.FormValue("mailbox"))
	if !s.Events.Covers(e, box) {
		return page.ErrBad
	}
	err = s.Syncback.Retry(c.Request().Context(), box, seq, page.PersonOf(c).Name)
	if errors.Is(err, syncback.ErrNotParked) {
		return page.Redirect(c, "/desk/events/"+e.ID+"?done=notparked")
	}
	if err != nil {
		return err
	}
	return page.Redirect(c, "/desk/events/"+e.ID+"?done=retried")
}

// gateOf says where the mailboxes of an event stand as a whole: closed while one is closed.
func gateOf(e continuity.Event, r syncback.Report) syncback.Position {
	gate := syncback.Open
	for _, m := range r.Mailboxes {
		switch {
		case m.Position == syncback.Closed:
			return syncback.Closed
		case m.Position == syncback.Draining:
			gate = syncback.Draining
		}
	}
	if e.Active() && e.Kind != continuity.Drill && len(r.Mailboxes) == 0 {
		return syncback.Closed
	}
	if gate == syncback.Open && !r.Done() && !e.Active() {
		return syncback.Draining
	}
	return gate
}
