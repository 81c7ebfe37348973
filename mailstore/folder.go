package mailstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"holdover/database"
	"holdover/email"
)

// Folder is one folder of a mailbox with its counts.
type Folder struct {
	ID            FolderID
	Name          string // for role folders empty: the page names them
	Total, Unread int
}

// Folders lists the role folders in their usual order, then the others by name. ErrNotFound: no
// such mailbox.
func (s *Store) Folders(ctx context.Context, m email.MailboxID) ([]Folder, error) {
	var all []Folder
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		all, err = folders(tx, m)
		return err
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("mailbox %s: %w", m, ErrNotFound)
	}
	return all, err
}

func folders(tx *database.Tx, m email.MailboxID) ([]Folder, error) {
	rows, err := tx.Query("SELECT id, name, total, unread FROM folder WHERE mailbox = ?", string(m))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Folder
	for rows.Next() {
		var f Folder
		if err := rows.Scan(&f.ID, &f.Name, &f.Total, &f.Unread); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	slices.SortFunc(all, func(a, b Folder) int {
		return cmp.Or(cmp.Compare(rank(a.ID), rank(b.ID)), strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.ID, b.ID))
	})
	return all, rows.Err()
}

func rank(f FolderID) int {
	if i := slices.Index(roles(), f); i >= 0 {
		return i
	}
	return len(roles())
}

// CreateFolder makes a folder: its Maildir first, then row and entry. ErrFolderName: the name is
// empty, longer than 100 letters, has control characters or a slash, or another folder has it.
func (s *Store) CreateFolder(ctx context.Context, o Origin, m email.MailboxID, name string) (FolderID, error) {
	name = strings.TrimSpace(name)
	if !goodFolderName(name) {
		return "", fmt.Errorf("create folder: %w", ErrFolderName)
	}
	has, err := s.Folders(ctx, m)
	if err != nil {
		return "", err
	}
	if err := free(has, name); err != nil {
		return "", err
	}
	id := newFolderID()
	if err := s.makeFolder(m, id, name); err != nil {
		return "", fmt.Errorf("create folder: %w", s.storageError(m, err))
	}
	err = s.change(ctx, m, func(c *change) error {
		has, err := folders(c.tx, m)
		if err != nil {
			return err
		}
		if err := free(has, name); err != nil { // somebody was quicker
			return err
		}
		if err := addFolder(c.tx, m, id, name); err != nil {
			return err
		}
		return c.log("", NewFolder, o, Detail{To: id, Name: name})
	})
	if err != nil {
		if !errors.Is(err, database.ErrUnsure) {
			s.unmakeFolder(m, id)
		}
		return "", fmt.Errorf("create folder: %w", err)
	}
	return id, nil
}

func goodFolderName(name string) bool {
	return name != "" && utf8.ValidString(name) && utf8.RuneCountInString(name) <= 100 &&
		!strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || r == '/' || r == '\\' })
}

func free(has []Folder, name string) error {
	for _, f := range has {
		if strings.EqualFold(f.Name, name) {
			return fmt.Errorf("create folder: %w: there is one of this name", ErrFolderName)
		}
	}
	return nil
}

func (s *Store) makeFolder(m email.MailboxID, id FolderID, name string) error {
	if _, err := s.disk.Stat(mailboxDir(m) + "/cur"); err != nil {
		return err // a Maildir that vanished is not begun anew
	}
	if err := s.makeMaildirs(m, []FolderID{id}); err != nil {
		return err
	}
	return s.replaceFile(folderDir(m, id), "name", []byte(name+"\n"))
}

func (s *Store) unmakeFolder(m email.MailboxID, id FolderID) {
	dir := folderDir(m, id)
	for _, part := range []string{"/name", "/tmp", "/new", "/cur", ""} {
		s.disk.Remove(dir + part)
	}
}
