package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/mailstore"
	"holdover/signin"

	"holdover/web/page"
)

// Without a script a browser tells nothing until its form is sent, and by then the session may have ended. What
// was written is not lost then:
//
//   - The browser still names the session that has ended (signin.Lapse): the form is saved as that person's draft.
//     Nothing is sent and nothing is shown, and the way leads through the sign-in back to that draft.
//   - Nobody is known: nothing is stored, since it would be mail of nobody. The form is given back filled, to be sent
//     again after signing in in another window.
//   - Somebody else has signed in meanwhile: as before, and nothing happens in their name.

// mostUnknown is how many forms of nobody known are read at a time; the others wait.
const mostUnknown = 4

// markOf names a person in a form, so that a form is not taken for another person's who signed in meanwhile. It is
// no secret and no proof.
func markOf(p signin.Person) string {
	sum := sha256.Sum256([]byte("form of " + p.Mailbox))
	return hex.EncodeToString(sum[:8])
}

// wroteIt says whether a form was made for the person who sends it. Forms of an earlier release do not tell.
func (s *server) wroteIt(c echo.Context, form composeForm) bool {
	return form.Owner == "" || form.Owner == markOf(page.PersonOf(c))
}

// rescue takes a form from somebody who is not signed in.
func (s *server) rescue(c echo.Context) error {
	nobody := page.PersonOf(c)
	defer page.SetPerson(c, nobody)
	lapse, ok, err := s.Signin.Lapsed(c.Request().Context())
	if err != nil {
		return err
	}
	if !ok {
		return s.rescueUnknown(c)
	}
	page.SetPerson(c, lapse.Person)
	if err := s.openBox(c); err != nil {
		return s.rescueUnknown(c)
	}
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxDrain)
	form, fault := readComposeForm(c.Request(), s.MaxUpload)
	switch action, _, _ := strings.Cut(form.Button, ":"); {
	case form.blank() || action == "discard":
		page.SetPerson(c, nobody)
		return s.askToSignIn(c)
	case !s.wroteIt(c, form):
		return s.giveBack(c, http.StatusUnauthorized, "foreign", form)
	case errors.Is(fault, errTextTooLong):
		return s.giveBack(c, http.StatusRequestEntityTooLarge, "unknown", form)
	}
	if err := s.Signin.Spend(c.Request().Context(), lapse, form.size()); errors.Is(err, signin.ErrSpent) {
		return s.giveBack(c, http.StatusUnauthorized, "unknown", form)
	} else if err != nil {
		return err
	}
	return s.rescued(c, form)
}

// rescued saves a form of a session that has ended, and leads to the sign-in and from there to the draft.
func (s *server) rescued(c echo.Context, form composeForm) error {
	at, sh, err := s.saveRescued(c, form)
	switch {
	case errors.Is(err, mailstore.ErrConflict):
		return c.JSON(http.StatusConflict, draftAnswer{Text: s.WordsOf(c).T("conflict.heading"), Conflict: true})
	case err != nil:
		status, _ := outcome(err)
		s.Log.ErrorContext(c.Request().Context(), "form of an ended session not saved", "status", status, "err", err)
		return s.giveBack(c, status, "unknown", form)
	}
	s.Log.InfoContext(c.Request().Context(), "form of an ended session saved", "mailbox", boxOf(c).id, "draft", sh.id)
	if wantsJSON(c) {
		return c.JSON(http.StatusOK, draftAnswer{Draft: sh.id, Version: sh.version, Text: s.WordsOf(c).T("rescue.autosaved", "Time", s.now().Format("15:04"))})
	}
	return c.Redirect(http.StatusSeeOther, "/?"+url.Values{"back": {at}}.Encode())
}

// saveRescued stores a form as a draft, and answers the page that goes on with it. A draft that was changed, sent
// or discarded meanwhile stays as it is: then the form becomes a draft of its own. ErrConflict: the page's script
// asks and has the text itself.
func (s *server) saveRescued(c echo.Context, form composeForm) (at string, sh sheet, err error) {
	defer s.pens.take(boxOf(c).id)()
	if form.Token == "" {
		form.Token = newToken()
	}
	form.Button = "save"
	said := "rescued"
	row, sent, err := s.sentBefore(c, form)
	switch {
	case err != nil:
		return "", sh, err
	case sent && form.repeats(row.Content): // nothing is in it that was not sent
		return boxOf(c).compose(sheet{id: row.Draft}), sh, nil
	case sent:
		sh, err = s.newSheet(c, again, string(row.ID), "again "+form.Token)
		if err == nil {
			sh, err = s.perhapsMade(c, sh)
		}
		said = "rescuedsent"
	default:
		sh, err = s.sheetOf(c, form)
	}
	if errors.Is(err, mailstore.ErrNotFound) {
		sh, err = s.goneSheet(c, form)
		said = "rescuedgone"
	} else if err == nil && !sent && sh.version != form.Version && !form.sameText(sh.draft) {
		if s.byItself(c, form) {
			return "", sh, mailstore.ErrConflict
		}
		sh, err = s.asideOf(c, form, sh)
		said = "rescuedbeside"
	}
	if err != nil {
		return "", sh, err
	}
	if len(form.fit(sh.draft.Attachments, s.MaxUpload)) > 0 {
		said = "rescuedlarge"
	}
	sh.draft = form.apply(sh.draft, s.writerOf(c), s.now())
	sh, _, err = s.store(c, sh, nil)
	return boxOf(c).compose(sh) + "&done=" + said, sh, err
}

// blank says that a form holds nothing that could be lost.
func (f composeForm) blank() bool {
	return strings.TrimSpace(f.Text+f.HTML+f.Subject+f.To+f.Cc+f.Bcc) == "" && len(f.Files)+len(f.TooLarge) == 0
}

// size is what a form would take in the store, in octets.
func (f composeForm) size() int64 {
	n := len(f.Text) + len(f.HTML) + len(f.Subject) + len(f.To) + len(f.Cc) + len(f.Bcc)
	for _, a := range f.Files {
		n += len(a.Octets)
	}
	return int64(n)
}

// rescueUnknown gives a form back to somebody of whom nothing is known. Files are read and dropped.
func (s *server) rescueUnknown(c echo.Context) error {
	page.SetPerson(c, signin.Person{Language: page.PersonOf(c).Language})
	c.Set(boxKey, nil)
	select {
	case s.unknown <- struct{}{}:
		defer func() { <-s.unknown }()
	case <-c.Request().Context().Done():
		return c.Request().Context().Err()
	}
	c.Request().Body = http.MaxBytesReader(c.Response(), c.Request().Body, maxRead+2*s.MaxUpload)
	form, _ := readComposeForm(c.Request(), -1)
	form.TooLarge = slices.DeleteFunc(form.TooLarge, func(f refusedFile) bool { return f.Name == "" && f.Size == 0 }) // no file was chosen
	if form.blank() {
		return s.askToSignIn(c)
	}
	return s.giveBack(c, http.StatusUnauthorized, "unknown", form)
}
