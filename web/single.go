package web

import (
	"context"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// listPreference says under which name the store remembers how a person wants lists.
const listPreference = "list"

// single says whether a person wants single messages in lists instead of conversations.
func (s *server) single(ctx context.Context, mailbox email.MailboxID) (bool, error) {
	chosen, err := s.Mail.Preferences(ctx, mailbox, listPreference)
	return chosen[listPreference] == "single", err
}

// chooseView is POST /view: list=single|thread, back=where to go on.
func (s *server) chooseView(c echo.Context) error {
	if address := c.FormValue("box"); address != "" {
		return s.foldBox(c, address)
	}
	chosen := c.FormValue("list")
	if chosen != "single" && chosen != "thread" {
		return page.ErrBad
	}
	if chosen == "thread" {
		chosen = "" // as it is for everybody who never chose
	}
	if err := s.Mail.Prefer(c.Request().Context(), page.PersonOf(c).Mailbox, listPreference, chosen); err != nil {
		return err
	}
	return page.Redirect(c, firstPage(localPath(c.FormValue("back"))))
}

// firstPage is a path without its query: a place in one kind of list is none in the other.
func firstPage(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}

// onlyAsked leaves of a thread the message that is to be shown alone (?m=), with the way to the others.
func onlyAsked(c echo.Context, model *views.Conversation, all []mailstore.Message) ([]mailstore.Message, error) {
	id := email.MessageID(c.QueryParam("m"))
	if id == "" {
		return all, nil
	}
	at := slices.IndexFunc(all, func(m mailstore.Message) bool { return m.ID == id })
	if at < 0 {
		return nil, mailstore.ErrNotFound
	}
	model.Single, model.Whole = string(id), len(all)
	model.WholeURL = boxOf(c).inThread(mailstore.FolderID(model.Folder), mailstore.ThreadID(model.Thread), id)
	return all[at : at+1], nil
}
