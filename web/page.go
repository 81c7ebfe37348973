package web

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/mailstore"
	"holdover/static"
	"holdover/views"
)

// shell is what every page shows, as far as it can be had without asking the store. It never
// fails, so that the error page can use it too.
func (s *server) shell(c echo.Context) views.Page {
	p := views.Page{
		Words: s.wordsOf(c), Org: s.organisation(), Sheet: s.assets.URL("app.css"), Script: s.assets.URL("app.js"), Icon: s.assets.URL(static.IconName(180)),
		Path: "/", Base: boxOf(c).base,
	}
	if c.Request().Method == http.MethodGet {
		p.Path = c.Request().URL.RequestURI()
	}
	person := personOf(c)
	if person.Mailbox == "" {
		return p
	}
	p.Theme = person.Theme
	p.Person = &views.Person{Name: person.Name, Address: person.Address, Initials: views.Initials(person.Name), Admin: person.Admin}
	if event, on, err := s.Events.Covering(c.Request().Context(), boxOf(c).id); err == nil && on {
		p.Banner = s.banner(p.Words, event)
	}
	p.Outlook = s.Outlook
	if only, err := s.readOnly(c.Request().Context(), boxOf(c).id); err == nil {
		p.ReadOnly = only
	}
	return p
}

// page is the shell with folders, waiting changes and what the step before did.
func (s *server) page(c echo.Context) (views.Page, error) {
	p, ctx, own, b := s.shell(c), c.Request().Context(), ownBox(personOf(c)), boxOf(c)
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
	p.Flash = s.flash(c, p.Words)
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

// wordsOf chooses the language: what the person chose in this session or the directory says, else
// what the browser asks for.
func (s *server) wordsOf(c echo.Context) *views.Words {
	if lang := personOf(c).Language; lang != "" {
		return s.words.In(lang)
	}
	return s.words.Accept(c.Request().Header.Get("Accept-Language"))
}

// render answers with a main element: alone with its surroundings' news for htmx, else inside the
// layout. It is rendered in full before the first octet leaves, so that a failure can still be told.
func (s *server) render(c echo.Context, status int, p views.Page, main templ.Component) error {
	whole := views.Layout(p)
	if isHTMX(c) {
		whole = views.Fragment(p)
	}
	if p.Live {
		return s.renderLive(c, status, p, whole, main)
	}
	return s.write(c, status, whole, main)
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

// redirect answers a form: the page it led to is fetched anew (303), so that reloading repeats nothing.
func redirect(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, strings.ReplaceAll(path, " ", "%20"))
}
