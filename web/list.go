package web

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// pageSize is how many rows a list shows.
const pageSize = 50

// list is GET /mail/:folder, one page of threads (?before=cursor).
func (s *server) list(c echo.Context) error {
	p, err := s.page(c)
	if err != nil {
		return err
	}
	l, err := s.listView(c, &p, "")
	if err != nil {
		return err
	}
	p.Live, p.First = true, "list"
	return s.Render(c, http.StatusOK, p, views.ListPage(p, l))
}

// listView reads one page of the folder in the address; opened is the thread in the reading pane or "".
func (s *server) listView(c echo.Context, p *views.Page, opened mailstore.ThreadID) (views.List, error) {
	ctx, b := c.Request().Context(), boxOf(c)
	folder := mailstore.FolderID(c.Param("folder"))
	p.Here = string(folder)
	name := p.HereName()
	if name == "" {
		return views.List{}, mailstore.ErrNotFound
	}
	var before mailstore.Before
	if text := c.QueryParam("before"); text != "" {
		var err error
		if before, err = mailstore.ParseBefore(text); err != nil {
			return views.List{}, page.ErrBad
		}
	}
	single, err := s.single(ctx, page.PersonOf(c).Mailbox)
	if err != nil {
		return views.List{}, err
	}
	read := s.Mail.Threads
	if single {
		read = s.Mail.Singles
	}
	threads, next, err := read(ctx, b.id, folder, before, pageSize)
	if err != nil {
		return views.List{}, err
	}
	l := views.List{Folder: string(folder), Name: name, Level: 1, ForGood: folder == mailstore.Trash,
		Archived: folder == mailstore.Archive, Targets: targets(p.Folders, folder), Single: single}
	if opened != "" {
		l.Level = 2
	}
	known, err := s.Mail.Categories(ctx, b.id)
	if err != nil {
		return views.List{}, err
	}
	l.Known = offered(known)
	r := rower{words: p.Words, now: s.now(), box: b, self: s.ownAddresses(b), folder: folder, opened: opened,
		single: single, message: email.MessageID(c.QueryParam("m"))}
	if next != (mailstore.Before{}) {
		l.Older = b.folder(folder) + "?before=" + next.String()
	}
	if before != (mailstore.Before{}) {
		l.Newest = b.folder(folder)
		r.suffix = "?before=" + before.String()
	}
	for _, t := range threads {
		l.Rows = append(l.Rows, r.row(t))
	}
	if before == (mailstore.Before{}) {
		s.sinceLine(c, p, &l, threads)
		s.freshLine(boxOf(c), p, &l, threads)
	}
	p.Title = name + unreadTitle(p)
	return l, nil
}

// unreadTitle puts the count into the window's title, as people know it.
func unreadTitle(p *views.Page) string {
	for _, f := range p.Folders {
		if f.ID == p.Here && f.Count > 0 {
			return " (" + p.Words.Number(f.Count) + ")"
		}
	}
	return ""
}

// freshLine proves that the list is fresh: how many unread, when the last message came.
func (s *server) freshLine(b box, p *views.Page, l *views.List, threads []mailstore.ThreadRow) {
	for _, f := range p.Folders {
		if f.ID == p.Here && f.Count > 0 && f.ID != string(mailstore.Drafts) {
			l.Unread = views.Chip{Text: p.Words.N("list.unreadcount", f.Count), URL: b.search(`in:"`+strings.ReplaceAll(f.Name, `"`, " ")+`" is:unread`, 1)}
		}
	}
	if len(threads) == 0 {
		return
	}
	newest := threads[0].Latest
	l.Fresh = p.Words.T("list.last", "Time", p.Words.Since(newest.Received, s.now()))
	p.Newest = strconv.FormatInt(newest.Received.UnixMilli(), 10)
	if row := l.Rows[0]; row.Unread {
		p.Say = p.Words.T("list.say", "Who", row.Who, "Subject", row.Subject[0].Text)
	}
}

// sinceLine marks in the inbox where the event began: above it is new mail, below it the mailbox as
// it was. It stands only between rows that both are there.
func (s *server) sinceLine(c echo.Context, p *views.Page, l *views.List, threads []mailstore.ThreadRow) {
	if p.Banner == nil || l.Folder != string(mailstore.Inbox) {
		return
	}
	event, on, err := s.Events.Covering(c.Request().Context(), boxOf(c).id)
	if err != nil || !on {
		return
	}
	words := "list.sincecalm"
	if event.Kind == continuity.Outage {
		words = "list.since"
	}
	for i := range threads {
		if threads[i].Latest.Received.Before(event.Started) {
			if i > 0 {
				l.Rows[i].Since = p.Words.T(words, "Time", p.Words.Since(event.Started, s.now()))
			}
			return
		}
	}
}

// targets are the folders to which messages can be moved from here.
func targets(folders []views.Folder, here mailstore.FolderID) []views.Folder {
	var list []views.Folder
	for _, f := range folders {
		if f.ID != string(here) && f.ID != string(mailstore.Drafts) && f.ID != string(mailstore.Sent) {
			list = append(list, f)
		}
	}
	return list
}

// ownAddresses are those by which a message is known to be the mailbox's own.
func (s *server) ownAddresses(b box) addressSet {
	own := addressSet{}
	own.add(b.address)
	if m, ok := s.Directory.Mailbox(b.id); ok {
		own.add(m.Address)
		for _, alias := range m.Aliases {
			own.add(alias)
		}
	}
	return own
}
