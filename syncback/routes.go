package syncback

import (
	"fmt"
	"sync"
	"time"
)

// route is one way into Exchange.
type route string

const (
	smtpRoute route = "SMTP"
	imapRoute route = "IMAP"
)

// slowest is the longest pause between two tries of a silent route: a returned Exchange is noticed
// within it.
const slowest = 15 * time.Second

// stopped is how long a route rests whose connector does not fit, unless a person retries.
const stopped = 30 * time.Minute

// routes remembers which ways do not work now, so that one call tries and the others wait.
type routes struct {
	mu    sync.Mutex
	state map[route]ailment
}

type ailment struct {
	until         time.Time
	fails         int
	words, remedy string
	since         time.Time
	mismatch      bool
	throttled     bool
}

func newRoutes() *routes { return &routes{state: map[route]ailment{}} }

func (r *routes) isOpen(which route, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return !r.state[which].until.After(now)
}

// open lists the routes that may be used now.
func (r *routes) open(now time.Time) []route {
	var list []route
	for _, which := range []route{smtpRoute, imapRoute} {
		if r.isOpen(which, now) {
			list = append(list, which)
		}
	}
	return list
}

// reopens is when the first resting route may be tried again; zero: none rests.
func (r *routes) reopens(now time.Time) (first time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range r.state {
		if a.until.After(now) && (first.IsZero() || a.until.Before(first)) {
			first = a.until
		}
	}
	return first
}

// ail notes that a route does not answer: 1, 2, 4 ... s of rest.
func (r *routes) ail(which route, now time.Time, words, remedy string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.state[which]
	if a.fails == 0 {
		a.since = now
	}
	a.fails++
	a.until, a.words, a.remedy, a.throttled = now.Add(backoff(a.fails, slowest)), words, remedy, false
	r.state[which] = a
}

// slow rests a route that is throttled: 1, 2, 4 ... 30 min, and at least what Exchange asks for.
func (r *routes) slow(which route, now time.Time, atLeast time.Duration, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.state[which]
	if a.fails == 0 {
		a.since = now
	}
	a.fails++
	a.until, a.words, a.throttled = now.Add(max(atLeast, min(time.Minute<<min(a.fails-1, 5), 30*time.Minute))), words, true
	r.state[which] = a
}

// stop closes a route whose connector does not fit: no item is at fault and none may bounce.
func (r *routes) stop(which route, now time.Time, words, remedy string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.state[which] = ailment{until: now.Add(stopped), fails: 1, words: words, remedy: remedy, since: now, mismatch: true}
}

// well forgets what was wrong with a route.
func (r *routes) well(which route) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.state, which)
}

// resume lets every route be tried at once.
func (r *routes) resume() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.state)
}

// trouble says in a sentence what is wrong with a route, "" if nothing is.
func (r *routes) trouble() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, which := range []route{smtpRoute, imapRoute} {
		if a, ok := r.state[which]; ok && a.mismatch {
			return fmt.Sprintf("Exchange's %s refuses our connector: %s. %s", which, a.words, a.remedy)
		} else if ok && a.throttled {
			return fmt.Sprintf("Exchange's %s asks us to slow down: %s", which, a.words)
		} else if ok {
			return fmt.Sprintf("Exchange's %s does not answer: %s", which, a.words)
		}
	}
	return ""
}
