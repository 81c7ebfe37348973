package syncback

import (
	"context"
	"errors"
	"strings"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// Position of a mailbox's gate (L5).
type Position string

const (
	Closed   Position = "closed"
	Draining Position = "draining"
	Open     Position = "open"
)

// Position says where a mailbox's gate stands: it drains while something waits that may move, be
// it in the ledger or still in the log. Parked items and what stands behind them may not.
func (s *Syncback) Position(ctx context.Context, m email.MailboxID) (position Position, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		position = Open
		closed, _, err := s.o.Gate.Closed(tx, m)
		if err != nil || closed {
			position = Closed
			return err
		}
		rows, err := query(tx, `WHERE mailbox=? AND state<>'verified' AND state IN ('waiting','trying','in doubt') AND
			NOT EXISTS (SELECT 1 FROM syncback_item e WHERE e.mailbox=i.mailbox AND e.item=i.item AND e.seq<i.seq AND e.state='parked' AND e.op<>'categories') LIMIT 1`, string(m))
		if len(rows) > 0 {
			position = Draining
		}
		return err
	})
	if err != nil || position != Open {
		return position, err
	}
	cursor, err := s.o.Store.Cursor(ctx, consumer, m)
	if err != nil {
		return position, err
	}
	entries, err := s.o.Store.Entries(ctx, m, cursor, planBatch)
	for _, e := range entries {
		if _, told := operationOf(e); told {
			return Draining, err
		}
	}
	return position, err
}

// rank orders states from what a person must see to what is done.
func (state State) rank() int {
	return strings.Index("parked in doubt trying waiting accepted verified", string(state))
}

// States answers what a page's badges say: the least settled state of each message. Messages that
// were never told are absent.
func (s *Syncback) States(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]State, error) {
	states := map[email.MessageID]State{}
	for len(ids) > 0 {
		chunk := ids[:min(len(ids), 200)]
		ids = ids[len(chunk):]
		args := []any{string(m)}
		for _, id := range chunk {
			args = append(args, string(id))
		}
		err := s.db.Read(ctx, func(tx *database.Tx) error {
			rows, err := tx.Query(`SELECT item, state FROM syncback_item WHERE mailbox=? AND item IN (?`+strings.Repeat(",?", len(chunk)-1)+`)`, args...)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var id email.MessageID
				var state State
				if err := rows.Scan(&id, &state); err != nil {
					return err
				}
				if old, ok := states[id]; !ok || state.rank() < old.rank() {
					states[id] = state
				}
			}
			return rows.Err()
		})
		if err != nil {
			return nil, err
		}
	}
	return states, nil
}

// ErrNotParked is the answer to Retry for an item that is not parked.
var ErrNotParked = errors.New("the item is not parked")

// Retry lets a parked item try again now: an item that Exchange had accepted is looked for again
// for the length of the waits, and only then sent once more. by is who asked. Routes stopped by a mismatch are tried again too.
func (s *Syncback) Retry(ctx context.Context, m email.MailboxID, seq mailstore.Seq, by string) error {
	s.health.Resume()
	now := s.now()
	err := s.write(ctx, m, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND seq=? AND state='parked'`, string(m), int64(seq))
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return ErrNotParked
		}
		r := rows[0]
		again := r
		again.enter(r.resume, now, now, r.words, "")
		again.attempts, again.unsuited = 0, ""
		again.resent = min(again.resent, maxResends-1) // looked for again, and if need be sent once more
		if ok, err := save(tx, r, again); err != nil || !ok {
			return errors.Join(err, ErrNotParked)
		}
		return approve(tx, r, by, now)
	})
	if err != nil {
		return err
	}
	s.o.Log.Info("sync-back: a parked item tries again", "mailbox", m, "seq", seq, "by", by)
	s.agenda.put(m, now)
	return nil
}
