package desk

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/ledger"
	"holdover/web/page"
)

// eventEntries lists the messages or changes behind one number of an event's account, page by page.
// Subjects are not shown: administrators see what happened, not what was written.
func (s *server) eventEntries(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	q, err := s.entryQueryOf(c, e)
	if err != nil {
		return err
	}
	f := s.filterOf(e, q)
	f.After, f.Limit = c.QueryParam("after"), maxLines
	lines, next, err := s.Syncback.List(ctx, f)
	if errors.Is(err, syncback.ErrPage) {
		return page.ErrBad
	}
	if err != nil {
		return err
	}
	tally, err := s.Syncback.Account(ctx, spanOf(e), func(m email.MailboxID) bool { return s.Events.Covers(e, m) && (q.mailbox == "" || m == q.mailbox) })
	if err != nil {
		return err
	}
	p := s.Shell(c)
	p.Flash = flash(c, p.Words)
	v := s.entriesView(p.Words, e, q, tally.Tally)
	for _, l := range lines {
		v.Rows = append(v.Rows, s.entryRow(p.Words, l))
	}
	if next != "" {
		after := q.values()
		after.Set("after", next)
		v.Next = "/desk/events/" + e.ID + "/entries?" + after.Encode()
	}
	if f.After != "" {
		v.First = q.url(e.ID)
	}
	p.Title = v.Title
	return s.Render(c, http.StatusOK, p, views.EntriesPage(p, v))
}

// entryQueryOf reads what is asked for; what no page of ours asks is refused.
func (s *server) entryQueryOf(c echo.Context, e continuity.Event) (q entryQuery, err error) {
	q = entryQuery{what: c.QueryParam("what"), state: c.QueryParam("state"), note: c.QueryParam("note"), mailbox: email.MailboxID(c.QueryParam("mailbox")),
		hint: c.QueryParam("hint") == "1", resent: c.QueryParam("resent") == "1", words: strings.TrimSpace(c.QueryParam("q"))}
	if q.what == "" {
		q.what = "changes"
	}
	known := q.state == "" || q.state == "left" || slices.ContainsFunc(countList(syncback.Counts{}), func(one count) bool { return string(one.state) == q.state })
	if !known || q.what != "changes" && q.what != "messages" || q.mailbox != "" && !s.Events.Covers(e, q.mailbox) || len(q.words) > 200 ||
		q.note != "" && !slices.Contains(foundNotes, syncback.Note(q.note)) {
		return q, page.ErrBad
	}
	return q, nil
}

// filterOf is the query as the ledger understands it. What is searched for is a mailbox's name or
// address, and if no mailbox of the event has it, Exchange's words.
func (s *server) filterOf(e continuity.Event, q entryQuery) syncback.Filter {
	f := syncback.Filter{Span: spanOf(e), Mailboxes: s.boxesOf(e), Messages: q.what == "messages", Note: syncback.Note(q.note), Hint: q.hint, Resent: q.resent}
	switch q.state {
	case "":
	case "left":
		f.States = []syncback.State{syncback.Waiting, syncback.Trying}
	default:
		f.States = []syncback.State{syncback.State(q.state)}
	}
	if q.mailbox != "" {
		f.Mailboxes = []email.MailboxID{q.mailbox}
	}
	if q.words == "" {
		return f
	}
	if named := s.boxesNamed(e, q.words); len(named) > 0 && q.mailbox == "" {
		f.Mailboxes = named
	} else {
		f.Words = q.words
	}
	return f
}

// boxesOf are the mailboxes that an event covers; nil is all.
func (s *server) boxesOf(e continuity.Event) []email.MailboxID {
	if e.Scope.All {
		return nil
	}
	boxes := []email.MailboxID{}
	for _, m := range s.Directory.Mailboxes() {
		if s.Events.Covers(e, m.ID) {
			boxes = append(boxes, m.ID)
		}
	}
	return boxes
}

