package web

import (
	"cmp"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
)

const (
	maxParked = 10  // parked changes shown on the event's page
	maxBoxes  = 100 // mailboxes shown there
)

// progress accounts for every change of an event as it stands now.
func (s *server) progress(c echo.Context, w *views.Words, e continuity.Event) (views.Progress, error) {
	ctx := c.Request().Context()
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) }
	r, err := s.Syncback.Report(ctx, e.Started, covers)
	if err != nil {
		return views.Progress{}, err
	}
	g := views.Progress{ID: e.ID, Total: r.Total, Need: r.Parked, At: s.now().Format("15:04:05"), Trouble: r.Trouble, Active: e.Active(),
		Live: e.Active() || !r.Done() || sum(r.Counts) != r.Total, Bar: countBar(w, r.Counts)}
	gate := gateOf(e, r)
	g.Say, g.Done = s.sayEvent(w, e, r, gate)
	if gate == syncback.Closed { // nothing is meant to move
		g.Trouble = ""
	}
	g.Steps = []views.Step{{Name: w.T("event.step_closed"), Here: gate == syncback.Closed}, {Name: w.T("event.step_draining"), Here: gate == syncback.Draining},
		{Name: w.T("event.step_open"), Here: gate == syncback.Open}}
	if r.Rate >= 1 && gate != syncback.Closed {
		g.More = append(g.More, w.T("event.rate", "N", w.Number(int(math.Round(r.Rate)))))
	}
	if r.Parked > 0 {
		g.More = append(g.More, w.N("desk.need", r.Parked))
	}
	for _, one := range countList(r.Counts) {
		g.Counts = append(g.Counts, views.CountLink{Name: w.T("count." + one.word), Number: w.Number(one.n), Class: "c-" + one.word, URL: entriesURL(e.ID, one.state, "")})
	}
	g.Account = w.T("event.account_text", "Total", w.Number(sum(r.Counts)))
	g.Boxes = s.boxRows(w, e.ID, r.Mailboxes)
	if len(g.Boxes) > maxBoxes {
		g.Boxes, g.BoxesOf = g.Boxes[:maxBoxes], w.Number(maxBoxes)
	}
	if r.Parked > 0 {
		err = s.parked(c, w, e, &g)
	}
	return g, err
}

// sayEvent is the one sentence. "Nothing doubled" is said only when every change was counted and found.
func (s *server) sayEvent(w *views.Words, e continuity.Event, r syncback.Report, gate syncback.Position) (say string, done bool) {
	since, kind := w.Since(e.Started, s.now()), w.T("event."+string(e.Kind))
	left := r.Total - r.Verified - r.Accepted
	total, found := w.Number(r.Total), w.Number(r.Verified)
	switch {
	case sum(r.Counts) != r.Total: // must never be; then it is said, and nothing else
		return w.T("event.say_open", "Total", total, "Sum", w.Number(sum(r.Counts))), false
	case e.Active() && e.Kind == continuity.Drill && gate == syncback.Open:
		return w.T("event.say_drill", "Time", since, "Done", found, "Total", total), false
	case e.Active() && left == 0:
		return w.T("event.say_hold_none", "Kind", kind, "Time", since), false
	case e.Active():
		return w.T("event.say_hold", "Kind", kind, "Time", since, "N", w.N("event.changes", left)), false
	case r.Total == 0:
		return w.T("event.say_nothing"), true
	case r.Done():
		return w.T("event.say_done", "Total", total), true
	case gate == syncback.Closed:
		return w.T("event.say_elsewhere", "N", w.N("event.changes", left)), false
	case left == 0:
		return w.T("event.say_checked", "Total", total, "Done", found), false
	}
	say = w.T("event.say_drain", "Done", found, "Total", total)
	if r.Left > 0 {
		say += " " + w.T("event.say_drain_left", "Left", duration(w, r.Left))
	}
	return say, false
}

// duration is rounded up, so that nobody waits longer than was said.
func duration(w *views.Words, d time.Duration) string {
	if minutes := int((d + time.Minute - 1) / time.Minute); minutes < 120 {
		return w.N("event.minutes", minutes)
	}
	return w.N("event.hours", int((d+time.Hour-1)/time.Hour))
}

