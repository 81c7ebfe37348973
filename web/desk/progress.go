package desk

import (
	"fmt"
	"math"
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

// progress accounts for every message and change of an event as it stands now.
func (s *server) progress(c echo.Context, w *views.Words, e continuity.Event) (views.Progress, error) {
	ctx := c.Request().Context()
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) }
	r, err := s.Syncback.Report(ctx, e.Started, covers)
	if err != nil {
		return views.Progress{}, err
	}
	a, err := s.accountOf(ctx, e, false)
	if err != nil {
		return views.Progress{}, err
	}
	g := views.Progress{ID: e.ID, Total: a.Changes.Total, Need: a.Changes.Parked, At: s.Time().Format("15:04:05"), Trouble: r.Trouble, Active: e.Active(),
		Live: e.Active() || !a.good(), Bar: countBar(w, a.Changes), Heads: boxHeads(w),
		Report: "/desk/events/" + e.ID + "/report", CSV: "/desk/events/" + e.ID + "/report.csv"}
	gate := gateOf(e, r)
	g.Say, g.Done = s.sayEvent(w, e, a, r, gate)
	if gate == syncback.Closed { // nothing is meant to move
		g.Trouble = ""
	}
	g.Steps = []views.Step{{Name: w.T("event.step_closed"), Here: gate == syncback.Closed}, {Name: w.T("event.step_draining"), Here: gate == syncback.Draining},
		{Name: w.T("event.step_open"), Here: gate == syncback.Open}}
	if gate == syncback.Draining && !g.Done { // the page of the estimate says which limit binds
		lines, estimate, err := s.estimateLines(ctx, w, covers)
		if err != nil {
			return g, err
		}
		if g.More = append(g.More, lines...); estimate.Items == 0 && r.Rate >= 1 {
			g.More = append(g.More, w.T("event.rate", "N", w.Number(int(math.Round(r.Rate)))))
		}
	}
	if a.Changes.Total > 0 {
		g.More = append(g.More, s.bothCounts(w, a))
	}
	g.Sum = s.sumView(w, e.ID, a)
	if g.Archive, err = s.archiveLine(ctx, w, e); err != nil {
		return g, err
	}
	g.Boxes = s.boxRows(w, e.ID, a.Boxes)
	if len(g.Boxes) > maxBoxes {
		g.Boxes, g.BoxesOf = g.Boxes[:maxBoxes], w.Number(maxBoxes)
	}
	if a.Changes.Parked > 0 {
		err = s.parked(c, w, e, &g)
	}
	return g, err
}

// sayEvent is the one sentence. "Nothing missing, nothing doubled" is said only when every change was
// counted and found once, and the store knows of no message that the ledger does not.
func (s *server) sayEvent(w *views.Words, e continuity.Event, a account, r syncback.Report, gate syncback.Position) (say string, done bool) {
	since, kind, counts := w.Since(e.Started, s.Time()), w.T("event."+string(e.Kind)), a.Changes
	left := counts.Total - counts.Verified - counts.Accepted
	total, found := w.Number(counts.Total), w.Number(counts.Verified)
	switch {
	case !a.check.Good(): // must never be; then it is said, and nothing else
		return w.N("report.say_missing", max(len(a.check.Missing), a.check.Store-a.check.Ledger-a.check.Coming)), false
	case !a.Closes(): // nor this
		return w.T("event.say_open", "Total", total, "Sum", w.Number(sum(counts))), false
	case e.Active() && e.Kind == continuity.Drill && gate == syncback.Open:
		return w.T("event.say_drill", "Time", since, "Done", found, "Total", total), false
	case e.Active() && left == 0:
		return w.T("event.say_hold_none", "Kind", kind, "Time", since), false
	case e.Opening() && left == 0:
		return w.T("event.say_opening_none"), false
	case e.Opening():
		return w.T("event.say_opening", "N", w.N("event.changes", left)), false
	case e.Active():
		return w.T("event.say_hold", "Kind", kind, "Time", since, "N", w.N("event.changes", left)), false
	case counts.Total == 0 && a.check.Coming == 0:
		return w.T("event.say_nothing"), true
	case a.good() && a.Messages.Total == 0:
		return w.T("report.say_back_changes"), true
	case a.good():
		return w.N("report.say_back", a.Messages.Total), true
	case counts.Done() && a.Notes[syncback.Twice] > 0:
		return w.T("report.say_twice"), false
	case gate == syncback.Closed:
		return w.T("event.say_elsewhere", "N", w.N("event.changes", left)), false
	case left == 0:
		return w.T("event.say_checked", "Total", total, "Done", found), false
	case left == counts.Parked:
		return w.T("report.say_parked", "Done", found, "Total", total, "N", w.N("report.need", counts.Parked)), false
	}
	say = w.T("event.say_drain", "Done", found, "Total", total)
	if r.Left > 0 && s.Gate == nil {
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

// parked lists the changes that need a person, with Exchange's words and what can be done.
func (s *server) parked(c echo.Context, w *views.Words, e continuity.Event, g *views.Progress) error {
	lines, _, err := s.Syncback.List(c.Request().Context(), syncback.Filter{Span: spanOf(e), Mailboxes: s.boxesOf(e), States: []syncback.State{syncback.Parked}, Limit: maxParked})
	if err != nil {
		return err
	}
	for _, l := range lines {
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