func (s *server) boxesNamed(e continuity.Event, text string) (boxes []email.MailboxID) {
	text = strings.ToLower(text)
	for _, m := range s.Directory.Mailboxes() {
		if s.Events.Covers(e, m.ID) && (strings.Contains(strings.ToLower(m.Address), text) || strings.Contains(strings.ToLower(m.Name), text)) {
			boxes = append(boxes, m.ID)
		}
	}
	return boxes
}

// entriesView is the list without its lines.
func (s *server) entriesView(w *views.Words, e continuity.Event, q entryQuery, t syncback.Tally) views.Entries {
	counts, all, one := t.Changes, "event.entries_all", "event.entries"
	if q.what == "messages" {
		counts, all, one = t.Messages, "report.entries_all", "report.entries"
	}
	v := views.Entries{Event: e.ID, Title: w.T(all), Query: q.words, CSV: "/desk/events/" + e.ID + "/report.csv?" + q.values().Encode()}
	if q.mailbox != "" {
		v.Whose = w.T("event.entries_of", "Address", s.addressOf(q.mailbox))
	}
	for _, what := range []string{"messages", "changes"} {
		other := q
		other.what = what
		n := t.Messages.Total
		if what == "changes" {
			n = t.Changes.Total
		}
		v.What = append(v.What, ledger.Chip(w.T("report.what_"+what), w.Number(n), other.url(e.ID), what == q.what))
	}
	for _, c := range append([]count{{"total", "", counts.Total}}, countList(counts)...) {
		link := entryQuery{what: q.what, state: string(c.state), mailbox: q.mailbox}
		v.States = append(v.States, ledger.Chip(w.T("report."+c.word), w.Number(c.n), link.url(e.ID), string(c.state) == q.state))
		if string(c.state) == q.state && q.state != "" {
			v.Title = w.T(one, "State", w.T("report."+c.word))
		}
	}
	for name, values := range q.values() {
		if name != "q" {
			v.Keep = append(v.Keep, views.Field{Name: name, Value: values[0]})
		}
	}
	slices.SortFunc(v.Keep, func(a, b views.Field) int { return strings.Compare(a.Name, b.Name) })
	if q.state == string(syncback.Parked) {
		v.RetryAll = []views.Field{{Name: "mailbox", Value: string(q.mailbox)}, {Name: "q", Value: q.words}}
	}
	return v
}

func (s *server) entryRow(w *views.Words, l syncback.Line) views.EntryRow {
	r := views.EntryRow{What: w.T("change." + string(l.Kind)), Box: s.addressOf(l.Mailbox), Tries: w.Number(l.Attempts), Words: l.Words, Remedy: l.Remedy,
		State: ledger.Badge(w, l.State), At: w.At(l.At, s.Time()), BoxID: string(l.Mailbox), Seq: strconv.FormatInt(int64(l.Seq), 10), Parked: l.State == syncback.Parked,
		Notes: ledger.Notes(w, l)}
	if l.Changes > 1 {
		r.Notes = append(r.Notes, w.T("report.line_changes", "N", w.N("report.n_changes", l.Changes)))
	}
	if l.State == syncback.Parked {
		r.State.Text = w.T("count.parked")
	}
	if !l.Next.IsZero() && !r.Parked {
		r.Next = w.Since(l.Next, s.Time())
	}
	return r
}

// retryAll lets everything parked of a list try again.
func (s *server) retryAll(c echo.Context) error {
	e, err := s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return err
	}
	q := entryQuery{what: "changes", state: string(syncback.Parked), mailbox: email.MailboxID(c.FormValue("mailbox")), words: strings.TrimSpace(c.FormValue("q"))}
	if q.mailbox != "" && !s.Events.Covers(e, q.mailbox) {
		return page.ErrBad
	}
	n, err := s.Syncback.RetryAll(c.Request().Context(), s.filterOf(e, q), page.PersonOf(c).Name)
	if err != nil {
		return err
	}
	back := url.Values{"done": {"retriedall"}, "n": {strconv.Itoa(n)}}
	return page.Redirect(c, "/desk/events/"+e.ID+"?"+back.Encode())
}
