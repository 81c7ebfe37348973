package desk

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// dryRunPage shows what would go where if the gates of an event opened now.
func (s *server) dryRunPage(c echo.Context) error {
	ctx, p := c.Request().Context(), s.Shell(c)
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	w := p.Words
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) }
	d, err := s.Gate.DryRun(ctx, covers, e.Kind == continuity.Lockdown, nil)
	if err != nil {
		return err
	}
	v := views.DryRun{Event: e.ID, Say: w.T("dryrun.say_none"), Doubtful: w.T("dryrun.doubts_none"), CSV: "/desk/events/" + e.ID + "/dry-run.csv"}
	v.Title = w.T("dryrun.title", "Kind", w.T("event."+string(e.Kind)), "Time", w.Since(e.Started, s.Time()))
	p.Title = v.Title
	if d.Items > 0 {
		v.Say = w.N("dryrun.say", d.Items)
	}
	if v.Estimate, _, err = s.estimateLines(ctx, w, covers); err != nil {
		return err
	}
	if d.Parked > 0 {
		v.Estimate = append(v.Estimate, w.T("dryrun.parked", "N", w.Number(d.Parked)))
	}
	for _, f := range d.Flows {
		v.Flows = append(v.Flows, flowRow(w, f))
	}
	if d.Doubtful > 0 {
		v.Doubtful = w.N("dryrun.doubts", d.Doubtful)
	}
	for _, one := range d.Doubts {
		v.Doubts = append(v.Doubts, views.DoubtRow{What: w.T("change." + string(one.Kind)), Box: s.addressOf(one.Mailbox), Way: one.Way,
			Why: w.T("dryrun.doubt."+one.Reason, "Piece", one.Detail), At: w.At(one.At, s.Time())})
	}
	if d.Doubtful > len(d.Doubts) {
		v.Capped = w.Number(len(d.Doubts))
	}
	return s.Render(c, http.StatusOK, p, views.DryRunPage(p, v))
}

func flowRow(w *views.Words, f syncback.Flow) views.FlowRow {
	row := views.FlowRow{Cargo: w.T("dryrun.kind." + string(f.Cargo)), Way: f.Title, Items: w.Number(f.Items), Boxes: w.Number(f.Mailboxes), Size: "–"}
	if f.Way == "" {
		row.Way = w.T("dryrun.way_unknown")
	}
	if f.Octets > 0 {
		row.Size = w.Size(f.Octets)
	}
	return row
}

// dryRunCSV lists every item with its way and its doubt.
func (s *server) dryRunCSV(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	w := s.WordsOf(c)
	covers := func(m email.MailboxID) bool { return s.Events.Covers(e, m) }
	return s.Download(c, w, "dry-run-"+e.ID+".csv", func(table *page.Table) error {
		table.Row(w.T("event.table_box"), w.T("waiting.what"), w.T("waiting.since"), w.T("release.way"), w.T("dryrun.why"))
		_, err := s.Gate.DryRun(ctx, covers, e.Kind == continuity.Lockdown, func(d syncback.Doubt) {
			why := ""
			if d.Reason != "" {
				why = w.T("dryrun.doubt."+d.Reason, "Piece", d.Detail)
			}
			table.Row(s.addressOf(d.Mailbox), w.T("change."+string(d.Kind)), d.At.UTC().Format(time.RFC3339), d.Way, why)
		})
		return err
	})
}
