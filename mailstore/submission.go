package mailstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
)

// SubmissionRow is a submission for pages.
type SubmissionRow struct {
	OutMessage
	Subject string
	Content string          // as the form's page gave it
	Draft   email.MessageID // what was sent; Undo shows it again
	Answers email.MessageID // the message answered, or ""
	Held    bool
	Release time.Time
}

// Submissions lists a mailbox's recent submissions (held, on their way, finished), newest first,
// for pages; m "" lists all. What was taken back is not listed.
func (s *Store) Submissions(ctx context.Context, m email.MailboxID, limit int) ([]SubmissionRow, error) {
	if m == "" {
		return s.submissions(ctx, "1 = 1", limit)
	}
	return s.submissions(ctx, "mailbox = ?", limit, string(m))
}

// SendKey names a submission by what is known of it: tried in this order, the first that finds one.
type SendKey struct {
	ID    SendID
	Token string // of the form that sent it
	Draft email.MessageID
}

// Sending finds a submission. ErrNotFound: there is none, or it was taken back.
func (s *Store) Sending(ctx context.Context, m email.MailboxID, key SendKey) (SubmissionRow, error) {
	for _, by := range []struct{ column, value string }{{"id", string(key.ID)}, {"token", clean(key.Token)}, {"draft", string(key.Draft)}} {
		if by.value == "" {
			continue
		}
		all, err := s.submissions(ctx, "mailbox = ? AND "+by.column+" = ?", 1, string(m), by.value)
		if err != nil {
			return SubmissionRow{}, err
		}
		if len(all) > 0 {
			return all[0], nil
		}
	}
	return SubmissionRow{}, fmt.Errorf("sending: %w", ErrNotFound)
}

// HeldMessage is a message of a thread that is being sent and can still be taken back.
type HeldMessage struct {
	Message
	Send    SendID
	Release time.Time
}

// Held lists the messages of a thread that are held, oldest first.
func (s *Store) Held(ctx context.Context, m email.MailboxID, t ThreadID) ([]HeldMessage, error) {
	var all []HeldMessage
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		t, err := current(tx, m, t)
		if err != nil {
			return err
		}
		rows, err := tx.Query("SELECT s.id, s.released,"+messageColumns+`FROM submission s
			JOIN message m ON m.mailbox = s.mailbox AND m.id = s.draft
			WHERE s.mailbox = ? AND s.state = ? AND m.thread = ? AND m.hidden = ? ORDER BY s.created, s.id`,
			string(m), isHeld, string(t), held)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h HeldMessage
			var release int64
			if h.Message, err = scanMessage(rows, &h.Send, &release); err != nil {
				return err
			}
			h.Release = fromMS(release)
			all = append(all, h)
		}
		return rows.Err()
	})
	return all, err
}

// SentOf finds the submissions behind copies in Sent, by the copy's id.
func (s *Store) SentOf(ctx context.Context, m email.MailboxID, copies []email.MessageID) (map[email.MessageID]SubmissionRow, error) {
	found := map[email.MessageID]SubmissionRow{}
	for part := range slices.Chunk(copies, 200) {
		args := []string{string(m)}
		for _, id := range part {
			args = append(args, string(id))
		}
		all, err := s.submissions(ctx, "mailbox = ? AND message IN ("+database.In(len(part))+")", len(part), args...)
		if err != nil {
			return nil, err
		}
		for _, row := range all {
			found[row.Message] = row
		}
	}
	return found, nil
}

func (s *Store) submissions(ctx context.Context, where string, limit int, args ...string) ([]SubmissionRow, error) {
	var all []SubmissionRow
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		if all, err = submissionRows(tx, where, limit, args); err != nil {
			return err
		}
		for i := range all {
			if all[i].Recipients, err = recipients(tx, "submission = ?", string(all[i].ID)); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func submissionRows(tx *database.Tx, where string, limit int, args []string) ([]SubmissionRow, error) {
	var values []any
	for _, a := range args {
		values = append(values, a)
	}
	rows, err := tx.Query("SELECT subject, content, draft, answers, state, released,"+outColumns+"FROM submission WHERE state <> 'undone' AND "+where+
		" ORDER BY created DESC, id DESC LIMIT ?", append(values, limit)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []SubmissionRow
	for rows.Next() {
		var r SubmissionRow
		var state string
		var released int64
		if r.OutMessage, err = scanOut(rows, &r.Subject, &r.Content, &r.Draft, &r.Answers, &state, &released); err != nil {
			return nil, err
		}
		r.Held, r.Release = state == isHeld, fromMS(released)
		all = append(all, r)
	}
	return all, rows.Err()
}
