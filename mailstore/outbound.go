package mailstore

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
)

// OutRecipient is one recipient of a message on its way out.
type OutRecipient struct {
	Address  string
	State    string // "queued", "sent", "failed"
	Attempts int
	Next     time.Time
	Words    string // last answer of the remote server
}

// OutMessage is a message on its way out.
type OutMessage struct {
	ID         SendID
	Mailbox    email.MailboxID // the sender's; "" for reports of our own
	Message    email.MessageID // the copy in Sent
	From       string
	Recipients []OutRecipient
	Created    time.Time
	Lease      string // fencing token of this claim
}

// Enqueue puts a message without a portal draft into the queue. m is the sender's mailbox, or "".
func (s *Store) Enqueue(ctx context.Context, m email.MailboxID, from string, to []string, octets []byte) (SendID, error) {
	fail := func(err error) (SendID, error) { return "", fmt.Errorf("enqueue: %w", err) }
	if len(to) == 0 {
		return fail(errors.New("needs a recipient"))
	}
	if err := s.serviceable(); err != nil {
		return fail(err)
	}
	if err := s.SpaceLeft(int64(len(octets))); err != nil {
		return fail(err)
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	p := &parcel{id: SendID(newID()), mailbox: m, from: oneLine(from), subject: oneLine(email.Summarize(octets).Subject),
		created: now, release: now, out: octets}
	_, p.remote = distinct(nil, to)
	if err := s.writeParcel(p); err != nil {
		return fail(err)
	}
	if err := s.db.Write(ctx, func(tx *database.Tx) error { return enqueue(tx, p, isOut) }); err != nil {
		if !errors.Is(err, database.ErrUnsure) {
			s.dropParcel(p.id)
		}
		return fail(s.databaseError(err))
	}
	s.acceptParcel(p.id)
	return p.id, nil
}

// ClaimOutbound leases up to limit due messages for the time of lease; only their due recipients
// are listed. A claim that is not reported is taken over when its lease has ended, so a lease must
// outlive the longest connection (L10).
func (s *Store) ClaimOutbound(ctx context.Context, lease time.Duration, limit int) ([]OutMessage, error) {
	var claimed []OutMessage
	err := s.db.Write(ctx, func(tx *database.Tx) (err error) {
		now := s.now()
		if claimed, err = due(tx, ms(now), limit); err != nil {
			return err
		}
		for i := range claimed {
			m := &claimed[i]
			m.Lease = s.leaseMark() + newID()
			_, err := tx.Exec("UPDATE submission SET lease = ?, lease_until = ? WHERE id = ?", m.Lease, ms(now.Add(lease)), string(m.ID))
			if err != nil {
				return err
			}
			m.Recipients, err = recipients(tx, "submission = ? AND mailbox = '' AND state = 'queued' AND next <= ?", string(m.ID), ms(now))
			if err != nil {
				return err
			}
		}
		return nil
	})
	return claimed, s.databaseError(err)
}

// leaseMark begins the leases of this host's process.
func (s *Store) leaseMark() string { return s.host + " " }

// endLeases takes back what an earlier process of this host had claimed. It is dead, since its lock
// is ours, and its connections died with it: nobody has to wait for the leases to end.
func (s *Store) endLeases(ctx context.Context) error {
	mark := s.leaseMark()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE submission SET lease = '', lease_until = 0 WHERE substr(lease, 1, ?) = ?", len(mark), mark)
		return err
	})
}

const outColumns = " id, mailbox, message, sender, created "

func scanOut(row scanner, more ...any) (m OutMessage, err error) {
	var created int64
	err = row.Scan(append(more, &m.ID, &m.Mailbox, &m.Message, &m.From, &created)...)
	m.Created = fromMS(created)
	return m, err
}

func due(tx *database.Tx, now int64, limit int) ([]OutMessage, error) {
	rows, err := tx.QueryClaim("SELECT"+outColumns+`FROM submission
		WHERE state = 'out' AND due <= ? AND lease_until <= ? ORDER BY due, id LIMIT ?`, now, now, limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []OutMessage
	for rows.Next() {
		m, err := scanOut(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

func recipients(tx *database.Tx, where string, args ...any) ([]OutRecipient, error) {
	rows, err := tx.Query("SELECT address, state, attempts, next, words FROM recipient WHERE "+where+" ORDER BY mailbox, address", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []OutRecipient
	for rows.Next() {
		var r OutRecipient
		var next int64
		if err := rows.Scan(&r.Address, &r.State, &r.Attempts, &next, &r.Words); err != nil {
			return nil, err
		}
		r.Next = fromMS(next)
		all = append(all, r)
	}
	return all, rows.Err()
}

// ReportOutbound records outcomes of a claim (ErrLostLease when it was taken over) and drops the
// spool file when nobody is queued any more. It ends the claim. A recipient that was left out stays
// queued.
func (s *Store) ReportOutbound(ctx context.Context, m OutMessage, results []OutRecipient) error {
	for _, r := range results {
		if !slices.Contains([]string{"queued", "sent", "failed"}, r.State) {
			return fmt.Errorf("report %s: %q is no state", m.ID, r.State)
		}
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error { return report(tx, m, results) })
	if err != nil {
		return fmt.Errorf("report %s: %w", m.ID, s.databaseError(err))
	}
	return s.finish(ctx, m.ID)
}

func report(tx *database.Tx, m OutMessage, results []OutRecipient) error {
	n, err := tx.Changed("UPDATE submission SET lease = '', lease_until = 0 WHERE id = ? AND lease = ? AND lease <> ''", string(m.ID), m.Lease)
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrLostLease
	}
	for _, r := range results {
		next := int64(0)
		if !r.Next.IsZero() {
			next = ms(r.Next)
		}
		_, err := tx.Exec(`UPDATE recipient SET state = ?, attempts = ?, next = ?, words = ?
			WHERE submission = ? AND address = ? AND mailbox = '' AND state = 'queued'`,
			r.State, r.Attempts, next, clean(r.Words), string(m.ID), clean(r.Address))
		if err != nil {
			return err
		}
	}
	_, err = tx.Exec(`UPDATE submission SET due = (SELECT COALESCE(MIN(r.next), ?) FROM recipient r
		WHERE r.submission = submission.id AND r.mailbox = '' AND r.state = 'queued') WHERE id = ?`, int64(math.MaxInt64), string(m.ID))
	return err
}

// finish ends a submission when nobody is queued any more: the row first, then the file.
func (s *Store) finish(ctx context.Context, id SendID) error {
	var done int64
	err := s.db.Write(context.WithoutCancel(ctx), func(tx *database.Tx) (err error) {
		done, err = tx.Changed(`UPDATE submission SET state = ? WHERE id = ? AND state = ? AND NOT EXISTS
			(SELECT 1 FROM recipient r WHERE r.submission = submission.id AND r.state = 'queued')`, isDone, string(id), isOut)
		return err
	})
	if err == nil && done > 0 {
		s.dropParcel(id)
	}
	return s.databaseError(err)
}
