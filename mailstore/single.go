package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"holdover/database"
	"holdover/email"
)

// Singles lists a folder's messages one by one, newest first, at most limit; next is zero at the
// end. Rows are as of Threads with a count of 1; a cursor of one is none of the other.
// ErrNotFound: no such folder.
func (s *Store) Singles(ctx context.Context, m email.MailboxID, f FolderID, before Before, limit int) (rows []ThreadRow, next Before, err error) {
	limit = max(1, min(limit, 500))
	if before == (Before{}) {
		before.At = math.MaxInt64
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		var has int
		err := tx.QueryRow("SELECT 1 FROM folder WHERE mailbox = ? AND id = ? AND gone = 0", string(m), string(f)).Scan(&has)
		if errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("folder %s: %w", f, ErrNotFound)
		}
		if err != nil {
			return err
		}
		all, err := scanMessages(tx.Query("SELECT"+messageColumns+`FROM message m
			WHERE m.mailbox = ? AND m.folder = ? AND m.hidden = 0 AND (m.received, m.id) < (?, ?)
			ORDER BY m.received DESC, m.id DESC LIMIT ?`, string(m), string(f), before.At, string(before.Thread), limit+1))
		if err != nil {
			return err
		}
		rows, next = nil, Before{}
		if len(all) > limit {
			all = all[:limit]
			next = Before{ms(all[limit-1].Received), ThreadID(all[limit-1].ID)}
		}
		for _, one := range all {
			rows = append(rows, ThreadRow{ID: one.Thread, Latest: one, Count: 1, Here: 1, Unread: int(bit(!one.Flags.Seen)), Flagged: one.Flags.Flagged, Categories: one.Categories, People: one.From})
		}
		return nil
	})
	return rows, next, err
}
