package web

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

// composePost takes the form: saves, attaches, removes, mends, sends or discards. The same form may
// arrive twice (double click, Back and again, a retry after a lost answer) and does its work once.
func (s *server) composePost(c echo.Context) error {
	form, fault := readComposeForm(c.Request(), s.MaxUpload)
	defer s.pens.take(boxOf(c).id)()
	if form.Token == "" {
		form.Token = newToken()
	}
	action, argument, _ := strings.Cut(form.Button, ":")
	if !s.wroteIt(c, form) {
		return s.giveBack(c, http.StatusConflict, "foreign", form)
	}
	if action == "discard" && fault == nil {
		return s.discard(c, form)
	}
	row, sent, err := s.sentBefore(c, form)
	if err != nil {
		return err
	}
	if action == "undo" && form.Mode == again {
		return s.takeBack(c, form)
	}
	if sent && action != "copy" {
		return s.resent(c, form, row, action)
	}
	sh, err := s.sheetOf(c, form)
	if errors.Is(err, mailstore.ErrNotFound) && c.Param("draft") != "" {
		return s.draftGone(c, form, action)
	}
	if err != nil {
		return err
	}
	if form.Aside && action == "remove" { // a file of what the question keeps: it is asked again
		return s.conflict(c, form, sh)
	}
	if sh.version != form.Version && !form.sameText(sh.draft) && action != "copy" {
		return s.conflict(c, form, sh)
	}
	if sh.version != form.Version && action == "remove" { // the second half of a double click
		return page.Redirect(c, boxOf(c).compose(sh))
	}
	who := s.writerOf(c)
	if action == "save" && fault == nil && !form.Aside && sh.id != "" && form.sameText(sh.draft) && len(form.Files)+len(form.TooLarge) == 0 && (form.From == "" || form.From == sh.draft.From.Addr) {
		return s.saved(c, form, sh) // nothing new: no version, no entry
	}
	if actsOnText(action) && fault == nil {
		if err := s.writeIn(c, &form, action, argument); err != nil {
			return err
		}
	}
	form.act(action, argument, &sh, s.Directory)
	beside, err := s.takeAside(c, form, action, &sh)
	if err != nil {
		return err
	}
	refused := form.fit(sh.draft.Attachments, s.MaxUpload)
	if errors.Is(fault, errTextTooLong) {
		sh.draft.Attachments = form.attach(sh.draft.Attachments) // the text does not fit, the files do
	} else {
		sh.draft = form.apply(sh.draft, who, s.now())
	}
	sh.beside = beside
	faults := uploadFaults(fault, refused)
	if !who.may(form.From) {
		faults = append(faults, fieldError{Field: "from", Word: "compose.err.sender"})
	}
	form.Sure = argument == "sure"
	if action == "send" {
		return s.send(c, form, sh, faults, refused)
	}
	return s.keep(c, form, sh, faults, refused)
}

// sheetOf is the draft that a form belongs to. A first POST that comes again finds what it made.
func (s *server) sheetOf(c echo.Context, form composeForm) (sheet, error) {
	if id := c.Param("draft"); id != "" {
		sh, err := s.openDraft(c, email.MessageID(id))
		if form.Button != "copy" || err != nil {
			return sh, err
		}
		return s.asideOf(c, form, sh)
	}
	sh, err := s.newSheet(c, form.Mode, form.Of, form.Token)
	if errors.Is(err, mailstore.ErrNotFound) { // what it answers has been deleted for good: the answer has not
		sh, err = s.newSheet(c, "", "", form.Token)
		sh.orphan = true
	}
	if err != nil {
		return sh, err
	}
	return s.perhapsMade(c, sh)
}

// perhapsMade looks among the newest drafts for the one that this form made before.
func (s *server) perhapsMade(c echo.Context, sh sheet) (sheet, error) {
	rows, _, err := s.Mail.Singles(c.Request().Context(), boxOf(c).id, mailstore.Drafts, mailstore.Before{}, pageSize)
	for _, row := range rows {
		if row.Latest.MessageID == sh.draft.MessageID {
			return s.openDraft(c, row.Latest.ID)
		}
	}
	return sh, err
}

