package syncback

import (
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

const probe = "probe@firma.test"

// held is the bench as the product runs: an ended event waits for its release.
func held(t *testing.T, mailboxes map[traffic.Location]string) *bench {
	t.Helper()
	b := newBench(t)
	var err error
	b.events, err = continuity.Open(b.ctx, continuity.Options{DB: b.db, Directory: b.people, Held: true, Now: b.clock.now, Log: slog.New(slog.DiscardHandler)})
	b.must(err)
	b.o.Gate, b.o.Release, b.o.Probe = b.events, b.events, Probe{Mailboxes: mailboxes, Sender: "holdover@firma.test"}
	b.restart()
	return b
}

func withProbe() map[traffic.Location]string {
	return map[traffic.Location]string{traffic.OnPremises: probe}
}

// conducts lets the conductor and the workers do what they can until the event is released or time is over.
func (b *bench) conducts(e continuity.Event, atMost time.Duration) bool {
	b.t.Helper()
	for end := b.clock.now().Add(atMost); ; {
		next, err := b.sync.conductAll(b.ctx)
		b.must(err)
		e, err = b.events.Event(b.ctx, e.ID)
		b.must(err)
		if !e.Opening() {
			return true
		}
		_, err = b.pass()
		b.must(err)
		if step := next.Sub(b.clock.now()); !next.IsZero() {
			b.clock.move(max(step, 10*time.Millisecond))
		} else {
			b.clock.move(time.Minute)
		}
		if b.clock.now().After(end) {
			return false
		}
	}
}

// TestCanaryBeforeTheDrain: nothing of the mailboxes moves before a canary went in and came out by each
// way; it is taken away again, and the drain begins then.
func TestCanaryBeforeTheDrain(t *testing.T) {
	b := held(t, withProbe())
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.arrive(anna, "m@x")
	b.world.hidden = 20 * time.Second
	b.end(e)
	b.drain()
	if n := b.world.count("deliver") + b.world.count("append"); n != 0 {
		t.Fatalf("%d calls before any canary", n)
	}
	next, err := b.sync.conductAll(b.ctx)
	b.must(err)
	b.drain()
	if got := b.world.copies("anna@firma.test", "m@x"); len(got) != 0 || next.IsZero() {
		t.Fatalf("drained while the canary lay in Exchange's queue: %v", got)
	}
	if !b.conducts(e, time.Hour) {
		t.Fatalf("never released: %+v", b.report(e))
	}
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
	if left := b.world.boxes[probe].messages; len(left) != 0 {
		t.Errorf("left in the probe mailbox: %v", left)
	}
	if n := b.world.count("deliver"); n != 2 {
		t.Errorf("%d deliveries, want the canary's and the item's", n)
	}
	records, err := b.events.Records(b.ctx, e.ID)
	b.must(err)
	if last := records[len(records)-1]; last.What != "release" || last.By != conductor || !strings.Contains(last.Reason, "SMTP, IMAP") {
		t.Errorf("record %+v", last)
	}
}

func (b *bench) report(e continuity.Event) ReleaseReport {
	r, err := b.sync.ReleaseOf(b.ctx, e)
	b.must(err)
	return r
}

// TestCanaryFails: Exchange's words and a remedy are shown, it is tried again, a lost answer sends no
// second canary, and an administrator may go on without it, with a reason.
func TestCanaryFails(t *testing.T) {
	b := held(t, withProbe())
	refuse := true
	b.world.script = func(op, box string) fault {
		switch {
		case box == probe && op == "deliver" && refuse:
			return mismatch
		case box == probe && op == "append" && b.world.calls["append"] == 1:
			return lostAfter
		}
		return fine
	}
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.arrive(anna, "m@x")
	b.end(e)
	if b.conducts(e, 5*time.Minute) {
		t.Fatal("released although SMTP refuses")
	}
	if n := b.world.count("append"); n != 1 {
		t.Errorf("%d canaries by IMAP: the lost answer was not looked for", n)
	}
	if n := b.world.count("deliver"); n < 5 || n > 20 {
		t.Errorf("%d tries in 5 minutes", n)
	}
	r := b.report(e)
	if len(r.Canaries) != 2 || r.Canaries[0].State != CanaryFailed || !strings.Contains(r.Canaries[0].Words, "5.7.68") || r.Canaries[0].Remedy == "" || r.Canaries[1].State != CanaryPassed {
		t.Errorf("report %+v", r)
	}
	b.restart() // what passed stays so, what failed is tried on
	if r := b.report(e); r.Canaries[1].State != CanaryPassed {
		t.Errorf("after a restart: %+v", r)
	}
	if _, err := b.events.Release(b.ctx, e.ID, "jens", ""); !errors.Is(err, continuity.ErrReason) {
		t.Errorf("went on without a reason: %v", err)
	}
	_, err := b.events.Release(b.ctx, e.ID, "jens", "the connector is tried by hand")
	b.must(err)
	refuse = false
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
}

// TestCanaryThatNobodyKnowsOf: when it is not known whether Exchange took the canary, and it is not
// seen, another one follows soon; nobody waits for it as for one that lies in a queue.
func TestCanaryThatNobodyKnowsOf(t *testing.T) {
	b := held(t, withProbe())
	b.world.script = func(op, box string) fault {
		if box == probe && op == "deliver" && b.world.calls["deliver"] == 1 {
			return lostBefore
		}
		return fine
	}
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.end(e)
	if !b.conducts(e, 3*time.Minute) {
		t.Errorf("not released after 3 minutes: %+v", b.report(e))
	}
	if n := b.world.count("deliver"); n != 2 {
		t.Errorf("%d canaries, want 2", n)
	}
}

// TestCanaryIsNotedBeforeItIsTakenAway: it was seen and taken away, and the answer to that is lost, or
// we end; it is not waited for again.
func TestCanaryIsNotedBeforeItIsTakenAway(t *testing.T) {
	b := held(t, withProbe())
	b.world.script = func(op, box string) fault {
		if box == probe && op == "remove" && b.world.calls["remove"] == 1 {
			return lostAfter
		}
		return fine
	}
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.end(e)
	if !b.conducts(e, 3*time.Minute) {
		t.Errorf("not released after 3 minutes: %+v", b.report(e))
	}
	if n := b.world.count("deliver"); n != 1 {
		t.Errorf("%d canaries, want 1", n)
	}
}

// TestScout: without a probe mailbox the first item of the smallest mailbox goes alone; when Exchange
// parks it another one is chosen, later.
func TestScout(t *testing.T) {
	b := held(t, nil)
	first := ""
	b.world.script = func(op, box string) fault {
		if op == "deliver" && first == "" {
			first = box
			return refused
		}
		return fine
	}
	b.world.hidden = 5 * time.Second
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	for _, id := range []string{"a@x", "b@x", "c@x"} {
		b.arrive(anna, id)
	}
	b.arrive(bert, "d@x")
	b.arrive(bert, "e@x")
	b.end(e)
	b.drain() // plans
	if n := b.world.count("deliver"); n != 0 {
		t.Fatalf("%d deliveries before a scout was chosen", n)
	}
	began := b.clock.now()
	_, err := b.sync.conductAll(b.ctx)
	b.must(err)
	b.drain()
	if n := b.world.count("deliver"); n != 1 || first != "bert@firma.test" {
		t.Fatalf("%d deliveries, first to %s: want one, to the smallest mailbox", n, first)
	}
	if !b.conducts(e, time.Hour) {
		t.Fatalf("never released: %+v%s", b.report(e), b.ledger())
	}
	if waited := b.clock.now().Sub(began); waited < time.Minute {
		t.Errorf("the next scout went after %v", waited)
	}
	if n := b.world.count("deliver"); n != 2 {
		t.Errorf("%d deliveries before the release, want the two scouts", n)
	}
	b.drain()
	if report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true }); err != nil || report.Verified != 4 || report.Parked != 1 {
		t.Errorf("%+v, %v%s", report.Counts, err, b.ledger())
	}
}

