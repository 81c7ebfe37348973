package standin

import (
	"sync"
	"time"
)

// Clock is the stand-in's own time: received dates, windows of faults and of doubles, delays and
// late arrivals go by it. It runs with the real time plus an offset, or stands until it is
// advanced by hand. It is safe for many goroutines.
type Clock struct {
	mu       sync.Mutex
	real     func() time.Time
	offset   time.Duration
	standing bool
	at       time.Time // while standing
	waiting  map[chan struct{}]time.Time
	timer    *time.Timer
}

func newClock(real func() time.Time) *Clock {
	return &Clock{real: real, waiting: map[chan struct{}]time.Time{}}
}

// Now is the stand-in's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now()
}

func (c *Clock) now() time.Time {
	if c.standing {
		return c.at
	}
	return c.real().Add(c.offset)
}

// Set makes it at; a running clock runs on from there.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(at)
}

func (c *Clock) set(at time.Time) {
	if c.standing {
		c.at = at
	} else {
		c.offset = at.Sub(c.real())
	}
	c.wake()
}

// Advance moves the clock by d, which may be negative.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set(c.now().Add(d))
}

// Stand stops the clock where it is; from then on only Set and Advance move it.
func (c *Clock) Stand() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at, c.standing = c.now(), true
}

// Run lets a standing clock run on from where it stands.
func (c *Clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.standing {
		c.offset, c.standing = c.at.Sub(c.real()), false
		c.wake()
	}
}

// Standing says whether the clock is stopped.
func (c *Clock) Standing() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.standing
}

// After answers a channel that closes once the clock has gone on by d.
func (c *Clock) After(d time.Duration) <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	done := make(chan struct{})
	c.waiting[done] = c.now().Add(d)
	c.wake()
	return done
}

// wake closes what is due and sets the timer for the next; the caller holds the lock.
func (c *Clock) wake() {
	if c.timer != nil {
		c.timer.Stop()
		c.timer = nil
	}
	now, next := c.now(), time.Time{}
	for done, at := range c.waiting {
		switch {
		case !at.After(now):
			close(done)
			delete(c.waiting, done)
		case next.IsZero() || at.Before(next):
			next = at
		}
	}
	if next.IsZero() || c.standing {
		return
	}
	c.timer = time.AfterFunc(next.Sub(now), func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.wake()
	})
}
