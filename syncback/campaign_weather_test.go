package syncback

import (
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"holdover/exchange/exchangetest"
	"holdover/syncback/traffic"
)

// weather is what goes wrong in a seed: rules of the double, kills, a node that freezes.
type weather struct {
	bed    *bed
	mu     sync.Mutex
	rnd    *rand.Rand
	left   int            // kills to come
	killed map[string]int // by fail point
	met    map[string]int // fail points passed
	frosts []frost        // to come, one after the other
	own    func(*bed)     // the weather of a test, in place of a drawn one
	only   []string       // kill at each of these once, and nowhere else
}

// frost freezes a node at a fail point, as SIGSTOP would, for a while of the simulated clock.
type frost struct {
	node  string // "" any
	point string
	skip  int // so many passages first
	lasts time.Duration
}

func newWeather(b *bed) *weather {
	return &weather{bed: b, rnd: rand.New(rand.NewPCG(b.rnd.Uint64(), 3)), killed: map[string]int{}, met: map[string]int{}}
}

// kills says whether the process dies here. A point that no kill has hit yet is likely to be the
// next, so that a few seeds hit every named point.
func (s *weather) kills(point string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.met[point]++
	if i := slices.Index(s.only, point); i >= 0 {
		s.only = slices.Delete(s.only, i, i+1)
		s.killed[point]++
		return true
	}
	odds := 200
	if s.killed[point] == 0 {
		odds = 4
	}
	if s.left == 0 || s.rnd.IntN(odds) != 0 {
		return false
	}
	s.left--
	s.killed[point]++
	return true
}

// freeze stops the node where it is until the driver thaws it.
func (s *weather) freeze(l *life, point string) {
	s.mu.Lock()
	if len(s.frosts) == 0 || s.frosts[0].node != "" && s.frosts[0].node != l.n.name || s.frosts[0].point != point {
		s.mu.Unlock()
		return
	}
	if s.frosts[0].skip > 0 {
		s.frosts[0].skip--
		s.mu.Unlock()
		return
	}
	f := frozen{thaw: make(chan struct{}), until: s.bed.clock.now().Add(s.frosts[0].lasts)}
	s.frosts = s.frosts[1:]
	l.ice.Store(&f)
	s.mu.Unlock()
	l.n.freezes <- f
	<-f.thaw
}

// cold draws freezes of the first node, shorter and longer than a lease in turns, one of them inside
// a call and one between claim and outcome.
func (s *weather) cold() (all []frost) {
	points := []string{"claimed", "called", "before Deliver", "after Deliver", "after Append", "before Append", "before AppendAll", "after AppendAll", "before Find",
		"looked", "write in claim", "written in claim", "write in settleLooks", "before Move", "after Move", "after Remove", "after Append of a draft"}
	for i := range 6 {
		lasts := 8 * time.Minute
		if i%2 == 0 {
			lasts = 50 * time.Minute
		}
		all = append(all, frost{node: "node1", point: points[s.rnd.IntN(len(points))], skip: s.rnd.IntN(2), lasts: lasts})
	}
	return all
}

// begin lets the weather turn bad: every rule ends after some times, and so do the kills.
func (s *weather) begin(kills int) {
	if s.own != nil {
		s.own(s.bed)
		return
	}
	for _, rule := range s.rules() {
		s.bed.double.Fault(rule)
	}
	s.mu.Lock()
	s.left = kills
	s.mu.Unlock()
}

// end lets no more kills happen.
func (s *weather) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.left, s.only, s.frosts = 0, nil, nil
}

// rules draws faults for the faces of the seed's profile.
func (s *weather) rules() (all []exchangetest.DoubleFault) {
	faces := []string{"smtp", "imap"}
	if s.bed.ews {
		faces = append(faces, "ews")
	}
	if s.bed.profile == traffic.ProfileOnline {
		faces = append(faces, "graph")
	}
	for _, r := range misfortunes() {
		for _, face := range faces {
			if r.Face != face || s.rnd.IntN(2) == 0 {
				continue
			}
			if r.Code == 550 {
				r.Until = s.bed.clock.now().Add(45 * time.Minute) // what holds longer than an hour is meant
			}
			r.Seed, r.Times = s.rnd.Uint64(), 1+s.rnd.IntN(8)
			if r.Percent == 0 {
				r.Percent = float64(5 + s.rnd.IntN(25))
			}
			all = append(all, r)
		}
	}
	return all
}

