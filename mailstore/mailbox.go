package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// The six folders that every mailbox has.
const (
	Inbox   FolderID = "inbox"
	Drafts  FolderID = "drafts"
	Sent    FolderID = "sent"
	Archive FolderID = "archive"
	Trash   FolderID = "trash"
	Junk    FolderID = "junk"
)

// roles are the folders in the order in which people expect them.
func roles() []FolderID { return []FolderID{Inbox, Drafts, Sent, Archive, Trash, Junk} }

// EnsureMailbox makes the mailbox with its six role folders, durable, once. address is written
// into the Maildir so that a lost database can be rebuilt. A mailbox that is known and whose
// folder has vanished is not made anew: that is an alarm (L3).
func (s *Store) EnsureMailbox(ctx context.Context, id email.MailboxID, address string) error {
	if !safe(string(id)) {
		return fmt.Errorf("mailbox id %q: only lower-case letters and digits", id)
	}
	address = oneLine(address)
	if s.alarms.has(AlarmVolume, "") {
		return nil // the alarm stands; nothing is written to the wrong disk
	}
	if has, ok := s.known.Load(id); ok && has == address {
		if _, err := s.disk.Stat(mailboxDir(id)); errors.Is(err, fs.ErrNotExist) {
			s.missing(id)
		}
		return nil
	}
	old, err := s.address(ctx, id)
	switch {
	case errors.Is(err, ErrNotFound):
		if err := s.makeMaildirs(id, roles()); err != nil {
			return fmt.Errorf("make mailbox %s: %w", id, err)
		}
	case err != nil:
		return err
	case old == address:
		s.known.Store(id, address)
		return s.EnsureMailbox(ctx, id, address)
	default:
		if _, err := s.disk.Stat(mailboxDir(id)); errors.Is(err, fs.ErrNotExist) {
			s.missing(id)
			return nil
		}
	}
	if err := s.replaceFile(mailboxDir(id), "address", []byte(address+"\n")); err != nil {
		return fmt.Errorf("make mailbox %s: %w", id, s.storageError("", err))
	}
	if err := s.db.Write(ctx, func(tx *database.Tx) error { return addMailbox(tx, id, address, ms(s.now())) }); err != nil {
		return fmt.Errorf("make mailbox %s: %w", id, s.databaseError(err))
	}
	s.known.Store(id, address)
	return nil
}

func (s *Store) address(ctx context.Context, id email.MailboxID) (address string, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT address FROM mailbox WHERE id = ?", string(id)).Scan(&address)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return address, err
}

// exists is nil when the mailbox and its folder have rows, so that a directory which is not there
// can only have vanished.
func (s *Store) exists(ctx context.Context, m email.MailboxID, f FolderID) error {
	if _, ok := s.known.Load(m); ok && slices.Contains(roles(), f) {
		return nil
	}
	if !safe(string(m)) || !safe(string(f)) {
		return fmt.Errorf("mailbox %q, folder %q: %w", m, f, ErrNotFound)
	}
	var has int
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT 1 FROM folder WHERE mailbox = ? AND id = ? AND gone = 0", string(m), string(f)).Scan(&has)
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("mailbox %s, folder %s: %w", m, f, ErrNotFound)
	}
	return err
}

// makeMaildirs makes the folders that are not there yet, each name flushed in its parent (D1).
func (s *Store) makeMaildirs(id email.MailboxID, folders []FolderID) error {
	made := func(dir string) error {
		if err := s.disk.Mkdir(dir); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	}
	if err := made(mailboxDir(id)); err != nil {
		return err
	}
	for _, f := range folders {
		dir := folderDir(id, f)
		for _, sub := range []string{"", "/tmp", "/new", "/cur"} {
			if err := made(dir + sub); err != nil {
				return err
			}
		}
		if err := s.syncDir(dir); err != nil {
			return err
		}
	}
	if err := s.syncDir(mailboxDir(id)); err != nil {
		return err
	}
	return s.syncDir("maildir")
}

func addMailbox(tx *database.Tx, id email.MailboxID, address string, now int64) error {
	_, err := tx.Exec(`INSERT INTO mailbox (id, address, seq, trimmed, created) VALUES (?, ?, 0, 0, ?)
		ON CONFLICT (id) DO UPDATE SET address = excluded.address`, string(id), clean(address), now)
	if err != nil {
		return err
	}
	for _, f := range roles() {
		if err := addFolder(tx, id, f, "", ""); err != nil {
			return err
		}
	}
	return nil
}

func addFolder(tx *database.Tx, m email.MailboxID, id FolderID, name string, parent FolderID) error {
	_, err := tx.Exec(`INSERT INTO folder (mailbox, id, name, parent, total, unread) VALUES (?, ?, ?, ?, 0, 0)
		ON CONFLICT (mailbox, id) DO NOTHING`, string(m), string(id), clean(name), string(parent))
	return err
}

// Mailboxes lists all mailboxes of the store.
func (s *Store) Mailboxes(ctx context.Context) ([]email.MailboxID, error) {
	var ids []email.MailboxID
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		ids, err = column[email.MailboxID](tx.Query("SELECT id FROM mailbox ORDER BY id"))
		return err
	})
	return ids, err
}

// Addresses reads maildir/*/address: which mailbox belongs to which primary address (in lower
// case), without the database. dir is the data directory.
func Addresses(dir string) (map[string]email.MailboxID, error) {
	found, err := filepath.Glob(filepath.Join(dir, "maildir", "*", "address"))
	if err != nil {
		return nil, err
	}
	known := map[string]email.MailboxID{}
	for _, name := range found {
		id := filepath.Base(filepath.Dir(name))
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("mailstore: %w", err)
		}
		if address := strings.TrimSpace(string(text)); safe(id) && address != "" {
			known[strings.ToLower(address)] = email.MailboxID(id)
		}
	}
	return known, nil
}

// column reads a query of one text column.
func column[T ~string](rows *sql.Rows, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return nil, err
		}
		all = append(all, T(v))
	}
	return all, rows.Err()
}

// clean makes text from a mail fit for a database: PostgreSQL takes neither NUL nor broken UTF-8.
func clean(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
