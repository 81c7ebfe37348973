package syncback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

var (
	errNotThere  = errors.New("the message is not in Exchange")
	errGoneThere = errors.New("the message was in Exchange and is no more")
)

// lookBatch is how many rows one round looks for: the Message-IDs of a folder are read once for all.
const lookBatch = 500

// glances are the looks for what Exchange has accepted, counted from the acceptance: it may lie in
// queues of its own for a while before it shows in the mailbox.
func glances() []time.Duration {
	return []time.Duration{0, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute,
		5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour}
}

// look makes one round over the mailbox's accepted and doubtful rows that are due. Looking changes
// nothing in Exchange, so it needs no claim; its outcome counts only if the row has not moved.
func (s *Syncback) look(ctx context.Context, m email.MailboxID) error {
	rows, err := s.lookable(ctx, m)
	if err != nil || len(rows) == 0 {
		return err
	}
	box, ok := s.o.Directory.Mailbox(m)
	if !ok || box.Address == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Call)
	defer cancel()
	s.begin(m, cancel)
	defer s.end(m)
	found, err := s.findAll(ctx, anyWay{s, m, box.Address}, rows)
	if err != nil {
		s.missedLook(m, err)
		return nil
	}
	if err := s.step("looked", m); err != nil {
		return err
	}
	return s.write(context.WithoutCancel(ctx), m, func(tx *database.Tx) error {
		for _, r := range rows {
			o := outcome{was: r, now: r}
			s.conclude(&o.now, found[r.seq])
			if err := s.settle(tx, o); err != nil && !errors.Is(err, errLost) {
				return err
			}
		}
		return nil
	})
}

// lookable reads the rows to look for; none while the gate is closed: nothing flows then.
func (s *Syncback) lookable(ctx context.Context, m email.MailboxID) (rows []row, err error) {
	if len(s.lookWays(m)) == 0 || s.pace.ready(m).After(s.now()) {
		return nil, nil
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		closed, _, err := s.o.Gate.Closed(tx, m)
		if err != nil || closed {
			return err
		}
		rows, err = query(tx, `WHERE mailbox=? AND state IN ('accepted','in doubt') AND next<=? ORDER BY seq LIMIT ?`, string(m), millis(s.now()), lookBatch)
		return err
	})
	return rows, err
}

// missedLook notes that a mailbox could not be looked through; nothing is proven by it. A way that
// failed rests already; else the mailbox does.
func (s *Syncback) missedLook(m email.MailboxID, err error) {
	if len(s.lookWays(m)) == 0 || s.pace.ready(m).After(s.now()) {
		return
	}
	s.pace.pause(m, s.now().Add(10*time.Second), wordsOf(err))
}

// result is what a look-up says about one row.
type result struct {
	copies []exchange.Copy
	wide   bool // every folder was read
}

// findAll looks for all rows: in the folder where each should be, read once per folder, and in
// every folder for those that are not there. A missing folder proves nothing by itself.
func (s *Syncback) findAll(ctx context.Context, in finder, rows []row) (map[mailstore.Seq]result, error) {
	found := map[mailstore.Seq]result{}
	groups := map[exchange.Folder][]row{}
	var missing []row
	for _, r := range rows {
		if r.state == InDoubt && (!r.op.gives() || s.o.faults.noLookup) {
			continue // absolute: done again without a look
		}
		to, err := s.remoteFolder(ctx, r.mailbox, r.target())
		if err != nil || r.msgid == "" {
			missing = append(missing, r)
			continue
		}
		groups[to] = append(groups[to], r)
	}
	for to, group := range groups {
		copies, err := find(ctx, in, group, []exchange.Folder{to})
		if err != nil && !errors.Is(err, exchange.ErrNoFolder) {
			return nil, err
		}
		for _, r := range group {
			if own := ownCopies(r, copies); len(own) > 0 {
				found[r.seq] = result{copies: own}
			} else {
				missing = append(missing, r)
			}
		}
	}
	return found, s.findWide(ctx, in, missing, found)
}

