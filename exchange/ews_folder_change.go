package exchange

import (
	"context"
	"strings"
)

// Create makes a folder of the mailbox, and those above it that are missing; one that exists already is
// success.
func (c *EWS) Create(ctx context.Context, mailbox string, f Folder) error {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	return c.create(ctx, mailbox, f)
}

func (c *EWS) create(ctx context.Context, mailbox string, f Folder) error {
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return err
	}
	if _, ok := pick(folders, f); ok {
		return nil
	}
	parent, leaf, top := f.above()
	var in listed
	if !top {
		if parent.Name != "" {
			if err := c.create(ctx, mailbox, parent); err != nil {
				return err
			}
		}
		if in, err = c.find(ctx, mailbox, parent); err != nil {
			return err
		}
	}
	if err := creatable(leaf, '/'); err != nil {
		return err
	}
	_, err = c.one(ctx, mailbox, question{op: "CreateFolder", changes: true, body: func(w *writer) {
		w.in("m:CreateFolder", func() {
			w.in("m:ParentFolderId", func() {
				if top {
					w.empty("t:DistinguishedFolderId", "Id", "msgfolderroot")
				} else {
					w.folder(in)
				}
			})
			w.in("m:Folders", func() { w.in("t:Folder", func() { w.text("t:DisplayName", leaf) }) })
		})
	}})
	c.forget(mailbox)
	if codeIs(err, "ErrorFolderExists") {
		return nil
	}
	return err
}

// Rename gives a folder another name where it lies. ErrNoFolder: it is not there; ErrTaken: another one has
// the name.
func (c *EWS) Rename(ctx context.Context, mailbox string, f Folder, name string) error {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return err
	}
	l, done, err := renaming("UpdateFolder", folders, f, name)
	if err != nil || done {
		return err
	}
	return c.rename(ctx, mailbox, l, name)
}

func (c *EWS) rename(ctx context.Context, mailbox string, l listed, name string) error {
	_, err := c.one(ctx, mailbox, question{op: "UpdateFolder", changes: true, body: func(w *writer) {
		w.in("m:UpdateFolder", func() {
			w.in("m:FolderChanges", func() {
				w.in("t:FolderChange", func() {
					w.folder(l)
					w.in("t:Updates", func() {
						w.in("t:SetFolderField", func() {
							w.field("folder:DisplayName")
							w.in("t:Folder", func() { w.text("t:DisplayName", name) })
						})
					})
				})
			})
		})
	}})
	c.forget(mailbox)
	if codeIs(err, "ErrorFolderExists") {
		return &Failure{Kind: ErrTaken, Op: "UpdateFolder", Code: "ErrorFolderExists", Err: err}
	}
	return err
}

// Discard moves an empty folder into Deleted Items, as Outlook does: nothing is ever deleted with it.
// kept: there is something in it, and it stays. ErrNoFolder: it is not there.
func (c *EWS) Discard(ctx context.Context, mailbox string, f Folder) (kept bool, err error) {
	ctx, cancel := c.limited(ctx)
	defer cancel()
	folders, err := c.list(ctx, mailbox, true)
	if err != nil {
		return false, err
	}
	l, _, name, kept, err := discarding("DeleteFolder", folders, f, c.o.Now())
	if err != nil || kept {
		return kept, err
	}
	if count, _, _ := strings.Cut(l.mark, " "); count != "0" { // unknown counts as something
		return true, nil
	}
	if name != l.leaf() {
		if err := c.rename(ctx, mailbox, l, name); err != nil {
			return false, err
		}
	}
	_, err = c.one(ctx, mailbox, question{op: "DeleteFolder", changes: true, body: func(w *writer) {
		w.in("m:DeleteFolder", func() { w.in("m:FolderIds", func() { w.folder(l) }) }, "DeleteType", "MoveToDeletedItems")
	}})
	c.forget(mailbox)
	return false, err
}
