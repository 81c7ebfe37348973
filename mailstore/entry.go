package mailstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// Entry is one change of one mailbox.
type Entry struct {
	Mailbox email.MailboxID
	Seq     Seq
	Message email.MessageID
	Kind    Kind
	Origin  Origin
	Actor   email.MailboxID // who did it in somebody else's (a shared) mailbox; "" the owner, or nobody
	At      time.Time
	Detail  Detail
}

// Kind is what happened.
type Kind string

// Kinds of entries.
const (
	Arrived     Kind = "arrived"    // delivered; Detail.To = folder
	SentOut     Kind = "sent"       // own copy appeared in Sent
	DraftSave   Kind = "draft"      // a version was saved
	DraftGone   Kind = "draftgone"  // discarded, or (Detail.To = Sent) on its way out
	Flagged     Kind = "flags"      // Detail.Flags = absolute state
	Categorised Kind = "categories" // Detail.Categories = absolute state, Detail.Had before it
	Moved       Kind = "moved"      // Detail.From, Detail.To
	Deleted     Kind = "deleted"    // for good
	Merged      Kind = "merged"     // second arrival of the same identity
	NewFolder   Kind = "folder"     // Detail.To = id, Detail.From = parent or "", Detail.Name
	NamedFolder Kind = "foldername" // Detail.To = id, Detail.Name, Detail.Old
	GoneFolder  Kind = "foldergone" // Detail.To = id, Detail.Name
	Found       Kind = "found"      // file without a row
	Expired     Kind = "expired"
	Refilled    Kind = "refilled" // to be put back into Exchange as it is: Detail.To = folder, Detail.Flags, Detail.Categories
)

// Detail is what a kind needs besides.
type Detail struct {
	From, To FolderID `json:",omitempty"`
	Name     string   `json:",omitempty"`
	Old      string   `json:",omitempty"` // of a folder: its name before
	Flags    *Flags   `json:",omitempty"`
	Was      *Flags   `json:",omitempty"` // of a change of flags: what they were before it

	Categories email.Categories `json:",omitempty"`
	Had        email.Categories `json:",omitempty"` // of a change of categories: what they were before it
}

// change is the change of one mailbox inside one commit: it holds the mailbox's lock, so that
// places in its log are given in the order of the commits, and without gaps (L8).
type change struct {
	tx      *database.Tx
	mailbox email.MailboxID
	actor   email.MailboxID // who causes it, "" the owner or nobody
	seq     Seq             // last given
	first   Seq             // before this change
	now     int64
}

// begin locks a mailbox. ErrNotFound: there is no such mailbox.
func begin(tx *database.Tx, m email.MailboxID, now time.Time) (*change, error) {
	c := &change{tx: tx, mailbox: m, now: ms(now)}
	err := tx.QueryRowLocked("SELECT seq FROM mailbox WHERE id = ?", string(m)).Scan(&c.seq)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("mailbox %s: %w", m, ErrNotFound)
	}
	c.first = c.seq
	return c, err
}

// log appends an entry.
func (c *change) log(id email.MessageID, k Kind, o Origin, d Detail) error {
	text, err := json.Marshal(d)
	if err != nil {
		return err
	}
	c.seq++
	_, err = c.tx.Exec("INSERT INTO entry (mailbox, seq, message, kind, origin, actor, at, detail) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		string(c.mailbox), int64(c.seq), string(id), string(k), string(o), string(c.actor), c.now, string(text))
	if err != nil {
		return err
	}
	return c.noteDeed(id, k, d)
}

// end writes the last place given.
func (c *change) end() error {
	if c.seq == c.first {
		return nil
	}
	_, err := c.tx.Exec("UPDATE mailbox SET seq = ? WHERE id = ?", int64(c.seq), string(c.mailbox))
	return err
}

// change runs f as one change of a mailbox in one durable commit, then tells the watchers.
func (s *Store) change(ctx context.Context, m email.MailboxID, f func(*change) error) error {
	var c *change
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		if c, err = begin(tx, m, s.now()); err != nil {
			return err
		}
		c.actor = actorOf(ctx, m)
		if err := f(c); err != nil {
			return err
		}
		return c.end()
	})
	if err != nil {
		return s.databaseError(err)
	}
	if c.seq > c.first {
		s.notify(m, c.seq)
	}
	return nil
}

