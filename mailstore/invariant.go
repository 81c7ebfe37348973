package mailstore

import (
	"context"
	"errors"
	"fmt"

	"holdover/database"
	"holdover/email"
)

// invariant is a query that must find nothing; what it finds is two texts for the sentence.
type invariant struct {
	says  string
	query string // of two columns; ? is the mailbox, as often as it stands there
	args  int
}

// shownMessages is what folders and lists count.
const shownMessages = "message x WHERE x.hidden = 0 AND x.mailbox = "

func invariants() []invariant {
	return []invariant{
		{"The folder %s counts wrongly (%s messages).",
			`SELECT f.id, CAST(f.total AS TEXT) FROM folder f WHERE f.mailbox = ? AND (
			f.total <> (SELECT COUNT(*) FROM ` + shownMessages + `f.mailbox AND x.folder = f.id) OR
			f.unread <> (SELECT COUNT(*) FROM ` + shownMessages + `f.mailbox AND x.folder = f.id AND x.seen = 0))`, 1},
		{"The list line of thread %s in %s counts wrongly.",
			`SELECT t.thread, t.folder FROM thread_folder t WHERE t.mailbox = ? AND (
			t.count <> (SELECT COUNT(*) FROM ` + shownMessages + `t.mailbox AND x.thread = t.thread AND x.folder = t.folder) OR
			t.unread <> (SELECT COUNT(*) FROM ` + shownMessages + `t.mailbox AND x.thread = t.thread AND x.folder = t.folder AND x.seen = 0) OR
			t.flagged <> (SELECT COUNT(*) FROM ` + shownMessages + `t.mailbox AND x.thread = t.thread AND x.folder = t.folder AND x.flagged = 1))`, 1},
		{"The list line of thread %s in %s does not show the latest message.",
			`SELECT t.thread, t.folder FROM thread_folder t WHERE t.mailbox = ? AND t.latest_id <> COALESCE((SELECT x.id FROM ` + shownMessages +
				`t.mailbox AND x.thread = t.thread AND x.folder = t.folder ORDER BY x.received DESC, x.id DESC LIMIT 1), '')`, 1},
		{"The list line of thread %s in %s is in the wrong place.",
			`SELECT t.thread, t.folder FROM thread_folder t JOIN message m ON m.mailbox = t.mailbox AND m.id = t.latest_id
			WHERE t.mailbox = ? AND t.latest <> m.received`, 1},
		{"The message %s in %s stands in no list.",
			`SELECT x.id, x.folder FROM message x WHERE x.mailbox = ? AND x.hidden = 0 AND NOT EXISTS
			(SELECT 1 FROM thread_folder t WHERE t.mailbox = x.mailbox AND t.thread = x.thread AND t.folder = x.folder)`, 1},
		{"The message %s belongs to thread %s, which does not exist.",
			`SELECT x.id, x.thread FROM message x WHERE x.mailbox = ? AND NOT EXISTS
			(SELECT 1 FROM conversation c WHERE c.mailbox = x.mailbox AND c.id = x.thread)`, 1},
		{"The Message-ID %s belongs to thread %s, which does not exist.",
			`SELECT r.msgid, r.thread FROM ref r WHERE r.mailbox = ? AND NOT EXISTS
			(SELECT 1 FROM conversation c WHERE c.mailbox = r.mailbox AND c.id = r.thread)`, 1},
		{"The thread %s became one with %s, which does not exist.",
			`SELECT j.gone, j.thread FROM joined j WHERE j.mailbox = ? AND NOT EXISTS
			(SELECT 1 FROM conversation c WHERE c.mailbox = j.mailbox AND c.id = j.thread)`, 1},
		{"The change log has a gap: %s entries are missing, up to %s.",
			`SELECT CAST(b.seq - b.trimmed - n.here AS TEXT), CAST(b.seq AS TEXT) FROM mailbox b,
			(SELECT COUNT(*) AS here FROM entry e JOIN mailbox m ON m.id = e.mailbox WHERE e.mailbox = ? AND e.seq > m.trimmed) n
			WHERE b.id = ? AND b.seq - b.trimmed <> n.here`, 2},
		{"The change log goes on after its end: entry %s of message %s.",
			`SELECT CAST(e.seq AS TEXT), e.message FROM entry e JOIN mailbox m ON m.id = e.mailbox WHERE e.mailbox = ? AND e.seq > m.seq`, 1},
		{"The message %s in %s has no entry in the change log.",
			`SELECT x.id, x.folder FROM message x WHERE x.mailbox = ? AND NOT EXISTS
			(SELECT 1 FROM entry e WHERE e.mailbox = x.mailbox AND e.message = x.id)`, 1},
		{"The consumer %s stands at %s, beyond the end of the change log.",
			`SELECT c.consumer, CAST(c.seq AS TEXT) FROM cursor c JOIN mailbox m ON m.id = c.mailbox WHERE c.mailbox = ? AND c.seq > m.seq`, 1},
		{"The draft %s in %s is held, and no submission holds it.",
			`SELECT x.id, x.folder FROM message x WHERE x.mailbox = ? AND x.hidden = 2 AND NOT EXISTS
			(SELECT 1 FROM submission s WHERE s.mailbox = x.mailbox AND s.draft = x.id AND s.state = 'held')`, 1},
		{"The submission %s is held, and its draft %s is still shown.",
			`SELECT s.id, s.draft FROM submission s JOIN message x ON x.mailbox = s.mailbox AND x.id = s.draft
			WHERE s.mailbox = ? AND s.state = 'held' AND x.hidden = 0`, 1},
		{"The submission %s (%s) has no recipient who waits.",
			`SELECT s.id, s.state FROM submission s WHERE s.mailbox = ? AND s.state IN ('held', 'out') AND NOT EXISTS
			(SELECT 1 FROM recipient r WHERE r.submission = s.id AND r.state = 'queued')`, 1},
		{"The submission %s is finished, and %s still waits.",
			`SELECT s.id, r.address FROM submission s JOIN recipient r ON r.submission = s.id
			WHERE s.mailbox = ? AND s.state = 'done' AND r.state = 'queued'`, 1},
		{"The submission %s was released, and message %s is not its copy in Sent.",
			`SELECT s.id, s.message FROM submission s WHERE s.mailbox = ? AND s.draft <> '' AND s.state = 'out' AND NOT EXISTS
			(SELECT 1 FROM entry e WHERE e.mailbox = s.mailbox AND e.message = s.message)`, 1},
	}
}

// checkRows runs the invariants of the database on one snapshot.
func (s *Store) checkRows(ctx context.Context, m email.MailboxID) ([]Finding, error) {
	var all []Finding
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		for _, inv := range invariants() {
			found, err := inv.violations(tx, m)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	return all, err
}

func (inv invariant) violations(tx *database.Tx, m email.MailboxID) ([]Finding, error) {
	args := make([]any, inv.args)
	for i := range args {
		args[i] = string(m)
	}
	rows, err := tx.Query(inv.query, args...)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", inv.says, err)
	}
	defer rows.Close()
	var all []Finding
	for rows.Next() {
		var a, b string
		if err := rows.Scan(&a, &b); err != nil {
			return nil, err
		}
		all = append(all, Finding{m, fmt.Sprintf(inv.says, a, b)})
	}
	return all, errors.Join(rows.Err())
}