type count struct {
	word  string
	state syncback.State
	n     int
}

// countList are the states that make up the total, the best first.
func countList(c syncback.Counts) []count {
	return []count{{"verified", syncback.Verified, c.Verified}, {"accepted", syncback.Accepted, c.Accepted}, {"in_doubt", syncback.InDoubt, c.InDoubt},
		{"parked", syncback.Parked, c.Parked}, {"waiting", syncback.Waiting, c.Waiting}, {"trying", syncback.Trying, c.Trying}}
}

func sum(c syncback.Counts) (n int) {
	for _, one := range countList(c) {
		n += one.n
	}
	return n
}

func entriesURL(event string, state syncback.State, m email.MailboxID) string {
	v := url.Values{"state": {string(state)}}
	if m != "" {
		v.Set("mailbox", string(m))
	}
	return "/desk/events/" + event + "/entries?" + v.Encode()
}

// countBar draws the counts; its title says them in words.
func countBar(w *views.Words, c syncback.Counts) views.Bar {
	if c.Total == 0 {
		return views.Bar{Title: w.T("event.bar_empty")}
	}
	var b views.Bar
	var parts []string
	x := 0.0
	for _, one := range countList(c) {
		if one.n == 0 {
			continue
		}
		width := 1000 * float64(one.n) / float64(sum(c))
		b.Pieces = append(b.Pieces, views.BarPiece{X: fmt.Sprintf("%.1f", x), Width: fmt.Sprintf("%.1f", width), Class: "c-" + one.word})
		x += width
		parts = append(parts, w.Number(one.n)+" "+w.T("count."+one.word))
	}
	b.Title = w.T("event.bar", "Total", w.Number(c.Total), "Parts", strings.Join(parts, ", "))
	return b
}

func (s *server) boxRows(w *views.Words, event string, boxes []syncback.MailboxCounts) []views.BoxRow {
	boxes = slices.Clone(boxes)
	wait := func(m syncback.MailboxCounts) int { return m.Waiting + m.Trying + m.InDoubt }
	slices.SortStableFunc(boxes, func(a, b syncback.MailboxCounts) int {
		return cmp.Or(cmp.Compare(b.Parked, a.Parked), cmp.Compare(wait(b), wait(a)), cmp.Compare(s.addressOf(a.Mailbox), s.addressOf(b.Mailbox)))
	})
	var rows []views.BoxRow
	for _, m := range boxes {
		row := views.BoxRow{Name: s.addressOf(m.Mailbox), Gate: w.T("gate." + string(m.Position)), URL: entriesURL(event, "", m.Mailbox),
			Total: w.Number(m.Total), Done: w.Number(m.Verified + m.Accepted), Wait: w.Number(wait(m)), Need: w.Number(m.Parked)}
		if box, ok := s.Directory.Mailbox(m.Mailbox); ok && box.Name != "" {
			row.Name, row.Address = box.Name, box.Address
		}
		row.Class = map[syncback.Position]string{syncback.Closed: "is-hold", syncback.Draining: "is-act", syncback.Open: "is-good"}[m.Position]
		rows = append(rows, row)
	}
	return rows
}

// parked lists the changes that need a person, with Exchange's words and what can be done.
func (s *server) parked(c echo.Context, w *views.Words, e continuity.Event, g *views.Progress) error {
	lines, err := s.linesOf(c, e, "", syncback.Parked)
	if err != nil {
		return err
	}
	for _, l := range lines {
		if len(g.Parked) == maxParked {
			break
		}
		g.Parked = append(g.Parked, views.ParkedLine{What: w.T("event.retry_what", "What", w.T("change."+string(l.Kind)), "Whom", s.addressOf(l.Mailbox)),
			Words: l.Words, Remedy: l.Remedy, Box: string(l.Mailbox), Seq: strconv.FormatInt(int64(l.Seq), 10)})
	}
	if g.Need > len(g.Parked) {
		g.Capped = w.Number(len(g.Parked))
	}
	return nil
}

func seqOf(text string) (mailstore.Seq, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	return mailstore.Seq(n), err
}
