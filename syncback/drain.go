package syncback

import (
	"context"
	"maps"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/syncback/traffic"
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
	told, more, err := s.drain(ctx, m)
	if err != nil {
		return time.Time{}, err
	}
	if err := s.look(ctx, m, more); err != nil {
		return time.Time{}, err
	}
	due, err = s.due(ctx, m, more)
	if soon := s.now().Add(pause); told == 0 && !due.IsZero() && due.Before(soon) {
		due = soon // nothing could be claimed although something is due: never in a tight circle
	}
	return due, err
}

// pause is the shortest rest of a mailbox for which nothing could be claimed.
const pause = 50 * time.Millisecond

// drain claims and tells batch after batch. Each commit carries the outcomes of one batch and the
// intents of the next. more says that it ended although there may be more to tell now: after a turn,
// or for the pace.
func (s *Syncback) drain(ctx context.Context, m email.MailboxID) (told int, more bool, err error) {
	var done []outcome
	for ; told < turn; told += len(done) {
		room := s.room(m)
		if room == 0 || ctx.Err() != nil {
			break
		}
		rows, err := s.claim(context.WithoutCancel(ctx), m, done, min(room, turn-told))
		if err != nil {
			return told, false, err
		}
		if len(rows) == 0 {
			more, err = s.paced(ctx, m)
			return told, more, err
		}
		if done, err = s.attempt(ctx, m, rows); err != nil {
			return told, false, err
		}
	}
	return told, len(done) > 0, s.finish(ctx, m, done)
}

// paced says whether something waits of a mailbox only because a limit is met.
func (s *Syncback) paced(ctx context.Context, m email.MailboxID) (waits bool, err error) {
	now := s.now()
	met := func(w *traffic.Way) bool { return s.health.IsOpen(w, m, now) && s.pace.Allows(w, m, now) == 0 }
	var held []traffic.Cargo
	for _, c := range traffic.Cargos() {
		if slices.ContainsFunc(s.table[s.location(m)][c], met) {
			held = append(held, c)
		}
	}
	if len(held) == 0 {
		return false, nil
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		p, err := s.passage(tx, m)
		if err != nil || p.shut() {
			return err
		}
		at, err := firstNext(tx, m, now, p.rows()+` AND state='waiting' AND `+carries(held)+` AND `+free)
		waits = !at.IsZero() && !at.After(now)
		return err
	})
	return waits, err
}

// room is how many items of a mailbox may be told now: none while every way rests or its limits are
// met, else a batch that Exchange takes within moments.
func (s *Syncback) room(m email.MailboxID) int {
	if s.pace.Paused(m).After(s.now()) {
		return 0
	}
	return s.strides.next(m)
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

// due is when the mailbox's next row may be worked on: told, as the ways that carry its kind work and
// their limits allow, or looked for.
func (s *Syncback) due(ctx context.Context, m email.MailboxID, more bool) (next time.Time, err error) {
	now := s.now()
	type wait struct {
		condition string
		from      time.Time // not before
	}
	waits := []wait{{`state IN ('accepted','in doubt')`, s.lookableFrom(m, more)}}
	for from, cargos := range s.carriedFrom(m) {
		waits = append(waits, wait{`state='waiting' AND ` + carries(cargos) + ` AND ` + free, fromMillis(from)})
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		next = time.Time{}
		p, err := s.passage(tx, m)
		if err != nil || p.shut() {
			return err // the gate's watch wakes us
		}
		for _, w := range waits {
			at, err := firstNext(tx, m, now, p.rows()+` AND `+w.condition)
			if err != nil {
				return err
			}
			if at.IsZero() {
				continue
			}
			if at = later(at, w.from); next.IsZero() || at.Before(next) {
				next = at
			}
		}
		return nil
	})
	return next, err
}

// carriedFrom groups the kinds of items by when a way may carry them into a mailbox, in unix
// milliseconds: the first way that works, as its limits allow, or else the first that is tried again.
func (s *Syncback) carriedFrom(m email.MailboxID) map[int64][]traffic.Cargo {
	now, groups := s.now(), map[int64][]traffic.Cargo{}
	for _, c := range traffic.Cargos() {
		ways := s.table[s.location(m)][c]
		at := later(s.health.Reopens(ways, m, now), s.pace.Paused(m))
		if len(ways) == 0 {
			at, _ = s.lostUntil(m)
		}
		for _, w := range ways {
			if s.health.IsOpen(w, m, now) {
				at = s.pace.Ready(w, m, now)
				break
			}
		}
		from := max(millis(at), 0)
		if !at.After(now) {
			from = 0
		} else if at.Nanosecond()%int(time.Millisecond) > 0 {
			from++ // milliseconds are cut off: never too early
		}
		groups[from] = append(groups[from], c)
	}
	return groups
}

// lookableFrom is when a mailbox may be looked through; not too often while more is told.
func (s *Syncback) lookableFrom(m email.MailboxID, more bool) time.Time {
	at := s.pace.Paused(m)
	if more {
		s.mu.Lock()
		at = later(at, s.looks[m].Add(lookApart))
		s.mu.Unlock()
	}
	if len(s.lookWays(m)) == 0 {
		lost, _ := s.lostUntil(m)
		at = later(later(at, lost), s.health.Reopens(s.lookOrder(s.location(m)), m, s.now()))
	}
	return at
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
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

// unfinished lists mailboxes with rows that may move, and ranks them.
func (s *Syncback) unfinished(ctx context.Context) (list []email.MailboxID, err error) {
	oldest := map[email.MailboxID]int64{}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		clear(oldest)
		return eachCount(tx, func(m email.MailboxID, _ State, _ int, first int64) { oldest[m] = first },
			`SELECT mailbox, '', 0, MIN(at) FROM syncback_item WHERE state <> 'verified' AND state <> 'parked' GROUP BY mailbox`)
	})
	s.order.see(oldest)
	return slices.Sorted(maps.Keys(oldest)), err
}
