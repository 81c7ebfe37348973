package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/ledger"
	"holdover/web/page"
)

func (s *server) folderRoutes() []page.Route {
	return []page.Route{
		page.Get("/folders", page.Readers, s.foldersPage),
		page.Post("/folders", page.Readers, s.changeFolder),
	}
}

// folderFaults are the words for a name or place that cannot be.
var folderFaults = []struct {
	err  error
	word string
}{
	{mailstore.ErrFolderTaken, "taken"}, {mailstore.ErrFolderReserved, "reserved"}, {mailstore.ErrFolderLetters, "letters"}, {mailstore.ErrFolderLong, "long"},
	{mailstore.ErrFolderDeep, "deep"}, {mailstore.ErrFolderName, "empty"}, {mailstore.ErrFolderRole, "role"}, {mailstore.ErrFolderFull, "full"},
}

// folderFault says why a folder cannot be made, named or deleted so; "" when the error is another one.
func folderFault(w *views.Words, err error) string {
	for _, f := range folderFaults {
		if errors.Is(err, f.err) {
			return w.T("folders.err." + f.word)
		}
	}
	return ""
}

// foldersPage is GET /folders: the folders made by hand, and a form for a new one.
func (s *server) foldersPage(c echo.Context) error {
	return s.showFolders(c, http.StatusOK, folderForm{Parent: c.QueryParam("in")})
}

// folderForm is what was sent, with what is wrong with it.
type folderForm struct {
	Folder, Parent, Name string // Folder is "" for a new one
	Fault                string
}

func (s *server) showFolders(c echo.Context, status int, f folderForm) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	p.Here, p.Title = "folders", p.Words.T("folders.title")
	model := views.FolderPage{Parents: parents(p.Folders)}
	var ids []email.MessageID
	for _, one := range p.Folders {
		ids = append(ids, folderState(one.ID))
	}
	states, err := s.Syncback.States(c.Request().Context(), boxOf(c).id, ids)
	if err != nil {
		return err
	}
	for _, one := range p.Folders {
		if one.Role {
			continue
		}
		made := views.MadeFolder{Folder: one, Typed: one.Name, Badge: folderBadge(p.Words, states[folderState(one.ID)])}
		if f.Folder == one.ID && f.Fault != "" {
			made.Typed, made.Fault = f.Name, f.Fault
		}
		model.Made = append(model.Made, made)
	}
	if f.Folder == "" {
		model.Name, model.Parent, model.Fault = f.Name, f.Parent, f.Fault
	}
	return s.Render(c, status, p, views.FoldersPage(p, model))
}

// folderState is the item under which sync-back keeps a folder's changes.
func folderState(id string) email.MessageID { return email.MessageID("folder:" + id) }

// folderBadge says whether Exchange has a folder made by hand; nil for one that it always had.
func folderBadge(w *views.Words, state syncback.State) *views.Badge {
	if state == "" {
		return nil
	}
	b := ledger.Badge(w, state)
	if state == syncback.Verified {
		b.Text = w.T("folders.given")
	}
	return &b
}

// changeFolder is POST /folders: action=create|rename|delete|undo, then back to the page with the offer to undo it.
func (s *server) changeFolder(c echo.Context) error {
	ctx, mailbox := c.Request().Context(), boxOf(c).id
	f := folderForm{Folder: c.FormValue("folder"), Parent: c.FormValue("parent"), Name: clip(c.FormValue("name"), maxSmall)}
	id, did, back := mailstore.FolderID(f.Folder), "", step{mailbox: mailbox}
	var err error
	switch c.FormValue("action") {
	case "undo":
		return s.undoStep(c)
	case "create":
		f.Folder = ""
		if id, err = s.Mail.CreateFolder(ctx, mailstore.FromPortal, mailbox, mailstore.FolderID(f.Parent), f.Name); err == nil {
			did, back.made = "foldermade", id
		}
	case "rename":
		var old string
		if old, err = s.folderNamed(ctx, mailbox, id); err == nil {
			did, back.folder, back.called = "foldernamed", id, old
			err = s.Mail.RenameFolder(ctx, mailstore.FromPortal, mailbox, id, f.Name)
		}
	case "delete":
		did, back.gone = "foldergone", id
		err = s.Mail.DeleteFolder(ctx, mailstore.FromPortal, mailbox, id)
	default:
		return page.ErrBad
	}
	if f.Fault = folderFault(s.WordsOf(c), err); f.Fault != "" {
		return s.showFolders(c, http.StatusUnprocessableEntity, f)
	}
	if err != nil {
		return err
	}
	return page.Redirect(c, boxOf(c).base+"/folders?"+url.Values{"done": {did}, "undo": {s.undos.offer(back)}}.Encode())
}

func (s *server) folderNamed(ctx context.Context, mailbox email.MailboxID, id mailstore.FolderID) (string, error) {
	all, err := s.Mail.Folders(ctx, mailbox)
	if err != nil {
		return "", err
	}
	for _, f := range all {
		if f.ID == id {
			return f.Name, nil
		}
	}
	return "", mailstore.ErrNotFound
}

// undoFolders takes back what a step did to folders. A folder that was filled meanwhile stays.
func (s *server) undoFolders(ctx context.Context, mailbox email.MailboxID, last step) error {
	if last.called != "" {
		if err := s.Mail.RenameFolder(ctx, mailstore.FromPortal, mailbox, last.folder, last.called); err != nil {
			return err
		}
	}
	if last.gone != "" {
		if err := s.Mail.RestoreFolder(ctx, mailstore.FromPortal, mailbox, last.gone); err != nil {
			return err
		}
	}
	if last.made != "" {
		if err := s.Mail.DeleteFolder(ctx, mailstore.FromPortal, mailbox, last.made); err != nil && !errors.Is(err, mailstore.ErrFolderFull) {
			return err
		}
	}
	return nil
}
