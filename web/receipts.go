package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/ledger"
	"holdover/web/page"
)

// receiptDays is how far back receipts reach when no event covered the person.
const receiptDays = 30

// receiptFilters are the choices of the page, in its order.
var receiptFilters = []struct {
	word   string
	states []syncback.State
}{
	{"all", nil},
	{"done", []syncback.State{syncback.Verified}},
	{"left", []syncback.State{syncback.Waiting, syncback.Trying, syncback.Accepted, syncback.InDoubt}},
	{"need", []syncback.State{syncback.Parked}},
}

// receipts tells a person what became of each message: where it is in Exchange, what did not get
// there, and why. It is the administrators' account, of one mailbox, with subjects.
func (s *server) receipts(c echo.Context) error {
	ctx, b := c.Request().Context(), boxOf(c)
	mailbox := b.id
	p, err := s.page(c)
	if err != nil {
		return err
	}
	w := p.Words
	p.Title = w.T("receipts.title")
	span, err := s.receiptSpan(ctx, mailbox)
	if err != nil {
		return err
	}
	own, err := s.Syncback.Account(ctx, span, func(m email.MailboxID) bool { return m == mailbox })
	if err != nil {
		return err
	}
	f, err := receiptFilter(c, span, mailbox)
	if err != nil {
		return err
	}
	lines, next, err := s.Syncback.List(ctx, f)
	if errors.Is(err, syncback.ErrPage) {
		return page.ErrBad
	}
	if err != nil {
		return err
	}
	v := views.Receipts{Say: w.T("receipts.none"), Since: w.T("receipts.since", "Time", w.Since(span.Since, s.now())), CSV: b.base + "/receipts.csv"}
	if v.Rows, err = s.receiptRows(ctx, w, b, lines); err != nil {
		return err
	}
	s.sayReceipts(w, b, own.Messages, c.QueryParam("show"), &v)
	if next != "" {
		v.Next = b.base + "/receipts?" + url.Values{"show": {c.QueryParam("show")}, "after": {next}}.Encode()
	}
	if f.After != "" {
		v.First = b.base + "/receipts?" + url.Values{"show": {c.QueryParam("show")}}.Encode()
	}
	return s.Render(c, http.StatusOK, p, views.ReceiptsPage(p, v))
}

func receiptFilter(c echo.Context, span syncback.Span, m email.MailboxID) (f syncback.Filter, err error) {
	f = syncback.Filter{Span: span, Mailboxes: []email.MailboxID{m}, Messages: true, After: c.QueryParam("after"), Limit: maxLines}
	show := c.QueryParam("show")
	at := slices.IndexFunc(receiptFilters, func(one struct {
		word   string
		states []syncback.State
	}) bool {
		return one.word == show || show == "" && one.word == "all"
	})
	if at < 0 {
		return f, page.ErrBad
	}
	f.States = receiptFilters[at].states
	return f, nil
}

// receiptSpan begins with the latest event that covered the mailbox.
func (s *server) receiptSpan(ctx context.Context, m email.MailboxID) (syncback.Span, error) {
	span := syncback.Span{Since: s.Now().AddDate(0, 0, -receiptDays)}
	events, err := s.Events.Events(ctx, recentEvents)
	if err != nil {
		return span, err
	}
	if e, ok := continuity.Latest(events, func(e continuity.Event) bool { return s.Events.Covers(e, m) }); ok {
		span.Since = e.Started
	}
	return span, nil
}

// sayReceipts is the sentence and the choices, each with its count.
func (s *server) sayReceipts(w *views.Words, b box, c syncback.Counts, show string, v *views.Receipts) {
	if c.Total == 0 {
		return
	}
	left := c.Waiting + c.Trying + c.Accepted + c.InDoubt
	var more []string
	if v.Good = c.Verified == c.Total; v.Good {
		v.Say = w.T("receipts.all_good")
	} else {
		v.Say = ""
		if c.Parked > 0 {
			v.Say = w.N("receipts.need_n", c.Parked)
			more = append(more, w.T("receipts.help"))
		}
		if left > 0 {
			v.Say = strings.TrimSpace(v.Say + " " + w.N("receipts.left_n", left))
		}
	}
	v.More = strings.Join(more, " ")
	for n, number := range []int{c.Total, c.Verified, left, c.Parked} {
		word := receiptFilters[n].word
		v.Filters = append(v.Filters, ledger.Chip(w.T("receipts."+word), w.Number(number), b.base+"/receipts?show="+word, word == show || show == "" && n == 0))
	}
}

func (s *server) receiptRows(ctx context.Context, w *views.Words, b box, lines []syncback.Line) (rows []views.ReceiptRow, err error) {
	known, err := s.subjects(ctx, b.id, lines)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		r := views.ReceiptRow{What: w.T("change." + string(l.Kind)), Subject: w.T("receipts.gone"), State: ledger.Badge(w, l.State), At: w.At(l.At, s.now()), Notes: personNotes(w, l)}
		if one, ok := known[l.Message]; ok {
			r.Subject, r.URL = one.Subject, b.thread(one.Folder, one.Thread)
			if r.Subject == "" {
				r.Subject = w.T("waiting.nosubject")
			}
		}
		switch {
		case l.State == syncback.Verified && l.Note == "" && l.Folder != "":
			r.Where = w.T("receipts.where", "Folder", l.Folder)
		case l.State == syncback.Parked:
			r.Words = l.Words
		}
		rows = append(rows, r)
	}
	return rows, nil
}

// personNotes are the notes that matter to the person: where it is when it is not where it belongs.
func personNotes(w *views.Words, l syncback.Line) []string {
	l.Resent = 0
	return ledger.Notes(w, l)
}

// receiptsCSV is the person's own list as a file.
func (s *server) receiptsCSV(c echo.Context) error {
	ctx, b, w := c.Request().Context(), boxOf(c), s.WordsOf(c)
	mailbox := b.id
	span, err := s.receiptSpan(ctx, mailbox)
	if err != nil {
		return err
	}
	f := syncback.Filter{Span: span, Mailboxes: []email.MailboxID{mailbox}, Messages: true}
	return s.Download(c, w, strings.ToLower(w.T("receipts.title"))+".csv", func(t *page.Table) error {
		t.Row(w.T("sheet.at"), w.T("sheet.what"), w.T("sheet.subject"), w.T("sheet.state"), w.T("sheet.folder"), w.T("sheet.note"), w.T("sheet.words"))
		return ledger.Each(ctx, s.Syncback, f, func(lines []syncback.Line) error {
			rows, err := s.receiptRows(ctx, w, b, lines)
			for n, r := range rows {
				t.Row(s.TableTime(lines[n].At), r.What, r.Subject, r.State.Text, lines[n].Folder, strings.Join(r.Notes, ", "), w.Say(r.Words))
			}
			return err
		})
	})
}

// countsSince are the person's own changes of an event.
func (s *server) countsSince(ctx context.Context, m email.MailboxID, e continuity.Event) (syncback.Counts, error) {
	return s.Syncback.Own(ctx, m, syncback.Span{Since: e.Started, Until: e.Released.Add(time.Millisecond)})
}