// act does what a button asks besides saving.
func (f *composeForm) act(action, argument string, sh *sheet, book addressBook) {
	switch action {
	case "remove":
		if n, err := strconv.Atoi(argument); err == nil && n >= 0 && n < len(sh.draft.Attachments) {
			sh.draft.Attachments = slices.Delete(slices.Clone(sh.draft.Attachments), n, n+1)
		}
	case "expand":
		field, group, _ := strings.Cut(argument, ":")
		f.expand(field, group, book)
	case "fix":
		field, piece, _ := strings.Cut(argument, ":")
		f.fix(field, piece, book)
	}
}

// fix replaces what is no address by the colleague who was probably meant.
func (f *composeForm) fix(field, piece string, book addressBook) {
	lines := map[string]*string{"to": &f.To, "cc": &f.Cc, "bcc": &f.Bcc}
	line, better := lines[field], meant(book, piece)
	if line == nil || better == nil {
		return
	}
	good, bad := email.ParseAddressList(*line)
	l := typedList{Good: good}
	mended := false
	for _, b := range bad {
		if b == piece && !mended {
			l.Good, mended = append(l.Good, *better), true
			continue
		}
		l.Bad = append(l.Bad, b)
	}
	for n, a := range l.Good {
		if a.Addr == piece && !mended {
			l.Good[n], mended = *better, true
		}
	}
	*line = addressLine(l.asTyped())
}

// fit refuses the files that no longer fit beside those that the draft has.
func (f *composeForm) fit(has []email.Attachment, limit int64) []refusedFile {
	refused := slices.Clone(f.TooLarge)
	room := limit
	for _, a := range has {
		room -= int64(len(a.Octets))
	}
	var fitting []email.Attachment
	for _, a := range f.Files {
		if size := int64(len(a.Octets)); size > room {
			refused = append(refused, refusedFile{Name: a.Name, Size: size})
		} else {
			room -= size
			fitting = append(fitting, a)
		}
	}
	f.Files = fitting
	return refused
}

// uploadFaults are what went wrong while the form was read.
func uploadFaults(fault error, refused []refusedFile) []fieldError {
	var list []fieldError
	switch {
	case errors.Is(fault, errListTooLong):
		list = append(list, fieldError{Field: "to", Word: "rescue.err.list"})
	case errors.Is(fault, errTextTooLong):
		list = append(list, fieldError{Field: "text", Word: "compose.err.toolong"})
	case fault != nil:
		list = append(list, fieldError{Field: "files", Word: "compose.err.broken"})
	}
	for _, r := range refused {
		list = append(list, fieldError{Field: "files", Word: "compose.err.large", Piece: r.Name, Size: r.Size})
	}
	return list
}

// keep saves the draft and shows it again.
func (s *server) keep(c echo.Context, form composeForm, sh sheet, faults []fieldError, refused []refusedFile) error {
	saved, stored, err := s.store(c, sh, faults)
	switch {
	case errors.Is(err, mailstore.ErrConflict):
		return s.conflictNow(c, form, sh)
	case err != nil:
		return s.notStored(c, form, sh, err, false)
	case len(faults) > 0:
		return s.again(c, faultStatus(faults), saved, form, composeNotes{faults: faults, stored: stored, refused: refused})
	}
	if sh.beside != "" {
		s.dropStray(c, sh.beside)
	}
	return s.saved(c, form, saved)
}

// saved tells that the draft is safe: the script in a word, a person on the page of the draft.
func (s *server) saved(c echo.Context, form composeForm, sh sheet) error {
	if !wantsJSON(c) {
		return s.afterSaving(c, form, sh)
	}
	text := s.WordsOf(c).T("compose.saved", "Time", sh.draft.Date.In(s.Zone).Format("15:04"))
	return c.JSON(http.StatusOK, draftAnswer{Draft: sh.id, Version: sh.version, Text: text, Pictures: boxOf(c).added(form, sh.id)})
}

