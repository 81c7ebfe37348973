package web

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
)

// eventEntries lists the changes behind one number of an event's account. Subjects are not shown:
// administrators see what happened, not what was written.
func (s *server) eventEntries(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	state, box := syncback.State(c.QueryParam("state")), email.MailboxID(c.QueryParam("mailbox"))
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) && (box == "" || m == box) }
	report, err := s.Syncback.Report(ctx, e.Started, covers)
	if err != nil {
		return err
	}
	counts := append([]count{{"total", "", report.Total}}, countList(report.Counts)...)
	here := slices.IndexFunc(counts, func(one count) bool { return one.state == state })
	if here < 0 || box != "" && !s.Events.Covers(e, box) {
		return errBad
	}
	lines, err := s.linesOf(c, e, box, state)
	if err != nil {
		return err
	}
	p := s.shell(c)
	w := p.Words
	v := views.Entries{Event: e.ID, Title: w.T("event.entries_all")}
	if state != "" {
		v.Title = w.T("event.entries", "State", w.T("count."+counts[here].word))
	}
	if box != "" {
		v.Whose = w.T("event.entries_of", "Address", s.addressOf(box))
	}
	for n, one := range counts {
		link := views.CountLink{Name: w.T("count." + one.word), Number: w.Number(one.n), URL: entriesURL(e.ID, one.state, box)}
		if n == here {
			link.Class = "here"
		}
		v.States = append(v.States, link)
	}
	for _, l := range lines {
		v.Rows = append(v.Rows, s.entryRow(w, l))
	}
	if counts[here].n > len(lines) {
		v.Capped = w.Number(len(lines))
	}
	p.Title = v.Title
	return s.render(c, http.StatusOK, p, views.EntriesPage(p, v))
}

// linesOf are the newest changes of an event. The ledger knows no scopes, so a narrow scope asks box by box.
func (s *server) linesOf(c echo.Context, e continuity.Event, box email.MailboxID, state syncback.State) ([]syncback.Line, error) {
	ctx := c.Request().Context()
	if box != "" || e.Scope.All {
		return s.Syncback.Lines(ctx, e.Started, box, state, maxLines)
	}
	var lines []syncback.Line
	for _, m := range s.Directory.Mailboxes() {
		if !s.Events.Covers(e, m.ID) {
			continue
		}
		some, err := s.Syncback.Lines(ctx, e.Started, m.ID, state, maxLines)
		if err != nil {
			return nil, err
		}
		lines = append(lines, some...)
	}
	slices.SortStableFunc(lines, func(a, b syncback.Line) int { return b.At.Compare(a.At) })
	return lines[:min(len(lines), maxLines)], nil
}

func (s *server) entryRow(w *views.Words, l syncback.Line) views.EntryRow {
	r := views.EntryRow{What: w.T("change." + string(l.Kind)), Box: s.addressOf(l.Mailbox), Tries: w.Number(l.Attempts), Words: l.Words, Remedy: l.Remedy,
		State: ledgerBadge(w, l.State), At: w.At(l.At, s.now()), BoxID: string(l.Mailbox), Seq: strconv.FormatInt(int64(l.Seq), 10), Parked: l.State == syncback.Parked}
	if l.State == syncback.Parked {
		r.State.Text = w.T("count.parked")
	}
	if !l.Next.IsZero() && !r.Parked {
		r.Next = w.Since(l.Next, s.now())
	}
	return r
}
