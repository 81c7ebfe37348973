package traffic

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

// Health remembers which ways do not work now, so that one call tries and the others wait, or
// another way is taken.
type Health struct {
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

// NewHealth believes that every way works.
func NewHealth() *Health { return &Health{state: map[spot]ailment{}} }

// IsOpen says whether a way may be tried for a mailbox now.
func (h *Health) IsOpen(w *Way, m email.MailboxID, now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.state[spot{w, ""}].until.After(now) && !h.state[spot{w, m}].until.After(now)
}

// Reopens is when the first of some ways may be tried again for a mailbox; zero: none of them rests.
func (h *Health) Reopens(ways []*Way, m email.MailboxID, now time.Time) (first time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range ways {
		at := h.state[spot{w, ""}].until
		if own := h.state[spot{w, m}].until; own.After(at) {
			at = own
		}
		if at.After(now) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// note counts one more failure at a spot and rests it.
func (h *Health) note(at spot, now time.Time, f func(a *ailment)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	a := h.state[at]
	if a.fails == 0 {
		a.since = now
	}
	a.fails++
	a.throttled = false
	f(&a)
	h.state[at] = a
}

// Ail notes that a way does not answer: 1, 2, 4 ... s of rest.
func (h *Health) Ail(w *Way, now time.Time, words, remedy string) {
	h.note(spot{w, ""}, now, func(a *ailment) {
		a.until, a.words, a.remedy = now.Add(Backoff(a.fails, slowest)), words, remedy
	})
}

// Rest notes that a way does not let us into one mailbox: 1, 2, 4 ... s up to 5 min, and at least
// what Exchange asks for.
func (h *Health) Rest(w *Way, m email.MailboxID, now time.Time, atLeast time.Duration, words, remedy string) {
	h.note(spot{w, m}, now, func(a *ailment) {
		a.until, a.words, a.remedy = now.Add(max(atLeast, Backoff(a.fails, 5*time.Minute))), words, remedy
	})
}

// Slow rests a way that is throttled: 1, 2, 4 ... 30 min, and at least what Exchange asks for.
func (h *Health) Slow(w *Way, now time.Time, atLeast time.Duration, words string) {
	h.note(spot{w, ""}, now, func(a *ailment) {
		a.until, a.words, a.throttled = now.Add(max(atLeast, min(time.Minute<<min(a.fails-1, 5), 30*time.Minute))), words, true
	})
}

// Stop closes a way whose connector does not fit: no item is at fault and none may bounce.
func (h *Health) Stop(w *Way, now time.Time, words, remedy string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.state[spot{w, ""}] = ailment{until: now.Add(stopped), fails: 1, words: words, remedy: remedy, since: now, mismatch: true}
}

// Well forgets what was wrong with a way, and with it for one mailbox.
func (h *Health) Well(w *Way, m email.MailboxID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.state, spot{w, ""})
	delete(h.state, spot{w, m})
}

// Resume lets every way be tried at once.
func (h *Health) Resume() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.state)
}

// Trouble says in a sentence what is wrong with the first of some ways for a mailbox, when all of
// them ail; "" if one is well.
func (h *Health) Trouble(ways []*Way, m email.MailboxID) (first string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range ways {
		a, ok := h.state[spot{w, ""}]
		own, refused := h.state[spot{w, m}]
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

// Stop is a way that nobody takes before a person has mended it.
type Stop struct {
	Since time.Time
	Text  string // for the administrator, with what to do
}

// Stopped lists ways that are stopped because Exchange's connector does not fit, the oldest first.
func (h *Health) Stopped() (list []Stop) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for at, a := range h.state {
		if a.mismatch {
			list = append(list, Stop{Since: a.since, Text: at.way.Title() + " into Exchange is stopped: " + a.words + ". " + a.remedy})
		}
	}
	slices.SortFunc(list, func(a, b Stop) int { return a.Since.Compare(b.Since) })
	return list
}

// Backoff is 1, 2, 4 ... s up to most.
func Backoff(attempt int, most time.Duration) time.Duration {
	return min(time.Second<<min(max(attempt-1, 0), 20), most)
}
