package web

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// A form's token names one sending. The same form once more (a double click, a retried POST, Back and
// Send) is that sending; a form that holds something else by now is not, and its text is never dropped:
// the person is asked.

// again is the mode of a form that begins with what was sent before; its of is the sending.
const again = "again"

// content is what a form holds, in short: a hash of its fields and one of each file that came with it.
func (f composeForm) content() string {
	body := "text " + strings.TrimRight(f.Text, "\n ")
	if f.HTML != "" {
		body = "html " + email.Typed(f.HTML)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q %q %q", f.From, f.To, f.Cc, f.Bcc, f.Subject, body))
	var files []string
	for _, file := range f.Files {
		files = append(files, fileSum(file.Name, file.Octets))
	}
	return hex.EncodeToString(sum[:16]) + ":" + strings.Join(files, ",")
}

func fileSum(name string, octets []byte) string {
	sum := sha256.Sum256(append([]byte(name+"\x00"), octets...))
	return hex.EncodeToString(sum[:8])
}

// repeats says whether a form holds what was sent. A browser that goes back forgets the files that were
// chosen, so those may be missing; a file that was not sent is a change.
func (f composeForm) repeats(sent string) bool {
	was, wasFiles, _ := strings.Cut(sent, ":")
	is, isFiles, _ := strings.Cut(f.content(), ":")
	if was != is {
		return sent == "" // sent by a release that did not note it
	}
	for file := range strings.SplitSeq(isFiles, ",") {
		if !strings.Contains(wasFiles, file) {
			return false
		}
	}
	return true
}

// sentBefore finds what a form, or another one of its draft, has sent.
func (s *server) sentBefore(c echo.Context, form composeForm) (row mailstore.SubmissionRow, sent bool, err error) {
	row, err = s.Mail.Sending(c.Request().Context(), boxOf(c).id, mailstore.SendKey{Token: form.Token, Draft: email.MessageID(c.Param("draft"))})
	if errors.Is(err, mailstore.ErrNotFound) {
		return row, false, nil
	}
	return row, err == nil, err
}

// resent answers a form that was sent before: a repetition as the first time, a change with the question
// what is to become of it.
func (s *server) resent(c echo.Context, form composeForm, row mailstore.SubmissionRow, action string) error {
	if action == "send" && form.repeats(row.Content) {
		return page.Redirect(c, sentURL(s.afterSending(c, form.Of, row.Answers), row.ID))
	}
	token := newToken()
	sh, err := s.newSheet(c, again, string(row.ID), token)
	if err != nil {
		return err
	}
	form.Token = token
	notes := composeNotes{resent: &row}
	if !form.repeats(row.Content) && !s.byItself(c, form) {
		var kept sheet
		kept, notes.refused = s.putAside(c, form, sh)
		sh.draft, sh.version, sh.shown = kept.draft, kept.version, cmp.Or(kept.id, sh.shown) // found again by the form's token
	}
	return s.again(c, http.StatusConflict, sh, form, notes)
}

// takeBack is the answer "undo, and go on with the changed text".
func (s *server) takeBack(c echo.Context, form composeForm) error {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	beside, err := s.sheetOf(c, form)
	if err != nil {
		return err
	}
	draft, err := s.Mail.Undo(ctx, mailbox, mailstore.SendID(form.Of))
	switch {
	case err == nil:
		return s.rewrite(c, form, draft, beside)
	case !errors.Is(err, mailstore.ErrTooLate):
		return err
	}
	row, err := s.Mail.Sending(ctx, mailbox, mailstore.SendKey{ID: mailstore.SendID(form.Of)})
	if err != nil {
		return err
	}
	return s.resent(c, form, row, "undo")
}

// rewrite puts the changed text into the draft that was taken back, with the files that the question kept.
func (s *server) rewrite(c echo.Context, form composeForm, draft email.MessageID, beside sheet) error {
	sh, err := s.openDraft(c, draft)
	if err != nil {
		return err
	}
	if beside.id != "" {
		sh.draft.Attachments, sh.beside = beside.draft.Attachments, beside.id
	}
	refused := form.fit(sh.draft.Attachments, s.MaxUpload)
	sh.draft = form.apply(sh.draft, s.writerOf(c), s.now())
	form.Token = newToken()
	return s.keep(c, form, sh, uploadFaults(nil, refused), refused)
}

// sheetAgain begins a message with what was sent before: its thread, its quote, its files.
func (s *server) sheetAgain(c echo.Context, id mailstore.SendID) (sheet, error) {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	sh := sheet{mode: again, of: string(id), writer: s.writerOf(c)}
	row, err := s.Mail.Sending(ctx, mailbox, mailstore.SendKey{ID: id})
	if err != nil {
		return sh, err
	}
	copied := row.Message // in Sent
	if row.Held {
		copied = row.Draft
	}
	octets, err := s.Mail.Raw(ctx, mailbox, copied)
	if err != nil {
		return sh, err
	}
	sh.shown = copied
	sh.draft, err = email.OpenDraft(octets)
	return sh, err
}

// afterSending is where a person is after sending: at the conversation that the message belongs to.
func (s *server) afterSending(c echo.Context, of string, answers email.MessageID) string {
	for _, id := range []email.MessageID{answers, email.MessageID(of)} {
		if id == "" {
			continue
		}
		if m, err := s.Mail.Message(c.Request().Context(), boxOf(c).id, id); err == nil {
			return boxOf(c).thread(m.Folder, m.Thread)
		}
	}
	return boxOf(c).folder(mailstore.Inbox)
}

// draftSent is the page of a draft that is being sent or was sent: Back leads here.
func (s *server) draftSent(c echo.Context, row mailstore.SubmissionRow) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Flash = nil
	v := s.resentView(p.Words, row)
	p.Title = v.Heading
	return s.Render(c, http.StatusOK, p, views.SentDraftPage(p, v))
}

func (s *server) resentView(w *views.Words, row mailstore.SubmissionRow) views.Resent {
	v := views.Resent{Send: string(row.ID), Held: row.Held && row.Release.After(s.Now())}
	var to []email.Address
	for _, r := range row.Recipients {
		to = append(to, email.Address{Addr: r.Address})
	}
	subject := row.Subject
	if subject == "" {
		subject = w.T("waiting.nosubject")
	}
	v.About = w.T("resent.about", "Subject", subject, "People", views.Names(w, to))
	v.Heading = w.T("resent.gone", "Time", row.Release.In(s.Zone).Format("15:04"))
	if v.Held {
		v.Heading = w.T("resent.held")
	}
	return v
}
