package mailstore

import (
	"context"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// Entrusted names every message that this house took on from a time on and before another (zero: now)
// and owes to Exchange: accepted from outside, written by a colleague, or sent. It reads the messages
// themselves and neither the log nor what became of it, so that a message whose entry got lost is
// named like any other: who accounts for all of them must account for these. Drafts are not among
// them.
func (s *Store) Entrusted(ctx context.Context, from, before time.Time, each func(m email.MailboxID, id email.MessageID)) error {
	where, args := `received >= ?`, []any{ms(from)}
	if from.IsZero() {
		args = []any{int64(0)}
	}
	if !before.IsZero() {
		where, args = where+` AND received < ?`, append(args, ms(before))
	}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT mailbox, id FROM message WHERE `+where+
			` AND draft = 0 AND origin IN ('outside', 'portal', 'client', 'rule', 'admin')`, args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m email.MailboxID
			var id email.MessageID
			if err := rows.Scan(&m, &id); err != nil {
				return err
			}
			each(m, id)
		}
		return rows.Err()
	})
	if err != nil {
		return fmt.Errorf("messages taken on: %w", err)
	}
	return nil
}
