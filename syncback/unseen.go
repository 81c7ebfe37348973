package syncback

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/database"
)

// What Exchange has accepted and does not show.
//
// It may lie in queues of Exchange's own for a while, so it is looked for at growing intervals. When
// a complete look through the mailbox after the last of the waits (L10, an hour unless set) has not
// found it, its absence counts as proven, as it does for an item in doubt, and it is sent again.
// That is safe because an item seen once is final and never gets here; because the last look came
// after the longest time a queue is believed to hold mail, and read every folder to its end; and
// because the brake below holds everything back when Exchange's transport as a whole seems stuck.
// Exchange's own suppression of duplicates (equal Message-ID and Date) helps where it is on, and is
// not relied upon. What three sendings do not bring into the mailbox is a matter for a person.

// maxResends is how often an accepted item that was never seen is sent again by itself.
const maxResends = 2

// patience is how long items wait behind the brake before a person is asked about each.
const patience = 24 * time.Hour

// glances are the looks for what Exchange has accepted, counted from the acceptance. They end with
// the waits.
func (s *Syncback) glances() []time.Duration {
	last := s.lastWait()
	list := slices.Clone(s.o.Waits)
	for _, d := range []time.Duration{0, time.Second, 3 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 15 * time.Minute} {
		if d < last {
			list = append(list, d)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (s *Syncback) lastWait() time.Duration { return slices.Max(s.o.Waits) }

// wideFrom is from which look on every folder is read: what has just been accepted is not worth it.
const wideFrom = 3

// nextGlance is when to look for a row again. Rows accepted at about the same time meet in one round:
// the time is rounded up to an eighth of the interval, so that rounds grow with the intervals and
// not with the rows.
func nextGlance(accepted int64, after time.Duration) int64 {
	at, grid := accepted+after.Milliseconds(), max(after.Milliseconds()/8, 1)
	return (at + grid - 1) / grid * grid
}

// notYetSeen: Exchange said yes but shows nothing so far.
func (s *Syncback) notYetSeen(r *row, now time.Time, wide bool, brake string) {
	glances := s.glances()
	r.looks++
	if r.looks < len(glances) {
		r.next = max(millis(now)+1, nextGlance(r.changed, glances[r.looks]))
		return
	}
	again := func(remedy string) { r.next, r.remedy = millis(now.Add(max(s.lastWait()/4, time.Second))), remedy }
	age := now.Sub(fromMillis(r.changed))
	switch {
	case r.op == move: // seen before it moved, so gone is a person's doing
		r.note = Gone
		r.enter(Verified, now, time.Time{}, "moved, and not seen again: somebody has dealt with it in Exchange", "")
	case r.msgid == "":
		r.park(now, Accepted, r.words+" (accepted, and without a Message-ID it cannot be looked up)", "Look in the mailbox whether the message is there.")
	case !wide || age < s.lastWait(): // not every folder was read, or not late enough: nothing is proven
		again(r.remedy)
	case quarantined(r.words):
		r.park(now, Accepted, r.words+" (accepted, but not seen in the mailbox)", "Exchange's words speak of quarantine: release the message there. It is not sent again by itself.")
	case brake != "" && s.transported(*r) && age < patience:
		again(brake)
	case r.resent >= maxResends || brake != "" && s.transported(*r):
		r.park(now, Accepted, r.words+fmt.Sprintf(" (accepted %d times, never seen in the mailbox)", r.resent+1),
			"Look for it in Exchange's message trace, quarantine and rules. Retry looks for it again for an hour, then sends it once more.")
	default:
		r.resent++
		s.o.Log.Warn("sync-back: Exchange accepted a message and does not have it; it is sent again", "message", r.item, "mailbox", r.mailbox, "time", r.resent+1)
		r.enter(Waiting, now, now, fmt.Sprintf("accepted (%s), but not seen in %s: sent again", r.words, s.lastWait()), "")
	}
}

// quarantined says whether Exchange's words hint at its quarantine.
func quarantined(words string) bool { return strings.Contains(strings.ToLower(words), "quarantin") }

// few is how many unseen messages are never taken for a stuck transport.
const few = 5

// brake answers why nothing that Exchange accepted by SMTP is to be sent again now, "" when it may.
// When more than a fifth of what was accepted has not shown up, it is not lost one by one: a
// transport queue there is stuck, and sending again would double all of it once it moves.
func (s *Syncback) brake(ctx context.Context, rows []row) (why string, err error) {
	ripe := func(r row) bool {
		return r.state == Accepted && s.transported(r) && r.looks >= len(s.glances())-1
	}
	if !slices.ContainsFunc(rows, ripe) {
		return "", nil
	}
	var seen, unseen int
	now := s.now()
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		err := tx.QueryRow(`SELECT COUNT(*) FROM syncback_item WHERE state='verified' AND op='deliver' AND changed>=?`, millis(now.Add(-2*s.lastWait()))).Scan(&seen)
		if err != nil {
			return err
		}
		return tx.QueryRow(`SELECT COUNT(*) FROM syncback_item WHERE state='accepted' AND op='deliver' AND changed<=?`, millis(now.Add(-s.lastWait()/2))).Scan(&unseen)
	})
	if err != nil || unseen <= few || unseen*5 <= seen {
		s.noteStuck("")
		return "", err
	}
	why = fmt.Sprintf("%d messages that Exchange accepted are not in their mailboxes: look at its transport queues. Nothing is sent again until most of them show.", unseen)
	s.noteStuck(why)
	return why, nil
}

// stuck is what the brake said last, and when.
type stuck struct {
	why string
	at  time.Time
}

func (s *Syncback) noteStuck(why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.braked = stuck{why, s.now()}
}

// standstill is what the brake says now; it is asked again within a quarter of the last wait.
func (s *Syncback) standstill(now time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.braked.at) > s.lastWait() {
		return ""
	}
	return s.braked.why
}

// transported says whether a row went through Exchange's transport, which has queues of its own.
func (s *Syncback) transported(r row) bool {
	w := s.way(r.way)
	return r.op == deliver || w != nil && w.Speaks.Delivers()
}
