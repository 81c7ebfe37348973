package syncback

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdover/database"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// outcome is a row as it was read and as it shall be.
type outcome struct{ was, now row }

// giveUp is after how many temporary refusals of one item a person is asked: at half an hour each
// that is most of a day.
const giveUp = 40

// settle writes an outcome; a message that is verified is told to the store in the same commit (L11).
func (s *Syncback) settle(tx *database.Tx, o outcome) error {
	if s.o.faults.noFence {
		if rows, err := query(tx, `WHERE mailbox=? AND seq=?`, string(o.was.mailbox), int64(o.was.seq)); err == nil && len(rows) == 1 {
			o.was = rows[0]
		}
	}
	ok, err := save(tx, o.was, o.now)
	if err != nil {
		return err
	}
	if !ok {
		s.o.Log.Warn("sync-back: a row was taken over; our outcome is void", "mailbox", o.was.mailbox, "seq", o.was.seq, "message", o.was.item)
		return errLost
	}
	if o.now.state == Verified && o.now.op.gives() {
		return s.o.Store.Settle(tx, o.now.mailbox, o.now.message())
	}
	return nil
}

// enter moves a row into a state; next is when it is due.
func (r *row) enter(state State, now, next time.Time, words, remedy string) {
	if r.state != state {
		r.changed, r.looks = millis(now), 0
	}
	r.state, r.next, r.lease, r.words, r.remedy = state, millis(next), 0, words, remedy
}

// park stops a row until a person lets it go on, from state resume.
func (r *row) park(now time.Time, resume State, words, remedy string) {
	r.enter(Parked, now, time.Time{}, words, remedy)
	r.resume = resume
}

// judge is the one place where the end of a call becomes a state.
func (s *Syncback) judge(ctx context.Context, r row, result told, err error) outcome {
	now, o := s.now(), outcome{was: r, now: r}
	n, w := &o.now, s.way(r.way)
	if w == nil { // errNoWay
		n.enter(Waiting, now, now, wordsOf(err), "")
		return o
	}
	var f *exchange.Failure
	if !errors.As(err, &f) {
		f = &exchange.Failure{}
	}
	words, remedy := wordsOf(err), f.Remedy
	if result.steps != nil {
		n.steps = *result.steps
	}
	switch {
	case err == nil && result.seen:
		n.place, n.base, n.note = result.place, result.base, result.note
		n.enter(Verified, now, time.Time{}, result.words, "")
	case err == nil:
		n.place = result.place
		n.enter(Accepted, now, now, result.words, "")
		s.health.Well(w, r.mailbox)
	case errors.Is(err, errGoneThere):
		n.note = Gone
		n.enter(Verified, now, time.Time{}, "deleted in Exchange meanwhile; left so", "")
	case errors.Is(err, errNotThere):
		n.park(now, Waiting, "the message is not there in Exchange (any more)", "Nothing is made anew for it. If it shows up in Exchange again, retry; else leave it.")
	case errors.As(err, new(errUnfit)):
		n.park(now, Waiting, oneLine(err), "Look at the message in the portal. Retry lets it into Exchange as it is; otherwise leave it here.")
	case errors.Is(err, errMissing):
		s.judgeMissing(n, now, err)
	case errors.Is(err, exchange.ErrUnsuited):
		s.judgeUnsuited(n, now, w, words, remedy)
	case errors.Is(err, exchange.ErrElsewhere):
		s.judgeElsewhere(n, now, words, remedy)
	case errors.Is(err, exchange.ErrUnknownMailbox) && s.heldUntil(ctx, r).After(now):
		n.enter(Waiting, now, now.Add(min(5*time.Minute, s.heldUntil(ctx, r).Sub(now))), words+" (its directory may still be filling: held)", remedy)
	case errors.Is(err, exchange.ErrUnknownMailbox), errors.Is(err, exchange.ErrRefused), errors.Is(err, exchange.ErrNoFolder):
		s.judgeRefused(n, now, err, words, remedy)
	case errors.Is(err, exchange.ErrRoute):
		s.health.Stop(w, now, words, remedy)
		s.o.Log.Error("sync-back: Exchange's connector does not fit; the way is stopped", "way", w.Name(), "answer", words)
		n.enter(Waiting, now, s.again(*n, now), words, remedy)
	case errors.Is(err, exchange.ErrUnreachable):
		s.health.Ail(w, now, words, remedy)
		n.enter(Waiting, now, s.again(*n, now), words, remedy)
	case errors.Is(err, exchange.ErrThrottled) && w.Speaks.Delivers(): // our address is throttled, not one mailbox
		s.health.Slow(w, now, f.After, words)
		n.enter(Waiting, now, s.again(*n, now), words, remedy)
	case errors.Is(err, exchange.ErrLogin) && w.Speaks.Delivers():
		s.health.Ail(w, now, words, remedy)
		n.enter(Waiting, now, s.again(*n, now), words, remedy)
	case errors.Is(err, exchange.ErrLogin):
		s.health.Rest(w, r.mailbox, now, f.After, words, remedy)
		n.enter(Waiting, now, s.again(*n, now), words, remedy)
	case errors.Is(err, exchange.ErrThrottled):
		s.pace.Pause(r.mailbox, now.Add(max(f.After, traffic.Backoff(r.attempts, 5*time.Minute))), words)
		n.enter(Waiting, now, now, words, remedy)
	case errors.Is(err, exchange.ErrTemporary), errors.Is(err, exchange.ErrGone):
		n.enter(Waiting, now, now.Add(max(f.After, traffic.Backoff(r.attempts, 30*time.Minute))), words, remedy)
		if r.attempts >= giveUp {
			n.park(now, Waiting, words, "Exchange refused it for the time being again and again: find out why there, then retry.")
		}
	default: // ErrDoubt, and whatever nobody foresaw: never guess (X3)
		n.enter(InDoubt, now, now, words, "")
	}
	return o
}

