package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// newTarget in the field "to" asks for a folder that is made on the way.
const newTarget = "new"

// target finds out where messages shall go when that was typed, or is a folder still to be made. answered:
// a page asks further, or nothing was typed.
func (s *server) target(c echo.Context, d *deed) (made mailstore.FolderID, answered bool, err error) {
	if d.action != "find" && d.to != newTarget {
		return "", false, nil
	}
	p, err := s.page(c)
	if err != nil {
		return "", false, err
	}
	all := targets(p.Folders, d.folder)
	typed := strings.TrimSpace(clip(c.FormValue("find"), maxSmall))
	if d.action == "find" {
		if typed == "" { // Enter in a tick
			return "", true, page.Redirect(c, s.unchanged(c, *d))
		}
		found := foldersLike(all, typed)
		if len(found) == 1 {
			d.action, d.to = "move", mailstore.FolderID(found[0].ID)
			return "", false, nil
		}
		return "", true, s.askTarget(c, p, *d, found, folderForm{Name: typed})
	}
	f := folderForm{Parent: c.FormValue("parent"), Name: clip(c.FormValue("name"), maxSmall)}
	if !c.Request().Form.Has("name") { // the menu's button: the page asks for the name
		f.Name = typed
		return "", true, s.askTarget(c, p, *d, nil, f)
	}
	made, err = s.Mail.CreateFolder(c.Request().Context(), mailstore.FromPortal, boxOf(c).id, mailstore.FolderID(f.Parent), f.Name)
	if f.Fault = folderFault(p.Words, err); f.Fault != "" {
		return "", true, s.askTarget(c, p, *d, nil, f)
	}
	d.action, d.to = "move", made
	return made, false, err
}

// foldersLike are the folders that a person may mean: the one of that name or path, else those in which
// what was typed occurs.
func foldersLike(all []views.Folder, typed string) (like []views.Folder) {
	typed = strings.ToLower(typed)
	for _, f := range all {
		if name := strings.ToLower(f.Name); name == typed || strings.ToLower(f.Path) == typed {
			like = append(like, f)
		}
	}
	if len(like) > 0 {
		return like
	}
	for _, f := range all {
		if strings.Contains(strings.ToLower(f.Path), typed) {
			like = append(like, f)
		}
	}
	return like
}

// askTarget is a page of its own: the folders that fit what was typed, and a form for a new one.
func (s *server) askTarget(c echo.Context, p views.Page, d deed, found []views.Folder, f folderForm) error {
	p.Here, p.Title = string(d.folder), p.Words.T("folders.movetitle")
	status := http.StatusOK
	if f.Fault != "" {
		status = http.StatusUnprocessableEntity
	}
	return s.Render(c, status, p, views.TargetPage(p, views.Target{Act: d.place(boxOf(c)) + "/act", Back: s.unchanged(c, d), At: c.FormValue("at"), Picks: d.picked, Single: d.single, Typed: strings.TrimSpace(c.FormValue("find")),
		Found: found, FolderPage: views.FolderPage{Parents: parents(p.Folders), Parent: f.Parent, Name: f.Name, Fault: f.Fault}}))
}
