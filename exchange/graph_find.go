package exchange

import (
	"context"
	"net/url"
	"strings"
	"time"
)

const (
	pageBudget  = 8 << 20   // octets of one page
	mostListed  = 2_000_000 // messages of one mailbox
	readingsMax = 3         // of a folder that changes while it is read
	wholeFrom   = 20        // Message-IDs from which on a listing brings each message whole instead of one request for each hit
)

// Find looks for copies by Message-ID. Its answer is complete: whoever $filter does not show is
// looked for by reading the Message-IDs of every message since the date asked for. An error proves nothing.
func (g *Graph) Find(ctx context.Context, mailbox string, q Query) ([]Copy, error) {
	if len(q.MessageIDs) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	var in []graphFolder // nil: everywhere
	for _, f := range q.Folders {
		folder, err := g.folder(ctx, mailbox, f)
		if err != nil {
			return nil, err
		}
		in = append(in, folder)
	}
	if q.Folders != nil && in == nil {
		return nil, nil
	}
	missing := map[string]bool{}
	for _, id := range q.MessageIDs {
		missing[id] = true
	}
	var found []graphMessage
	if len(q.MessageIDs) <= searchFew {
		for _, id := range q.MessageIDs {
			hits, err := g.filter(ctx, mailbox, id, in)
			if err != nil {
				return nil, err
			}
			if len(hits) > 0 {
				delete(missing, id)
			}
			found = append(found, hits...)
		}
	}
	if len(missing) > 0 {
		read, err := g.readAll(ctx, mailbox, in, q.Since, missing)
		if err != nil {
			return nil, err
		}
		found = append(found, read...)
	}
	return g.copies(ctx, mailbox, found)
}

// filter asks for one Message-ID across the mailbox and keeps what lies in the folders wanted.
func (g *Graph) filter(ctx context.Context, mailbox, id string, in []graphFolder) ([]graphMessage, error) {
	quoted := "'<" + strings.ReplaceAll(id, "'", "''") + ">'"
	page, err := readPages[graphMessage](ctx, g, mailbox, "GET messages", "/messages"+query("$filter", "internetMessageId eq "+quoted,
		"$select", messageFields, "$expand", expandProperties(), "$top", "50"), 1000)
	if err != nil {
		return nil, err
	}
	var hits []graphMessage
	for _, m := range page.items {
		if m.bareID() == id && goodID(m.ID) && within(in, m.Parent) {
			hits = append(hits, m)
		}
	}
	return hits, nil
}

func within(in []graphFolder, parent string) bool {
	for _, f := range in {
		if f.id == parent {
			return true
		}
	}
	return in == nil
}

// readAll reads the Message-IDs of folders, or of the whole mailbox, and fetches those wanted.
func (g *Graph) readAll(ctx context.Context, mailbox string, in []graphFolder, since time.Time, wanted map[string]bool) ([]graphMessage, error) {
	paths := []string{"/messages"}
	if in != nil {
		paths = nil
		for _, f := range in {
			paths = append(paths, "/mailFolders/"+url.PathEscape(f.id)+"/messages")
		}
	}
	var hits []graphMessage
	for _, path := range paths {
		whole := len(wanted) >= wholeFrom
		listed, err := g.list(ctx, mailbox, path, since, whole)
		if err != nil {
			return nil, err
		}
		for _, m := range listed {
			if !wanted[m.bareID()] || !goodID(m.ID) {
				continue
			}
			if whole && within(in, m.Parent) {
				hits = append(hits, m)
			}
			if whole {
				continue
			}
			full, err := g.message(ctx, mailbox, m.ID)
			if isGone(err) { // moved or deleted since the page was read: with immutable ids it is deleted
				continue
			} else if err != nil {
				return nil, err
			}
			if full.bareID() == m.bareID() && within(in, full.Parent) {
				hits = append(hits, full)
			}
		}
	}
	return hits, nil
}

