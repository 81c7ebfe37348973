package web

import (
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// printMessage is GET /m/:id/print: one message as it goes on paper (?in=: one attached to it).
func (s *server) printMessage(c echo.Context) error {
	id := email.MessageID(c.Param("id"))
	one, err := s.Mail.Message(c.Request().Context(), boxOf(c).id, id)
	if err != nil {
		return err
	}
	outer, _, err := s.read(c)
	if err != nil {
		return err
	}
	p := printer{s.WordsOf(c), s, boxOf(c)}
	inner, err := attachedAt(outer, c.QueryParam("in"))
	if err != nil {
		return err
	}
	sheet := p.sheet(string(id), c.QueryParam("in"), inner)
	if inner == outer {
		sheet.Came, sheet.Categories = p.words.At(one.Received, s.now()).Long, strings.Join(one.Categories, ", ")
	}
	return s.printed(c, p.words, []views.Printed{sheet})
}

// printConversation is GET /mail/:folder/:thread/print: all messages of a conversation, or the one asked for (?m=).
func (s *server) printConversation(c echo.Context) error {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	all, err := s.Mail.Conversation(ctx, mailbox, mailstore.ThreadID(c.Param("thread")))
	if err == nil {
		all, err = onlyAsked(c, &views.Conversation{}, all)
	}
	if err != nil {
		return err
	}
	p := printer{s.WordsOf(c), s, boxOf(c)}
	var sheets []views.Printed
	for _, one := range all[max(0, len(all)-threadSize):] {
		octets, err := s.Mail.Raw(ctx, mailbox, one.ID)
		if err != nil {
			return err
		}
		sheet := p.sheet(string(one.ID), "", email.Parse(octets))
		sheet.Came, sheet.Categories = p.words.At(one.Received, s.now()).Long, strings.Join(one.Categories, ", ")
		sheets = append(sheets, sheet)
	}
	return s.printed(c, p.words, sheets)
}

func (s *server) printed(c echo.Context, w *views.Words, sheets []views.Printed) error {
	c.Response().Header().Set("Content-Security-Policy", bodyPolicy)
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	page := views.Print(w, s.organisation(), sheets[0].Subject, w.At(s.now(), s.now()).Long, sheets)
	return s.Write(c, http.StatusOK, page, templ.NopComponent)
}

// printer makes sheets of messages.
type printer struct {
	words  *views.Words
	server *server
	box    box
}

func (p printer) sheet(id, in string, m *email.Message) views.Printed {
	sheet := views.Printed{Subject: m.Subject, From: inFull(m.From), Reply: inFull(m.ReplyTo), To: inFull(m.To), Cc: inFull(m.Cc), Bcc: inFull(m.Bcc), Problem: m.Problem != ""}
	if strings.TrimSpace(sheet.Subject) == "" {
		sheet.Subject = p.words.T("list.nosubject")
	}
	if !m.Date.IsZero() {
		sheet.When = p.words.At(m.Date.In(p.server.Zone), p.server.now()).Long
	}
	for _, f := range m.Fields {
		sheet.Fields = append(sheet.Fields, views.Field{Name: f.Name, Value: f.Value})
	}
	if sheet.Problem {
		return sheet
	}
	for _, part := range m.Attachments {
		if isTechnical(part) {
			continue
		}
		sheet.Files = append(sheet.Files, fileView(p.words, p.box, id, in, part))
	}
	if m.HasHTML() {
		sheet.HTML = m.Show(email.Look{Link: func(index int) string { return p.box.part(id, below(in, index)) }}).HTML
	} else {
		sheet.Text = strings.TrimSpace(m.Text())
	}
	sheet.Problem = m.Problem != "" // also when showing it took too much
	return sheet
}

// inFull writes addresses with their names, in one line.
func inFull(list []email.Address) string { return strings.Join(fullNames(list), ", ") }

// fullNames are addresses with their names.
func fullNames(list []email.Address) (all []string) {
	for _, a := range list {
		switch name := strings.TrimSpace(a.Name); {
		case name == "":
			all = append(all, a.Addr)
		default:
			all = append(all, name+" <"+a.Addr+">")
		}
	}
	return all
}
