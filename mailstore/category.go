package mailstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Categories of a message stand in its row, and once more in a small file of the mailbox that bears
// the base name of the message's file: a name a line. As with flags and file names the database is
// the truth, the file follows the commit, the next Open brings it in line, and a lost database reads
// it back (Rebuild). The Maildir's own keyword letters would not do: they are 26 in a folder.

// SetCategories puts names on messages and takes others off; what is so already makes no entry.
// Drafts are passed over. Errors of email.ReadCategory and email.ErrCategoriesMany: nothing was changed.
func (s *Store) SetCategories(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID, ch email.CategoryChange) error {
	var add email.Categories
	for _, typed := range ch.Add {
		name, err := email.ReadCategory(typed)
		if err != nil {
			return fmt.Errorf("set categories: %w", err)
		}
		add = add.With(name)
	}
	ch.Add = add
	var changed []email.MessageID
	err := s.changeEach(ctx, "set categories", m, ids, func(c *change, _ *touched, r shownRow) error {
		if r.flags.Draft {
			return nil
		}
		did, err := c.setCategories(o, r, ch)
		if did && !slices.Contains(changed, r.id) { // a commit may be tried again
			changed = append(changed, r.id)
		}
		return err
	})
	if err == nil {
		s.followCategories(ctx, m, changed)
	}
	return err
}

func (c *change) setCategories(o Origin, r shownRow, ch email.CategoryChange) (bool, error) {
	had, err := c.categoriesOf(r.id)
	if err != nil {
		return false, err
	}
	now := had.After(ch)
	switch {
	case now.Same(had):
		return false, nil
	case len(now) > email.MostCategories:
		return false, email.ErrCategoriesMany
	}
	_, err = c.tx.Exec("UPDATE message SET categories = ? WHERE mailbox = ? AND id = ?", list(now), string(c.mailbox), string(r.id))
	if err != nil {
		return false, err
	}
	return true, c.log(r.id, Categorised, o, Detail{Categories: now, Had: had})
}

func (c *change) categoriesOf(id email.MessageID) (names email.Categories, err error) {
	var text string
	err = c.tx.QueryRow("SELECT categories FROM message WHERE mailbox = ? AND id = ?", string(c.mailbox), string(id)).Scan(&text)
	return names, errors.Join(err, unlist(text, &names))
}

// Categories lists the names in use in a mailbox, those on the most messages first; of spellings that
// differ in case only, the one used most.
func (s *Store) Categories(ctx context.Context, m email.MailboxID) (email.Categories, error) {
	type used struct {
		name  string
		times int64
	}
	var all []used
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		all = nil
		rows, err := tx.Query("SELECT categories, COUNT(*) FROM message WHERE mailbox = ? AND categories > '' AND hidden = 0 GROUP BY categories ORDER BY categories", string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		at := map[string]int{}
		for rows.Next() {
			var text string
			var n int64
			var names email.Categories
			if err := errors.Join(rows.Scan(&text, &n), unlist(text, &names)); err != nil {
				return err
			}
			for _, name := range names {
				i, known := at[name]
				if !known {
					i = len(all)
					at[name], all = i, append(all, used{name: name})
				}
				all[i].times += n
			}
		}
		return rows.Err()
	})
	slices.SortStableFunc(all, func(a, b used) int { return cmp.Compare(b.times, a.times) })
	var names email.Categories
	seen := map[string]bool{}
	for _, u := range all {
		if key := strings.ToLower(u.name); !seen[key] {
			seen[key] = true
			names = append(names, u.name)
		}
	}
	return names, err
}

// Categorised gives the categories of every message of a mailbox that has some.
func (s *Store) Categorised(ctx context.Context, m email.MailboxID) (map[email.MessageID]email.Categories, error) {
	all := map[email.MessageID]email.Categories{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(all)
		rows, err := tx.Query("SELECT id, categories FROM message WHERE mailbox = ? AND categories > '' AND hidden = 0", string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id email.MessageID
			var text string
			var names email.Categories
			if err := errors.Join(rows.Scan(&id, &text), unlist(text, &names)); err != nil {
				return err
			}
			all[id] = names
		}
		return rows.Err()
	})
	return all, err
}

// addCategories gives the lines of a list the names on all of their messages in the folder.
func addCategories(tx *database.Tx, m email.MailboxID, f FolderID, rows []ThreadRow) error {
	args, at := []any{string(m), string(f)}, make(map[ThreadID]int, len(rows))
	for i, r := range rows {
		args, at[r.ID] = append(args, string(r.ID)), i
	}
	found, err := tx.Query(`SELECT thread, received, categories FROM message WHERE mailbox = ? AND folder = ? AND hidden = 0 AND categories <> ''
		AND thread IN (`+database.In(len(rows))+")", args...)
	if err != nil {
		return err
	}
	defer found.Close()
	type bearer struct {
		thread   ThreadID
		received int64
		names    email.Categories
	}
	var all []bearer
	for found.Next() {
		var b bearer
		var text string
		if err := errors.Join(found.Scan(&b.thread, &b.received, &text), unlist(text, &b.names)); err != nil {
			return err
		}
		all = append(all, b)
	}
	slices.SortStableFunc(all, func(a, b bearer) int { return cmp.Compare(b.received, a.received) }) // sorted there, SQLite would read the whole mailbox
	for _, b := range all {
		r := &rows[at[b.thread]]
		r.Categories = r.Categories.With(b.names...)
	}
	return found.Err()
}
