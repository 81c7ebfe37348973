package desk

import (
	"context"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/ledger"
	"holdover/web/page"
)

// maxProblems is how many open messages the printed report lists.
const maxProblems = 300

// eventReport is an event's account on one page to print and to file: its own address, no script, and
// everything that was counted at this moment.
func (s *server) eventReport(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	a, err := s.accountOf(ctx, e, true)
	if err != nil {
		return err
	}
	r, err := s.Syncback.Report(ctx, e.Started, func(m email.MailboxID) bool { return s.Events.Covers(e, m) })
	if err != nil {
		return err
	}
	p := s.Shell(c)
	w := p.Words
	v := views.Report{Title: w.T("report.title", "Kind", w.T("event."+string(e.Kind)), "Time", w.At(e.Started, s.Time()).Long), Facts: s.eventFacts(w, e),
		Account: s.sumView(w, e.ID, a), Heads: boxHeads(w), Boxes: s.boxRows(w, e.ID, a.Boxes), Back: "/desk/events/" + e.ID, CSV: "/desk/events/" + e.ID + "/report.csv",
		Made: w.T("report.made", "Time", s.Time().Format("2006-01-02 15:04:05 MST"))}
	v.Say, v.Done = s.sayEvent(w, e, a, r, gateOf(e, r))
	if v.Archive, err = s.archiveLine(ctx, w, e); err != nil {
		return err
	}
	if v.Problems, v.Capped, err = s.problems(ctx, w, e); err != nil {
		return err
	}
	ways, err := s.Syncback.Carried(ctx, spanOf(e), func(m email.MailboxID) bool { return s.Events.Covers(e, m) })
	if err != nil {
		return err
	}
	v.Ways = s.wayLinks(w, ways)
	p.Title = v.Title
	return s.Write(c, http.StatusOK, views.ReportPage(p, v), nil)
}

// problems are the messages that are not back, those first that need a person.
func (s *server) problems(ctx context.Context, w *views.Words, e continuity.Event) (rows []views.EntryRow, capped string, err error) {
	for _, state := range []syncback.State{syncback.Parked, syncback.InDoubt, syncback.Accepted, syncback.Trying, syncback.Waiting} {
		lines, next, err := s.Syncback.List(ctx, syncback.Filter{Span: spanOf(e), Mailboxes: s.boxesOf(e), States: []syncback.State{state}, Limit: maxProblems - len(rows)})
		if err != nil {
			return nil, "", err
		}
		for _, l := range lines {
			rows = append(rows, s.entryRow(w, l))
		}
		if next != "" || len(rows) == maxProblems {
			return rows, w.Number(len(rows)), nil
		}
	}
	return rows, "", nil
}

func (s *server) eventFacts(w *views.Words, e continuity.Event) []views.Fact {
	facts := []views.Fact{{Name: w.T("report.fact_kind"), Text: w.T("event." + string(e.Kind))}, {Name: w.T("report.fact_scope"), Text: s.scopeWords(w, e.Scope)},
		{Name: w.T("report.fact_started"), Text: w.T("report.fact_by", "Time", w.At(e.Started, s.Time()).Long, "By", e.StartedBy, "Reason", e.Reason)}}
	end := w.T("report.fact_running")
	if !e.Active() {
		end = w.T("report.fact_by", "Time", w.At(e.Ended, s.Time()).Long, "By", e.EndedBy, "Reason", e.EndReason)
	}
	return append(facts, views.Fact{Name: w.T("report.fact_ended"), Text: end})
}

// eventCSV is the list that the same query shows as pages; without one, every change of the event.
func (s *server) eventCSV(c echo.Context) error {
	ctx := c.Request().Context()
	e, err := s.Events.Event(ctx, c.Param("id"))
	if err != nil {
		return err
	}
	q, err := s.entryQueryOf(c, e)
	if err != nil {
		return err
	}
	w := s.WordsOf(c)
	return s.Download(c, w, "holdover-"+e.Started.In(s.Zone).Format("2006-01-02-1504")+".csv", func(t *page.Table) error {
		t.Row(w.T("sheet.mailbox"), w.T("sheet.name"), w.T("sheet.at"), w.T("sheet.what"), w.T("sheet.state"), w.T("sheet.note"), w.T("sheet.folder"), w.T("sheet.way"),
			w.T("sheet.tries"), w.T("sheet.resent"), w.T("sheet.words"), w.T("sheet.remedy"), w.T("sheet.ident"))
		return ledger.Each(ctx, s.Syncback, s.filterOf(e, q), func(lines []syncback.Line) error {
			for _, l := range lines {
				box, _ := s.Directory.Mailbox(l.Mailbox)
				note := ""
				if l.Note != "" {
					note = w.T("report.note_"+string(l.Note), "Folder", l.Folder)
				}
				t.Row(s.addressOf(l.Mailbox), box.Name, s.TableTime(l.At), w.T("change."+string(l.Kind)), w.T("count."+countWord(l.State)), note, l.Folder, l.Way,
					strconv.Itoa(l.Attempts), strconv.Itoa(l.Resent), w.Say(l.Words), w.Say(l.Remedy), string(l.Message)+"/"+strconv.FormatInt(int64(l.Seq), 10))
			}
			return nil
		})
	})
}

// countWord is the word of a state in the catalogues.
func countWord(state syncback.State) string {
	for _, one := range countList(syncback.Counts{}) {
		if one.state == state {
			return one.word
		}
	}
	return "total"
}
