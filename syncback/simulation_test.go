package syncback

import (
	"context"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// simStore is a change log in memory: so many mailboxes with so many items each.
type simStore struct {
	Store
	db     *database.DB
	boxes  []email.MailboxID
	each   int
	began  time.Time
	mu     sync.Mutex
	cursor map[email.MailboxID]mailstore.Seq
}

func (s *simStore) DB() *database.DB                                               { return s.db }
func (s *simStore) Alarms() []mailstore.Alarm                                      { return nil }
func (s *simStore) Busy() int                                                      { return 0 }
func (s *simStore) Settle(*database.Tx, email.MailboxID, ...email.MessageID) error { return nil }
func (s *simStore) Watch() (<-chan mailstore.Notice, func())                       { return nil, func() {} }
func (s *simStore) Cursor(_ context.Context, _ string, m email.MailboxID) (mailstore.Seq, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursor[m], nil
}
func (s *simStore) Behind(context.Context, string) (list []email.MailboxID, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.boxes {
		if int(s.cursor[m]) < s.each {
			list = append(list, m)
		}
	}
	return list, nil
}

// simKind is what the nth item of a mailbox is: of ten seven from outside, two from colleagues and one
// sent, mixed.
func simKind(n int) (mailstore.Kind, mailstore.Origin) {
	switch n % 10 {
	case 3, 7:
		return mailstore.Arrived, mailstore.FromPortal
	case 9:
		return mailstore.SentOut, mailstore.FromPortal
	}
	return mailstore.Arrived, mailstore.FromOutside
}

func (s *simStore) Entries(_ context.Context, m email.MailboxID, after mailstore.Seq, limit int) (list []mailstore.Entry, err error) {
	for n := int(after) + 1; n <= s.each && len(list) < limit; n++ {
		kind, origin := simKind(n)
		list = append(list, mailstore.Entry{Mailbox: m, Seq: mailstore.Seq(n), Message: email.MessageID(fmt.Sprintf("%s-%d", m, n)), Kind: kind, Origin: origin,
			At: s.began.Add(-time.Hour), Detail: mailstore.Detail{To: mailstore.Inbox}})
	}
	return list, nil
}
func (s *simStore) Advance(ctx context.Context, _ string, m email.MailboxID, _, to mailstore.Seq, f func(*database.Tx) error) error {
	s.mu.Lock()
	s.cursor[m] = to
	s.mu.Unlock()
	return s.db.Write(ctx, f)
}
func (s *simStore) Messages(_ context.Context, m email.MailboxID, ids []email.MessageID) (list []mailstore.Message, err error) {
	for _, id := range ids {
		list = append(list, mailstore.Message{ID: id, Mailbox: m, Folder: mailstore.Inbox, Summary: email.Summary{MessageID: string(id) + "@sim.test"}, Origin: mailstore.FromPortal, Received: s.began})
	}
	return list, nil
}
func (s *simStore) Raw(_ context.Context, _ email.MailboxID, id email.MessageID) ([]byte, error) {
	return []byte("Message-ID: <" + string(id) + "@sim.test>\r\n\r\nx\r\n"), nil
}
func (s *simStore) Mailbox(m email.MailboxID) (directory.Mailbox, bool) {
	return directory.Mailbox{ID: m, Address: string(m) + "@sim.test"}, true
}

// simExchange takes what it is given, each call in its time, SMTP over a few connections; it notes when
// which mailbox got what.
type simExchange struct {
	traffic.Mailboxes
	smtp, mail  time.Duration // of a call
	connections chan struct{}
	mu          sync.Mutex
	times       map[string]map[string][]time.Time // way, mailbox
	ids         map[string]map[string]int         // mailbox, Message-ID
	order       []string                          // mailboxes, as items came in
	last        time.Time
}

func newSimExchange(smtp, mail time.Duration) *simExchange {
	return &simExchange{smtp: smtp, mail: mail, connections: make(chan struct{}, 5), ids: map[string]map[string]int{},
		times: map[string]map[string][]time.Time{"smtp": {}, "imap": {}}}
}

func (x *simExchange) came(way, box string, octets []byte) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last = time.Now()
	x.times[way][box] = append(x.times[way][box], x.last)
	if x.ids[box] == nil {
		x.ids[box] = map[string]int{}
	}
	x.ids[box][email.Summarize(octets).MessageID]++
	x.order = append(x.order, box)
}

func (x *simExchange) Deliver(_ context.Context, _ string, to []string, octets []byte) (string, error) {
	x.connections <- struct{}{}
	defer func() { <-x.connections }()
	time.Sleep(x.smtp)
	x.came("smtp", to[0], octets)
	return "2.6.0 queued", nil
}

