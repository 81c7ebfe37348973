package exchange

import (
	"context"
	"slices"
	"strings"
	"time"
)

const (
	ewsPage    = 100 // items of one FindItem
	ewsBatch   = 50  // items of one GetItem, each with its header
	ewsRestart = 5   // times a folder is read again because it changed under our hands
	ewsMost    = 2_000_000
	cutValue   = 250 // FindItem cuts long values at 255 characters or later
)

// Find looks for copies by Message-ID. Its answer is complete: every folder asked for was read to
// the end, so a Message-ID that is not in it is absent there. An error proves nothing.
//
// People move mail while we look, also out of a folder still to be read into one already read. So
// what a look at all folders does not find is looked for a second time, in the opposite order, and
// not by asking for ids but by reading them.
func (c *EWS) Find(ctx context.Context, mailbox string, q Query) ([]Copy, error) {
	if len(q.MessageIDs) == 0 {
		return nil, nil
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	copies, err := c.findOnce(ctx, mailbox, q, false)
	if err != nil || q.Folders != nil {
		return copies, err
	}
	again := q
	again.MessageIDs = nil
	for _, id := range q.MessageIDs {
		if !slices.ContainsFunc(copies, func(c Copy) bool { return c.MessageID == id }) {
			again.MessageIDs = append(again.MessageIDs, id)
		}
	}
	if len(again.MessageIDs) == 0 {
		return copies, nil
	}
	more, err := c.findOnce(ctx, mailbox, again, true)
	if err != nil {
		return nil, err
	}
	return append(copies, more...), nil
}

func (c *EWS) findOnce(ctx context.Context, mailbox string, q Query, backwards bool) ([]Copy, error) {
	folders, err := c.wanted(ctx, mailbox, q.Folders)
	if err != nil {
		return nil, err
	}
	if backwards {
		folders = slices.Clone(folders)
		slices.Reverse(folders)
	}
	var copies []Copy
	for _, folder := range folders {
		found, err := c.look(ctx, mailbox, folder, q, backwards)
		if err != nil && q.Folders == nil && codeIs(err, "ErrorFolderNotFound") {
			continue // deleted since the list was read, and what was in it with it
		}
		if err != nil {
			c.forget(mailbox)
			return nil, err
		}
		copies = append(copies, found...)
	}
	return copies, nil
}

// wanted resolves the folders of a query; nil is all of them, read anew so that none is missed.
func (c *EWS) wanted(ctx context.Context, mailbox string, asked []Folder) ([]listed, error) {
	if asked == nil {
		return c.list(ctx, mailbox, true)
	}
	var folders []listed
	for _, f := range asked {
		l, err := c.find(ctx, mailbox, f)
		if err != nil {
			return nil, err
		}
		folders = append(folders, l)
	}
	return folders, nil
}

// look reads one folder: a few ids are asked for; many are read from what came since the date.
func (c *EWS) look(ctx context.Context, mailbox string, folder listed, q Query, read bool) ([]Copy, error) {
	restriction := idsOnly(q.MessageIDs)
	if len(q.MessageIDs) > searchFew || read && !q.Since.IsZero() {
		restriction = since(q.Since)
	}
	wanted := map[string]bool{}
	for _, id := range q.MessageIDs {
		wanted[id] = true
	}
	for range ewsRestart {
		candidates, whole, err := c.scan(ctx, mailbox, folder, restriction, wanted)
		if err != nil {
			return nil, err
		}
		if !whole {
			continue
		}
		copies, all, err := c.details(ctx, mailbox, folder, candidates, wanted)
		if err != nil || all {
			return copies, err
		}
	}
	return nil, &Failure{Kind: ErrTemporary, Op: "FindItem", Words: "the folder keeps changing while it is read"}
}

// scan goes through a folder page by page and answers the ids of items that may be those wanted.
// Pages are cut by number: when an item before the cut goes away the next page begins too late. So
// each page begins with the last item of the one before, and whole is false where it does not.
func (c *EWS) scan(ctx context.Context, mailbox string, folder listed, restriction func(*writer), wanted map[string]bool) (candidates []string, whole bool, err error) {
	last, offset := "", 0
	for offset <= ewsMost {
		part, err := c.one(ctx, mailbox, question{op: "FindItem", body: func(w *writer) { findItems(w, folder, restriction, offset) }})
		if err != nil {
			return nil, false, err
		}
		root := part.kid("RootFolder")
		items := root.kid("Items").all()
		if last != "" && (len(items) == 0 || itemID(items[0]) != last) {
			return nil, false, nil
		}
		for i, item := range items {
			id := itemID(item)
			if id == "" || item.kid("ParentFolderId").attr("Id") != folder.id {
				return nil, false, misfit("FindItem", "an item of another folder")
			}
			if (last == "" || i > 0) && mayBe(item.kid("InternetMessageId").value(), wanted) {
				candidates = append(candidates, id)
			}
		}
		if root.attr("IncludesLastItemInRange") == "true" {
			return candidates, true, nil
		}
		switch {
		case len(items) == 0:
			return nil, false, misfit("FindItem", "a folder without an end")
		case last != "" && len(items) == 1: // no more than what overlaps: go on without
			offset, last = offset+1, ""
		default:
			offset, last = offset+len(items)-1, itemID(items[len(items)-1])
		}
	}
	return nil, false, misfit("FindItem", "a folder without an end")
}

func itemID(n *node) string { return n.kid("ItemId").attr("Id") }

// mayBe compares a Message-ID of a list, which may be cut.
func mayBe(found string, wanted map[string]bool) bool {
	if wanted[bare(found)] {
		return true
	}
	if len(found) < cutValue {
		return false
	}
	for id := range wanted {
		if strings.HasPrefix("<"+id+">", found) || strings.HasPrefix(id, found) {
			return true
		}
	}
	return false
}

func bare(messageID string) string { return strings.Trim(strings.TrimSpace(messageID), "<>") }

func findItems(w *writer, folder listed, restriction func(*writer), offset int) {
	w.in("m:FindItem", func() {
		w.shape("m:ItemShape", func() { w.field("item:ParentFolderId") }, func() { w.field("message:InternetMessageId") })
		w.empty("m:IndexedPageItemView", "MaxEntriesReturned", decimal(ewsPage), "Offset", decimal(offset), "BasePoint", "Beginning")
		if restriction != nil {
			w.in("m:Restriction", func() { restriction(w) })
		}
		w.in("m:SortOrder", func() { // new items come last and shift nothing
			w.in("t:FieldOrder", func() { w.field("item:DateTimeCreated") }, "Order", "Ascending")
		})
		w.in("m:ParentFolderIds", func() { w.folder(folder) })
	}, "Traversal", "Shallow")
}

// idsOnly asks for items with one of the Message-IDs, as they stand in the header.
func idsOnly(ids []string) func(*writer) {
	return func(w *writer) {
		each := func() {
			for _, id := range ids {
				w.in("t:IsEqualTo", func() {
					w.field("message:InternetMessageId")
					w.in("t:FieldURIOrConstant", func() { w.empty("t:Constant", "Value", "<"+id+">") })
				})
			}
		}
		if len(ids) == 1 {
			each()
			return
		}
		w.in("t:Or", each)
	}
}

// since asks for what Exchange got or made since then: an item that was put there bears the received
// date it was given, one that was moved there the date of its creation.
func since(t time.Time) func(*writer) {
	if t.IsZero() {
		return nil
	}
	return func(w *writer) {
		w.in("t:Or", func() {
			for _, uri := range []string{"item:DateTimeCreated", "item:DateTimeReceived"} {
				w.in("t:IsGreaterThanOrEqualTo", func() {
					w.field(uri)
					w.in("t:FieldURIOrConstant", func() { w.empty("t:Constant", "Value", ewsTime(t)) })
				})
			}
		})
	}
}

func ewsTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }
