package syncback

import (
	"context"
	"sync"
	"time"

	"holdover/database"
	"holdover/email"
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

func (m *meter) note(now time.Time, n int) {
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
	m.steps[at] += n
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
type load map[Cargo]int

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
	possible := 0.0 // items a second that the limits would let through now
	all := make([]float64, len(s.pace.limits))
	for m, l := range loads {
		most := -1.0
		for i, limit := range s.pace.limits {
			n := s.counted(m, l, limit)
			if n == 0 || limit.Octets { // sizes are not in the ledger: they count when they are met
				continue
			}
			if !limit.Each {
				all[i] += float64(n)
				continue
			}
			e.bind(limit, m, float64(n)/limit.rate())
			if rate := limit.rate(); most < 0 || rate < most {
				most = rate
			}
		}
		possible += max(most, 0)
		for _, n := range l {
			e.Items += n
		}
	}
	for i, n := range all {
		if limit := s.pace.limits[i]; n > 0 {
			e.bind(limit, "", n/limit.rate())
			possible = min(possible, limit.rate())
		}
	}
	e.Left = e.Bound
	rate, ok := s.meter.rate(s.now())
	if ok && e.Items > 0 {
		e.Rate = rate * 60
		measured := time.Duration(float64(e.Items) / rate * float64(time.Second))
		if measured > e.Bound && (possible == 0 || rate < 0.8*possible) {
			e.Left, e.Binds, e.Mailbox = measured.Round(time.Second), BindsExchange, ""
		}
	}
	return e
}

// bind notes a limit that asks for more time than those before it.
func (e *Estimate) bind(l Limit, m email.MailboxID, seconds float64) {
	took := time.Duration(seconds * float64(time.Second)).Round(time.Second)
	if took > e.Bound || took == e.Bound && e.Binds == l.Key && m < e.Mailbox {
		e.Bound, e.Binds, e.Mailbox = took, l.Key, m
	}
}

// counted is how many items of a mailbox's load go over ways that a limit bounds.
func (s *Syncback) counted(m email.MailboxID, l load, limit Limit) (n int) {
	for c, some := range l {
		if ways := s.table[s.location(m)][c]; len(ways) > 0 && limit.bounds(ways[0]) {
			n += some
		}
	}
	return n
}
