package mailstore

import (
	"context"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// Holding is a message that pages show, as far as filling an emptied mailbox of Exchange needs it.
type Holding struct {
	ID        email.MessageID
	MessageID string // without angle brackets, may be empty
	Folder    FolderID
	Received  time.Time
	Known     bool // Exchange has sent or shown us this message
}

// Holdings lists a mailbox's messages received from a time on and before another (zero: no bound),
// oldest first. What was deleted for good is not among them.
func (s *Store) Holdings(ctx context.Context, m email.MailboxID, from, before time.Time) (list []Holding, err error) {
	where, args := "mailbox = ? AND hidden = 0", []any{string(m)}
	if !from.IsZero() {
		where, args = where+" AND received >= ?", append(args, ms(from))
	}
	if !before.IsZero() {
		where, args = where+" AND received < ?", append(args, ms(before))
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		list = nil
		rows, err := tx.Query("SELECT id, msgid, folder, received, known FROM message WHERE "+where+" ORDER BY received, id", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h Holding
			var received, known int64
			if err := rows.Scan(&h.ID, &h.MessageID, &h.Folder, &received, &known); err != nil {
				return err
			}
			h.Received, h.Known = time.UnixMilli(received).UTC(), known != 0
			list = append(list, h)
		}
		return rows.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("holdings: %w", err)
	}
	return list, nil
}

// Refill enters messages into the log anew, as they are now, so that Exchange is told of them as of
// new ones (L12). Until each is found safe there again, retention leaves it alone (L11).
func (s *Store) Refill(ctx context.Context, m email.MailboxID, ids []email.MessageID) error {
	return s.changeEach(ctx, "refill", m, ids, func(c *change, _ *touched, r shownRow) error {
		if _, err := c.tx.Exec("UPDATE message SET settled = 0 WHERE mailbox = ? AND id = ?", string(m), string(r.id)); err != nil {
			return err
		}
		flags := r.flags
		named, err := c.categoriesOf(r.id)
		if err != nil {
			return err
		}
		if err := c.log(r.id, Refilled, FromAdmin, Detail{To: r.folder, Flags: &flags, Categories: named}); err != nil || len(named) == 0 {
			return err
		}
		return c.log(r.id, Categorised, FromAdmin, Detail{Categories: named}) // not every way puts them with the message
	})
}