// list reads ids and Message-IDs to the end. Pages are cut by position, so a deletion in between
// pushes a message past us: when fewer came than were counted, all is read again.
func (g *Graph) list(ctx context.Context, mailbox, path string, since time.Time, whole bool) ([]graphMessage, error) {
	options := []string{"$select", "id,internetMessageId", "$top", "500", "$count", "true"}
	if whole { // headers weigh some 10 kB each
		options = []string{"$select", messageFields, "$expand", expandProperties(), "$top", "200", "$count", "true"}
	}
	if !since.IsZero() { // a day earlier: Exchange's clock and its idea of a received date are its own
		options = append(options, "$filter", "receivedDateTime ge "+since.UTC().Add(-24*time.Hour).Format("2006-01-02T15:04:05Z"))
	}
	for range readingsMax {
		pages, err := readPages[graphMessage](ctx, g, mailbox, "GET messages", path+query(options...), mostListed)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, m := range pages.items {
			seen[m.ID] = true
		}
		if len(seen) >= pages.count {
			return pages.items, nil
		}
	}
	return nil, &Failure{Kind: ErrTemporary, Op: "GET messages", Words: "the folder changed while it was read"}
}

// message reads one message by id.
func (g *Graph) message(ctx context.Context, mailbox, id string) (m graphMessage, err error) {
	if !goodID(id) {
		return m, gone("GET message")
	}
	err = g.read(ctx, mailbox, graphCall{op: "GET message", path: messagePath(id) + query("$select", messageFields, "$expand", expandProperties())}, &m)
	if err == nil && m.ID != id {
		err = rubbish("GET message", "another message")
	}
	return m, err
}

// copies says where the messages lie.
func (g *Graph) copies(ctx context.Context, mailbox string, found []graphMessage) (copies []Copy, err error) {
	seen := map[string]bool{}
	for _, m := range found {
		if seen[m.ID] {
			continue
		}
		seen[m.ID] = true
		folder, err := g.folderByID(ctx, mailbox, m.Parent)
		if err != nil {
			return nil, err
		}
		copies = append(copies, Copy{Below: folder.below, Place: Place{Folder: folder.name, ID: m.ID}, MessageID: m.bareID(), Traces: m.traces(), Flags: m.flags(), Categories: m.categories(), Role: folder.role, Stamp: m.Stamp})
	}
	return copies, nil
}

// folderByID names a folder; one that no listing shows is hidden and has no name.
func (g *Graph) folderByID(ctx context.Context, mailbox, id string) (graphFolder, error) {
	for _, anew := range []bool{false, true} {
		folders, err := g.foldersOf(ctx, mailbox, anew)
		if err != nil {
			return graphFolder{}, err
		}
		for _, f := range folders {
			if f.id == id {
				return f, nil
			}
		}
	}
	return graphFolder{id: id}, nil
}

// pages are the items of a listing; count is how many there are by Graph's own count, 0 if it does not say.
type pages[T any] struct {
	items []T
	count int
}

// readPages follows a listing to its end. The address of the next page comes from outside: it must
// lie in the same mailbox's part of the same host, and may not come twice.
func readPages[T any](ctx context.Context, g *Graph, mailbox, op, path string, most int) (all pages[T], err error) {
	call := graphCall{op: op, path: path, limit: pageBudget}
	visited := map[string]bool{}
	for {
		var page graphPage[T]
		if err := g.read(ctx, mailbox, call, &page); err != nil {
			return all, err
		}
		if page.Items == nil {
			return all, rubbish(op, "a page without a list")
		}
		if page.Count > all.count {
			all.count = page.Count
		}
		if all.items = append(all.items, *page.Items...); len(all.items) > most {
			return all, &Failure{Kind: ErrUnreachable, Op: op, Err: errFlood}
		}
		if page.Next == "" {
			return all, nil
		}
		if visited[page.Next] || !g.nextOurs(mailbox, page.Next) {
			return all, rubbish(op, "the next page lies elsewhere")
		}
		visited[page.Next] = true
		call.link = page.Next
	}
}

type graphPage[T any] struct {
	Items *[]T   `json:"value"`
	Next  string `json:"@odata.nextLink"`
	Count int    `json:"@odata.count"`
}

// nextOurs says whether the token may go to this address: the same host, and the same mailbox.
func (g *Graph) nextOurs(mailbox, next string) bool {
	u, err := url.Parse(next)
	if err != nil || !g.web.ours(u) {
		return false
	}
	prefix := strings.TrimSuffix(g.web.base.Path, "/") + "/users"
	rest, ok := strings.CutPrefix(u.Path, prefix)
	if !ok {
		return false
	}
	// Graph writes users/ADDRESS and users('ADDRESS'), and may write an object id instead.
	who, _, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	who = strings.TrimSuffix(strings.TrimPrefix(who, "('"), "')")
	return !strings.Contains(u.Path, "..") && who != "" && (strings.EqualFold(who, mailbox) || !strings.Contains(who, "@"))
}
