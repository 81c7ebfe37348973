package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"holdover/database"
	"holdover/email"
)

// ThreadRow is one line of a folder's list.
type ThreadRow struct {
	ID           ThreadID
	Latest       Message // newest message of the thread in this folder
	Count        int     // messages of the thread in all folders but trash
	Here, Unread int     // in this folder
	Flagged      bool
	Categories   email.Categories // of its messages in this folder, the newest first
	People       []email.Address  // senders in the thread, oldest first, at most 5
}

// Before is a keyset cursor; zero starts at the newest. Text form for URLs by String/ParseBefore.
type Before struct {
	At     int64
	Thread ThreadID
}

// String is the form for URLs: "" for the zero value.
func (b Before) String() string {
	if b == (Before{}) {
		return ""
	}
	return strconv.FormatInt(b.At, 36) + "-" + string(b.Thread)
}

// ParseBefore reads what String wrote.
func ParseBefore(text string) (Before, error) {
	if text == "" {
		return Before{}, nil
	}
	at, thread, ok := strings.Cut(text, "-")
	n, err := strconv.ParseInt(at, 36, 64)
	if !ok || err != nil || !safe(thread) {
		return Before{}, fmt.Errorf("list position %q: %w", text, ErrNotFound)
	}
	return Before{n, ThreadID(thread)}, nil
}

// Threads lists a folder newest first, at most limit rows; next is zero at the end. Never from the
// index. ErrNotFound: no such folder.
func (s *Store) Threads(ctx context.Context, m email.MailboxID, f FolderID, before Before, limit int) (rows []ThreadRow, next Before, err error) {
	limit = max(1, min(limit, 500))
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		var has int
		err = tx.QueryRow("SELECT 1 FROM folder WHERE mailbox = ? AND id = ? AND gone = 0", string(m), string(f)).Scan(&has)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("folder %s: %w", f, ErrNotFound)
		}
		if err != nil {
			return err
		}
		if rows, err = page(tx, m, f, before, limit+1); err != nil {
			return err
		}
		if len(rows) > limit {
			rows = rows[:limit]
			last := rows[limit-1]
			next = Before{ms(last.Latest.Received), last.ID}
		}
		if err := complete(tx, m, rows); err != nil || len(rows) == 0 {
			return err
		}
		return addCategories(tx, m, f, rows)
	})
	return rows, next, err
}

// page reads the lines of a list from the table that is kept for it.
func page(tx *database.Tx, m email.MailboxID, f FolderID, before Before, limit int) ([]ThreadRow, error) {
	if before == (Before{}) {
		before.At = math.MaxInt64
	}
	rows, err := tx.Query("SELECT t.thread, t.count, t.unread, t.flagged,"+messageColumns+`FROM thread_folder t
		JOIN message m ON m.mailbox = t.mailbox AND m.id = t.latest_id
		WHERE t.mailbox = ? AND t.folder = ? AND (t.latest, t.thread) < (?, ?)
		ORDER BY t.latest DESC, t.thread DESC LIMIT ?`,
		string(m), string(f), before.At, string(before.Thread), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []ThreadRow
	for rows.Next() {
		var r ThreadRow
		var flagged int64
		if r.Latest, err = scanMessage(rows, &r.ID, &r.Here, &r.Unread, &flagged); err != nil {
			return nil, err
		}
		r.Flagged, r.Count, r.People = flagged > 0, r.Here, r.Latest.From
		all = append(all, r)
	}
	return all, rows.Err()
}

// complete adds what the rows need from other folders.
func complete(tx *database.Tx, m email.MailboxID, rows []ThreadRow) error {
	if len(rows) == 0 {
		return nil
	}
	args, at := []any{string(m)}, make(map[ThreadID]int, len(rows))
	for i, r := range rows {
		args = append(args, string(r.ID))
		at[r.ID] = i
		rows[i].Count = 0
	}
	every := make([]int, len(rows)) // with trash
	counts, err := tx.Query(`SELECT thread, folder, count FROM thread_folder
		WHERE mailbox = ? AND thread IN (`+database.In(len(rows))+")", args...)
	if err != nil {
		return err
	}
	defer counts.Close()
	for counts.Next() {
		var t ThreadID
		var f FolderID
		var n int
		if err := counts.Scan(&t, &f, &n); err != nil {
			return err
		}
		every[at[t]] += n
		if f != Trash {
			rows[at[t]].Count += n
		}
	}
	if err := errors.Join(counts.Err(), counts.Close()); err != nil {
		return err
	}
	for i := range rows {
		if every[i] > 1 {
			if rows[i].People, err = senders(tx, m, rows[i].ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// senders lists who wrote in a thread, the first five of them. It looks at the oldest messages only:
// a thread may have thousands.
func senders(tx *database.Tx, m email.MailboxID, t ThreadID) ([]email.Address, error) {
	texts, err := column[string](tx.Query(`SELECT people FROM message WHERE mailbox = ? AND thread = ? AND hidden = 0
		ORDER BY received, id LIMIT 20`, string(m), string(t)))
	if err != nil {
		return nil, err
	}
	var all []email.Address
	seen := map[string]bool{}
	for _, text := range texts {
		var p people
		if err := unlist(text, &p); err != nil {
			return nil, err
		}
		for _, a := range p.From {
			if key := strings.ToLower(a.Addr); !seen[key] && len(all) < 5 {
				seen[key] = true
				all = append(all, a)
			}
		}
	}
	return all, nil
}
