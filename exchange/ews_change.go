package exchange

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/email"
)

// Verbs and icons that Outlook shows as an answered message.
const (
	verbReply = 102
	iconReply = 261
)

// conflicts is how often a change is tried anew when somebody else changed the item meanwhile.
const conflicts = 4

// Append makes an item of a message in a folder, with its read state and its received date. Read or
// draft is decided by this call and can never be changed afterwards. An item larger than Exchange
// takes is refused before anything is sent. The octets go as they are: base64 has no long lines.
func (c *EWS) Append(ctx context.Context, mailbox string, to Folder, item Item) (Place, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	octets := asCRLF(item.Octets)
	if item.Others {
		octets = withoutReceipt(octets)
	}
	if int64(len(octets)) > c.o.Largest {
		return Place{}, &Failure{Kind: ErrUnsuited, Op: "CreateItem", Words: fmt.Sprintf("larger than %d MiB", c.o.Largest>>20),
			Remedy: "The message is larger than Exchange's web services take: use another way or put it back by hand."}
	}
	folder, err := c.find(ctx, mailbox, to)
	if err != nil {
		return Place{}, err
	}
	part, err := c.one(ctx, mailbox, question{op: "CreateItem", changes: true, body: func(w *writer) { createItem(w, folder, item, octets) }})
	if err != nil {
		return Place{}, c.stale(mailbox, err)
	}
	place := Place{Folder: folder.name, ID: itemID(part.kid("Items").first())}
	if place.ID == "" {
		return Place{}, &Failure{Kind: ErrDoubt, Op: "CreateItem", Err: errRubbish}
	}
	return place, nil
}

func createItem(w *writer, folder listed, item Item, octets []byte) {
	w.in("m:CreateItem", func() {
		w.in("m:SavedItemFolderId", func() { w.folder(folder) })
		w.in("m:Items", func() {
			w.in("t:Message", func() {
				w.base64("t:MimeContent", octets, "CharacterSet", "UTF-8")
				if len(item.Categories) > 0 {
					writeCategories(w, item.Categories)
				}
				w.integer(propFlags, messageFlags(item.Flags))
				if !item.Date.IsZero() {
					w.property(propReceived, "SystemTime", ewsTime(item.Date))
				}
				if item.Flags.Answered {
					w.integer(propVerb, verbReply)
					w.integer(propIcon, iconReply)
				}
			})
		})
	}, "MessageDisposition", "SaveOnly")
}

// messageFlags is the value of 0x0E07: without it Exchange makes a draft.
func messageFlags(f Flags) (bits int) {
	if f.Seen {
		bits |= 1
	}
	if f.Draft {
		bits |= 8
	}
	return bits
}

// SetFlags makes Seen, Flagged and Answered of a message be as given, whatever they were. It
// answers the flags as Exchange has them afterwards. Done twice it does the same, so a lost answer
// needs no look-up. No read receipt goes out for it.
func (c *EWS) SetFlags(ctx context.Context, mailbox string, at Place, flags Flags) (Flags, error) {
	now, err := c.revise(ctx, mailbox, at, func(i ewsItem) []func(*writer) { return i.changes(flags) })
	return now.flags, err
}

// SetCategories puts names on a message and takes others off; what else is there stays. It answers the
// categories as Exchange has them afterwards. Done twice it does the same.
func (c *EWS) SetCategories(ctx context.Context, mailbox string, at Place, change email.CategoryChange) (email.Categories, error) {
	now, err := c.revise(ctx, mailbox, at, func(i ewsItem) []func(*writer) { return i.recategorised(change) })
	if err == nil && now.categories == nil {
		err = tooMany("UpdateItem")
	}
	return now.categories, err
}

// revise reads an item and writes what is to be changed of it, until nothing is. Who changed it meanwhile is
// seen by the change key: then it is read anew.
func (c *EWS) revise(ctx context.Context, mailbox string, at Place, wanted func(ewsItem) []func(*writer)) (ewsItem, error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	if at.ID == "" {
		return ewsItem{}, gone("UpdateItem")
	}
	var last error
	for try := range conflicts {
		items, err := c.get(ctx, mailbox, []string{at.ID}, false)
		if err != nil {
			return ewsItem{}, err
		}
		if len(items) == 0 {
			return ewsItem{}, gone("UpdateItem")
		}
		now := items[0]
		changes := wanted(now)
		if len(changes) == 0 {
			return now, nil
		}
		if try == conflicts-1 {
			break
		}
		_, last = c.one(ctx, mailbox, question{op: "UpdateItem", changes: true, body: func(w *writer) { updateItem(w, now, changes) }})
		if last != nil && !codeIs(last, "ErrorIrresolvableConflict", "ErrorStaleObject", "ErrorChangeKeyRequiredForWriteOperations", "ErrorInvalidChangeKey") {
			return ewsItem{}, last
		}
	}
	if last == nil {
		last = &Failure{Kind: ErrTemporary, Op: "UpdateItem", Words: "Exchange said yes but shows something else"}
	}
	return ewsItem{}, last
}