// misfortunes are faults that end: what Exchange then says is "not now", nothing, or a yes that
// is not true. Refusals for good park an item, which other tests look at.
func misfortunes() []exchangetest.DoubleFault {
	const busy = "ErrorServerBusy 2000"
	return []exchangetest.DoubleFault{
		{Face: "smtp", Point: "connect", Do: "drop"},
		{Face: "smtp", Point: "mail", Do: "reply", Code: 451, Text: "4.3.2 Temporary server error"},
		{Face: "smtp", Point: "mail", Do: "reply", Code: 421, Text: "4.3.2 Service not available"},
		{Face: "smtp", Point: "mail", Do: "reply", Code: 451, Text: "4.7.500 Server busy", Percent: 3},
		{Face: "smtp", Point: "rcpt", Do: "reply", Code: 452, Text: "4.3.1 Insufficient system resources"},
		{Face: "smtp", Point: "rcpt", Do: "reply", Code: 550, Text: "5.1.10 RESOLVER.ADR.RecipientNotFound", Percent: 4},
		{Face: "smtp", Point: "before", Do: "drop"},
		{Face: "smtp", Point: "before", Do: "reply", Code: 451, Text: "4.3.2 Temporary server error"},
		{Face: "smtp", Point: "after", Do: "drop"},
		{Face: "smtp", Point: "keep", Do: "lose", Percent: 2},
		{Face: "smtp", Point: "keep", Do: "late", Delay: time.Minute, UpTo: 45 * time.Minute, Percent: 20},
		{Face: "imap", Point: "connect", Do: "drop"},
		{Face: "imap", Point: "login", Do: "reply", Text: "LOGIN failed."},
		{Face: "imap", Point: "list", Do: "drop"},
		{Face: "imap", Point: "select", Do: "reply", Text: "BAD Request is throttled. Suggested Backoff Time: 3000 milliseconds"},
		{Face: "imap", Point: "select", Do: "drop"},
		{Face: "imap", Point: "append", Do: "reply", Text: "Server busy."},
		{Face: "imap", Point: "append", Do: "drop"},
		{Face: "imap", Point: "appended", Do: "drop"},
		{Face: "imap", Point: "search", Do: "drop"},
		{Face: "imap", Point: "fetch", Do: "drop"},
		{Face: "imap", Point: "store", Do: "drop"},
		{Face: "imap", Point: "move", Do: "drop"},
		{Face: "imap", Point: "moved", Do: "drop"},
		{Face: "imap", Point: "create", Do: "drop"},
		{Face: "ews", Point: "connect", Do: "drop"},
		{Face: "ews", Point: "call", Do: "reply", Code: 503},
		{Face: "ews", Point: "call", Do: "reply", Code: 500, Text: busy},
		{Face: "ews", Point: "call", Do: "drop"},
		{Face: "ews", Point: "CreateItem", Do: "drop"},
		{Face: "ews", Point: "CreateItem done", Do: "drop"},
		{Face: "ews", Point: "CreateItem done", Do: "reply", Code: 500, Text: "ErrorTimeoutExpired"},
		{Face: "ews", Point: "UpdateItem done", Do: "drop"},
		{Face: "ews", Point: "MoveItem", Do: "drop"},
		{Face: "ews", Point: "MoveItem done", Do: "drop"},
		{Face: "ews", Point: "DeleteItem done", Do: "drop"},
		{Face: "ews", Point: "page", Do: "drop"},
		{Face: "graph", Point: "connect", Do: "drop"},
		{Face: "graph", Point: "request", Do: "reply", Code: 429, Delay: 3 * time.Second, Text: "ApplicationThrottled: too many"},
		{Face: "graph", Point: "request", Do: "reply", Code: 503, Text: "ServiceUnavailable: later"},
		{Face: "graph", Point: "request", Do: "drop"},
		{Face: "graph", Point: "create", Do: "drop"},
		{Face: "graph", Point: "created", Do: "reply", Code: 504, Text: "UnknownError: gateway timeout"},
		{Face: "graph", Point: "created", Do: "drop"},
		{Face: "graph", Point: "patched", Do: "drop"},
		{Face: "graph", Point: "moved", Do: "drop"},
		{Face: "graph", Point: "deleted", Do: "drop"},
	}
}