// Behind lists mailboxes whose log is ahead of the consumer's cursor. A mailbox whose files have
// vanished is left out until they are back: nothing of it is told (L3).
func (s *Store) Behind(ctx context.Context, consumer string) ([]email.MailboxID, error) {
	var all []email.MailboxID
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		all, err = column[email.MailboxID](tx.Query(`SELECT m.id FROM mailbox m
			LEFT JOIN cursor c ON c.consumer = ? AND c.mailbox = m.id
			WHERE m.seq > COALESCE(c.seq, 0) ORDER BY m.id`, consumer))
		return err
	})
	behind := all[:0]
	for _, m := range all {
		if !s.withheld(m) {
			behind = append(behind, m)
		}
	}
	return behind, err
}

// Entries lists a mailbox's log after a place, at most limit entries.
func (s *Store) Entries(ctx context.Context, m email.MailboxID, after Seq, limit int) ([]Entry, error) {
	var entries []Entry
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT seq, message, kind, origin, actor, at, detail FROM entry
			WHERE mailbox = ? AND seq > ? ORDER BY seq LIMIT ?`, string(m), int64(after), limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		entries = nil
		for rows.Next() {
			e := Entry{Mailbox: m}
			var at int64
			var detail string
			if err := rows.Scan(&e.Seq, &e.Message, &e.Kind, &e.Origin, &e.Actor, &at, &detail); err != nil {
				return err
			}
			if err := json.Unmarshal([]byte(detail), &e.Detail); err != nil {
				return fmt.Errorf("entry %d of %s: %w", e.Seq, m, err)
			}
			e.At = fromMS(at)
			entries = append(entries, e)
		}
		return rows.Err()
	})
	return entries, err
}

// Cursor is how far a consumer has come; 0 at the beginning.
func (s *Store) Cursor(ctx context.Context, consumer string, m email.MailboxID) (seq Seq, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT seq FROM cursor WHERE consumer = ? AND mailbox = ?", consumer, string(m)).Scan(&seq)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return seq, err
}

// Advance moves a consumer's cursor and runs f in the same commit; f may be nil and may run more
// than once. ErrCursor when the cursor is not at from, or to is not between from and the log's end.
func (s *Store) Advance(ctx context.Context, consumer string, m email.MailboxID, from, to Seq, f func(*database.Tx) error) error {
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		if err := move(tx, consumer, m, from, to); err != nil || f == nil {
			return err
		}
		return f(tx)
	})
	return s.databaseError(err)
}

func move(tx *database.Tx, consumer string, m email.MailboxID, from, to Seq) error {
	var end Seq
	err := tx.QueryRow("SELECT seq FROM mailbox WHERE id = ?", string(m)).Scan(&end)
	if errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("mailbox %s: %w", m, ErrNotFound)
	}
	if err != nil {
		return err
	}
	if to < from || to > end {
		return fmt.Errorf("%w: from %d to %d of %d", ErrCursor, from, to, end)
	}
	n, err := tx.Changed("UPDATE cursor SET seq = ? WHERE consumer = ? AND mailbox = ? AND seq = ?",
		int64(to), consumer, string(m), int64(from))
	if err == nil && n == 0 && from == 0 {
		n, err = tx.Changed("INSERT INTO cursor (consumer, mailbox, seq) VALUES (?, ?, ?) ON CONFLICT (consumer, mailbox) DO NOTHING",
			consumer, string(m), int64(to))
	}
	if err == nil && n == 0 {
		err = fmt.Errorf("%w: not at %d", ErrCursor, from)
	}
	return err
}

// Settle marks messages as safely in Exchange, inside the consumer's own commit (L10, L11).
func (s *Store) Settle(tx *database.Tx, m email.MailboxID, ids ...email.MessageID) error {
	for _, id := range ids {
		_, err := tx.Exec("UPDATE message SET settled = ? WHERE mailbox = ? AND id = ? AND settled = 0",
			ms(s.now()), string(m), string(id))
		if err != nil {
			return err
		}
	}
	return nil
}
