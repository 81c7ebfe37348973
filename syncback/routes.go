package syncback

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"holdover/email"
)

// slowest is the longest pause between two tries of a silent way: a returned Exchange is noticed
// within it.
const slowest = 15 * time.Second

// stopped is how long a way rests whose connector does not fit, unless a person retries.
const stopped = 30 * time.Minute

// routes remembers which ways do not work now, so that one call tries and the others wait, or
// another way is taken.
type routes struct {
	mu    sync.Mutex
	state map[spot]ailment
}

// spot is a way, or (with a mailbox) a way as far as one mailbox is concerned.
type spot struct {
	way     *Way
	mailbox email.MailboxID
}

type ailment struct {
	until         time.Time
	fails         int
	words, remedy string
	since         time.Time
	mismatch      bool
	throttled     bool
}

func newRoutes() *routes { return &routes{state: map[spot]ailment{}} }

// isOpen says whether a way may be tried for a mailbox now.
func (r *routes) isOpen(w *Way, m email.MailboxID, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.state[spot{w, ""}].until.After(now) && !r.state[spot{w, m}].until.After(now)
}

// reopens is when the first of some ways may be tried again for a mailbox; zero: none of them rests.
func (r *routes) reopens(ways []*Way, m email.MailboxID, now time.Time) (first time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range ways {
		at := r.state[spot{w, ""}].until
		if own := r.state[spot{w, m}].until; own.After(at) {
			at = own
		}
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// note counts one more failure at a spot and rests it.
func (r *routes) note(at spot, now time.Time, f func(a *ailment)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.state[at]
	if a.fails == 0 {
		a.since = now
	}
	a.fails++
	a.throttled = false
	f(&a)
	r.state[at] = a
}

// ail notes that a way does not answer: 1, 2, 4 ... s of rest.
func (r *routes) ail(w *Way, now time.Time, words, remedy string) {
	r.note(spot{w, ""}, now, func(a *ailment) {
		a.until, a.words, a.remedy = now.Add(backoff(a.fails, slowest)), words, remedy
	})
}

// rest notes that a way does not let us into one mailbox: 1, 2, 4 ... s up to 5 min, and at least
// what Exchange asks for.
func (r *routes) rest(w *Way, m email.MailboxID, now time.Time, atLeast time.Duration, words, remedy string) {
	r.note(spot{w, m}, now, func(a *ailment) {
		a.until, a.words, a.remedy = now.Add(max(atLeast, backoff(a.fails, 5*time.Minute))), words, remedy
	})
}

// slow rests a way that is throttled: 1, 2, 4 ... 30 min, and at least what Exchange asks for.
func (r *routes) slow(w *Way, now time.Time, atLeast time.Duration, words string) {
	r.note(spot{w, ""}, now, func(a *ailment) {
		a.until, a.words, a.throttled = now.Add(max(atLeast, min(time.Minute<<min(a.fails-1, 5), 30*time.Minute))), words, true
	})
}

// stop closes a way whose connector does not fit: no item is at fault and none may bounce.
func (r *routes) stop(w *Way, now time.Time, words, remedy string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state[spot{w, ""}] = ailment{until: now.Add(stopped), fails: 1, words: words, remedy: remedy, since: now, mismatch: true}
}

// well forgets what was wrong with a way, and with it for one mailbox.
func (r *routes) well(w *Way, m email.MailboxID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.state, spot{w, ""})
	delete(r.state, spot{w, m})
}

// resume lets every way be tried at once.
func (r *routes) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.state)
}

// trouble says in a sentence what is wrong with the first of some ways for a mailbox, when all of
// them ail; "" if one is well.
func (r *routes) trouble(ways []*Way, m email.MailboxID) (first string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range ways {
		a, ok := r.state[spot{w, ""}]
		own, refused := r.state[spot{w, m}]
		text := ""
		switch {
		case ok && a.mismatch:
			text = fmt.Sprintf("Exchange's %s refuses our connector: %s. %s", w.Title(), a.words, a.remedy)
		case ok && a.throttled:
			text = fmt.Sprintf("Exchange's %s asks us to slow down: %s", w.Title(), a.words)
		case ok:
			text = fmt.Sprintf("Exchange's %s does not answer: %s", w.Title(), a.words)
		case refused:
			text = fmt.Sprintf("Exchange's %s does not let us into a mailbox: %s. %s", w.Title(), own.words, own.remedy)
		default:
			return ""
		}
		if first == "" {
			first = text
		}
	}
	return first
}

// alarms lists ways that are stopped because Exchange's connector does not fit.
func (r *routes) alarms() (list []Alarm) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for at, a := range r.state {
		if a.mismatch {
			list = append(list, Alarm{Code: "connector-mismatch", Since: a.since, Text: at.way.Title() + " into Exchange is stopped: " + a.words + ". " + a.remedy})
		}
	}
	slices.SortFunc(list, func(a, b Alarm) int { return a.Since.Compare(b.Since) })
	return list
}
