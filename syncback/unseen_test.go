package syncback

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// withhold lets n messages arrive for Anna while Exchange is away, and answers what must be there.
func (b *bench) withhold(n int) (wants []want, e continuity.Event) {
	b.t.Helper()
	e = b.start(continuity.Outage, continuity.Scope{All: true})
	for i := range n {
		id := fmt.Sprintf("wartet%d@x", i)
		b.arrive(anna, id)
		wants = append(wants, want{anna, id, "INBOX", exchange.Flags{}})
	}
	return wants, e
}

func (b *bench) row(m email.MailboxID, seq mailstore.Seq) (r row) {
	b.t.Helper()
	b.must(b.db.Read(b.ctx, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND seq=?`, string(m), int64(seq))
		if err == nil && len(rows) == 1 {
			r = rows[0]
		}
		return err
	}))
	return r
}

// TestAcceptedThenLost: Exchange says yes to everything, loses some for good and shows the others
// only after 1 to 45 minutes. In the end each message is there once; only the lost were sent again.
func TestAcceptedThenLost(t *testing.T) {
	b := newBench(t)
	const n = 60
	wants, e := b.withhold(n)
	lost, told := 0, map[string]int{}
	b.world.fate = func(id string) (bool, time.Duration, string) {
		told[id]++
		if told[id] == 1 && (id == "wartet7@x" || id == "wartet41@x" || id == "wartet59@x") {
			lost++
			return true, 0, ""
		}
		return false, time.Duration(1+len(told)*44/n) * time.Minute, ""
	}
	b.end(e)
	b.drain()
	b.check(wants)
	if lost != 3 || b.world.count("deliver") != n+lost {
		t.Errorf("%d lost and %d deliveries, want 3 and %d", lost, b.world.count("deliver"), n+lost)
	}
	if r := b.row(anna, 8); r.resent != 1 || r.state != Verified {
		t.Errorf("the lost one: %+v", r)
	}
}

// TestSeenOnceIsFinal: what was seen and then deleted in Exchange is never sent again.
func TestSeenOnceIsFinal(t *testing.T) {
	b := newBench(t)
	_, e := b.withhold(3)
	b.end(e)
	b.drain()
	b.world.box("anna@firma.test").messages = nil
	for range 20 {
		b.clock.move(time.Hour)
		b.drain()
	}
	if n := b.world.count("deliver"); n != 3 {
		t.Errorf("%d deliveries, want 3", n)
	}
}

// TestLostAgainAndAgain: a person is asked after three sendings; Retry looks first, then sends once.
func TestLostAgainAndAgain(t *testing.T) {
	b := newBench(t)
	wants, e := b.withhold(1)
	b.world.fate = func(string) (bool, time.Duration, string) { return true, 0, "" }
	b.end(e)
	b.drain()
	r := b.row(anna, 1)
	if b.world.count("deliver") != 1+maxResends || r.state != Parked || r.resume != Accepted || !strings.Contains(r.words, "2.6.0 queued (accepted 3 times") {
		t.Fatalf("%d deliveries, %+v", b.world.count("deliver"), r)
	}
	b.world.fate = nil
	began := b.clock.now()
	b.must(b.sync.Retry(b.ctx, anna, 1, "admin"))
	b.drain()
	b.check(wants)
	if waited := b.clock.now().Sub(began); waited < time.Hour || b.world.count("deliver") != 2+maxResends {
		t.Errorf("sent again after %v, %d deliveries: it was to be looked for first, for an hour", waited, b.world.count("deliver"))
	}
}

// TestStuckTransport: Exchange takes everything and shows nothing for three hours. Nothing is sent
// again: all of it would be there twice once the queue moves.
func TestStuckTransport(t *testing.T) {
	b := newBench(t)
	wants, e := b.withhold(3 * few)
	b.world.hidden = 3 * time.Hour
	b.end(e)
	for end := b.clock.now().Add(2 * time.Hour); b.clock.now().Before(end); {
		next, err := b.pass()
		b.must(err)
		b.clock.move(max(next.Sub(b.clock.now()), time.Second))
	}
	if report, err := b.sync.Report(b.ctx, time.Time{}, everyone); err != nil || !strings.Contains(report.Trouble, "transport queues") {
		t.Errorf("nobody is told: %q %v", report.Trouble, err)
	}
	b.drain()
	b.check(wants)
	if n := b.world.count("deliver"); n != 3*few {
		t.Errorf("%d deliveries, want %d", n, 3*few)
	}
}

// TestStuckForGood: behind the brake a person is asked after a day.
func TestStuckForGood(t *testing.T) {
	b := newBench(t)
	_, e := b.withhold(2 * few)
	b.world.fate = func(string) (bool, time.Duration, string) { return true, 0, "" }
	b.end(e)
	b.drain()
	if r := b.row(anna, 1); r.state != Parked || b.world.count("deliver") != 2*few {
		t.Errorf("%d deliveries, %+v", b.world.count("deliver"), r)
	}
}

// TestIncompleteLooksProveNothing: while the mailbox cannot be read in full nothing is sent again.
func TestIncompleteLooksProveNothing(t *testing.T) {
	b := newBench(t)
	_, e := b.withhold(1)
	b.world.fate = func(string) (bool, time.Duration, string) { return true, 0, "" }
	b.world.script = func(op, _ string) fault {
		if op == "find" {
			return unreachable
		}
		return fine
	}
	b.end(e)
	for range 400 {
		next, err := b.pass()
		b.must(err)
		b.clock.move(max(next.Sub(b.clock.now()), time.Second))
	}
	if r := b.row(anna, 1); r.state != Accepted || b.world.count("deliver") != 1 {
		t.Errorf("%d deliveries, %+v", b.world.count("deliver"), r)
	}
}

// TestFoundElsewhere: mail in Junk or moved by a rule is verified, with a note saying where; mail in
// quarantine is left to a person and not sent again.
func TestFoundElsewhere(t *testing.T) {
	b := newBench(t)
	_, e := b.withhold(3)
	b.world.box("anna@firma.test").folders = append(b.world.box("anna@firma.test").folders, "Rechnungen")
	b.world.fate = func(id string) (bool, time.Duration, string) {
		return false, 0, map[string]string{"wartet0@x": "Junk-E-Mail", "wartet1@x": "Rechnungen", "wartet2@x": "Gelöschte Elemente"}[id]
	}
	b.end(e)
	b.drain()
	for seq, note := range map[mailstore.Seq]Note{1: Junk, 2: Moved, 3: Trash} {
		if r := b.row(anna, seq); r.state != Verified || r.note != note || r.place.Folder == "" {
			t.Errorf("%d: %s %q in %q, want verified and %q", seq, r.state, r.note, r.place.Folder, note)
		}
	}
	if n := b.world.count("deliver"); n != 3 {
		t.Errorf("%d deliveries", n)
	}
}

// TestShortWaitsStillReadEverything: with a single short wait the last look is not the first wide one.
func TestShortWaitsStillReadEverything(t *testing.T) {
	b := newBench(t)
	b.o.Waits = []time.Duration{time.Second}
	b.restart()
	_, e := b.withhold(1)
	b.world.fate = func(string) (bool, time.Duration, string) { return false, 0, "Junk-E-Mail" }
	b.end(e)
	b.drain()
	if r := b.row(anna, 1); r.note != Junk || b.world.count("deliver") != 1 {
		t.Errorf("%d deliveries, %+v", b.world.count("deliver"), r)
	}
}

func TestQuarantineIsNotSentAgain(t *testing.T) {
	b := newBench(t)
	b.arrive(anna, "quarantaene@x")
	b.world.fate = func(string) (bool, time.Duration, string) { return true, 0, "" }
	if _, err := b.pass(); err != nil {
		t.Fatal(err)
	}
	b.must(b.db.Write(b.ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE syncback_item SET words='2.6.0 message quarantined by policy'`)
		return err
	}))
	b.drain()
	if r := b.row(anna, 1); r.state != Parked || b.world.count("deliver") != 1 || !strings.Contains(r.remedy, "quarantine") {
		t.Errorf("%d deliveries, %+v", b.world.count("deliver"), r)
	}
}

