package syncback

import (
	"context"
	"sync"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/syncback/traffic"
)

// What binds the pace of a drain, where it is no limit's key.
const (
	BindsExchange = "exchange" // it takes what it takes: slower than every limit
	BindsNothing  = "none"     // no limit is set and nothing was measured yet
)

// Estimate says when a drain will have told everything, and what holds it up.
type Estimate struct {
	Items   int             // that still have to be told
	Left    time.Duration   // until then, 0 unknown or nothing left
	Bound   time.Duration   // what the limits alone ask for
	Binds   string          // key of the limit that binds, BindsExchange or BindsNothing
	Mailbox email.MailboxID // whose limit it is, "" for one over all
	Rate    float64         // items a minute over the last minutes on this node, 0 unknown
}

// meterGrain and meterSpan are the steps and the length of what the meter remembers.
const (
	meterGrain = 10 * time.Second
	meterSpan  = 5 * time.Minute
)

// meter counts what Exchange was told.
type meter struct {
	mu    sync.Mutex
	first time.Time // of this spell: after a long pause it begins anew
	steps map[int64]int
}

// meters are one for each way.
type meters struct {
	mu   sync.Mutex
	ways map[string]*meter
}

func (m *meters) of(w *traffic.Way) *meter {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ways == nil {
		m.ways = map[string]*meter{}
	}
	if m.ways[w.Name()] == nil {
		m.ways[w.Name()] = &meter{}
	}
	return m.ways[w.Name()]
}

// note counts an item that happened at since. One that did not have to wait tells how fast people write,
// not how fast Exchange takes.
func (m *meter) note(now, since time.Time) {
	if now.Sub(since) < meterGrain {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.steps == nil {
		m.steps = map[int64]int{}
	}
	at := now.UnixNano() / int64(meterGrain)
	for step := range m.steps {
		if step <= at-int64(meterSpan/meterGrain) {
			delete(m.steps, step)
		}
	}
	if len(m.steps) == 0 {
		m.first = now
	}
	m.steps[at]++
}

// rate is items a second; ok once it has counted for long enough to mean something.
func (m *meter) rate(now time.Time) (rate float64, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	over, n := min(now.Sub(m.first), meterSpan), 0
	for step, some := range m.steps {
		if step > (now.UnixNano()-int64(over))/int64(meterGrain)-1 {
			n += some
		}
	}
	if n == 0 || over < 2*meterGrain {
		return 0, false
	}
	return float64(n) / over.Seconds(), true
}

// load is how much of each kind of item waits in a mailbox.
type load map[traffic.Cargo]int

// Estimate computes the end of what waits in the mailboxes for which covers is true, from the limits
// and from how fast Exchange has taken items so far. The slower of the two counts.
func (s *Syncback) Estimate(ctx context.Context, covers func(email.MailboxID) bool) (Estimate, error) {
	loads := map[email.MailboxID]load{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(loads)
		rows, err := tx.Query(`SELECT mailbox, op, kind, COUNT(*) FROM syncback_item WHERE state IN ('waiting','trying') GROUP BY mailbox, op, kind`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r row
			var n int
			if err := rows.Scan(&r.mailbox, &r.op, &r.kind, &n); err != nil {
				return err
			}
			if loads[r.mailbox] == nil {
				loads[r.mailbox] = load{}
			}
			loads[r.mailbox][r.cargo()] += n
		}
		return rows.Err()
	})
	if err != nil {
		return Estimate{}, err
	}
	for m := range loads {
		if !covers(m) {
			delete(loads, m)
		}
	}
	return s.estimate(loads), nil
}

func (s *Syncback) estimate(loads map[email.MailboxID]load) Estimate {
	e := Estimate{Binds: BindsNothing}
	all := make([]float64, len(s.pace.Limits))
	ways := map[*traffic.Way]*share{}
	for m, l := range loads {
		for w, n := range s.carried(m, l) {
			e.Items += n
			if ways[w] == nil {
				ways[w] = &share{}
			}
			ways[w].items += n
			ways[w].possible += s.fastest(w)
		}
		for i, limit := range s.pace.Limits {
			n := s.counted(m, l, limit)
			switch {
			case n == 0 || limit.Octets: // sizes are not in the ledger: they count when they are met
			case limit.Each:
				e.bind(limit, m, float64(n)/limit.Rate())
			default:
				all[i] += float64(n)
			}
		}
	}
	for i, n := range all {
		if n > 0 {
			e.bind(s.pace.Limits[i], "", n/s.pace.Limits[i].Rate())
		}
	}
	e.Left = e.Bound
	s.measured(&e, ways)
	return e
}

// share is what one way has to carry, and how many items a second the limits of its mailboxes allow.
type share struct {
	items    int
	possible float64
}

// measured compares the bound with how fast each way went so far.
func (s *Syncback) measured(e *Estimate, ways map[*traffic.Way]*share) {
	now, total := s.now(), 0.0
	rates := map[*traffic.Way]float64{}
	for i := range s.o.Ways {
		if rate, ok := s.meters.of(&s.o.Ways[i]).rate(now); ok {
			rates[&s.o.Ways[i]] = rate
			total += rate
		}
	}
	e.Rate = total * 60
	for _, limit := range s.pace.Limits {
		if !limit.Each && !limit.Octets && total >= 0.9*limit.Rate() {
			return // all ways together fill what is allowed to them
		}
	}
	for w, part := range ways {
		if rates[w] == 0 || part.possible > 0 && rates[w] >= 0.9*part.possible {
			continue
		}
		if left := time.Duration(float64(part.items) / rates[w] * float64(time.Second)).Round(time.Second); left > e.Left {
			e.Left, e.Binds, e.Mailbox = left, BindsExchange, ""
		}
	}
}

// fastest is how many items a second a way may carry into one mailbox; 0: no limit.
func (s *Syncback) fastest(w *traffic.Way) (rate float64) {
	for _, limit := range s.pace.Limits {
		if limit.Each && !limit.Octets && limit.Bounds(w) && (rate == 0 || limit.Rate() < rate) {
			rate = limit.Rate()
		}
	}
	return rate
}

// carried is how many items of a mailbox's load each way will carry, as far as its path says.
func (s *Syncback) carried(m email.MailboxID, l load) map[*traffic.Way]int {
	ways := map[*traffic.Way]int{}
	for c, n := range l {
		if path := s.table[s.location(m)][c]; len(path) > 0 {
			ways[path[0]] += n
		}
	}
	return ways
}

// bind notes a limit that asks for more time than those before it.
func (e *Estimate) bind(l traffic.Limit, m email.MailboxID, seconds float64) {
	took := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if took > e.Bound || took == e.Bound && e.Binds == l.Key && m < e.Mailbox {
		e.Bound, e.Binds, e.Mailbox = took, l.Key, m
	}
}

// counted is how many items of a mailbox's load go over ways that a limit bounds.
func (s *Syncback) counted(m email.MailboxID, l load, limit traffic.Limit) (n int) {
	for w, some := range s.carried(m, l) {
		if limit.Bounds(w) {
			n += some
		}
	}
	return n
}
