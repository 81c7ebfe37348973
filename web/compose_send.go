package web

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

// send submits a message once for each form token and shows what was answered, with the way to undo.
// What cannot go yet is saved and shown with everything that is to mend.
func (s *server) send(c echo.Context, form composeForm, sh sheet, faults []fieldError, refused []refusedFile) error {
	lines := readRecipients(form)
	to, unclear := lines.deliver(s.Directory)
	faults = append(faults, unclear...)
	if size := attached(sh.draft); size > s.MaxUpload {
		faults = append(faults, fieldError{Field: "files", Word: "compose.err.toolarge", Size: size})
	}
	first := c.Param("draft") == "" // also when an earlier one, cut off by a crash, has made the draft
	saved, stored, err := s.store(c, sh, faults)
	switch {
	case errors.Is(err, mailstore.ErrConflict):
		return s.conflictNow(c, form, sh)
	case err != nil:
		return s.notStored(c, form, sh, err, true)
	case len(faults) > 0:
		return s.again(c, faultStatus(faults), saved, form, composeNotes{faults: faults, sending: true, stored: stored, refused: refused})
	}
	if doubts := s.doubts(c, saved); len(doubts) > 0 && !form.Sure {
		return s.again(c, http.StatusUnprocessableEntity, saved, form, composeNotes{doubts: doubts, sending: true, stored: stored})
	}
	return s.submit(c, form, saved, to, first)
}

// submit hands a saved draft over. first tells that the form makes its draft itself.
func (s *server) submit(c echo.Context, form composeForm, sh sheet, to delivery, first bool) error {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	sub := mailstore.Submission{Mailbox: mailbox, Draft: sh.id, Version: sh.version, Token: form.Token, Content: form.content(), From: sh.draft.From.Addr,
		Local: to.Local, Remote: to.Remote, Release: s.Now().Add(s.Undo)}
	back, answered := s.answeredBy(c, sh)
	if answered && sh.draft.InReplyTo != "" {
		sub.Answers = back.ID
	}
	sh.draft = sh.draft.WithoutUnused()
	form.Files = nil // they are in the draft
	var err error
	if sub.Own, err = email.Compose(sh.draft, true); err == nil {
		sub.Out, err = email.Compose(sh.draft, false)
	}
	if err != nil {
		return s.notStored(c, form, sh, err, true)
	}
	id, err := s.Mail.Submit(ctx, sub)
	switch {
	case errors.Is(err, mailstore.ErrResent): // the other half came between
		if row, sent, err := s.sentBefore(c, form); err != nil || sent {
			if err != nil {
				return err
			}
			return s.resent(c, form, row, "send")
		}
		return err
	case errors.Is(err, mailstore.ErrConflict), errors.Is(err, mailstore.ErrNotFound):
		return s.conflictNow(c, form, sh)
	case err != nil:
		return s.notStored(c, form, sh, err, true)
	}
	if first {
		s.dropStray(c, sh.id)
	}
	s.Log.InfoContext(ctx, "message submitted", "send", id, "draft", sh.id, "inside", len(to.Local), "outside", len(to.Remote))
	target := boxOf(c).folder(mailstore.Inbox)
	if answered {
		target = boxOf(c).thread(back.Folder, back.Thread)
	}
	return page.Redirect(c, sentURL(target, id))
}

// dropStray removes the draft that a repeated first POST made, when its token turned out to be sent
// already: then the store answered with that submission and left this draft where it was.
func (s *server) dropStray(c echo.Context, id email.MessageID) {
	if _, err := s.openDraft(c, id); err != nil {
		return
	}
	if err := s.Mail.DiscardDraft(c.Request().Context(), boxOf(c).id, id); err != nil {
		s.Log.WarnContext(c.Request().Context(), "repeated draft not removed", "draft", id, "err", err)
	}
}

// sentURL is a page that shows the bar after sending.
func sentURL(page string, id mailstore.SendID) string {
	return page + "?" + url.Values{"done": {"sent"}, "send": {string(id)}}.Encode()
}

// answeredBy is the message that a draft answers or forwards, as far as it is still here.
func (s *server) answeredBy(c echo.Context, sh sheet) (mailstore.Message, bool) {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	if sh.of != "" {
		m, err := s.Mail.Message(ctx, mailbox, email.MessageID(sh.of))
		return m, err == nil
	}
	m, err := s.Mail.Message(ctx, mailbox, sh.id)
	if err != nil || sh.draft.InReplyTo == "" {
		return mailstore.Message{}, false
	}
	thread, err := s.Mail.Conversation(ctx, mailbox, m.Thread)
	if err != nil {
		return mailstore.Message{}, false
	}
	for _, other := range thread {
		if other.MessageID == sh.draft.InReplyTo {
			return other, true
		}
	}
	return mailstore.Message{}, false
}

func attached(d email.Draft) (size int64) {
	for _, a := range d.Attachments {
		size += int64(len(a.Octets))
	}
	return size
}