// recategorised is what makes an item's categories so. An empty list is told by deleting the field.
func (i ewsItem) recategorised(change email.CategoryChange) []func(*writer) {
	want := i.categories.After(change)
	name := func(w *writer) { w.field("item:Categories") }
	switch {
	case want.Same(i.categories), i.categories == nil:
		return nil
	case len(want) == 0:
		return []func(*writer){func(w *writer) { w.in("t:DeleteItemField", func() { name(w) }) }}
	}
	return []func(*writer){i.set(name, func(w *writer) { writeCategories(w, want) })}
}

func writeCategories(w *writer, names email.Categories) {
	w.in("t:Categories", func() {
		for _, name := range names {
			w.text("t:String", name)
		}
	})
}

// set writes one field of an item.
func (i ewsItem) set(name, value func(*writer)) func(*writer) {
	return func(w *writer) {
		w.in("t:SetItemField", func() {
			name(w)
			w.in("t:"+i.kind, func() { value(w) })
		})
	}
}

// changes lists what is to be written to make an item's marks as wanted. A forwarded mark (verb 104)
// is not ours to take away.
func (i ewsItem) changes(want Flags) (list []func(*writer)) {
	set := func(name, value func(*writer)) { list = append(list, i.set(name, value)) }
	if want.Flagged != i.flags.Flagged {
		status := "NotFlagged"
		if want.Flagged {
			status = "Flagged"
		}
		set(func(w *writer) { w.field("item:Flag") },
			func(w *writer) { w.in("t:Flag", func() { w.text("t:FlagStatus", status) }) })
	}
	if want.Seen != i.flags.Seen {
		set(func(w *writer) { w.field("message:IsRead") },
			func(w *writer) { w.text("t:IsRead", fmt.Sprint(want.Seen)) })
	}
	for tag, value := range map[string]int{propVerb: verbReply, propIcon: iconReply} {
		switch {
		case want.Answered && !i.flags.Answered:
			set(func(w *writer) { w.propertyName(tag, "Integer") }, func(w *writer) { w.integer(tag, value) })
		case !want.Answered && i.flags.Answered:
			list = append(list, func(w *writer) {
				w.in("t:DeleteItemField", func() { w.propertyName(tag, "Integer") })
			})
		}
	}
	return list
}

func updateItem(w *writer, item ewsItem, changes []func(*writer)) {
	w.in("m:UpdateItem", func() {
		w.in("m:ItemChanges", func() {
			w.in("t:ItemChange", func() {
				w.empty("t:ItemId", "Id", item.id, "ChangeKey", item.changeKey)
				w.in("t:Updates", func() {
					for _, change := range changes {
						change(w)
					}
				})
			})
		})
	}, "ConflictResolution", "AutoResolve", "MessageDisposition", "SaveOnly", "SuppressReadReceipts", "true")
}

// Move moves a message. It answers ErrGone when no message is at the place any more. Its id changes.
func (c *EWS) Move(ctx context.Context, mailbox string, at Place, to Folder) error {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	folder, err := c.find(ctx, mailbox, to)
	if err != nil {
		return err
	}
	if at.ID == "" {
		return gone("MoveItem")
	}
	_, err = c.one(ctx, mailbox, question{op: "MoveItem", changes: true, body: func(w *writer) {
		w.in("m:MoveItem", func() {
			w.in("m:ToFolderId", func() { w.folder(folder) })
			w.items(at.ID)
		})
	}})
	return c.stale(mailbox, err)
}

// Remove takes one copy away for good. It is meant for earlier versions of a draft only.
func (c *EWS) Remove(ctx context.Context, mailbox string, at Place) error {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	if at.ID == "" {
		return nil
	}
	_, err := c.one(ctx, mailbox, question{op: "DeleteItem", changes: true, body: func(w *writer) {
		w.in("m:DeleteItem", func() { w.items(at.ID) }, "DeleteType", "HardDelete")
	}})
	if isGone(err) {
		return nil
	}
	return err
}

// stale forgets the folders of a mailbox when one of them turned out to be gone, and gives an
// item that is gone a moment before it is looked for again.
func (c *EWS) stale(mailbox string, err error) error {
	if errors.Is(err, ErrNoFolder) {
		c.forget(mailbox)
	}
	var f *Failure
	if errors.As(err, &f) && f.Kind == ErrGone && f.After == 0 {
		f.After = time.Second
	}
	return err
}

func isGone(err error) bool { return errors.Is(err, ErrGone) }