// judgeMissing: a message that the store should have and has not is an alarm of the store; Exchange
// is told nothing about it.
func (s *Syncback) judgeMissing(n *row, now time.Time, err error) {
	if errors.Is(err, mailstore.ErrNotFound) {
		n.park(now, Waiting, "the message is missing in Holdover's own store", "Run holdover verify, restore the Maildir from a backup, then retry.")
		return
	}
	n.enter(Waiting, now, now.Add(time.Minute), oneLine(err), "Check Holdover's storage.")
}

// again is when a row may be tried over one of its ways: now, or when the first of them reopens.
func (s *Syncback) again(r row, now time.Time) time.Time {
	if s.choose(r) != nil {
		return now
	}
	if at := s.health.Reopens(s.suited(r), r.mailbox, now); !at.IsZero() {
		return at
	}
	return now
}

// judgeUnsuited lets the next way of its path carry what this one cannot; nothing was sent.
func (s *Syncback) judgeUnsuited(n *row, now time.Time, w *traffic.Way, words, remedy string) {
	if n.steps.Put == nil && n.steps.Side == "" { // nothing was made: the next way begins anew
		n.steps = steps{}
	}
	n.unsuited = strings.TrimPrefix(n.unsuited+","+w.Name(), ",")
	if len(s.suited(*n)) == 0 {
		n.park(now, Waiting, words, remedy)
		return
	}
	n.enter(Waiting, now, s.again(*n, now), words+" (another way is taken)", "")
}

// judgeElsewhere: the mailbox was moved to the other side. In a hybrid organisation it is asked for
// anew; elsewhere there is no other side, and a person is needed.
func (s *Syncback) judgeElsewhere(n *row, now time.Time, words, remedy string) {
	if len(s.o.Profile.Locations()) == 1 {
		n.park(now, Waiting, words, strings.TrimSpace("If mailboxes lie both on-premises and Online, set the profile hybrid and the ways to both. "+remedy))
		return
	}
	s.misplaced(n.mailbox)
	n.enter(Waiting, now, now.Add(traffic.Backoff(n.attempts, 5*time.Minute)), words+" (its location is asked anew)", remedy)
}

// judgeRefused parks what Exchange refuses. A folder that is being told itself is waited for.
func (s *Syncback) judgeRefused(n *row, now time.Time, err error, words, remedy string) {
	if errors.Is(err, exchange.ErrNoFolder) && n.attempts < 3 {
		n.enter(Waiting, now, now.Add(traffic.Backoff(n.attempts, time.Minute)), words, remedy)
		return
	}
	n.park(now, Waiting, words, remedy)
}

// heldUntil is how long an unknown mailbox is no verdict: after an outage Exchange's directory may
// still be empty (exchange.md, section 2).
func (s *Syncback) heldUntil(ctx context.Context, r row) (until time.Time) {
	_ = s.db.Read(ctx, func(tx *database.Tx) error {
		at, err := s.opened(tx, r.mailbox)
		if err == nil && !at.IsZero() {
			until = at.Add(s.o.Hold)
		}
		return err
	})
	return until
}

// wordsOf is what Exchange said, or else what went wrong below.
func wordsOf(err error) string {
	var f *exchange.Failure
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &f):
		return oneLine(err)
	case f.Answer() != "":
		return f.Answer()
	case f.Err != nil && !errors.Is(err, exchange.ErrDoubt):
		return oneLine(f.Err)
	}
	return oneLine(f.Kind)
}

func oneLine(err error) string {
	text := fmt.Sprint(err)
	if len(text) > 300 {
		text = text[:300]
	}
	return text
}
