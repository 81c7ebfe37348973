package syncback

import (
	"context"
	"sync"
	"time"

	"holdover/email"
)

// agenda says which mailbox is due when, and lets one worker at a time have it.
type agenda struct {
	mu    sync.Mutex
	at    map[email.MailboxID]time.Time // due, by the time of the wall
	busy  map[email.MailboxID]bool
	again map[email.MailboxID]bool // became due while busy
	moved chan struct{}            // closed when a mailbox became due earlier
	order *order                   // among those that are due
}

func newAgenda(order *order) *agenda {
	return &agenda{order: order, at: map[email.MailboxID]time.Time{}, busy: map[email.MailboxID]bool{}, again: map[email.MailboxID]bool{}, moved: make(chan struct{})}
}

// put makes a mailbox due now.
func (a *agenda) put(m email.MailboxID, now time.Time) { a.set(m, now, now) }

// set makes a mailbox due at a time of the injected clock, which reads now.
func (a *agenda) set(m email.MailboxID, due, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wall := time.Now().Add(due.Sub(now))
	switch old, waits := a.at[m]; {
	case a.busy[m]:
		a.again[m] = true
	case !waits || wall.Before(old):
		a.at[m] = wall
		close(a.moved)
		a.moved = make(chan struct{})
	}
}

// take waits until a mailbox is due, and makes it the caller's until done; false when ctx ends.
func (a *agenda) take(ctx context.Context) (email.MailboxID, bool) {
	for {
		m, wait, moved := a.begin()
		if m != "" {
			return m, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-moved:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return "", false
		}
	}
}

// begin marks the due mailbox that goes first as busy, or answers how long to wait at most.
func (a *agenda) begin() (m email.MailboxID, wait time.Duration, moved <-chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var at time.Time
	now := time.Now()
	for box, due := range a.at {
		switch {
		case m == "":
			m, at = box, due
		case a.earlier(box, due, m, at, now):
			m, at = box, due
		}
	}
	if m == "" {
		return "", time.Hour, a.moved
	}
	if wait = time.Until(at); wait > 0 {
		return "", max(wait, time.Millisecond), a.moved
	}
	delete(a.at, m)
	a.busy[m] = true
	return m, 0, nil
}

// earlier says whether one mailbox goes before another: by when it is due, and by the order among those
// that are due already.
func (a *agenda) earlier(x email.MailboxID, dueX time.Time, y email.MailboxID, dueY, now time.Time) bool {
	if !dueX.After(now) && !dueY.After(now) {
		if c := a.order.compare(x, y); c != 0 {
			return c < 0
		}
	}
	return dueX.Before(dueY)
}

// done gives a mailbox back; due zero: only when something happens.
func (a *agenda) done(m email.MailboxID, due, now time.Time) {
	a.mu.Lock()
	delete(a.busy, m)
	again := a.again[m]
	delete(a.again, m)
	a.mu.Unlock()
	if again {
		a.set(m, now, now)
	} else if !due.IsZero() {
		a.set(m, due, now)
	}
}
