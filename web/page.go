package web

import (
	"regexp"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// band adds to the shell what the mailbox of the request says on every page: which event is on, and
// whether mail is only read here. What cannot be found out is left out.
func (s *server) band(c echo.Context, p *views.Page) {
	ctx, b := c.Request().Context(), boxOf(c)
	p.Base, p.Outlook = b.base, s.Outlook
	if event, on, err := s.Events.Covering(ctx, b.id); err == nil && on {
		p.Banner = s.banner(p.Words, event)
	}
	if only, err := s.readOnly(ctx, b.id); err == nil {
		p.ReadOnly = only
	}
}

// page is the shell with folders, waiting changes and what the step before did.
func (s *server) page(c echo.Context) (views.Page, error) {
	p, ctx, own, b := s.Shell(c), c.Request().Context(), ownBox(page.PersonOf(c)), boxOf(c)
	folders, err := s.Mail.Folders(ctx, own.id)
	if err != nil {
		return p, err
	}
	p.Own, p.Keys = foldersView(p.Words, own, folders), s.keysOf(ctx, own.id)
	p.Folders = p.Own
	if p.Waiting, err = s.Syncback.Unverified(ctx, own.id); err != nil {
		return p, err
	}
	if err := s.sharedView(ctx, &p, own, b); err != nil {
		return p, err
	}
	if p.Banner == nil {
		if p.Banner, err = s.returnBanner(ctx, p, b); err != nil {
			return p, err
		}
	}
	p.Flash, p.First = s.flash(c, p.Words), "read"
	return p, nil
}

func (s *server) banner(w *views.Words, e continuity.Event) *views.Banner {
	return &views.Banner{Kind: string(e.Kind), Time: w.Since(e.Started, s.now())}
}

func (s *server) organisation() views.Organisation {
	o := s.Organisation
	scheme := map[bool]string{true: "https://", false: "http://"}[s.Secure]
	return views.Organisation{Name: o.Name, Logo: s.assets.URL("logo"), Phone: o.Phone, Tel: telephone(o.Phone),
		Imprint: o.Imprint, Privacy: o.Privacy, Accessible: o.Accessible, Address: scheme + s.Host}
}

var notDialled = regexp.MustCompile(`[^0-9+]`)

// telephone is the href of a number as people write it (RFC 3966).
func telephone(number string) string {
	if number == "" {
		return ""
	}
	return "tel:" + notDialled.ReplaceAllString(number, "")
}

type roleIcon struct {
	id   mailstore.FolderID
	icon string
}

// roles in the order of the folder list, with their icons.
var roles = []roleIcon{
	{mailstore.Inbox, "inbox"}, {mailstore.Drafts, "draft"}, {mailstore.Sent, "sent"},
	{mailstore.Archive, "archive"}, {mailstore.Trash, "trash"}, {mailstore.Junk, "junk"},
}

func foldersView(w *views.Words, b box, folders []mailstore.Folder) []views.Folder {
	known := map[mailstore.FolderID]mailstore.Folder{}
	for _, f := range folders {
		known[f.ID] = f
	}
	var list []views.Folder
	for _, r := range roles {
		f := views.Folder{ID: string(r.id), Name: w.T("folder." + string(r.id)), Base: b.base, URL: b.folder(r.id), Icon: r.icon, Role: true,
			Count: known[r.id].Unread, CountWord: w.T("folder.unreadword")}
		if r.id == mailstore.Drafts {
			f.Count, f.CountWord = known[r.id].Total, w.T("folder.draftsword")
		}
		list = append(list, f)
		delete(known, r.id)
	}
	return withMade(w, b, list, folders)
}
