package syncback

import (
	"math"
	"sync"
	"time"

	"holdover/email"
)

// pace keeps what Exchange is told within bounds, and remembers mailboxes that asked for a pause.
type pace struct {
	each, all time.Duration // between two items
	mu        sync.Mutex
	next      time.Time // all
	boxes     map[email.MailboxID]rest
}

type rest struct {
	until time.Time
	words string // why, "" when only the pace says so
}

func newPace(p Pace) *pace {
	apart := func(rate float64) time.Duration {
		if rate <= 0 {
			return 0
		}
		return time.Duration(float64(time.Second) / rate)
	}
	return &pace{each: apart(p.Mailbox), all: apart(p.All), boxes: map[email.MailboxID]rest{}}
}

// ready answers the time from which the mailbox may be told something.
func (p *pace) ready(m email.MailboxID) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if at := p.boxes[m].until; at.After(p.next) {
		return at
	}
	return p.next
}

// room is how many items of a mailbox may be told now: none, one where a pace counts each, or many.
func (p *pace) room(m email.MailboxID, now time.Time) int {
	switch {
	case p.ready(m).After(now):
		return 0
	case p.each > 0 || p.all > 0:
		return 1
	}
	return math.MaxInt
}

// took notes that an item was told.
func (p *pace) took(m email.MailboxID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.all > 0 {
		p.next = now.Add(p.all)
	}
	if r := p.boxes[m]; p.each > 0 && r.until.Before(now.Add(p.each)) {
		p.boxes[m] = rest{until: now.Add(p.each)}
	} else if r.words != "" && !r.until.After(now) {
		delete(p.boxes, m)
	}
}

// pause leaves a mailbox alone until a time, saying why.
func (p *pace) pause(m email.MailboxID, until time.Time, words string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.boxes[m] = rest{until: until, words: words}
}

// why answers for what a mailbox rests now, "" if it does not.
func (p *pace) why(m email.MailboxID, now time.Time) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.boxes[m]; r.until.After(now) {
		return r.words
	}
	return ""
}
