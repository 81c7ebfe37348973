package exchange

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// distinguished are EWS's own words for roles. It has none for the archive folder: that one is
// found by the administrator's mapping or by known names.
var distinguished = map[Role]string{
	Inbox: "inbox", Drafts: "drafts", Sent: "sentitems", Trash: "deleteditems", Junk: "junkemail",
}

const (
	pageOfFolders = 1_000 // one page for nearly everybody: no folder can slip between two
	mostFolders   = 10_000
	mostMailboxes = 1_000 // whose folders are remembered
	foldersKept   = time.Minute
)

// list answers the mailbox's folders that hold mail; anew reads them again.
func (c *EWS) list(ctx context.Context, mailbox string, anew bool) ([]listed, error) {
	key := strings.ToLower(mailbox)
	c.mu.Lock()
	known := c.folders[key]
	c.mu.Unlock()
	if !anew && c.o.Now().Before(known.until) {
		return known.folders, nil
	}
	roles, err := c.roles(ctx, mailbox)
	if err != nil {
		return nil, err
	}
	folders, err := c.deep(ctx, mailbox, roles)
	if err != nil {
		return nil, err
	}
	for _, role := range []Role{Sent, Drafts, Trash, Junk, Archive} {
		assign(folders, role, c.o.Folders[role])
	}
	placed(folders)
	c.mu.Lock()
	if len(c.folders) >= mostMailboxes {
		clear(c.folders)
	}
	c.folders[key] = folderList{folders, c.o.Now().Add(foldersKept)}
	c.mu.Unlock()
	return folders, nil
}

func (c *EWS) forget(mailbox string) {
	c.mu.Lock()
	delete(c.folders, strings.ToLower(mailbox))
	c.mu.Unlock()
}

// roles asks which folders are the special ones; the key is the folder's id, "" the root's.
func (c *EWS) roles(ctx context.Context, mailbox string) (map[string]Role, error) {
	order := []Role{Inbox, Drafts, Sent, Trash, Junk}
	a, err := c.ask(ctx, mailbox, question{op: "GetFolder", parts: len(order), body: func(w *writer) {
		w.in("m:GetFolder", func() {
			w.shape("m:FolderShape")
			w.in("m:FolderIds", func() {
				for _, role := range order {
					w.empty("t:DistinguishedFolderId", "Id", distinguished[role])
				}
			})
		})
	}})
	if err != nil {
		return nil, err
	}
	roles := map[string]Role{}
	for i, part := range a.parts {
		if s := readError(part); s.code == "ErrorFolderNotFound" {
			continue
		} else if s.code != "" {
			return nil, c.failure("GetFolder", s, false)
		}
		if id := folderID(part.kid("Folders").first()); id != "" {
			roles[id] = order[i]
		}
	}
	return roles, nil
}

// deep reads every folder below the root that people see, to the end.
func (c *EWS) deep(ctx context.Context, mailbox string, roles map[string]Role) ([]listed, error) {
	type found struct{ name, parent, kind, mark string }
	all, order := map[string]found{}, []string{}
	for offset := 0; ; {
		part, err := c.one(ctx, mailbox, question{op: "FindFolder", body: func(w *writer) { findFolders(w, offset) }})
		if err != nil {
			return nil, err
		}
		root := part.kid("RootFolder")
		folders := root.kid("Folders").all()
		for _, f := range folders {
			id := folderID(f)
			if id == "" {
				return nil, misfit("FindFolder", "a folder without an id")
			}
			if _, twice := all[id]; !twice {
				order = append(order, id)
			}
			all[id] = found{name: f.kid("DisplayName").value(), parent: f.kid("ParentFolderId").attr("Id"), kind: f.Local,
				mark: f.kid("TotalCount").value() + " " + f.extended(propChanged)}
		}
		if root.attr("IncludesLastItemInRange") == "true" {
			if total := root.attr("TotalItemsInView"); total != "" && total != strconv.Itoa(len(order)) {
				return nil, misfit("FindFolder", "a list of folders with holes")
			}
			break
		}
		offset += len(folders)
		if len(folders) == 0 || len(order) > mostFolders || root == nil {
			return nil, misfit("FindFolder", "a list of folders without an end")
		}
	}
	var list []listed
	for _, id := range order {
		if all[id].kind != "Folder" { // calendars, contacts, tasks and saved searches hold no mail of their own
			continue
		}
		path := all[id].name
		for parent, deep := all[id].parent, 0; all[parent].name != "" && deep < 50; parent, deep = all[parent].parent, deep+1 {
			path = all[parent].name + "/" + path
		}
		list = append(list, listed{name: path, role: roles[id], delim: '/', id: id, mark: all[id].mark})
	}
	return list, nil
}

func findFolders(w *writer, offset int) {
	w.in("m:FindFolder", func() {
		w.shape("m:FolderShape", func() { w.field("folder:DisplayName") }, func() { w.field("folder:ParentFolderId") },
			func() { w.field("folder:TotalCount") }, func() { w.propertyName(propChanged, "SystemTime") })
		w.empty("m:IndexedPageFolderView", "MaxEntriesReturned", strconv.Itoa(pageOfFolders), "Offset", strconv.Itoa(offset), "BasePoint", "Beginning")
		w.in("m:ParentFolderIds", func() { w.empty("t:DistinguishedFolderId", "Id", "msgfolderroot") })
	}, "Traversal", "Deep")
}

func folderID(n *node) string { return n.kid("FolderId").attr("Id") }

func (n *node) first() *node {
	if len(n.all()) == 0 {
		return nil
	}
	return n.kids[0]
}

// misfit is an answer that cannot be one to what was asked: nothing of it is believed.
func misfit(op, what string) error {
	return &Failure{Kind: ErrTemporary, Op: op, Words: "the answer does not fit the question: " + what, Err: errRubbish}
}

// find resolves a folder; ErrNoFolder when Exchange has none: nothing is created on a guess.
func (c *EWS) find(ctx context.Context, mailbox string, f Folder) (listed, error) {
	for _, anew := range []bool{false, true} {
		folders, err := c.list(ctx, mailbox, anew)
		if err != nil {
			return listed{}, err
		}
		if l, ok := pick(folders, f); ok {
			return l, nil
		}
	}
	return listed{}, noFolder("FindFolder", f)
}
