package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"holdover/database"
	"holdover/email"
)

// Folders made by hand. Each change is one commit of row and entry; the file that repeats name and parent
// for a rebuild follows.

// CreateFolder makes a folder below another, or at the top (parent ""): its Maildir first, then row and
// entry. Errors: ErrFolderName in its kinds, ErrFolderRole below Drafts, Sent, Deleted Items and Junk,
// ErrNotFound where there is no such parent or mailbox.
func (s *Store) CreateFolder(ctx context.Context, o Origin, m email.MailboxID, parent FolderID, typed string) (FolderID, error) {
	fail := func(err error) (FolderID, error) { return "", fmt.Errorf("create folder: %w", err) }
	name, err := folderName(typed)
	if err != nil {
		return fail(err)
	}
	has, err := s.Folders(ctx, m)
	if err == nil {
		err = errors.Join(roomy(has, parent), vacant(has, parent, name, ""))
	}
	if err != nil {
		return fail(err)
	}
	id := newFolderID()
	if err := s.makeFolder(m, id, name, parent); err != nil {
		return fail(s.storageError(m, err))
	}
	err = s.change(ctx, m, func(c *change) error {
		has, err := folders(c.tx, m)
		if err != nil {
			return err
		}
		if err := errors.Join(roomy(has, parent), vacant(has, parent, name, "")); err != nil { // somebody was quicker
			return err
		}
		if err := addFolder(c.tx, m, id, name, parent); err != nil {
			return err
		}
		return c.log("", NewFolder, o, Detail{To: id, From: parent, Name: name})
	})
	if err != nil {
		if !errors.Is(err, database.ErrUnsure) {
			s.unmakeFolder(m, id)
		}
		return fail(err)
	}
	return id, nil
}

// RenameFolder gives a folder another name; what it is called already makes no entry. Errors as for
// CreateFolder; ErrFolderRole: it is one that every mailbox has.
func (s *Store) RenameFolder(ctx context.Context, o Origin, m email.MailboxID, id FolderID, typed string) error {
	fail := func(err error) error { return fmt.Errorf("rename folder: %w", err) }
	name, err := folderName(typed)
	if err != nil {
		return fail(err)
	}
	var was Folder
	err = s.changeFolder(ctx, m, id, func(c *change, has []Folder, f Folder) error {
		was = f
		if f.Name == name {
			return nil
		}
		if err := vacant(has, f.Parent, name, id); err != nil {
			return err
		}
		if _, err := c.tx.Exec("UPDATE folder SET name = ? WHERE mailbox = ? AND id = ?", clean(name), string(m), string(id)); err != nil {
			return err
		}
		return c.log("", NamedFolder, o, Detail{To: id, From: f.Parent, Name: name, Old: f.Name})
	})
	if err != nil {
		return fail(err)
	}
	s.nameFolder(m, id, name, was.Parent)
	return nil
}

// DeleteFolder takes an empty folder away. Its row and its Maildir stay, empty and unseen: what was deleted
// for good may still lie there. ErrFolderFull: messages or folders are in it; nothing that a person can see
// is ever deleted with a folder.
func (s *Store) DeleteFolder(ctx context.Context, o Origin, m email.MailboxID, id FolderID) error {
	err := s.changeFolder(ctx, m, id, func(c *change, has []Folder, f Folder) error {
		if f.Total > 0 || slices.ContainsFunc(has, func(other Folder) bool { return other.Parent == id }) {
			return ErrFolderFull
		}
		if _, err := c.tx.Exec("UPDATE folder SET gone = ? WHERE mailbox = ? AND id = ?", c.now, string(m), string(id)); err != nil {
			return err
		}
		return c.log("", GoneFolder, o, Detail{To: id, From: f.Parent, Name: f.Name})
	})
	if err != nil {
		return fmt.Errorf("delete folder: %w", err)
	}
	s.nameFolder(m, id, "", "")
	return nil
}

// RestoreFolder brings back a folder that was deleted, under its name; to Exchange it is a new one.
// ErrNotFound: it was not deleted, or its parent is gone too.
func (s *Store) RestoreFolder(ctx context.Context, o Origin, m email.MailboxID, id FolderID) error {
	var f Folder
	err := s.change(ctx, m, func(c *change) error {
		has, err := folders(c.tx, m)
		if err != nil {
			return err
		}
		f = Folder{ID: id}
		err = c.tx.QueryRow("SELECT name, parent FROM folder WHERE mailbox = ? AND id = ? AND gone > 0", string(m), string(id)).Scan(&f.Name, &f.Parent)
		if errors.Is(err, sql.ErrNoRows) {
			return ErrNotFound
		}
		if err != nil {
			return err
		}
		if err := errors.Join(roomy(has, f.Parent), vacant(has, f.Parent, f.Name, id)); err != nil {
			return err
		}
		if _, err := c.tx.Exec("UPDATE folder SET gone = 0 WHERE mailbox = ? AND id = ?", string(m), string(id)); err != nil {
			return err
		}
		return c.log("", NewFolder, o, Detail{To: id, From: f.Parent, Name: f.Name})
	})
	if err != nil {
		return fmt.Errorf("restore folder: %w", err)
	}
	s.nameFolder(m, id, f.Name, f.Parent)
	return nil
}

// changeFolder runs f for a folder made by hand, in one commit.
func (s *Store) changeFolder(ctx context.Context, m email.MailboxID, id FolderID, f func(c *change, has []Folder, one Folder) error) error {
	if rank(id) < len(roles()) {
		return ErrFolderRole
	}
	return s.change(ctx, m, func(c *change) error {
		has, err := folders(c.tx, m)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(has, func(f Folder) bool { return f.ID == id })
		if at < 0 {
			return ErrNotFound
		}
		return f(c, has, has[at])
	})
}

func (s *Store) makeFolder(m email.MailboxID, id FolderID, name string, parent FolderID) error {
	if _, err := s.disk.Stat(mailboxDir(m) + "/cur"); err != nil {
		return err // a Maildir that vanished is not begun anew
	}
	if err := s.makeMaildirs(m, []FolderID{id}); err != nil {
		return err
	}
	return s.replaceFile(folderDir(m, id), "name", folderFile(name, parent))
}

// nameFolder writes the file that tells a rebuild the folder's name; an empty name says that it was deleted.
// If it fails, a rebuild brings the older name back; nothing else reads it.
func (s *Store) nameFolder(m email.MailboxID, id FolderID, name string, parent FolderID) {
	if err := s.replaceFile(folderDir(m, id), "name", folderFile(name, parent)); err != nil {
		s.log.Warn("a folder's name is not repeated in its Maildir", "mailbox", m, "folder", id, "err", err)
	}
}

func folderFile(name string, parent FolderID) []byte {
	return []byte(name + "\n" + string(parent) + "\n")
}

func (s *Store) unmakeFolder(m email.MailboxID, id FolderID) {
	dir := folderDir(m, id)
	for _, part := range []string{"/name", "/tmp", "/new", "/cur", ""} {
		s.disk.Remove(dir + part)
	}
}