func (x *simExchange) Append(_ context.Context, box string, _ exchange.Folder, item exchange.Item) (exchange.Place, error) {
	time.Sleep(x.mail)
	x.came("imap", box, item.Octets)
	return exchange.Place{}, nil
}

func (x *simExchange) Find(_ context.Context, box string, q exchange.Query) (found []exchange.Copy, err error) {
	time.Sleep(x.mail)
	x.mu.Lock()
	defer x.mu.Unlock()
	for i, id := range q.MessageIDs {
		for range x.ids[box][id] {
			found = append(found, exchange.Copy{MessageID: id, Place: exchange.Place{UID: uint32(i + 1)}})
		}
	}
	return found, nil
}

// busiest is the most items of a mailbox within a span, over all mailboxes.
func (x *simExchange) busiest(way string, span time.Duration) (most int) {
	for _, times := range x.times[way] {
		from := 0
		for i, at := range times {
			for at.Sub(times[from]) >= span {
				from++
			}
			most = max(most, i-from+1)
		}
	}
	return most
}

// simulation is one drain on the simulated clock.
type simulation struct {
	boxes, each int
	smtp, mail  time.Duration
	limits      []traffic.Limit
	first       func(email.MailboxID) bool
	took        time.Duration
	early       Estimate // as the page says it a minute after the beginning, at the latest in the middle
	earlyAt     time.Duration
	exchange    *simExchange
}

// play drains everything. Nothing sleeps: the clock of the bubble moves when everybody waits.
func (m *simulation) play(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		began, gate := time.Now(), &simGate{told: make(chan struct{}, 1)}
		store := &simStore{db: databasetest.Open(t), each: m.each, began: began, cursor: map[email.MailboxID]mailstore.Seq{}}
		for n := range m.boxes {
			store.boxes = append(store.boxes, email.MailboxID(fmt.Sprintf("box%03d", n)))
		}
		m.exchange = newSimExchange(m.smtp, m.mail)
		s, err := New(ctx, Options{Store: store, Gate: gate, Directory: store, Limits: m.limits, Workers: 64, First: m.first,
			Ways: []traffic.Way{{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: m.exchange}, {Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: m.exchange}}})
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		everyone := func(email.MailboxID) bool { return true }
		for total := m.boxes * m.each; ; time.Sleep(5 * time.Second) {
			e, err := s.Estimate(ctx, everyone)
			if err != nil {
				t.Fatal(err)
			}
			if e.Items == total && !gate.opened.Swap(true) { // all is in the ledger: the event ends
				began = time.Now()
				gate.told <- struct{}{}
				continue
			}
			done := total - e.Items
			if e.Items > 0 && m.earlyAt == 0 && e.Rate > 0 && (time.Since(began) > time.Minute || done > total/3) {
				m.early, m.earlyAt = e, time.Since(began)
			}
			if e.Items == 0 && gate.opened.Load() || time.Since(began) > 24*time.Hour {
				break
			}
		}
		m.took = m.exchange.last.Sub(began)
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for box := range m.boxes {
		ids := m.exchange.ids[fmt.Sprintf("box%03d@sim.test", box)]
		if n := len(ids); n != m.each || slices.Max(slices.Collect(maps.Values(ids))) != 1 {
			t.Fatalf("mailbox %d has %d of %d items, or one twice", box, n, m.each)
		}
	}
}

// simGate closes every mailbox until it is opened.
type simGate struct {
	opened atomic.Bool
	told   chan struct{}
}

func (g *simGate) Closed(*database.Tx, email.MailboxID) (bool, continuity.Kind, error) {
	return !g.opened.Load(), continuity.Outage, nil
}
func (g *simGate) Watch() (<-chan struct{}, func()) { return g.told, func() {} }

// within says how far a time is from a bound, and fails above 10 %.
func within(t *testing.T, what string, took, bound time.Duration) {
	t.Helper()
	off := float64(took)/float64(bound) - 1
	t.Logf("%s: %v, bound %v (%+.1f %%)", what, took.Round(time.Millisecond), bound, 100*off)
	if off > 0.10 || off < -0.02 {
		t.Errorf("%s took %v, the bound is %v", what, took, bound)
	}
}

// simSize is 500 mailboxes with 200 items each in a campaign, and few in the ordinary tests.
func simSize() (boxes, each int) {
	if n, _ := strconv.Atoi(os.Getenv("HOLDOVER_PACE")); n > 0 {
		return n, 200
	}
	return 16, 60
}

