package standin

import (
	"sync"
	"time"
)

// Fault is one rule: at a point of a face's dialogue, for one mailbox or all, do something instead
// of the right thing. The first rule that matches and is not used up is taken.
type Fault struct {
	Face    string        `json:"face"`    // "smtp", "imap"
	Point   string        `json:"point"`   // smtp: mail rcpt before after; imap: login select append appended search fetch store move moved
	Mailbox string        `json:"mailbox"` // primary address, "" matches all
	Do      string        `json:"do"`      // "reply", "drop", "delay", "hang"
	Code    int           `json:"code"`    // reply on SMTP: 451
	Text    string        `json:"text"`    // reply: "4.3.2 please retry"; on IMAP the text of a NO, or of a BAD when it begins with "BAD "
	Delay   time.Duration `json:"delay"`   // nanoseconds
	Skip    int           `json:"skip"`    // let so many pass first
	Times   int           `json:"times"`   // then act so often; 0 acts for ever
}

// Faults is the set of rules in force.
type Faults struct {
	mu    sync.Mutex
	rules []*Fault
	hits  int
}

// Add puts a rule in force.
func (f *Faults) Add(rule Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if rule.Times == 0 {
		rule.Times = -1
	}
	f.rules = append(f.rules, &rule)
}

// Clear ends all rules.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// Hits counts how often a rule acted.
func (f *Faults) Hits() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.hits
}

// at answers the rule for this point, and counts it.
func (f *Faults) at(face, point, mailbox string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.rules {
		if r.Face != face || r.Point != point || r.Mailbox != "" && r.Mailbox != mailbox || r.Times == 0 {
			continue
		}
		if r.Skip > 0 {
			r.Skip--
			return Fault{}, false
		}
		if r.Times > 0 {
			r.Times--
		}
		f.hits++
		return *r, true
	}
	return Fault{}, false
}

// meet plays a fault on a connection: true means that the caller must answer with the rule's words.
func (f *Faults) meet(c *conn, face, point, mailbox string) (Fault, bool) {
	rule, ok := f.at(face, point, mailbox)
	if !ok {
		return Fault{}, false
	}
	switch rule.Do {
	case "drop":
		c.reset()
	case "hang":
		<-c.gone // until the client or the plug ends it
	case "delay":
		select {
		case <-time.After(rule.Delay):
		case <-c.gone:
		}
	case "reply":
		return rule, true
	}
	return Fault{}, false
}
