package web

import (
	"context"
	"net/url"
	"strings"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
)

// reader turns the messages of one conversation into what its page shows.
type reader struct {
	server  *server
	ctx     context.Context // of the one request that this reader lives for
	page    *views.Page
	box     box
	self    addressSet
	folder  mailstore.FolderID
	states  map[email.MessageID]syncback.State
	sent    map[email.MessageID]mailstore.SubmissionRow // how messages of this mailbox were sent
	deeds   map[email.MessageID][]mailstore.Deed        // who did what, in a shared mailbox
	known   *colleagues
	opened  int // messages attached to the one being read that are opened in place
	bundled int // files and messages that came with it
}

// message reads one message; open, or folded unless it is unread.
func (r *reader) message(m mailstore.Message, open bool) (views.Message, error) {
	w := r.page.Words
	view := views.Message{
		ID: string(m.ID), When: w.At(m.Received, r.server.now()), Snippet: m.Snippet,
		Open: open || !m.Flags.Seen, Unread: !m.Flags.Seen, Draft: m.Folder == mailstore.Drafts,
		Categories: m.Categories, Act: r.box.folder(m.Folder) + "/act",
		To: r.people(m.To), Cc: r.people(m.Cc), Bcc: r.people(m.Bcc), Everyone: everyone(m.To, m.Cc, m.Bcc),
	}
	r.sender(&view, m)
	if m.Folder != r.folder && !(view.Mine && m.Folder == mailstore.Sent) { // own answers lie in Sent, as everybody knows
		view.Folder = folderNameOf(r.page, m.Folder)
	}
	view.Badge = r.badge(m, view.Mine)
	r.sending(&view, m.ID)
	view.Deeds = r.doneBy(m.ID)
	octets, err := r.server.Mail.Raw(r.ctx, r.box.id, m.ID)
	if err != nil {
		return view, err
	}
	parsed := email.Parse(octets)
	view.List = len(parsed.FollowUp()) > 0
	r.content(&view, parsed)
	if err := r.check(&view, m, parsed); err != nil {
		return view, err
	}
	if err := r.images(&view, parsed); err != nil {
		return view, err
	}
	r.colours(&view)
	view.Problem = parsed.Problem != "" // also when showing it took too much
	if err := r.invitation(&view, parsed); err != nil {
		return view, err
	}
	if view.Bundled = r.bundled; view.Bundled > 1 {
		view.Bundle = r.box.message(view.ID, "files.zip")
	}
	return view, nil
}

// colours offers a message's frame in dark colours, for those whose device is dark (?dark=its id). Mail is
// written for white paper, so nobody gets that unasked.
func (r *reader) colours(view *views.Message) {
	here, err := url.Parse(r.page.Path)
	if err != nil {
		return
	}
	query := here.Query()
	query.Set(openQuery, view.ID)
	if view.Dark = query.Get("dark") == view.ID; view.Dark {
		query.Del("dark")
	} else {
		query.Set("dark", view.ID)
	}
	here.RawQuery, here.Fragment = query.Encode(), "m-"+view.ID
	view.Turn = here.String()
}

// sender says who wrote it. What came from outside is never "you", whatever its From claims.
func (r *reader) sender(view *views.Message, m mailstore.Message) {
	var from email.Address
	if len(m.From) > 0 {
		from = m.From[0]
	} else {
		from.Addr = m.Envelope.From
	}
	view.Name, view.Address = nameOf(from), from.Addr
	view.Mine = m.Origin != mailstore.FromOutside && r.self.has(from.Addr)
	switch {
	case view.Mine:
		view.Initials = views.Initials(view.Name)
		if !r.box.shared { // there it is the mailbox that wrote, and whoever did stands below
			view.Name = r.page.Words.T("conv.you")
		}
		return
	case view.Name == "":
		view.Name = r.page.Words.T("list.nobody")
	}
	view.Initials = views.Initials(view.Name)
	view.External = from.Addr != "" && !r.server.Directory.Local(from.Addr)
}

// mostNames is how many recipients are named; the rest is counted.
const mostNames = 12

// everyone lists all recipients in full when one of the lists is too long to be named in a line.
func everyone(lists ...[]email.Address) (all []string) {
	long := false
	for _, list := range lists {
		long = long || len(list) > mostNames
		all = append(all, fullNames(list)...)
	}
	if !long {
		return nil
	}
	return all
}

func (r *reader) people(list []email.Address) string {
	var names []string
	for i, a := range list {
		if i == mostNames {
			names = append(names, r.page.Words.N("conv.others", len(list)-mostNames))
			break
		}
		name := nameOf(a)
		if r.self.has(a.Addr) && !r.box.shared {
			name = r.page.Words.T("conv.youtoo")
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// badge says how far the message is on its way into Exchange. That others' mail has arrived there
// goes without saying.
func (r *reader) badge(m mailstore.Message, mine bool) *views.Badge {
	w := r.page.Words
	switch state := r.states[m.ID]; {
	case state == syncback.Waiting:
		return &views.Badge{Class: "is-hold", Icon: "clock", Text: w.T("state.waiting")}
	case state == syncback.Trying, state == syncback.InDoubt, state == syncback.Accepted:
		return &views.Badge{Class: "is-act", Icon: "sync", Text: w.T("state.moving")}
	case state == syncback.Parked:
		return &views.Badge{Class: "is-hold", Icon: "pen", Text: w.T("state.parked")}
	case state == syncback.Verified && mine:
		return &views.Badge{Class: "is-good", Icon: "check", Text: w.T("state.done")}
	}
	return nil
}

// content fills in text and files.
func (r *reader) content(view *views.Message, m *email.Message) {
	view.Problem = m.Problem != ""
	if view.Problem {
		return
	}
	r.opened, r.bundled = 0, 0
	view.Attached, view.Files = r.attached(view.ID, "", m)
	view.Damaged, view.Fates = m.Damaged(), r.fate(m)
	if seal := m.Seal(); seal != nil {
		view.Sealed, view.Encrypted = seal.By, seal.Encrypted
	}
	if view.HTML = m.HasHTML(); view.HTML {
		return
	}
	fresh, quoted := m.Folded()
	view.Text, view.Quoted = linked(fresh), linked(quoted)
}

// fileView is an attachment of the message at a place.
func fileView(w *views.Words, b box, message, in string, part email.Part) views.File {
	f := views.File{Name: part.Name, Kind: fileKind(part.Type, part.Name), Size: w.Size(part.Size), Image: picture(part.Type)}
	switch {
	case f.Name != "":
	case isCalendar(part):
		f.Name = w.T("calendar.file")
	default:
		f.Name = w.T("conv.unnamed")
	}
	f.URL = b.part(message, below(in, part.Index))
	f.Save = f.URL + "?save=1"
	if !f.Image {
		f.URL = f.Save
	}
	return f
}