// TestPaceReachesTheLimits: a drain takes no more than a tenth longer than the published limits ask for,
// keeps every one of them, and the estimate names the one that binds. The bounds are computed here from
// exchange.md, not from the table.
func TestPaceReachesTheLimits(t *testing.T) {
	boxes, each := simSize()
	outside := each * 7 / 10
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	latency := 50 * time.Millisecond
	slow := 400 * time.Millisecond // of a delivery: five connections are fewer than mailboxes
	for _, c := range []struct {
		name  string
		play  simulation
		bound time.Duration
		binds string
	}{
		// one message a second into one mailbox
		{"each mailbox", simulation{smtp: seconds(min(0.05, 4/float64(boxes))), mail: latency, limits: traffic.LimitsWith(nil)}, seconds(float64(outside - 1)), "smtp_per_mailbox"},
		// five connections, each as fast as Exchange answers
		{"connections", simulation{smtp: slow, mail: latency, limits: traffic.LimitsWith(nil)}, seconds(math.Ceil(float64(boxes*outside)/5) * slow.Seconds()), BindsExchange},
		// the administrator's own bound over all
		{"all together", simulation{smtp: 5 * time.Millisecond, mail: latency, limits: traffic.LimitsWith(map[string]float64{"all_per_second": float64(boxes) / 2})},
			seconds(float64(boxes*each) / (float64(boxes) / 2)), "all_per_second"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.play.boxes, c.play.each = boxes, each
			wall := time.Now()
			c.play.play(t)
			within(t, "the drain", c.play.took, c.bound)
			if n := c.play.exchange.busiest("smtp", 10*time.Second); n > 11 {
				t.Errorf("%d deliveries into one mailbox within 10 s", n)
			}
			if n := c.play.exchange.busiest("imap", 10*time.Second); n > 44 {
				t.Errorf("%d changes by IMAP in one mailbox within 10 s", n)
			}
			if c.play.early.Binds != c.binds {
				t.Errorf("the page says that %q binds, want %q: %+v", c.play.early.Binds, c.binds, c.play.early)
			}
			end := c.play.earlyAt + c.play.early.Left
			if off := math.Abs(float64(end)/float64(c.play.took) - 1); off > 0.2 {
				t.Errorf("after %v the page saw the end at %v; it came at %v", c.play.earlyAt, end, c.play.took)
			}
			recordPace(t, c.name, &c.play, c.bound, time.Since(wall))
		})
	}
}

// paceTable heads the table of docs/measurements.md that a campaign's rows go into.
const paceTable = "| date | commit | limit | mailboxes × items | bound | took | off | wall time |"

// recordPace puts a campaign's figures below the others of their table.
func recordPace(t *testing.T, name string, m *simulation, bound, wall time.Duration) {
	file := os.Getenv("HOLDOVER_MEASUREMENTS")
	if file == "" {
		return
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	if err != nil {
		commit = []byte("unknown")
	}
	row := fmt.Sprintf("| %s | %s | %s | %d × %d | %v | %v | %+.1f %% | %v |", time.Now().Format(time.DateOnly), strings.TrimSpace(string(commit)), name, m.boxes, m.each,
		bound.Round(time.Second), m.took.Round(time.Second), 100*(float64(m.took)/float64(bound)-1), wall.Round(time.Second))
	lines := strings.Split(string(text), "\n")
	at := slices.Index(lines, paceTable)
	if at < 0 {
		t.Fatalf("%s has no table %s", file, paceTable)
	}
	for at < len(lines) && strings.HasPrefix(lines[at], "|") {
		at++
	}
	if err := os.WriteFile(file, []byte(strings.Join(slices.Insert(lines, at, row), "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestImportantPeopleFirst: where a limit over all binds, their mailboxes are done before the others begin.
func TestImportantPeopleFirst(t *testing.T) {
	m := simulation{boxes: 12, each: 10, smtp: 5 * time.Millisecond, mail: 5 * time.Millisecond,
		limits: []traffic.Limit{{Key: "all_per_second", N: 10, Per: time.Second}}, first: func(m email.MailboxID) bool { return m == "box007" || m == "box010" }}
	m.play(t)
	theirs, others := 0, 0
	for _, box := range m.exchange.order {
		if box == "box007@sim.test" || box == "box010@sim.test" {
			theirs++
		} else if theirs < 2*m.each {
			others++
		}
	}
	if others > 10 { // what a second brings was handed out before the two had asked
		t.Errorf("%d items of others went before the last of the important ones", others)
	}
}
