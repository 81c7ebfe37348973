package mailstore

import (
	"context"

	"holdover/database"
	"holdover/email"
)

// Prefer remembers what a person chose while reading; value "" forgets it. A name that begins with
// "message ID " goes with that message. ErrNotFound: no such mailbox.
func (s *Store) Prefer(ctx context.Context, m email.MailboxID, name, value string) error {
	return s.databaseError(s.db.Write(ctx, func(tx *database.Tx) error {
		if value == "" {
			_, err := tx.Exec("DELETE FROM preference WHERE mailbox = ? AND name = ?", string(m), clean(name))
			return err
		}
		n, err := tx.Changed(`INSERT INTO preference (mailbox, name, value, at) SELECT id, ?, ?, CAST(? AS BIGINT) FROM mailbox WHERE id = ?
			ON CONFLICT (mailbox, name) DO UPDATE SET value = excluded.value, at = excluded.at`,
			clean(name), clean(value), ms(s.now()), string(m))
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		return err
	}))
}

// Preferences gives what a person chose under these names; what was never chosen is left out.
func (s *Store) Preferences(ctx context.Context, m email.MailboxID, names ...string) (map[string]string, error) {
	chosen := make(map[string]string, len(names))
	if len(names) == 0 {
		return chosen, nil
	}
	args := []any{string(m)}
	for _, n := range names {
		args = append(args, clean(n))
	}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query("SELECT name, value FROM preference WHERE mailbox = ? AND name IN ("+database.In(len(names))+")", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name, value string
			if err := rows.Scan(&name, &value); err != nil {
				return err
			}
			chosen[name] = value
		}
		return rows.Err()
	})
	return chosen, err
}
