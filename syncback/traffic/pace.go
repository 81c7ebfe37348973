package traffic

import (
	"math"
	"sync"
	"time"

	"holdover/email"
)

// Pace keeps what Exchange is told within limits, and remembers mailboxes that asked for a pause.
type Pace struct {
	Limits  []Limit                    // does not change
	first   func(email.MailboxID) bool // says who is important
	mu      sync.Mutex
	hungry  time.Time // when an important mailbox last asked for a share of what all have together
	buckets map[measure]*bucket
	boxes   map[email.MailboxID]rest
}

// measure is one limit as far as it counts for a mailbox; "" is all of them together.
type measure struct {
	limit   int
	mailbox email.MailboxID
}

// bucket fills with time and is emptied by what Exchange is told.
type bucket struct {
	have float64
	at   time.Time
}

// rest is a pause that Exchange asked for.
type rest struct {
	until time.Time
	words string
}

// NewPace takes the limits, and who is important: to them the others leave what all have together.
func NewPace(limits []Limit, first func(email.MailboxID) bool) *Pace {
	return &Pace{Limits: limits, first: first, buckets: map[measure]*bucket{}, boxes: map[email.MailboxID]rest{}}
}

// slack is how much of an item may be made up for after the clock woke us late.
const slack = 0.25

// most is how much of a limit can be saved up: what a second brings, and octets for a tenth of the time.
func (l Limit) most() float64 {
	if l.Octets {
		return l.N / 10
	}
	return max(1+slack, l.Rate())
}

// filled is the bucket of a limit as it stands now. The caller holds the lock.
func (p *Pace) filled(i int, m email.MailboxID, now time.Time) *bucket {
	l := p.Limits[i]
	if !l.Each {
		m = ""
	}
	b := p.buckets[measure{i, m}]
	if b == nil {
		b = &bucket{have: l.most(), at: now}
		if !l.Octets {
			b.have = max(1, l.Rate())
		}
		p.buckets[measure{i, m}] = b
	}
	if passed := now.Sub(b.at).Seconds(); passed > 0 {
		b.have, b.at = min(l.most(), b.have+passed*l.Rate()), now
	}
	return b
}

// grain forgives what adding up fractions loses.
const grain = 1e-6

// courtesy is how long the others leave what all have together to an important mailbox that has asked.
const courtesy = 2 * time.Second

// stands answers until when a mailbox stands back from a limit over all. The caller holds the lock.
func (p *Pace) stands(m email.MailboxID, now time.Time) (until time.Time) {
	if p.first(m) {
		p.hungry = now
		return until
	}
	return p.hungry.Add(courtesy)
}

// Allows is how many items a way may carry into a mailbox now.
func (p *Pace) Allows(w *Way, m email.MailboxID, now time.Time) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.boxes[m].until.After(now) {
		return 0
	}
	n := math.MaxInt
	for i, l := range p.Limits {
		if !l.Bounds(w) {
			continue
		}
		if !l.Each && p.stands(m, now).After(now) {
			return 0
		}
		switch have := p.filled(i, m, now).have; {
		case !l.Octets:
			n = min(n, int(have+grain))
		case have <= 0:
			return 0
		}
	}
	return max(n, 0)
}

// Ready answers the time from which a way may carry something into a mailbox.
func (p *Pace) Ready(w *Way, m email.MailboxID, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.boxes[m].until
	for i, l := range p.Limits {
		if !l.Bounds(w) {
			continue
		}
		need := 1.0
		if l.Octets {
			need = 1 // an octet
		}
		if !l.Each {
			if until := p.stands(m, now); until.After(at) {
				at = until
			}
		}
		if lack := need - grain/2 - p.filled(i, m, now).have; lack > 0 {
			if full := now.Add(time.Duration(lack / l.Rate() * float64(time.Second))); full.After(at) {
				at = full
			}
		}
	}
	return at
}

// Took notes that items were claimed for a way.
func (p *Pace) Took(w *Way, m email.MailboxID, n int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, l := range p.Limits {
		if l.Bounds(w) && !l.Octets {
			p.filled(i, m, now).have -= float64(n)
		}
	}
}

// Carried notes how many octets went over a way: it may owe them, and waits then.
func (p *Pace) Carried(w *Way, m email.MailboxID, octets int, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, l := range p.Limits {
		if l.Bounds(w) && l.Octets {
			p.filled(i, m, now).have -= float64(octets)
		}
	}
}

// Pause leaves a mailbox alone until a time, saying why.
func (p *Pace) Pause(m email.MailboxID, until time.Time, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.boxes[m] = rest{until: until, words: words}
}

// Paused is until when Exchange asked to leave a mailbox alone.
func (p *Pace) Paused(m email.MailboxID) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.boxes[m].until
}

// Resume forgets all pauses.
func (p *Pace) Resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	clear(p.boxes)
}

// Why answers for what a mailbox rests now, "" if it does not.
func (p *Pace) Why(m email.MailboxID, now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.boxes[m]; r.until.After(now) {
		return r.words
	}
	return ""
}
