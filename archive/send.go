package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// State is where a report stands.
type State string

const (
	Waiting State = "waiting"
	Trying  State = "trying"
	Sent    State = "sent"
	InDoubt State = "in doubt" // the archive may have it or not: a person looks
	Parked  State = "parked"   // the archive refuses it
)

// report is one row with its recipients.
type report struct {
	id         string
	fork       int
	mailbox    email.MailboxID
	message    email.MessageID
	at         time.Time
	attempts   int
	fence      int64
	recipients []recipient
	sender     string // envelope
	inside     bool   // one of us wrote it
}

// sweep is how often the rows are looked at without being told.
const sweep = 15 * time.Second

// Run sends reports until ctx ends. One at a time: an archive is not in a hurry.
func (a *Archive) Run(ctx context.Context) error {
	gates, stop := a.o.Events.Watch()
	defer stop()
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		if err := a.Work(ctx); err != nil && ctx.Err() == nil {
			a.o.Log.Error("archive: cannot go on for now", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.more:
		case <-gates:
		case <-tick.C:
		}
	}
}

// Work sends everything that may leave now.
func (a *Archive) Work(ctx context.Context) error {
	for ctx.Err() == nil {
		r, err := a.claim(ctx)
		if err != nil || r == nil {
			return err
		}
		if err := a.step("claimed"); err != nil {
			return err
		}
		words, failed := a.send(ctx, r)
		if err := a.step("called"); err != nil {
			return err
		}
		if err := a.settle(context.WithoutCancel(ctx), *r, words, failed); err != nil {
			return err
		}
		if errors.Is(failed, exchange.ErrUnreachable) {
			return nil // the others would fare no better
		}
	}
	return nil
}

