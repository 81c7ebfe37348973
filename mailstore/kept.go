package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"holdover/database"
	"holdover/email"
)

// Kept gives the metadata of a message whose row is there, also when a person has deleted it for
// good: what has not been given back yet is told to Exchange all the same (L7).
func (s *Store) Kept(ctx context.Context, m email.MailboxID, id email.MessageID) (one Message, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		one, err = scanMessage(tx.QueryRow("SELECT"+messageColumns+`FROM message m WHERE m.mailbox = ? AND m.id = ?`, string(m), string(id)))
		return err
	})
	if errors.Is(err, sql.ErrNoRows) {
		err = fmt.Errorf("message %s: %w", id, ErrNotFound)
	}
	return one, err
}
