package standin

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Fault is one rule: at a point of a face's dialogue, for one mailbox or all, do something instead
// of the right thing. Rules are asked in order; the first that acts is taken. The nth call alone
// is Skip n-1, Times 1.
//
// Points, by face:
//
//	all        connect (drop, hang)
//	smtp       mail rcpt before after keep
//	imap       login list status create select append appended search fetch store move moved keep idle
//	HTTP       before and after each operation, as the face's own file names them; keep
//
// What a rule does: "reply" answers Code and Text, "drop" resets the connection, "hang" says nothing
// more, "delay" waits on the stand-in's clock and goes on. At the point keep, where a message that
// was taken is about to be stored: "lose" stores nothing, "late" shows it only after the delay,
// "junk" puts it into the junk folder; the answer is a good one each time. At idle, "silent" stops
// telling.
type Fault struct {
	Name    string        `json:"name,omitempty"`  // the scenario that it belongs to
	Face    string        `json:"face"`            // "smtp", "imap", "ews", ...; "" matches all
	Point   string        `json:"point"`           // see above
	Mailbox string        `json:"mailbox"`         // primary address, "" matches all
	Do      string        `json:"do"`              // see above
	Code    int           `json:"code"`            // reply on SMTP: 451; on HTTP the status
	Text    string        `json:"text"`            // reply: "4.3.2 please retry"; on IMAP the text of a NO, or of a BAD when it begins with "BAD "
	Delay   time.Duration `json:"delay"`           // nanoseconds
	UpTo    time.Duration `json:"up_to,omitempty"` // delay and late: drawn between Delay and this
	Skip    int           `json:"skip"`            // let so many pass first
	Times   int           `json:"times"`           // then act so often; 0 acts for ever
	Percent float64       `json:"percent"`         // of the calls, drawn from Seed; 0 is all
	Seed    uint64        `json:"seed"`            // of what is drawn
	From    time.Time     `json:"from,omitzero"`   // on the stand-in's clock; zero: from now on
	Until   time.Time     `json:"until,omitzero"`  // zero: without end
	Met     int           `json:"met"`             // how often it acted; told, not read
	Calls   int           `json:"calls"`           // how often it was asked in its time; told, not read
	dice    *rand.Rand
}

// dos are what a rule may do.
func dos() []string {
	return []string{"reply", "drop", "hang", "delay", "lose", "late", "junk", "silent"}
}

// Faults is the set of rules in force.
type Faults struct {
	clock *Clock

	mu    sync.Mutex
	rules []*Fault
	hits  int
}

// Add puts a rule in force; it panics over a rule that cannot be meant, see Check.
func (f *Faults) Add(rule Fault) {
	if err := rule.Check(); err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if rule.Times == 0 {
		rule.Times = -1
	}
	rule.Met, rule.Calls = 0, 0
	rule.dice = rand.New(rand.NewPCG(rule.Seed, 0))
	f.rules = append(f.rules, &rule)
}

// Check says what is wrong with a rule.
func (r Fault) Check() error {
	switch {
	case r.Point == "":
		return fmt.Errorf("a rule needs a point")
	case !slices.Contains(dos(), r.Do):
		return fmt.Errorf("a rule does one of %v, not %q", dos(), r.Do)
	case r.Percent < 0 || r.Percent > 100:
		return fmt.Errorf("percent is %v, not 0 to 100", r.Percent)
	}
	return nil
}

// Clear ends all rules.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = nil
}

// End ends the rules of one scenario.
func (f *Faults) End(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = slices.DeleteFunc(f.rules, func(r *Fault) bool { return r.Name == name })
}

// Rules answers the rules in force, with how often each acted.
func (f *Faults) Rules() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := []Fault{}
	for _, r := range f.rules {
		one := *r
		one.Times = max(one.Times, 0)
		all = append(all, one)
	}
	return all
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
		if r.fits(face, point, mailbox, f.clock.Now()) && r.acts() {
			f.hits++
			return r.drawn(), true
		}
	}
	return Fault{}, false
}

func (r *Fault) fits(face, point, mailbox string, now time.Time) bool {
	return (r.Face == "" || r.Face == face) && r.Point == point && (r.Mailbox == "" || r.Mailbox == mailbox) && r.Times != 0 &&
		!now.Before(r.From) && (r.Until.IsZero() || now.Before(r.Until))
}

// acts counts a call and says whether the rule takes it.
func (r *Fault) acts() bool {
	r.Calls++
	if r.Skip > 0 {
		r.Skip--
		return false
	}
	if r.Percent > 0 && r.dice.Float64()*100 >= r.Percent {
		return false
	}
	if r.Times > 0 {
		r.Times--
	}
	r.Met++
	return true
}

// drawn is the rule as it is played, with its delay drawn.
func (r *Fault) drawn() Fault {
	played := *r
	if r.UpTo > r.Delay {
		played.Delay += time.Duration(r.dice.Int64N(int64(r.UpTo - r.Delay)))
	}
	return played
}

// meet plays a fault on a connection. True means that the right thing must not be done: the rule's
// words are the answer, or, for "drop" and "hang", nobody is left to answer to. A hang or a delay
// ends with the context too.
func (f *Faults) meet(ctx context.Context, c *conn, face, point, mailbox string) (Fault, bool) {
	rule, ok := f.at(face, point, mailbox)
	if !ok {
		return Fault{}, false
	}
	var over <-chan struct{}
	switch rule.Do {
	case "reply":
		return rule, true
	case "drop":
		c.reset()
		return rule, true
	case "hang":
	case "delay":
		over = f.clock.After(rule.Delay)
	default:
		return Fault{}, false
	}
	select {
	case <-over:
		return Fault{}, false
	case <-c.gone: // the plug, or our own reset
	case <-ctx.Done():
	}
	return rule, true
}