// TestLookingCostsFoldersNotItems: the calls that verify a mailbox do not grow with what is in it.
// A part of each size never shows up, so that every look is made.
func TestLookingCostsFoldersNotItems(t *testing.T) {
	cost := map[int][2]int{}
	for _, n := range []int{100, 10_000} {
		b := newBench(t)
		b.acceptedRows(n)
		box := b.world.box("anna@firma.test")
		for i := range n {
			if i%100 == 7 {
				continue
			}
			b.world.add(box, "INBOX", b.octets(fmt.Sprintf("viele%d@x", i)), exchange.Flags{}, b.clock.now())
		}
		for b.clock.now().Before(time.Date(2026, 11, 21, 10, 59, 0, 0, time.UTC)) {
			next, err := b.sync.work(b.ctx, anna)
			b.must(err)
			b.clock.move(max(next.Sub(b.clock.now()), time.Millisecond))
		}
		report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
		b.must(err)
		if report.Verified != n-n/100 || report.Accepted != n/100 {
			t.Fatalf("%+v", report.Counts)
		}
		cost[n] = [2]int{b.world.count("find"), b.world.read}
		t.Logf("%d items: %d look-ups, %d folders read", n, b.world.count("find"), b.world.read)
	}
	// All were accepted within half a minute, so the looks of the first seconds are not shared by all:
	// their number is bounded by that time, not by the items.
	if cost[10_000][0] > 80 || cost[10_000][1] > 300 {
		t.Errorf("look-ups and folders read: %v", cost)
	}
}

