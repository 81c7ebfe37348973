package web

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/calendar"
	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// agendaDays is how many days the agenda shows at a time.
const agendaDays = 14

// Calendar knows the invitations of a mailbox.
type Calendar interface {
	Agenda(ctx context.Context, m email.MailboxID, from, to time.Time, self []string) (calendar.Agenda, error)
	Standing(ctx context.Context, m email.MailboxID, e calendar.Event, self []string) (calendar.Standing, error)
	Conflicts(ctx context.Context, m email.MailboxID, e calendar.Event, self []string) ([]calendar.Item, error)
}

func (s *server) calendarRoutes() []page.Route {
	return []page.Route{
		page.Get("/agenda", page.Readers, s.agenda),
		page.Post("/m/:id/answer", page.Writers, s.answerInvitation),
	}
}

// agenda is GET /agenda?from=2026-11-23: the coming days, out of the invitations in the mailbox.
func (s *server) agenda(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	w := p.Words
	p.Title, p.Here = w.T("calendar.agenda"), "agenda"
	now := s.now()
	from := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.Zone)
	if day, err := time.ParseInLocation(time.DateOnly, c.QueryParam("from"), s.Zone); err == nil && day.Year() > 1970 && day.Year() < 3000 {
		from = day
	}
	to := from.AddDate(0, 0, agendaDays)
	b := boxOf(c)
	known, err := s.Calendar.Agenda(c.Request().Context(), b.id, from, to, s.ownAddresses(b).list())
	if err != nil {
		return err
	}
	a := views.Agenda{Built: w.N("calendar.built", known.Known), Span: w.T("calendar.span", "From", w.Date(from), "To", w.Date(to.AddDate(0, 0, -1))),
		Earlier: b.base + "/agenda?from=" + from.AddDate(0, 0, -agendaDays).Format(time.DateOnly), Later: b.base + "/agenda?from=" + to.Format(time.DateOnly)}
	for _, item := range known.Items {
		s.agendaItem(c, w, &a, item, from)
	}
	return s.Render(c, http.StatusOK, p, views.AgendaPage(p, a))
}

// agendaItem puts one appointment under its day; what began before stands under the first.
func (s *server) agendaItem(c echo.Context, w *views.Words, a *views.Agenda, item calendar.Item, from time.Time) {
	start := s.local(item.Start, item.Event)
	day := start.Format(time.DateOnly)
	line := views.AgendaItem{Title: titleOf(w, item.Event), Where: item.Event.Location, State: answerBadge(w, item.Answer),
		URL: s.messageURL(c.Request().Context(), boxOf(c), item.Message), Time: start.Format("15:04")}
	if end := s.local(item.End, item.Event); end.After(start) {
		line.Time += "–" + end.Format("15:04")
	}
	if item.Event.AllDay {
		line.Time = w.T("calendar.wholeday")
	}
	if first := from.Format(time.DateOnly); day < first {
		day, line.Time = first, w.T("calendar.ongoing")
	}
	if n := len(a.Days); n == 0 || a.Days[n-1].ISO != day {
		date, _ := time.ParseInLocation(time.DateOnly, day, s.Zone)
		a.Days = append(a.Days, views.AgendaDay{Name: w.Date(date), ISO: day})
	}
	last := &a.Days[len(a.Days)-1]
	last.Items = append(last.Items, line)
}

// messageURL is where a message is read, "" when it is gone.
func (s *server) messageURL(ctx context.Context, b box, id email.MessageID) string {
	m, err := s.Mail.Message(ctx, b.id, id)
	if err != nil {
		return b.folder(mailstore.Inbox)
	}
	return b.inThread(m.Folder, m.Thread, id)
}

// answerInvitation sends the answer to an invitation: a mail with the calendar object of RFC 5546 in it,
// held for undo like any other. A double click is one answer.
func (s *server) answerInvitation(c echo.Context) error {
	answer, ok := map[string]calendar.Answer{"accepted": calendar.Accepted, "tentative": calendar.Tentative, "declined": calendar.Declined}[c.FormValue("answer")]
	if !ok {
		return page.ErrBad
	}
	defer s.pens.take(boxOf(c).id)()
	original, _, err := s.read(c)
	if err != nil {
		return err
	}
	_, events := calendar.FromMail(original)
	if len(events) == 0 || events[0].Method != calendar.Request {
		return mailstore.ErrNotFound
	}
	token := c.FormValue("token")
	if token == "" {
		token = newToken()
	}
	sh, err := s.answerSheet(c, original, events[0], answer, token)
	if errors.Is(err, calendar.ErrNotInvited) {
		return page.ErrBad
	}
	if err != nil {
		return err
	}
	if sh, err = s.perhapsMade(c, sh); err != nil {
		return err
	}
	form := formOf(sh.draft)
	form.Token, form.Sure = token, true
	return s.send(c, form, sh, nil, nil)
}

// answerSheet is the mail that carries an answer.
func (s *server) answerSheet(c echo.Context, original *email.Message, e calendar.Event, answer calendar.Answer, token string) (sheet, error) {
	w := s.WordsOf(c)
	who := s.writerOf(c)
	self, own := who.self, who.own
	if me, ok := e.Attendee(own...); ok {
		self.Addr = me.Address
	}
	note := strings.TrimSpace(clip(strings.ReplaceAll(c.FormValue("note"), "\r\n", "\n"), 2000))
	object, err := e.Reply(answer, note, s.Now(), own...)
	if err != nil {
		return sheet{}, err
	}
	word, title := strings.ToLower(string(answer)), titleOf(w, e)
	text := w.T("calendar.text."+word, "Name", self.Name, "Title", title, "When", s.stretch(w, e.Start, e.End, e))
	if note != "" {
		text += "\n\n" + note
	}
	d := email.Draft{From: self, To: []email.Address{{Name: e.Organizer.Name, Addr: e.Organizer.Address}}, Subject: w.T("calendar.subject."+word, "Title", title),
		Text: text, Calendar: object, Date: s.now(), InReplyTo: original.MessageID, ThreadTopic: original.ThreadTopic, MessageID: messageID(token, self)}
	if original.MessageID != "" {
		d.References = append(append([]string{}, original.References...), original.MessageID)
	}
	return sheet{of: c.Param("id"), mode: string(email.Reply), draft: d, writer: who}, nil
}
