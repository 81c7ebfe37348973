package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

func (s *server) composeRoutes() []page.Route {
	return []page.Route{
		page.Get("/compose", page.Readers, s.composePage),
		page.Post("/compose", page.Authors, s.composePost),
		page.Post("/compose/:draft", page.Authors, s.composePost),
		page.Get("/compose/:draft/picture/:cid", page.Readers, s.picture),
		page.Post("/undo/:send", page.Readers, s.undoSend),
		page.Get("/band", page.Everyone, s.around),
		page.Get("/stay", page.Everyone, s.stay),
		page.Post("/stay", page.Everyone, s.stay),
		page.Get("/waiting", page.Readers, s.waiting),
		page.Get("/addresses", page.People, s.addresses),
		page.Post("/addresses/forget", page.People, s.unsuggest),
	}
}

// sheet is a message being written: what the store has of it, or what a new one begins with.
type sheet struct {
	id       email.MessageID // "" : not stored yet
	version  int
	thread   mailstore.ThreadID
	draft    email.Draft
	mode, of string          // of a new one
	shown    email.MessageID // whose pictures a new one shows
	asked    []email.Address // whom a sender named for answers, and how many more an answer to all reaches
	aside    int
	writer   writer
	orphan   bool            // what it answers is no longer there
	beside   email.MessageID // the draft that a question kept meanwhile, done with when this one is stored
}

// composePage shows the filled form. It stores nothing: the form's first POST makes the draft.
func (s *server) composePage(c echo.Context) error {
	if id := c.QueryParam("draft"); id != "" {
		sh, err := s.openDraft(c, email.MessageID(id))
		if errors.Is(err, mailstore.ErrNotFound) {
			if row, err := s.Mail.Sending(c.Request().Context(), boxOf(c).id, mailstore.SendKey{Draft: email.MessageID(id)}); err == nil {
				return s.draftSent(c, row)
			}
			if _, err := s.discarded(c, email.MessageID(id)); err == nil {
				return s.offerBack(c, email.MessageID(id))
			}
		}
		if err != nil {
			return err
		}
		return s.showCompose(c, http.StatusOK, sh, newToken(), formOf(sh.draft), composeNotes{})
	}
	if only, err := s.readOnly(c.Request().Context(), boxOf(c).id); only || err != nil {
		return cmp.Or(err, errReadOnly) // what was begun is finished here (above); nothing new is begun
	}
	token := newToken()
	sh, err := s.newSheet(c, c.QueryParam("mode"), c.QueryParam("of"), token)
	if err != nil {
		return err
	}
	if to := page.OneLine(c.QueryParam("to")); to != "" && sh.of == "" { // as a link from a page or a mailto: handler has it
		sh.draft.To, _ = email.ParseAddressList(clip(to, maxSubject))
	}
	return s.showCompose(c, http.StatusOK, sh, token, formOf(sh.draft), composeNotes{})
}

// openDraft reads a stored draft back; what is no longer in Drafts is none.
func (s *server) openDraft(c echo.Context, id email.MessageID) (sheet, error) {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	m, err := s.Mail.Message(ctx, mailbox, id)
	if err != nil {
		return sheet{}, err
	}
	if m.Folder != mailstore.Drafts {
		return sheet{}, mailstore.ErrNotFound
	}
	return s.readSheet(c, m)
}

func (s *server) readSheet(c echo.Context, m mailstore.Message) (sheet, error) {
	octets, err := s.Mail.Raw(c.Request().Context(), boxOf(c).id, m.ID)
	if err != nil {
		return sheet{}, err
	}
	d, err := email.OpenDraft(octets)
	if err != nil {
		return sheet{}, err
	}
	return sheet{id: m.ID, version: m.Version, thread: m.Thread, draft: d, writer: s.writerOf(c)}, nil
}