// claim takes the next report that may leave, and makes the intent durable.
func (a *Archive) claim(ctx context.Context) (r *report, err error) {
	now := a.o.Now()
	err = a.db.Write(context.WithoutCancel(ctx), func(tx *database.Tx) error {
		r = nil
		if _, err := tx.Exec(`UPDATE archive_report SET state='in doubt', fence=fence+1, changed=?, words='the worker fell silent', remedy=? WHERE state='trying' AND lease<=?`,
			now.UnixMilli(), lookThere, now.UnixMilli()); err != nil {
			return err
		}
		m, err := a.openBox(tx, now)
		if err != nil || m == "" {
			return err
		}
		next, err := first(tx, m, now)
		if err != nil || next == nil {
			return err
		}
		n, err := tx.Changed(`UPDATE archive_report SET state='trying', fence=fence+1, attempts=attempts+1, lease=?, worker=?, changed=? WHERE id=? AND fork=? AND fence=? AND state='waiting'`,
			now.Add(a.o.Lease).UnixMilli(), a.o.Node, now.UnixMilli(), next.id, next.fork, next.fence)
		if err != nil || n == 0 {
			return err
		}
		next.fence++
		next.attempts++
		next.recipients, err = recipients(tx, next.id, next.fork)
		r = next
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	return r, nil
}

// openBox is the mailbox with the oldest report that may leave. Nothing leaves in a lockdown.
func (a *Archive) openBox(tx *database.Tx, now time.Time) (email.MailboxID, error) {
	boxes, err := boxesDue(tx, now)
	for _, m := range boxes {
		closed, kind, failed := a.o.Events.Closed(tx, m)
		if failed != nil {
			return "", failed
		}
		if !closed || a.o.When == AtOnce && kind != continuity.Lockdown {
			return m, nil
		}
	}
	return "", err
}

func boxesDue(tx *database.Tx, now time.Time) (boxes []email.MailboxID, err error) {
	rows, err := tx.Query(`SELECT mailbox FROM archive_report WHERE state='waiting' AND next<=? GROUP BY mailbox ORDER BY MIN(next)`, now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var m email.MailboxID
		if err := rows.Scan(&m); err != nil {
			return nil, err
		}
		boxes = append(boxes, m)
	}
	return boxes, rows.Err()
}

func first(tx *database.Tx, m email.MailboxID, now time.Time) (*report, error) {
	rows, err := tx.Query(`SELECT id, fork, message, at, attempts, fence FROM archive_report WHERE state='waiting' AND mailbox=? AND next<=? ORDER BY next, id LIMIT 1`,
		string(m), now.UnixMilli())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, rows.Err()
	}
	r := report{mailbox: m}
	var at int64
	if err := rows.Scan(&r.id, &r.fork, &r.message, &at, &r.attempts, &r.fence); err != nil {
		return nil, err
	}
	r.at = time.UnixMilli(at).UTC()
	return &r, nil
}

func recipients(tx *database.Tx, id string, fork int) (list []recipient, err error) {
	rows, err := tx.Query(`SELECT address, role, expanded FROM archive_recipient WHERE id=? AND fork=? ORDER BY address`, id, fork)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r recipient
		if err := rows.Scan(&r.address, &r.role, &r.expanded); err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

// errGone says that the original is not there any more.
var errGone = errors.New("the original is not in the store")

func (a *Archive) send(ctx context.Context, r *report) (words string, err error) {
	message, err := a.o.Store.Kept(ctx, r.mailbox, r.message)
	if err == nil {
		r.sender, r.inside = message.Envelope.From, message.Origin != mailstore.FromOutside
		var raw []byte
		if raw, err = a.o.Store.Raw(ctx, r.mailbox, r.message); err == nil {
			return a.o.SMTP.Deliver(ctx, "", []string{a.o.Address}, a.build(*r, email.WithoutDraftState(raw)))
		}
	}
	if errors.Is(err, mailstore.ErrNotFound) {
		return "", fmt.Errorf("%w: %w", errGone, err)
	}
	return "", &exchange.Failure{Kind: exchange.ErrTemporary, Op: "store", Err: err}
}

// settle writes what became of a call. Only what certainly did not happen is tried again by itself.
func (a *Archive) settle(ctx context.Context, r report, words string, failed error) error {
	now := a.o.Now()
	state, next, remedy := Sent, time.Time{}, ""
	var f *exchange.Failure
	if errors.As(failed, &f) {
		if words, remedy = f.Answer(), f.Remedy; words == "" && f.Err != nil {
			words = f.Err.Error()
		}
	}
	switch {
	case failed == nil:
	case errors.Is(failed, errGone):
		state, words, remedy = Parked, "the message is missing in Holdover's own store", "Run holdover verify, restore the Maildir from a backup, then send again."
	case f == nil, errors.Is(failed, exchange.ErrDoubt):
		state, remedy = InDoubt, lookThere
	case errors.Is(failed, exchange.ErrUnreachable), errors.Is(failed, exchange.ErrTemporary), errors.Is(failed, exchange.ErrThrottled), errors.Is(failed, exchange.ErrLogin):
		state, next = Waiting, now.Add(max(f.After, min(time.Second<<min(r.attempts, 12), 15*time.Minute)))
	default:
		state = Parked
	}
	if len(words) > 500 {
		words = words[:500]
	}
	if state != Sent {
		a.o.Log.Warn("archive: a report did not leave", "report", a.messageID(r), "message", r.message, "state", state, "answer", words)
	}
	return a.db.Write(ctx, func(tx *database.Tx) error {
		var due int64
		if !next.IsZero() {
			due = next.UnixMilli()
		}
		n, err := tx.Changed(`UPDATE archive_report SET state=?, next=?, fence=fence+1, lease=0, changed=?, words=?, remedy=? WHERE id=? AND fork=? AND fence=? AND state='trying'`,
			string(state), due, now.UnixMilli(), words, remedy, r.id, r.fork, r.fence)
		if err == nil && n == 0 {
			a.o.Log.Warn("archive: a report was taken over; our outcome is void", "report", a.messageID(r))
		}
		return err
	})
}
