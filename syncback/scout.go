package syncback

import (
	"context"
	"fmt"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// ScoutWay is the name under which an item that goes first is kept among the canaries.
const ScoutWay = "scout"

// sendScout is the canary where no probe mailbox is configured: the first item of the mailbox with the
// fewest goes alone, and everything else waits until it was seen in Exchange. When Exchange refuses it
// for good, the item is parked as ever and another one goes, later each time.
func (s *Syncback) sendScout(ctx context.Context, e continuity.Event) (next time.Time, err error) {
	scout, on, err := s.scoutOf(ctx, e.ID)
	if err != nil {
		return next, err
	}
	if !on || scout.State == CanaryFailed {
		if scout.Next.After(s.now()) {
			return scout.Next, nil
		}
		return s.chooseScout(ctx, e, scout)
	}
	s.agenda.put(scout.Mailbox, s.now())
	switch scout.State {
	case CanaryPassed:
		return next, s.open(ctx, e, fmt.Sprintf("the first item went in alone and was seen (mailbox %s, entry %d)", scout.Mailbox, scout.Seq))
	default:
		return s.now().Add(500 * time.Millisecond), nil
	}
}

// scoutOf is the item that goes first, with its state in the ledger.
func (s *Syncback) scoutOf(ctx context.Context, event string) (scout Canary, on bool, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		kept, err := readCanaries(tx, event)
		if err != nil {
			return err
		}
		if scout, on = kept[ScoutWay]; !on || scout.State == CanaryFailed {
			return nil
		}
		rows, err := query(tx, `WHERE mailbox=? AND seq=?`, string(scout.Mailbox), scout.Seq)
		if err != nil {
			return err
		}
		if len(rows) == 0 { // collapsed into a later one
			scout.State, scout.Words = CanaryFailed, "the item was overtaken by a later change"
			return nil
		}
		r := rows[0]
		scout.Words, scout.Remedy = r.words, r.remedy
		switch r.state {
		case Verified:
			scout.State = CanaryPassed
		case Parked:
			scout.State = CanaryFailed
		default:
			scout.State, scout.Next = CanarySent, fromMillis(r.next)
		}
		return nil
	})
	return scout, on, err
}

// chooseScout takes the first item of the mailbox that has the fewest, among those that nothing but
// opening events close. What brings a message is preferred: it can be seen in Exchange.
func (s *Syncback) chooseScout(ctx context.Context, e continuity.Event, last Canary) (next time.Time, err error) {
	if last.State == CanaryFailed && last.looks == 0 { // just refused: not at once again
		last.looks, last.Next = 1, s.now().Add(min(time.Minute<<min(max(last.Tries-1, 0), 5), 30*time.Minute))
		return last.Next, s.write(ctx, "", func(tx *database.Tx) error { return saveCanary(tx, e.ID, last) })
	}
	if err := s.planBehind(ctx, e); err != nil { // what came last may not be in the ledger yet
		return next, err
	}
	var chosen *row
	var waits bool
	err = s.write(ctx, "", func(tx *database.Tx) error {
		if chosen, waits, err = s.firstItem(tx, e); err != nil || chosen == nil {
			return err
		}
		c := Canary{Way: ScoutWay, State: CanarySent, Mailbox: chosen.mailbox, Seq: int64(chosen.seq), Tries: last.Tries + 1, Sent: s.now(), Next: s.now()}
		return saveCanary(tx, e.ID, c)
	})
	switch {
	case err != nil:
		return next, err
	case chosen != nil:
		s.agenda.put(chosen.mailbox, s.now())
		return s.now().Add(50 * time.Millisecond), nil
	case waits: // all that waits is closed by something else, or rests for now
		return s.now().Add(sweep), nil
	}
	return next, s.open(ctx, e, "nothing was waiting that could have gone first")
}

// planBehind makes rows of what the log holds of an event's mailboxes.
func (s *Syncback) planBehind(ctx context.Context, e continuity.Event) error {
	behind, err := s.o.Store.Behind(ctx, consumer)
	for _, m := range behind {
		if err == nil && s.o.Release.Covers(e, m) {
			err = s.plan(ctx, m)
		}
	}
	return err
}

// firstItem finds the scout; waits says that there is something that cannot go now.
func (s *Syncback) firstItem(tx *database.Tx, e continuity.Event) (first *row, waits bool, err error) {
	counts := map[email.MailboxID]int{}
	if err := eachCount(tx, func(m email.MailboxID, _ State, n int, _ int64) { counts[m] += n },
		`SELECT mailbox, '', COUNT(*), 0 FROM syncback_item WHERE state='waiting' GROUP BY mailbox`); err != nil {
		return nil, false, err
	}
	var best int
	for m, n := range counts {
		if !s.o.Release.Covers(e, m) {
			continue
		}
		waits = true
		if first != nil && (n > best || n == best && m > first.mailbox) {
			continue
		}
		if only, err := s.o.Release.OnlyOpening(tx, m); err != nil {
			return nil, waits, err
		} else if !only {
			continue
		}
		rows, err := query(tx, `WHERE mailbox=? AND state='waiting' AND `+free+` ORDER BY CASE WHEN op IN ('deliver','append') THEN 0 ELSE 1 END, seq LIMIT 1`, string(m))
		if err != nil {
			return nil, waits, err
		}
		if len(rows) > 0 {
			first, best = &rows[0], n
		}
	}
	return first, waits, nil
}

// scouting answers the one entry of a closed mailbox that may go: the scout of an event that waits
// for its release.
func (s *Syncback) scouting(tx *database.Tx, m email.MailboxID) (seq mailstore.Seq, ok bool, err error) {
	if s.o.Release == nil {
		return 0, false, nil
	}
	rows, err := tx.Query(`SELECT seq FROM syncback_canary WHERE way=? AND mailbox=? AND state='sent'`, ScoutWay, string(m))
	if err != nil {
		return 0, false, err
	}
	for rows.Next() && err == nil {
		err = rows.Scan(&seq)
		ok = true
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	if err != nil || !ok {
		return 0, false, err
	}
	ok, err = s.o.Release.OnlyOpening(tx, m)
	return seq, ok, err
}