// newSheet begins a message: empty, or an answer to or a forward of another one.
func (s *server) newSheet(c echo.Context, mode, of, token string) (sheet, error) {
	who := s.writerOf(c)
	if mode == again {
		sh, err := s.sheetAgain(c, mailstore.SendID(of))
		sh.draft.MessageID = messageID(token, who.self)
		return sh, err
	}
	sh := sheet{mode: mode, of: of, writer: who}
	if of == "" {
		sh.mode = ""
		sh.draft = email.Draft{From: who.self}
	} else {
		if !slices.Contains(email.Modes, email.ReplyMode(mode)) {
			return sh, page.ErrBad
		}
		octets, err := s.Mail.Raw(c.Request().Context(), boxOf(c).id, email.MessageID(of))
		if err != nil {
			return sh, err
		}
		m := email.Parse(octets)
		sh.draft = email.ReplyTo(m, email.ReplyMode(mode), who.self, who.own, s.WordsOf(c).Lang)
		if s.Marks != "" {
			sh.draft.Subject = email.AnswerSubject(m.Subject, email.ReplyMode(mode), s.Marks)
		}
		if mode == string(email.ReplyAll) {
			sh.asked, sh.aside = m.ReplyTo, len(email.Aside(m, sh.draft.To, sh.draft.Cc))
		}
	}
	sh.draft.MessageID = messageID(token, sh.draft.From)
	signature, err := s.usualSignature(c)
	if signature != "" {
		sh.draft.Text = strings.TrimRight(sh.draft.Text, "\n") + "\n\n" + signature
	}
	return sh, err
}

// formOf is the form as a stored draft fills it.
func formOf(d email.Draft) composeForm {
	return composeForm{From: d.From.Addr, To: addressLine(d.To), Cc: addressLine(d.Cc), Bcc: addressLine(d.Bcc), Subject: d.Subject, Text: d.Text, HTML: d.HTML}
}

// sameText says that a form holds nothing that the draft has not: then two windows do not conflict.
func (f composeForm) sameText(d email.Draft) bool {
	stored := formOf(d)
	lines := func(text string) string { return strings.TrimRight(text, "\n ") }
	markup, text := f.typed(d)
	return f.To == stored.To && f.Cc == stored.Cc && f.Bcc == stored.Bcc && f.Subject == stored.Subject && lines(text) == lines(stored.Text) && email.Typed(markup) == d.HTML
}

// typed is what was written: by the editor, or plainly. Text that came back unchanged through a plain form
// (no script, another window) keeps the emphasis that the draft has.
func (f composeForm) typed(d email.Draft) (markup, text string) {
	switch {
	case f.HTML != "":
		return f.HTML, email.TypedText(f.HTML)
	case d.HTML != "" && strings.TrimRight(f.Text, "\n ") == strings.TrimRight(d.Text, "\n "):
		return d.HTML, d.Text
	}
	return "", f.Text
}

// apply puts what was typed into a draft. Pieces that are no address are kept as typed, so that a
// draft saved in the middle of a name loses nothing.
func (f composeForm) apply(d email.Draft, who writer, now time.Time) email.Draft {
	r := readRecipients(f)
	d.From = who.as(f.From)
	d.To, d.Cc, d.Bcc = r.To.asTyped(), r.Cc.asTyped(), r.Bcc.asTyped()
	d.HTML, d.Text = f.typed(d)
	d.Subject, d.Date = f.Subject, now
	d.Attachments = f.attach(d.Attachments)
	return d
}

// attach adds the form's files to those that a draft has, each once.
func (f composeForm) attach(has []email.Attachment) []email.Attachment {
	all := slices.Clone(has)
	for _, file := range f.Files {
		if !within(all, file) {
			all = append(all, file)
		}
	}
	return all
}

// within says whether a file is among others, by name and octets.
func within(files []email.Attachment, file email.Attachment) bool {
	return slices.ContainsFunc(files, func(a email.Attachment) bool {
		return a.Name == file.Name && a.CID == file.CID && string(a.Octets) == string(file.Octets)
	})
}

// showCompose renders the form, filled.
func (s *server) showCompose(c echo.Context, status int, sh sheet, token string, f composeForm, notes composeNotes) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	view := s.composeView(p, sh, token, f, notes)
	if view.Session, err = s.session(c, p.Words); err != nil {
		return err
	}
	if err := s.offerOutlook(c, p, &view); err != nil {
		return err
	}
	p.Title = p.Words.T("compose." + view.Heading)
	p.Here, p.More = string(mailstore.Drafts), s.assets.URL("compose.js")
	p.Path = boxOf(c).compose(sh)
	if p.Flash != nil && p.Flash.Undo != "" {
		p.Flash = nil
	}
	return s.Render(c, status, p, views.ComposePage(p, view))
}
