package mailstore

import (
	"context"
	"slices"

	"holdover/database"
	"holdover/email"
)

// Standing is where a message lies and how it is marked: what changes while its words do not.
type Standing struct {
	Folder FolderID
	Flags  Flags
}

// Standings gives those of the messages that exist.
func (s *Store) Standings(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]Standing, error) {
	found := make(map[email.MessageID]Standing, len(ids))
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		for part := range slices.Chunk(ids, 500) {
			args := []any{string(m)}
			for _, id := range part {
				args = append(args, string(id))
			}
			rows, err := tx.Query(`SELECT id, folder, seen, flagged, answered, draft FROM message
				WHERE mailbox = ? AND hidden = 0 AND id IN (`+database.In(len(part))+")", args...)
			if err != nil {
				return err
			}
			for rows.Next() && err == nil {
				var id, folder string
				var seen, flagged, answered, draft int64
				err = rows.Scan(&id, &folder, &seen, &flagged, &answered, &draft)
				found[email.MessageID(id)] = Standing{FolderID(folder), Flags{Seen: seen != 0, Flagged: flagged != 0, Answered: answered != 0, Draft: draft != 0}}
			}
			if end := rows.Close(); err == nil {
				err = end
			}
			if err == nil {
				err = rows.Err()
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// Unseen lists the messages that nobody has read, in no order, at most limit of them.
func (s *Store) Unseen(ctx context.Context, m email.MailboxID, limit int) ([]email.MessageID, error) {
	return s.among(ctx, "t.unread > 0", "m.seen = 0", limit, m)
}

// Flagged lists the messages that are marked, in no order, at most limit of them.
func (s *Store) Flagged(ctx context.Context, m email.MailboxID, limit int) ([]email.MessageID, error) {
	return s.among(ctx, "t.flagged > 0", "m.flagged = 1", limit, m)
}

// Within lists the messages that lie in a folder, in no order, at most limit of them.
func (s *Store) Within(ctx context.Context, m email.MailboxID, f FolderID, limit int) ([]email.MessageID, error) {
	return s.among(ctx, "t.folder = ?", "m.folder = t.folder", limit, m, string(f))
}

// among finds messages by way of the lines of the folders' lists, which are fewer and say whether
// one of theirs is meant: no index of their own has to be kept with each delivery.
func (s *Store) among(ctx context.Context, line, message string, limit int, m email.MailboxID, args ...any) (ids []email.MessageID, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		ids, err = column[email.MessageID](tx.Query(`SELECT m.id FROM thread_folder t
			CROSS JOIN message m
			WHERE t.mailbox = ? AND `+line+` AND m.mailbox = t.mailbox AND m.thread = t.thread AND m.folder = t.folder AND `+message+` AND m.hidden = 0 LIMIT ?`, append(append([]any{string(m)}, args...), limit)...))
		return err
	})
	return ids, err
}
