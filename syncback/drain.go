package syncback

import (
	"context"
	"time"

	"holdover/database"
	"holdover/email"
)

// turn is how many items of a mailbox are told before the round of looking, and before other
// mailboxes have theirs: one reading of a folder serves all of them.
const turn = 512

// work tells Exchange what waits in a mailbox, then looks for what it has accepted. It answers
// when the mailbox is due again; zero: when something happens.
func (s *Syncback) work(ctx context.Context, m email.MailboxID) (due time.Time, err error) {
	if _, alarmed := s.alarmed(m); alarmed {
		return s.now().Add(time.Minute), nil
	}
	if err := s.settleWhere(ctx, m); err != nil {
		return time.Time{}, err
	}
	more, err := s.drain(ctx, m)
	if err != nil {
		return time.Time{}, err
	}
	if err := s.look(ctx, m, more); err != nil {
		return time.Time{}, err
	}
	return s.due(ctx, m)
}

// drain claims and tells batch after batch. Each commit carries the outcomes of one batch and the
// intents of the next. more says that it ended although there may be more to tell now: after a turn,
// or for the pace.
func (s *Syncback) drain(ctx context.Context, m email.MailboxID) (more bool, err error) {
	var done []outcome
	for told := 0; told < turn; told += len(done) {
		room := s.room(m)
		if room == 0 || ctx.Err() != nil {
			break
		}
		rows, err := s.claim(context.WithoutCancel(ctx), m, done, min(room, turn-told))
		if err != nil || len(rows) == 0 {
			return false, err
		}
		if done, err = s.attempt(ctx, m, rows); err != nil {
			return false, err
		}
	}
	return len(done) > 0, s.finish(ctx, m, done)
}

// room is how many items of a mailbox may be told now: one where the pace counts, else a batch
// that Exchange takes within moments.
func (s *Syncback) room(m email.MailboxID) int {
	return min(s.pace.room(m, s.now()), s.strides.next(m))
}

// finish writes the outcomes of the last calls of a turn.
func (s *Syncback) finish(ctx context.Context, m email.MailboxID, done []outcome) error {
	if len(done) == 0 {
		return nil
	}
	err := s.write(context.WithoutCancel(ctx), m, func(tx *database.Tx) error {
		p, err := s.passage(tx, m)
		if err != nil {
			return err
		}
		return s.settleAll(tx, done, p)
	})
	if err != nil {
		return err
	}
	return s.step("confirmed", m)
}

// due is when the mailbox's next row may be worked on.
func (s *Syncback) due(ctx context.Context, m email.MailboxID) (time.Time, error) {
	var next, blocked time.Time
	may := `state='waiting' AND ` + carries(s.movable(m)) + ` AND ` + free
	if len(s.lookWays(m)) > 0 {
		may += ` OR state IN ('accepted','in doubt')`
	}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		next, blocked = time.Time{}, time.Time{}
		p, err := s.passage(tx, m)
		if err != nil || p.shut() {
			return err // the gate's watch wakes us
		}
		if next, err = firstNext(tx, m, s.now(), p.rows()+` AND (`+may+`)`); err == nil {
			blocked, err = firstNext(tx, m, s.now(), p.rows()+` AND (state IN ('accepted','in doubt') OR state='waiting' AND `+free+`)`)
		}
		return err
	})
	if err != nil || blocked.IsZero() {
		return time.Time{}, err
	}
	if at := s.routes.reopens(s.allWays(m), m, s.now()); at.After(blocked) {
		blocked = at
	}
	if next.IsZero() || blocked.Before(next) {
		next = blocked
	}
	if at := s.pace.ready(m); at.After(next) {
		next = at
	}
	return next, nil
}

// firstNext is when the first of a mailbox's rows that meet a condition is due; zero: there is none.
// In a drain thousands are due already: then one of them will do, and nothing is sorted.
func firstNext(tx *database.Tx, m email.MailboxID, now time.Time, condition string) (time.Time, error) {
	rows, err := query(tx, `WHERE mailbox=? AND state<>'verified' AND next<=? AND (`+condition+`) LIMIT 1`, string(m), millis(now))
	if err != nil || len(rows) > 0 {
		return now, err
	}
	rows, err = query(tx, `WHERE mailbox=? AND state<>'verified' AND (`+condition+`) ORDER BY next LIMIT 1`, string(m))
	if err != nil || len(rows) == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(rows[0].next), nil
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