// findWide reads every folder for rows that are not where they should be. What has just been
// accepted is not worth that yet.
func (s *Syncback) findWide(ctx context.Context, in finder, missing []row, found map[mailstore.Seq]result) error {
	var worth []row
	for _, r := range missing {
		if r.msgid != "" && (r.state == InDoubt || r.looks >= 2) {
			worth = append(worth, r)
		}
	}
	if len(worth) == 0 {
		return nil
	}
	copies, err := find(ctx, in, worth, nil)
	if err != nil {
		return err
	}
	taken, err := s.places(ctx, worth)
	if err != nil {
		return err
	}
	for _, r := range worth {
		var own []exchange.Copy
		for _, c := range ownCopies(r, copies) {
			if owner, ok := taken[c.Place]; !ok || owner == r.item {
				own = append(own, c)
			}
		}
		found[r.seq] = result{copies: own, wide: true}
	}
	return nil
}

// places are where other rows with the same Message-IDs were found: a copy is counted once.
func (s *Syncback) places(ctx context.Context, rows []row) (map[exchange.Place]string, error) {
	taken := map[exchange.Place]string{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		for _, r := range rows {
			twins, err := query(tx, `WHERE mailbox=? AND msgid=? AND item<>? AND place<>''`, string(r.mailbox), r.msgid, r.item)
			if err != nil {
				return err
			}
			for _, twin := range twins {
				taken[twin.place] = twin.item
			}
		}
		return nil
	})
	return taken, err
}

// conclude is the one place where a look-up becomes a state (L10).
func (s *Syncback) conclude(r *row, got result) {
	now := s.now()
	switch {
	case len(got.copies) > 1 && r.op == draft && r.attempts < 3:
		r.enter(Waiting, now, now, "told again as a whole: it leaves one version", "")
	case len(got.copies) > 1:
		r.place = got.copies[0].Place
		r.enter(Verified, now, time.Time{}, fmt.Sprintf("found in Exchange %d times", len(got.copies)), "Delete the surplus copies there.")
		s.o.Log.Warn("sync-back: a message is in Exchange more than once", "message", r.item, "copies", len(got.copies))
	case len(got.copies) > 0:
		r.place = got.copies[0].Place
		r.enter(Verified, now, time.Time{}, r.words, "")
	case r.state == Accepted:
		s.notYetSeen(r, now)
	default:
		s.notFound(r, now, got.wide)
	}
}

// notYetSeen: Exchange said yes but shows nothing so far.
func (s *Syncback) notYetSeen(r *row, now time.Time) {
	r.looks++
	if r.looks < len(glances()) {
		r.next = max(millis(now)+1, r.changed+glances()[r.looks].Milliseconds())
		return
	}
	if r.op == move {
		r.enter(Verified, now, time.Time{}, "moved, and not seen again: somebody has dealt with it in Exchange", "")
		return
	}
	r.park(now, Accepted, r.words+" (accepted, but not seen in the mailbox)",
		"Look for it in Exchange's message trace, quarantine and rules. Retry looks again; it is never sent a second time.")
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
// A delivery by SMTP may lie in Exchange's own queues: absent counts after the last of the waits
// (L10). An APPEND has no queue behind it: once its connection is gone it is in the folder or it
// never will be, except that a server still busy storing when we hung up finishes a moment later;
// so a completed look-up proves absence, made once the first wait is over. The other operations
// are absolute: doing them again does no harm.
func (s *Syncback) proof(r row, now time.Time) (again time.Time, proven bool) {
	began := fromMillis(r.changed)
	switch r.op {
	case deliver:
		for _, wait := range s.o.Waits {
			if at := began.Add(wait); at.After(now) {
				return at, false
			}
		}
	case put, draft:
		if at := began.Add(s.o.Waits[0]); at.After(now) {
			return at, false
		}
	}
	return now, true
}
