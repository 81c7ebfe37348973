package web

import (
	"maps"
	"slices"
	"strings"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// addressSet is a set of addresses, without regard to case.
type addressSet map[string]bool

func (a addressSet) add(address string)      { a[strings.ToLower(address)] = true }
func (a addressSet) has(address string) bool { return a[strings.ToLower(address)] }

// list are the addresses in lower case.
func (a addressSet) list() []string { return slices.Sorted(maps.Keys(a)) }

// rower turns threads into rows, with the headings between them.
type rower struct {
	box    box
	words  *views.Words
	now    time.Time
	self   addressSet
	folder mailstore.FolderID
	opened mailstore.ThreadID
	suffix string // of the links: which page of the list it is

	single  bool            // rows are single messages
	message email.MessageID // the one that is opened, when they are
	day     string          // heading of the row before
}

func (r *rower) row(t mailstore.ThreadRow) views.Row {
	at := t.Latest.Received
	row := views.Row{
		ID: string(t.ID), URL: r.box.thread(r.folder, t.ID) + r.suffix, Count: t.Count, When: r.words.At(at, r.now),
		Subject: views.Plain(r.subject(t.Latest.Subject)), Snippet: views.Plain(clipped(t.Latest.Snippet, snippetShown)),
		Unread: t.Unread > 0, Flagged: t.Flagged, Answered: t.Latest.Flags.Answered, Attached: t.Latest.Attachments > 0,
		Opened: t.ID == r.opened, Categories: t.Categories,
	}
	row.Lead, row.Who = r.who(t)
	if r.single {
		row.ID, row.URL = string(t.Latest.ID), r.box.single(r.folder, t.ID, t.Latest.ID)+strings.Replace(r.suffix, "?", "&", 1)
		row.Opened = t.Latest.ID == r.message
	}
	if day := r.words.Group(at, r.now); day != r.day {
		row.Day, r.day = day, day
	}
	return row
}

// snippetShown is how many letters of a text's beginning a list carries: about as many as its widest line shows.
const snippetShown = 90

// clipped cuts a text after a number of letters.
func clipped(text string, letters int) string {
	for at := range text {
		if letters--; letters < 0 {
			return text[:at] + "…"
		}
	}
	return text
}

func (r *rower) subject(subject string) string {
	if strings.TrimSpace(subject) == "" {
		return r.words.T("list.nosubject")
	}
	return subject
}

// who names those on the other side: the senders of a thread, in Sent and Drafts the recipients.
func (r *rower) who(t mailstore.ThreadRow) (lead, names string) {
	switch r.folder {
	case mailstore.Drafts:
		names = peopleNames(everyoneIn(t.Latest))
		if names == "" {
			names = r.words.T("list.norecipient")
		}
		return r.words.T("list.draft"), names
	case mailstore.Sent:
		if names = peopleNames(everyoneIn(t.Latest)); names != "" {
			return "", r.words.T("list.to", "Names", names)
		}
	}
	people := t.People
	if t.Count <= 1 && t.Latest.Origin == mailstore.FromOutside && len(t.Latest.From) > 0 {
		return "", nameOf(t.Latest.From[0]) // never "you", whatever its From claims
	}
	if t.Count <= 1 || len(people) == 0 {
		people = t.Latest.From
	}
	names = r.names(people)
	if names == "" {
		names = t.Latest.Envelope.From
	}
	if names == "" {
		names = r.words.T("list.nobody")
	}
	return "", names
}

// names lists people, oneself as "you", newest last, each once.
func (r *rower) names(people []email.Address) string {
	var list []string
	seen := map[string]bool{}
	for _, a := range people {
		name := nameOf(a)
		if r.self.has(a.Addr) && !r.box.shared {
			name = r.words.T("conv.you")
		}
		if !seen[name] && name != "" {
			list = append(list, name)
		}
		seen[name] = true
	}
	return strings.Join(list, ", ")
}

func everyoneIn(m mailstore.Message) []email.Address {
	return append(append(append([]email.Address{}, m.To...), m.Cc...), m.Bcc...)
}

func peopleNames(people []email.Address) string {
	var list []string
	for _, a := range people {
		list = append(list, nameOf(a))
	}
	return strings.Join(list, ", ")
}

// nameOf is the display name, or the address when it has none.
func nameOf(a email.Address) string {
	if name := strings.TrimSpace(a.Name); name != "" {
		return name
	}
	return a.Addr
}
