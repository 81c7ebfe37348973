package syncback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

var (
	errNotThere  = errors.New("the message is not in Exchange")
	errGoneThere = errors.New("the message was in Exchange and is no more")
)

const (
	lookBatch = 20_000          // rows of one round: the Message-IDs of a folder are read once for all of them
	settleFew = 500             // rows of one commit, so that deliveries need not wait for a whole round
	lookApart = 2 * time.Minute // between two rounds over a mailbox while it is being told more
)

// look makes one round over the mailbox's accepted and doubtful rows that are due. Looking changes
// nothing in Exchange, so it needs no claim; its outcome counts only if the row has not moved.
//
// A round costs what the folders cost, not what the rows cost. So it is made when nothing more is
// to be told to the mailbox for now, and while more is (the argument) only every two minutes.
func (s *Syncback) look(ctx context.Context, m email.MailboxID, more bool) error {
	if more && s.lookedLately(m) {
		return nil
	}
	rows, err := s.lookable(ctx, m)
	if err != nil || len(rows) == 0 {
		return err
	}
	box, ok := s.o.Directory.Mailbox(m)
	if !ok || box.Address == "" {
		return nil
	}
	if rows = s.tidyAll(ctx, box.Address, rows); len(rows) == 0 {
		return nil
	}
	found, err := s.lookThrough(ctx, m, box.Address, rows)
	if err != nil {
		s.missedLook(m, err)
		return nil
	}
	if err := s.step("looked", m); err != nil {
		return err
	}
	brake, err := s.brake(ctx, rows)
	for len(rows) > 0 && err == nil {
		n := min(settleFew, len(rows))
		err = s.settleLooks(ctx, m, rows[:n], found, brake)
		rows = rows[n:]
	}
	return err
}

// lookThrough asks Exchange, in the time of one call; a lockdown cuts it.
func (s *Syncback) lookThrough(ctx context.Context, m email.MailboxID, address string, rows []row) (findings, error) {
	ctx, cancel := context.WithTimeout(ctx, s.o.Call)
	defer cancel()
	s.begin(m, cancel)
	defer s.end(m)
	return s.findAll(ctx, anyWay{s, m, address}, rows)
}

func (s *Syncback) settleLooks(ctx context.Context, m email.MailboxID, rows []row, found findings, brake string) error {
	return s.write(context.WithoutCancel(ctx), m, func(tx *database.Tx) error {
		if p, err := s.passage(tx, m); err != nil || p.locked {
			return err // a lockdown began meanwhile: what Exchange said does not count
		}
		for _, r := range rows {
			o := outcome{was: r, now: r}
			s.conclude(&o.now, found[r.seq], brake)
			if err := s.settle(tx, o); err != nil && !errors.Is(err, errLost) {
				return err
			}
		}
		return nil
	})
}

// lookedLately says whether the mailbox was looked through within lookApart, and else notes that it
// is being looked through now.
func (s *Syncback) lookedLately(m email.MailboxID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now := s.now(); now.Sub(s.looks[m]) >= lookApart {
		s.looks[m] = now
		return false
	}
	return true
}

// lookable reads the rows to look for; none while the gate is closed: nothing flows then.
func (s *Syncback) lookable(ctx context.Context, m email.MailboxID) (rows []row, err error) {
	if len(s.lookWays(m)) == 0 || s.pace.Paused(m).After(s.now()) {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		p, err := s.passage(tx, m)
		if err != nil || p.shut() {
			return err
		}
		rows, err = query(tx, `WHERE mailbox=? AND state<>'verified' AND state IN ('accepted','in doubt') AND next<=? AND `+p.rows()+` ORDER BY seq LIMIT ?`, string(m), millis(s.now()), lookBatch)
		return err
	})
	return rows, err
}

// missedLook notes that a mailbox could not be looked through; nothing is proven by it. A way that
// failed rests already; else the mailbox does.
func (s *Syncback) missedLook(m email.MailboxID, err error) {
	if len(s.lookWays(m)) == 0 || s.pace.Paused(m).After(s.now()) {
		return
	}
	s.pace.Pause(m, s.now().Add(10*time.Second), wordsOf(err))
}

// conclude is the one place where a look-up becomes a state (L10).
func (s *Syncback) conclude(r *row, got result, brake string) {
	now := s.now()
	switch {
	case len(got.copies) > 1 && r.op == draft && r.attempts < 3:
		r.enter(Waiting, now, now, "told again as a whole: it leaves one version", "")
	case len(got.copies) > 1:
		r.see(got.copies[0])
		r.note = Twice
		r.enter(Verified, now, time.Time{}, fmt.Sprintf("found in Exchange %d times", len(got.copies)), "Delete the surplus copies there.")
		s.o.Log.Warn("sync-back: a message is in Exchange more than once", "message", r.item, "copies", len(got.copies))
	case len(got.copies) > 0:
		r.see(got.copies[0])
		r.note = noteOf(got)
		r.enter(Verified, now, time.Time{}, r.words, "")
	case r.state == Accepted:
		s.notYetSeen(r, now, got.wide, brake)
	default:
		s.notFound(r, now, got.wide)
	}
}

// notFound: a doubtful row has no copy in Exchange, as far as this look goes.
func (s *Syncback) notFound(r *row, now time.Time, wide bool) {
	r.looks++
	if r.msgid == "" && r.op.gives() {
		r.park(now, InDoubt, "in doubt, and without a Message-ID nothing can be looked up", "Look in the mailbox whether the message is there.")
		return
	}
	wait, proven := s.proof(*r, now)
	if s.o.faults.noLookup {
		proven, wide = true, true
	}
	if proven && !wide {
		wait = now.Add(time.Minute) // not every folder was read: nothing is proven
	}
	if proven && (wide || !r.op.gives()) {
		r.enter(Waiting, now, now, "was in doubt; looked for and proven absent", "")
		return
	}
	r.next = millis(wait)
}

// proof says whether absence counts as proven now, and else when to look again.
//
// What went by SMTP may lie in Exchange's own queues: absent counts after the last of the waits (L10).
// An APPEND has no queue behind it: once its connection is gone it is in the folder or it
// never will be, except that a server still busy storing when we hung up finishes a moment later;
// so a completed look-up proves absence, made once the first wait is over. The other operations
// are absolute: doing them again does no harm.
func (s *Syncback) proof(r row, now time.Time) (again time.Time, proven bool) {
	began := fromMillis(r.changed)
	switch {
	case s.transported(r):
		for _, wait := range s.o.Waits {
			if at := began.Add(wait); at.After(now) {
				return at, false
			}
		}
	case r.op == put || r.op == draft:
		if at := began.Add(s.o.Waits[0]); at.After(now) {
			return at, false
		}
	}
	return now, true
}
