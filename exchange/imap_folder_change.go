package exchange

import (
	"context"

	"github.com/emersion/go-imap/v2"
)

// Create makes a folder of the mailbox, and those above it that are missing; one that exists already is
// success.
func (c *IMAP) Create(ctx context.Context, mailbox string, f Folder) error {
	return c.call(ctx, mailbox, 4<<20, func(a *account) error { return c.create(a, f) })
}

func (c *IMAP) create(a *account, f Folder) error {
	a.folders = nil
	if _, err := a.find(c.o.Folders, f); err == nil {
		return nil
	}
	folders, err := a.list(c.o.Folders)
	if err != nil {
		return err
	}
	parent, leaf, top := f.above()
	name := leaf
	if !top {
		if parent.Name != "" {
			if err := c.create(a, parent); err != nil {
				return err
			}
		}
		root, err := a.find(c.o.Folders, parent)
		if err != nil {
			return err
		}
		name = root.name + string(root.separator()) + leaf
	}
	for _, l := range folders {
		if err := creatable(leaf, l.delim); err != nil {
			return err
		}
	}
	a.folders = nil
	return answer("CREATE", a.client.Create(name, nil).Wait(), true)
}

// Rename gives a folder another name where it lies. ErrNoFolder: it is not there; ErrTaken: another one has
// the name.
func (c *IMAP) Rename(ctx context.Context, mailbox string, f Folder, name string) error {
	return c.call(ctx, mailbox, 4<<20, func(a *account) error {
		a.folders = nil
		folders, err := a.list(c.o.Folders)
		if err != nil {
			return err
		}
		l, done, err := renaming("RENAME", folders, f, name)
		if err != nil || done {
			return err
		}
		a.folders = nil
		return answer("RENAME", a.client.Rename(l.name, l.name[:len(l.name)-len(l.leaf())]+name, nil).Wait(), true)
	})
}

// Discard moves an empty folder into Deleted Items, as Outlook does: nothing is ever deleted with it.
// kept: there is something in it, and it stays. ErrNoFolder: it is not there.
func (c *IMAP) Discard(ctx context.Context, mailbox string, f Folder) (kept bool, err error) {
	err = c.call(ctx, mailbox, 4<<20, func(a *account) error {
		a.folders = nil
		folders, err := a.list(c.o.Folders)
		if err != nil {
			return err
		}
		l, trash, name, full, err := discarding("RENAME", folders, f, c.o.Now())
		if kept = full; err != nil || kept {
			return err
		}
		status, err := a.client.Status(l.name, &imap.StatusOptions{NumMessages: true}).Wait()
		if err != nil {
			return answer("STATUS", err, false)
		}
		if kept = status.NumMessages == nil || *status.NumMessages > 0; kept {
			return nil
		}
		a.folders, a.selected = nil, ""
		return answer("RENAME", a.client.Rename(l.name, trash.name+string(trash.separator())+name, nil).Wait(), true)
	})
	return kept, err
}
