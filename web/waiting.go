package web

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/ledger"
)

// maxLines is how many lines of a ledger one page shows.
const maxLines = 200

// unsettled are the states that a person calls waiting: all that was not yet seen in Exchange, so
// that the list has as many lines as the folder list counts.
var unsettled = []syncback.State{syncback.Parked, syncback.InDoubt, syncback.Trying, syncback.Waiting, syncback.Accepted}

// waiting lists a person's own changes that Exchange does not have, and messages on their way outside.
func (s *server) waiting(c echo.Context) error {
	ctx, b := c.Request().Context(), boxOf(c)
	mailbox := b.id
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Title, p.Here = p.Words.T("waiting.title"), "waiting"
	var lines []syncback.Line
	for _, state := range unsettled {
		some, err := s.Syncback.Lines(ctx, time.Time{}, mailbox, state, maxLines)
		if err != nil {
			return err
		}
		lines = append(lines, some...)
	}
	slices.SortFunc(lines, func(a, b syncback.Line) int { return b.At.Compare(a.At) })
	v := views.Waiting{Count: len(lines)}
	if len(lines) > maxLines {
		lines, v.Capped = lines[:maxLines], p.Words.Number(maxLines)
	}
	messages, err := s.subjects(ctx, mailbox, lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		v.Changes = append(v.Changes, s.waitingLine(p.Words, b, l, messages))
	}
	if v.Sends, err = s.waitingSends(ctx, p.Words, b); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, p, views.WaitingPage(p, v))
}

// subjects are the messages that lines speak of, as far as they are still there.
func (s *server) subjects(ctx context.Context, m email.MailboxID, lines []syncback.Line) (map[email.MessageID]mailstore.Message, error) {
	var ids []email.MessageID
	for _, l := range lines {
		if l.Message != "" && !slices.Contains(ids, l.Message) {
			ids = append(ids, l.Message)
		}
	}
	known := map[email.MessageID]mailstore.Message{}
	if len(ids) == 0 {
		return known, nil
	}
	list, err := s.Mail.Messages(ctx, m, ids)
	for _, one := range list {
		known[one.ID] = one
	}
	return known, err
}

func (s *server) waitingLine(w *views.Words, b box, l syncback.Line, known map[email.MessageID]mailstore.Message) views.WaitingLine {
	v := views.WaitingLine{What: w.T("change." + string(l.Kind)), Subject: cmp.Or(l.Name, w.T("waiting.gone")), State: ledger.Badge(w, l.State),
		At: w.At(l.At, s.now())}
	// Exchange's words are for those who must act on them; that it is away is what the page says anyway.
	if l.State == syncback.Parked {
		v.Words = l.Words
	}
	if m, ok := known[l.Message]; ok {
		v.Subject, v.URL = m.Subject, b.thread(m.Folder, m.Thread)
		if v.Subject == "" {
			v.Subject = w.T("waiting.nosubject")
		}
	}
	return v
}

// waitingSends are the submissions that are held, queued or failed for somebody.
func (s *server) waitingSends(ctx context.Context, w *views.Words, b box) ([]views.WaitingSend, error) {
	rows, err := s.Mail.Submissions(ctx, b.id, pageSize)
	if err != nil {
		return nil, err
	}
	var list []views.WaitingSend
	for _, row := range rows {
		if v, open := s.waitingSend(w, b, row); open {
			list = append(list, v)
		}
	}
	return list, nil
}

func (s *server) waitingSend(w *views.Words, b box, row mailstore.SubmissionRow) (v views.WaitingSend, open bool) {
	state := ""
	var to []email.Address
	for _, r := range row.Recipients {
		to = append(to, email.Address{Addr: r.Address})
		if r.State == "failed" || r.State == "queued" && state == "" {
			state = r.State
		}
		if r.Words != "" && r.State != "sent" {
			said := views.ServerWords{Address: r.Address, Words: r.Words}
			if r.State == "queued" && !r.Next.IsZero() {
				said.Next = w.Since(r.Next, s.now())
			}
			v.Words = append(v.Words, said)
		}
	}
	if row.Held {
		state = "held"
		if row.Release.After(s.Now()) {
			v.UndoURL = b.base + "/undo/" + string(row.ID)
		}
	}
	v.Subject, v.People, v.At = row.Subject, views.Names(w, to), w.At(row.Created, s.now())
	if v.Subject == "" {
		v.Subject = w.T("waiting.nosubject")
	}
	v.State = sendBadge(w, state)
	return v, state != ""
}

func sendBadge(w *views.Words, state string) views.Badge {
	switch state {
	case "failed":
		return views.Badge{Text: w.T("ledger.failed"), Icon: "x", Class: "is-bad"}
	case "held", "queued":
		return views.Badge{Text: w.T("ledger." + state), Icon: "sent", Class: "is-act"}
	}
	return views.Badge{Text: w.T("ledger.sent"), Icon: "check", Class: "is-good"}
}