// acceptedRows puts n rows into the ledger that Exchange has accepted within half a minute.
func (b *bench) acceptedRows(n int) {
	b.t.Helper()
	now := b.clock.now()
	b.must(b.db.Write(b.ctx, func(tx *database.Tx) error {
		for i := range n {
			at := millis(now.Add(-time.Duration(i) * 30 * time.Second / time.Duration(n)))
			r := row{mailbox: anna, seq: mailstore.Seq(i + 1), item: fmt.Sprintf("item%d", i), kind: mailstore.Arrived, op: deliver, state: Accepted,
				at: at, changed: at, next: at, msgid: fmt.Sprintf("viele%d@x", i), words: "2.6.0 queued"}
			if err := insert(tx, r); err != nil {
				return err
			}
		}
		return nil
	}))
}

// TestPacedDrainLooksRarely: while a mailbox is being told more, it is looked through every two
// minutes, however many items that makes.
func TestPacedDrainLooksRarely(t *testing.T) {
	b := newBench(t)
	b.o.Limits = []traffic.Limit{{Key: "mailbox", Each: true, N: 1, Per: time.Second}}
	b.restart()
	wants, e := b.withhold(300)
	b.end(e)
	b.drain()
	b.check(wants)
	if n := b.world.count("find"); n > 12 {
		t.Errorf("%d look-ups for 300 items told in five minutes", n)
	}
}

// A wrong account of kills must not hide here: the sweep of lost and late mail with kills at random.
func TestLostAndLateWithKills(t *testing.T) {
	for seed := range uint64(4) {
		b := newBench(t)
		wants, e := b.withhold(30)
		told := map[string]int{}
		b.world.fate = func(id string) (bool, time.Duration, string) {
			told[id]++
			return told[id] == 1 && len(told)%11 == int(seed), time.Duration(1+len(told)*44/30) * time.Minute, ""
		}
		kills, step := 12, 0
		b.o.at = func(string, email.MailboxID) error {
			if step++; kills == 0 || step%(5+int(seed)) != 0 {
				return nil
			}
			kills--
			return errKilled
		}
		for {
			s, err := New(b.ctx, b.o)
			if errors.Is(err, errKilled) {
				continue
			}
			b.must(err)
			b.sync = s
			break
		}
		b.end(e)
		b.drain()
		b.check(wants)
	}
}
