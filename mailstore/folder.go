package mailstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Folder is one folder of a mailbox with its counts.
type Folder struct {
	ID            FolderID
	Name          string   // for role folders empty: the page names them
	Parent        FolderID // "" at the top
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
	rows, err := tx.Query("SELECT id, name, parent, total, unread FROM folder WHERE mailbox = ? AND gone = 0", string(m))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []Folder
	for rows.Next() {
		var f Folder
		if err := rows.Scan(&f.ID, &f.Name, &f.Parent, &f.Total, &f.Unread); err != nil {
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
