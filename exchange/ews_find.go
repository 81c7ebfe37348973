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
	ewsPasses  = 8   // times a mailbox is
	ewsAtOnce  = 20  // folders that one FindItem asks
	ewsMost    = 2_000_000
	cutValue   = 250 // FindItem cuts long values at 255 characters or later
)

// Find looks for copies by Message-ID. Its answer is complete: every folder asked for was read to
// the end, so a Message-ID that is not in it is absent there. An error proves nothing.
func (c *EWS) Find(ctx context.Context, mailbox string, q Query) ([]Copy, error) {
	if len(q.MessageIDs) == 0 {
		return nil, nil
	}
	ctx, cancel := c.limited(ctx)
	defer cancel()
	if q.Folders == nil {
		return c.everywhere(ctx, mailbox, q)
	}
	var copies []Copy
	for _, asked := range q.Folders {
		folder, err := c.find(ctx, mailbox, asked)
		if err != nil {
			return nil, err
		}
		found, err := c.look(ctx, mailbox, folder, q, false, nil)
		if err != nil {
			return nil, c.stale(mailbox, err)
		}
		copies = append(copies, found...)
	}
	return copies, nil
}

// everywhere looks into all folders. People move mail meanwhile, also out of a folder still to be read
// into one already read: so what was not found is absent only when no folder has changed since
// before the look, and else is looked for again. Asking for ids alone is not believed either where
// the ids themselves can be read since a date.
func (c *EWS) everywhere(ctx context.Context, mailbox string, q Query) (copies []Copy, err error) {
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return nil, err
	}
	for pass := range ewsPasses {
		found, err := c.round(ctx, mailbox, folders, q, pass > 0)
		if err != nil {
			return nil, err
		}
		copies = append(copies, found...)
		q.MessageIDs = slices.DeleteFunc(slices.Clone(q.MessageIDs), func(id string) bool {
			return slices.ContainsFunc(copies, func(c Copy) bool { return c.MessageID == id })
		})
		if len(q.MessageIDs) == 0 {
			return c.still(ctx, mailbox, copies)
		}
		before := folders
		if folders, err = c.list(ctx, mailbox, true); err != nil {
			return nil, err
		}
		read := pass > 0 || len(q.MessageIDs) > searchFew || q.Since.IsZero()
		if read && slices.Equal(before, folders) {
			return c.still(ctx, mailbox, copies)
		}
	}
	return nil, &Failure{Kind: ErrTemporary, Op: "FindItem", Words: "the mailbox keeps changing while it is read"}
}

// round looks into all folders once. One call asks many folders for their first pages; whoever has
// more is read on by itself. A folder that was deleted since the list was read is passed over: the
// next list shows that it is gone.
func (c *EWS) round(ctx context.Context, mailbox string, folders []listed, q Query, read bool) (copies []Copy, err error) {
	for some := range slices.Chunk(folders, ewsAtOnce) {
		a, err := c.ask(ctx, mailbox, question{op: "FindItem", parts: len(some), body: func(w *writer) { findItems(w, some, restriction(q, read), 0) }})
		if err != nil {
			return nil, err
		}
		for i, folder := range some {
			if s := readError(a.parts[i]); s.code == "ErrorFolderNotFound" {
				continue
			} else if s.code != "" {
				return nil, c.failure("FindItem", s, false)
			}
			found, err := c.look(ctx, mailbox, folder, q, read, a.parts[i])
			if err != nil && !codeIs(err, "ErrorFolderNotFound") {
				return nil, err
			}
			copies = append(copies, found...)
		}
	}
	return copies, nil
}

// still takes out copies that were seen in one folder and then, moved, in another: a move gives an
// item another id, so only one of them is still there.
func (c *EWS) still(ctx context.Context, mailbox string, copies []Copy) ([]Copy, error) {
	count := map[string]int{}
	for _, found := range copies {
		count[found.MessageID]++
	}
	var unsure []string
	for _, found := range copies {
		if count[found.MessageID] > 1 {
			unsure = append(unsure, found.ID)
		}
	}
	items, err := c.get(ctx, mailbox, unsure, false)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(copies, func(found Copy) bool {
		gone := count[found.MessageID] > 1 && !slices.ContainsFunc(items, func(i ewsItem) bool { return i.id == found.ID })
		if gone {
			count[found.MessageID]-- // the last one is kept: it was seen
		}
		return gone
	}), nil
}

// restriction asks for a few ids as such, or, for many or to be sure, for what came since the date.
func restriction(q Query, read bool) func(*writer) {
	if len(q.MessageIDs) > searchFew || read && !q.Since.IsZero() {
		return since(q.Since)
	}
	return idsOnly(q.MessageIDs)
}

// look reads one folder, from its first page on if that is there already.
func (c *EWS) look(ctx context.Context, mailbox string, folder listed, q Query, read bool, first *node) ([]Copy, error) {
	wanted := map[string]bool{}
	for _, id := range q.MessageIDs {
		wanted[id] = true
	}
	for range ewsRestart {
		candidates, whole, err := c.scan(ctx, mailbox, folder, restriction(q, read), wanted, first)
		if err != nil {
			return nil, err
		}
		if first = nil; !whole {
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
func (c *EWS) scan(ctx context.Context, mailbox string, folder listed, only func(*writer), wanted map[string]bool, part *node) (candidates []string, whole bool, err error) {
	last, offset := "", 0
	for ; offset <= ewsMost; part = nil {
		if part == nil {
			part, err = c.one(ctx, mailbox, question{op: "FindItem", body: func(w *writer) { findItems(w, []listed{folder}, only, offset) }})
		}
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

func findItems(w *writer, folders []listed, only func(*writer), offset int) {
	w.in("m:FindItem", func() {
		w.shape("m:ItemShape", func() { w.field("item:ParentFolderId") }, func() { w.field("message:InternetMessageId") })
		w.empty("m:IndexedPageItemView", "MaxEntriesReturned", decimal(ewsPage), "Offset", decimal(offset), "BasePoint", "Beginning")
		if only != nil {
			w.in("m:Restriction", func() { only(w) })
		}
		w.in("m:SortOrder", func() { // new items come last and shift nothing
			w.in("t:FieldOrder", func() { w.field("item:DateTimeCreated") }, "Order", "Ascending")
		})
		w.in("m:ParentFolderIds", func() {
			for _, folder := range folders {
				w.folder(folder)
			}
		})
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
