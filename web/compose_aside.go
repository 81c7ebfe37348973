package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"

	"holdover/web/page"
)

// A question that a form is answered with (which of two versions, what to do with a text changed after sending,
// what with one whose draft is gone) may stay unanswered: people close windows. A page can hold the text until
// then, but no files. So what the form holds is kept in a draft of its own, beside what it was about, and the
// answer takes it from there. A draft too many costs a click; lost words and files cost an afternoon.

// asideOf is the draft beside another one that keeps what a form holds. The same form finds the one it made.
func (s *server) asideOf(c echo.Context, form composeForm, sh sheet) (sheet, error) {
	sh.id, sh.version, sh.draft.MessageID = "", 0, messageID("copy "+form.Token, sh.draft.From)
	return s.perhapsMade(c, sh)
}

// putAside stores what a form holds in sh. When nothing can be stored it answers sh without the form's files,
// and those as refused.
func (s *server) putAside(c echo.Context, form composeForm, sh sheet) (sheet, []refusedFile) {
	had := sh
	refused := form.fit(sh.draft.Attachments, s.MaxUpload)
	sh.draft = form.apply(sh.draft, s.writerOf(c), s.now())
	saved, _, err := s.store(c, sh, nil)
	if err != nil {
		s.Log.ErrorContext(c.Request().Context(), "what a question is about was not kept", "draft", sh.id, "err", err)
		return had, append(refused, notKept(form.Files)...)
	}
	return saved, refused
}

// byItself says that the page's script has sent the text to be saved: it still has it, and asks again with what
// the person decides.
func (s *server) byItself(c echo.Context, form composeForm) bool {
	return wantsJSON(c) && len(form.Files) == 0
}

// conflict shows both versions. The form keeps what was typed here and may now replace the other.
func (s *server) conflict(c echo.Context, form composeForm, other sheet) error {
	notes := composeNotes{conflict: &other}
	if !s.byItself(c, form) {
		mine, err := s.asideOf(c, form, other)
		if err != nil {
			return err
		}
		mine, notes.refused = s.putAside(c, form, mine.without(form))
		notes.mine = &mine
	}
	return s.again(c, http.StatusConflict, other, form, notes)
}

// without takes off the file that a button of the form names.
func (sh sheet) without(form composeForm) sheet {
	action, argument, _ := strings.Cut(form.Button, ":")
	if n, err := strconv.Atoi(argument); action == "remove" && form.Aside && err == nil && n >= 0 && n < len(sh.draft.Attachments) {
		sh.draft.Attachments = slices.Delete(slices.Clone(sh.draft.Attachments), n, n+1)
	}
	return sh
}

// conflictNow is the same when the other window was faster by a moment.
func (s *server) conflictNow(c echo.Context, form composeForm, sh sheet) error {
	other, err := s.openDraft(c, sh.id)
	if errors.Is(err, mailstore.ErrNotFound) {
		return s.draftGone(c, form, "save")
	}
	if err != nil {
		return err
	}
	return s.conflict(c, form, other)
}

// takeAside gives sh the files that a question about this form has kept, and answers the draft that kept them.
func (s *server) takeAside(c echo.Context, form composeForm, action string, sh *sheet) (email.MessageID, error) {
	if !form.Aside || action == "copy" {
		return "", nil
	}
	mine, err := s.asideOf(c, form, *sh)
	if err == nil && mine.id != "" {
		sh.draft.Attachments = mine.draft.Attachments
	}
	return mine.id, err
}

// draftGone keeps what was typed into a draft that has been sent or discarded meanwhile.
func (s *server) draftGone(c echo.Context, form composeForm, action string) error {
	sh, err := s.goneSheet(c, form)
	if err != nil {
		return err
	}
	if action == "copy" {
		refused := form.fit(sh.draft.Attachments, s.MaxUpload)
		sh.draft = form.apply(sh.draft, s.writerOf(c), s.now())
		return s.keep(c, form, sh, uploadFaults(nil, refused), refused)
	}
	notes := composeNotes{gone: true}
	if !s.byItself(c, form) {
		sh, notes.refused = s.putAside(c, form, sh.without(form))
		notes.mine = &sheet{draft: sh.draft}
	}
	sh.id, sh.draft.Date = email.MessageID(c.Param("draft")), time.Time{}
	return s.again(c, http.StatusConflict, sh, form, notes)
}

// goneSheet is what a form goes on with when its draft is gone: as the draft was, where it lies in Deleted
// Items, so that an answer keeps its thread and the text it quotes.
func (s *server) goneSheet(c echo.Context, form composeForm) (sheet, error) {
	sh, err := s.newSheet(c, "", "", form.Token)
	if err != nil {
		return sh, err
	}
	if was, err := s.discarded(c, email.MessageID(c.Param("draft"))); err == nil {
		sh.draft, sh.thread = was.draft, was.thread
	}
	return s.asideOf(c, form, sh)
}

// discarded reads a draft that lies in Deleted Items.
func (s *server) discarded(c echo.Context, id email.MessageID) (sheet, error) {
	m, err := s.Mail.Message(c.Request().Context(), boxOf(c).id, id)
	if err != nil || m.Folder != mailstore.Trash || !m.Flags.Draft {
		return sheet{}, errors.Join(err, mailstore.ErrNotFound)
	}
	return s.readSheet(c, m)
}

// discard moves a draft into Deleted Items, as Outlook does, with what was typed last. It can be undone.
func (s *server) discard(c echo.Context, form composeForm) error {
	id := email.MessageID(c.Param("draft"))
	sh, err := s.openDraft(c, id)
	if errors.Is(err, mailstore.ErrNotFound) { // the second half of a double click, or gone otherwise
		if _, err := s.discarded(c, id); err == nil {
			return s.offerBack(c, id)
		}
		return page.Redirect(c, boxOf(c).folder(mailstore.Drafts)+"?done=discarded")
	}
	if err != nil {
		return err
	}
	if sh.version == form.Version && !form.sameText(sh.draft) {
		sh, _ = s.putAside(c, form, sh)
	}
	if err := s.Mail.Move(c.Request().Context(), mailstore.FromPortal, boxOf(c).id, []email.MessageID{sh.id}, mailstore.Trash); err != nil {
		return err
	}
	return s.offerBack(c, sh.id)
}

// offerBack is the page after discarding, and what Back leads to then: the drafts, with the way to have it again.
func (s *server) offerBack(c echo.Context, draft email.MessageID) error {
	word := s.undos.offer(step{mailbox: boxOf(c).id, moves: map[mailstore.FolderID][]email.MessageID{mailstore.Drafts: {draft}}})
	return page.Redirect(c, boxOf(c).folder(mailstore.Drafts)+"?"+url.Values{"done": {"discarded"}, "undo": {word}}.Encode())
}
