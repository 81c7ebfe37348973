package syncback

import (
	"context"
	"time"

	"holdover/database"
	"holdover/email"
)

// turn is how many items of a mailbox are told before the round of looking, and before other
// mailboxes have theirs.
const turn = 50

// work tells Exchange what waits in a mailbox, then looks for what it has accepted. It answers
// when the mailbox is due again; zero: when something happens.
func (s *Syncback) work(ctx context.Context, m email.MailboxID) (due time.Time, err error) {
	if _, alarmed := s.alarmed(m); alarmed {
		return s.now().Add(time.Minute), nil
	}
	if err := s.drain(ctx, m); err != nil {
		return time.Time{}, err
	}
	if err := s.look(ctx, m); err != nil {
		return time.Time{}, err
	}
	return s.due(ctx, m)
}

// drain claims and tells item after item. Each commit carries the outcome of one call and the
// intent of the next.
func (s *Syncback) drain(ctx context.Context, m email.MailboxID) error {
	var done *outcome
	for range turn {
		if done == nil && s.pace.ready(m).After(s.now()) {
			return nil
		}
		r, err := s.claim(context.WithoutCancel(ctx), m, done)
		if err != nil || r == nil {
			return err
		}
		if done, err = s.attempt(ctx, *r); err != nil {
			return err
		}
		if ctx.Err() != nil || s.pace.ready(m).After(s.now()) {
			break
		}
	}
	return s.finish(ctx, m, *done)
}

// attempt makes one call and judges its end.
func (s *Syncback) attempt(ctx context.Context, r row) (*outcome, error) {
	if err := s.step("claimed", r.mailbox); err != nil {
		return nil, err
	}
	result, failed := s.tell(ctx, r)
	if err := s.step("called", r.mailbox); err != nil {
		return nil, err
	}
	s.pace.took(r.mailbox, s.now())
	o := s.judge(context.WithoutCancel(ctx), r, result, failed)
	if failed != nil {
		s.o.Log.Info("sync-back: not told", "message", r.item, "mailbox", r.mailbox, "seq", r.seq, "op", r.op, "state", o.now.state, "answer", o.now.words)
	}
	return &o, nil
}

// finish writes the outcome of the last call of a turn.
func (s *Syncback) finish(ctx context.Context, m email.MailboxID, done outcome) error {
	err := s.write(context.WithoutCancel(ctx), m, func(tx *database.Tx) error {
		if err := s.settle(tx, done); err != errLost {
			return err
		}
		return nil
	})
	if err != nil {
		return err
	}
	return s.step("confirmed", m)
}

// due is when the mailbox's next row may be worked on.
func (s *Syncback) due(ctx context.Context, m email.MailboxID) (time.Time, error) {
	var next time.Time
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		next = time.Time{}
		closed, _, err := s.o.Gate.Closed(tx, m)
		if err != nil || closed && !s.o.faults.noGate {
			return err // the gate's watch wakes us
		}
		rows, err := query(tx, `WHERE mailbox=? AND (state IN ('accepted','in doubt') OR state='waiting' AND `+free+`) ORDER BY next LIMIT 1`, string(m))
		if err != nil || len(rows) == 0 {
			return err
		}
		next = time.UnixMilli(rows[0].next)
		return nil
	})
	if err != nil || next.IsZero() {
		return time.Time{}, err
	}
	for _, floor := range []time.Time{s.pace.ready(m), s.routes.reopens(s.now())} {
		if floor.After(next) {
			next = floor
		}
	}
	return next, nil
}

// unfinished lists mailboxes with rows that may move.
func (s *Syncback) unfinished(ctx context.Context) (list []email.MailboxID, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		list = nil
		rows, err := tx.Query(`SELECT DISTINCT mailbox FROM syncback_item WHERE state <> 'verified' AND state <> 'parked'`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m email.MailboxID
			if err := rows.Scan(&m); err != nil {
				return err
			}
			list = append(list, m)
		}
		return rows.Err()
	})
	return list, err
}
