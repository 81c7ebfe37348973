package mailstore

import (
	"context"
	"time"

	"holdover/database"
	"holdover/email"
)

// Several people work in one shared mailbox. Whose doing a change was is noted in its entry, and for what
// others ask about (answered? by whom?) with the message.

// Deed is what a person last did to a message of a shared mailbox.
type Deed struct {
	What  string // "answered", "sent", "draft", "moved" or "deleted"
	Actor email.MailboxID
	At    time.Time
}

type actorKey struct{}

// By names the person, by their own mailbox, who causes the changes made with this context.
func By(ctx context.Context, actor email.MailboxID) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// actorOf is "" where a mailbox's owner acts, or nobody.
func actorOf(ctx context.Context, m email.MailboxID) email.MailboxID {
	actor, _ := ctx.Value(actorKey{}).(email.MailboxID)
	if actor == m {
		return ""
	}
	return actor
}

// deedOf names what an entry says that somebody did; "" nothing that others ask about.
func deedOf(k Kind, d Detail) string {
	switch {
	case k == Flagged && d.Flags != nil && d.Flags.Answered && d.Was != nil && !d.Was.Answered:
		return "answered"
	case k == SentOut:
		return "sent"
	case k == DraftSave:
		return "draft"
	case k == Moved && d.To == Trash:
		return "deleted"
	case k == Moved:
		return "moved"
	}
	return ""
}

// noteDeed keeps who did it, in the commit of the change itself.
func (c *change) noteDeed(id email.MessageID, k Kind, d Detail) error {
	what := deedOf(k, d)
	if c.actor == "" || id == "" || what == "" {
		return nil
	}
	_, err := c.tx.Exec(`INSERT INTO deed (mailbox, message, what, actor, at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (mailbox, message, what) DO UPDATE SET actor = excluded.actor, at = excluded.at`,
		string(c.mailbox), string(id), what, string(c.actor), c.now)
	return err
}

// Deeds tells who did what to messages of a shared mailbox, by message, the latest first. Messages that
// nobody but the owner touched are left out.
func (s *Store) Deeds(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID][]Deed, error) {
	all := map[email.MessageID][]Deed{}
	if len(ids) == 0 {
		return all, nil
	}
	args := []any{string(m)}
	for _, id := range ids {
		args = append(args, string(id))
	}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query("SELECT message, what, actor, at FROM deed WHERE mailbox = ? AND message IN ("+database.In(len(ids))+") ORDER BY at DESC, what", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		clear(all)
		for rows.Next() {
			var id email.MessageID
			var d Deed
			var at int64
			if err := rows.Scan(&id, &d.What, &d.Actor, &at); err != nil {
				return err
			}
			d.At = fromMS(at)
			all[id] = append(all[id], d)
		}
		return rows.Err()
	})
	return all, err
}