// store saves a draft. stored says that the text is in it too: one that no form may hold is not.
func (s *server) store(c echo.Context, sh sheet, faults []fieldError) (saved sheet, stored bool, err error) {
	stored = !slices.ContainsFunc(faults, func(e fieldError) bool { return tooLongWords[e.Word] })
	if !stored && len(sh.draft.Attachments) == 0 {
		return sh, false, nil
	}
	octets, err := email.Compose(sh.draft, true)
	if err != nil {
		return sh, false, err
	}
	id, version, err := s.Mail.SaveDraft(c.Request().Context(), boxOf(c).id, sh.id, sh.version, octets)
	if err != nil {
		return sh, false, err
	}
	sh.id, sh.version = id, version
	return sh, stored, nil
}

// tooLongWords are faults of forms that hold more than a draft takes.
var tooLongWords = map[string]bool{"compose.err.toolong": true, "rescue.err.list": true}

// again shows the form with what was typed, and what is to mend.
func (s *server) again(c echo.Context, status int, sh sheet, form composeForm, notes composeNotes) error {
	if wantsJSON(c) {
		w := s.WordsOf(c)
		text := w.T("compose.err.failed")
		if list := s.faults(w, notes.faults, ""); len(list) > 0 {
			text = list[0].Text
		} else if notes.conflict != nil {
			text = w.T("conflict.heading")
		} else if notes.gone {
			text = w.T("conflict.gone")
		} else if notes.resent != nil {
			text = s.resentView(w, *notes.resent).Heading
		}
		return c.JSON(status, draftAnswer{Text: text, Conflict: notes.conflict != nil || notes.gone || notes.resent != nil})
	}
	return s.showCompose(c, status, sh, form.Token, form, notes)
}

// draftAnswer is what the page's script learns of a draft that saves itself.
type draftAnswer struct {
	Draft    email.MessageID `json:"draft,omitempty"`
	Version  int             `json:"version,omitempty"`
	Text     string          `json:"text"`
	Conflict bool            `json:"conflict,omitempty"`
	Pictures []addedPicture  `json:"pictures,omitempty"`
}

func wantsJSON(c echo.Context) bool { return c.Request().Header.Get("Accept") == "application/json" }

// notStored hands the filled form back when the store takes nothing.
func (s *server) notStored(c echo.Context, form composeForm, sh sheet, err error, sending bool) error {
	status, _ := outcome(err)
	word := "compose.err.failed"
	if errors.Is(err, mailstore.ErrFull) || errors.Is(err, database.ErrFull) {
		word = "compose.err.full"
	}
	s.Log.ErrorContext(c.Request().Context(), "draft not stored", "draft", sh.id, "status", status, "err", err)
	faults, lost := []fieldError{{Field: "text", Word: word}}, notKept(form.Files)
	if len(lost) > 0 {
		faults = append(faults, fieldError{Field: "files", Word: "rescue.err.files"})
	}
	sh.draft.Attachments = slices.DeleteFunc(slices.Clone(sh.draft.Attachments), func(a email.Attachment) bool { return within(form.Files, a) })
	return s.again(c, status, sh, form, composeNotes{faults: faults, sending: sending, refused: lost})
}

// notKept are files that came with a form and could not be stored: the page must not show them as attached.
func notKept(files []email.Attachment) (list []refusedFile) {
	for _, a := range files {
		list = append(list, refusedFile{Name: a.Name, Size: int64(len(a.Octets))})
	}
	return list
}

func faultStatus(faults []fieldError) int {
	for _, e := range faults {
		switch e.Word {
		case "compose.err.large", "compose.err.toolong", "rescue.err.list":
			return http.StatusRequestEntityTooLarge
		case "compose.err.broken":
			return http.StatusBadRequest
		}
	}
	return http.StatusUnprocessableEntity
}