// TestScoutIsHeld: "unknown user" says nothing while the scout is on its way: the directory may be empty.
func TestScoutIsHeld(t *testing.T) {
	b := held(t, nil)
	b.world.script = func(op, _ string) fault {
		if op == "deliver" && b.world.calls[op] <= 2 {
			return unknown
		}
		return fine
	}
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.arrive(anna, "a@x")
	b.end(e)
	if !b.conducts(e, time.Hour) {
		t.Fatalf("never released: %+v%s", b.report(e), b.ledger())
	}
	b.drain()
	b.check([]want{{anna, "a@x", "INBOX", exchange.Flags{}}})
}

// TestLockdownIsReleasedByAPerson: without a confirmed identity not even a canary goes in; withdrawn
// credentials and a stop hold it too.
func TestLockdownIsReleasedByAPerson(t *testing.T) {
	b := held(t, withProbe())
	e := b.start(continuity.Lockdown, continuity.Scope{All: true})
	b.arrive(anna, "m@x")
	must := b.must
	must(b.events.Turn(b.ctx, continuity.Withdrawn, true, "jens", "Exchange is compromised"))
	b.end(e)
	calls := func() (n int) {
		for _, c := range b.world.calls {
			n += c
		}
		return n
	}
	for _, step := range []struct {
		blocked string
		lift    func() error
	}{
		{BlockWithdrawn, func() error {
			return b.events.Turn(b.ctx, continuity.Withdrawn, false, "jens", "new password")
		}},
		{BlockIdentity, func() error {
			return errors.Join(b.events.Confirm(b.ctx, e.ID, "jens", nil), b.events.Turn(b.ctx, continuity.Stopped, true, "jens", "not yet"))
		}},
		{BlockStopped, func() error { return b.events.Turn(b.ctx, continuity.Stopped, false, "jens", "now") }},
	} {
		if b.conducts(e, 10*time.Minute) || calls() > 0 {
			t.Fatalf("%s: released, or %d calls", step.blocked, calls())
		}
		if r := b.report(e); r.Blocked != step.blocked {
			t.Errorf("blocked by %q, want %q", r.Blocked, step.blocked)
		}
		must(step.lift())
	}
	if !b.conducts(e, time.Hour) {
		t.Fatalf("never released: %+v", b.report(e))
	}
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
}

// TestOneNodeConducts: of two nodes one flies canaries; when it has gone the other takes over.
func TestOneNodeConducts(t *testing.T) {
	b := held(t, withProbe())
	b.o.Node = "other"
	other, err := New(b.ctx, b.o)
	b.must(err)
	b.world.hidden = time.Hour
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.end(e)
	for range 3 {
		_, err := b.sync.conductAll(b.ctx)
		b.must(err)
		_, err = other.conductAll(b.ctx)
		b.must(err)
	}
	if n := b.world.count("deliver"); n != 1 {
		t.Errorf("%d canaries by SMTP from two nodes", n)
	}
	b.world.hidden = 0
	b.clock.move(time.Hour + 10*time.Minute)
	for range 10 {
		_, err := other.conductAll(b.ctx)
		b.must(err)
		b.clock.move(time.Minute)
	}
	if e, err = b.events.Event(b.ctx, e.ID); err != nil || e.Opening() {
		t.Errorf("the other node never took over: %v, %+v", err, b.report(e))
	}
}
