package syncback

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// TestFrozenWorker: a worker that sleeps in the middle of a call longer than its lease loses the
// row; the other one looks first, and the sleeper's late outcome is void (X4).
func TestFrozenWorker(t *testing.T) {
	b := newBench(t)
	b.o.Node = "other"
	other, err := New(b.ctx, b.o)
	b.must(err)
	b.arrive(anna, "m@x")
	frozen := false
	b.world.script = func(op, box string) fault {
		if op == "deliver" && !frozen {
			frozen = true
			b.clock.move(20 * time.Minute) // beyond the lease
			b.world.mu.Unlock()
			defer b.world.mu.Lock()
			for range 200 { // the other worker goes through all of its waits meanwhile
				next, err := passOf(b.ctx, other, b.store)
				b.must(err)
				if next.IsZero() {
					break
				}
				if next.After(b.clock.now()) {
					b.clock.move(next.Sub(b.clock.now()))
				}
			}
			return lostBefore // Exchange has closed the sleeper's connection long ago
		}
		return fine
	}
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
	if n := b.world.count("deliver"); n != 2 {
		t.Errorf("%d deliveries were begun, want the frozen one and one more", n)
	}
}

// TestTwoWorkersOnOneStore: whoever claims, each item is told once.
func TestTwoWorkersOnOneStore(t *testing.T) {
	b := newBench(t)
	b.o.Node = "other"
	other, err := New(b.ctx, b.o)
	b.must(err)
	var wants []want
	for _, id := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		b.arrive(anna, id+"@x")
		wants = append(wants, want{anna, id + "@x", "INBOX", exchange.Flags{}})
	}
	errs := make(chan error, 2)
	for _, s := range []*Syncback{b.sync, other} {
		go func() {
			for range 30 {
				if _, err := passOf(b.ctx, s, b.store); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	b.must(errors.Join(<-errs, <-errs))
	b.drain()
	b.check(wants)
	if n := b.world.count("deliver"); n != len(wants) {
		t.Errorf("%d deliveries for %d messages", n, len(wants))
	}
}

// TestInDoubtTimes: absence of a delivery counts only after 1, 5, 30 and 60 minutes (L10), and a
// message that shows before is not sent again.
func TestInDoubtTimes(t *testing.T) {
	b := newBench(t)
	lost := true
	b.world.script = func(op, _ string) fault {
		if op == "deliver" && lost {
			lost = false
			return lostBefore
		}
		return fine
	}
	began := b.clock.now()
	b.arrive(anna, "m@x")
	b.drain()
	if passed := b.clock.now().Sub(began); passed < time.Hour || passed > 61*time.Minute {
		t.Errorf("sent again after %v, want 60 min", passed)
	}
	if n := b.world.count("deliver"); n != 2 {
		t.Errorf("%d deliveries", n)
	}
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
}

// TestTwins: two mails with one Message-ID and different bodies both reach Exchange, also when an
// answer is lost: our Received line tells them apart (L1, L9).
func TestTwins(t *testing.T) {
	b := newBench(t)
	n := 0
	b.world.script = func(op, _ string) fault {
		if op == "deliver" {
			if n++; n == 2 {
				return lostBefore
			}
		}
		return fine
	}
	for _, text := range []string{"eins", "zwei"} {
		id := mailstore.NewID()
		b.deliver(anna, mailstore.Arrival{ID: id, From: "liste@aussen.test", Origin: mailstore.FromOutside,
			Trace: []byte("Received: from a by b with ESMTP id " + string(id) + "; Sat, 21 Nov 2026 09:00:00 +0000\r\n"), Octets: append(b.octets("gleich@x"), text...)})
	}
	b.drain()
	if copies := b.world.copies("anna@firma.test", "gleich@x"); len(copies) != 2 || string(copies[0].octets) == string(copies[1].octets) {
		t.Errorf("%d of two different mails with one Message-ID are there", len(copies))
	}
}

// TestUnknownMailboxIsHeld for an hour after the gate opened, and parked afterwards; never bounced.
func TestUnknownMailboxIsHeld(t *testing.T) {
	b := newBench(t)
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.arrive(anna, "m@x")
	b.pass()
	b.end(e)
	b.world.script = func(op, _ string) fault {
		if op == "deliver" {
			return unknown
		}
		return fine
	}
	began := b.clock.now()
	b.drain()
	lines, _ := b.sync.Lines(b.ctx, time.Time{}, anna, Parked, 10)
	if passed := b.clock.now().Sub(began); passed < time.Hour || passed > 66*time.Minute || len(lines) != 1 || !strings.Contains(lines[0].Words, "550 5.1.10") || lines[0].Remedy == "" {
		t.Fatalf("parked after %v: %+v", passed, lines)
	}
	b.world.script = func(string, string) fault { return fine }
	b.must(b.sync.Retry(b.ctx, anna, lines[0].Seq, "admin"))
	if err := b.sync.Retry(b.ctx, anna, lines[0].Seq, "admin"); !errors.Is(err, ErrNotParked) {
		t.Errorf("retried twice: %v", err)
	}
	b.drain()
	b.check([]want{{anna, "m@x", "INBOX", exchange.Flags{}}})
}

// TestRefusedBlocksOnlyItself: a parked item holds up its own later changes and nobody else.
func TestRefusedBlocksOnlyItself(t *testing.T) {
	b := newBench(t)
	first := true
	b.world.script = func(op, _ string) fault {
		if op == "deliver" && first {
			first = false
			return refused
		}
		return fine
	}
	bad := b.arrive(anna, "bad@x")
	b.flag(anna, bad, true, false)
	b.arrive(anna, "good@x")
	b.drain()
	states, err := b.sync.States(b.ctx, anna, []email.MessageID{bad, "nobody"})
	if err != nil || states[bad] != Parked || len(states) != 1 {
		t.Errorf("states %v, %v", states, err)
	}
	if position, err := b.sync.Position(b.ctx, anna); position != Open || err != nil {
		t.Errorf("position %v, %v: what stands behind a parked item may not move", position, err)
	}
	if len(b.world.copies("anna@firma.test", "good@x")) != 1 {
		t.Error("the next item was held up")
	}
	lines, _ := b.sync.Lines(b.ctx, time.Time{}, anna, Parked, 10)
	b.must(b.sync.Retry(b.ctx, anna, lines[0].Seq, "admin"))
	b.drain()
	b.check([]want{{anna, "bad@x", "INBOX", exchange.Flags{Seen: true}}, {anna, "good@x", "INBOX", exchange.Flags{}}})
}

// TestMismatchStopsTheRoute: nothing is parked or bounced, an alarm says why, the other route works.
func TestMismatchStopsTheRoute(t *testing.T) {
	b := newBench(t)
	b.world.script = func(op, _ string) fault {
		if op == "deliver" {
			return mismatch
		}
		return fine
	}
	for _, id := range []string{"a@x", "b@x", "c@x"} {
		b.arrive(anna, id)
	}
	b.colleague(anna, "intern@x")
	b.pass()
	b.pass()
	if n := b.world.count("deliver"); n != 1 {
		t.Errorf("%d deliveries on a route that does not fit, want 1", n)
	}
	if alarms := b.sync.Alarms(); len(alarms) != 1 || !strings.Contains(alarms[0].Text, "5.7.68") {
		t.Errorf("alarms: %+v", alarms)
	}
	report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
	b.must(err)
	if report.Waiting != 3 || report.Parked != 0 || !strings.Contains(report.Trouble, "5.7.68") {
		t.Errorf("report %+v", report)
	}
	if len(b.world.copies("anna@firma.test", "intern@x")) != 1 {
		t.Error("the other route stood still")
	}
}

// TestExchangeAwayAgain: while Exchange is silent one call at a time tries, the report says so in
// Exchange's words, and the drain goes on within seconds of its return.
func TestExchangeAwayAgain(t *testing.T) {
	b := newBench(t)
	b.world.script = func(string, string) fault { return unreachable }
	for _, id := range []string{"a@x", "b@x", "c@x"} {
		b.arrive(anna, id)
	}
	for range 20 {
		next, err := b.pass()
		b.must(err)
		b.clock.move(next.Sub(b.clock.now()))
	}
	report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
	b.must(err)
	if !strings.Contains(report.Trouble, "connection refused") || report.Waiting != 3 || report.Mailboxes[0].Position != Draining {
		t.Errorf("report %+v", report)
	}
	if n := b.world.count("deliver"); n > 25 {
		t.Errorf("%d calls into silence", n)
	}
	b.world.script = func(string, string) fault { return fine }
	began := b.clock.now()
	b.drain()
	if passed := b.clock.now().Sub(began); passed > 30*time.Second {
		t.Errorf("went on after %v", passed)
	}
	b.check([]want{{anna, "a@x", "INBOX", exchange.Flags{}}, {anna, "b@x", "INBOX", exchange.Flags{}}, {anna, "c@x", "INBOX", exchange.Flags{}}})
}

// TestPeopleInExchangeWin: what they moved or deleted there stays so.
func TestPeopleInExchangeWin(t *testing.T) {
	b := newBench(t)
	moved, deleted := b.history(anna, "moved@x"), b.arrive(anna, "deleted@x")
	lost := b.deliver(anna, mailstore.Arrival{Origin: mailstore.FromExchange, Octets: b.octets("lost@x")}) // Exchange has it no more
	b.drain()
	box := b.world.box("anna@firma.test")
	b.world.mu.Lock()
	for i, m := range box.messages {
		if m.id == "moved@x" {
			box.folders, m.folder = append(box.folders, "Kunden"), "Kunden"
		}
		if m.id == "deleted@x" {
			box.messages = append(box.messages[:i:i], box.messages[i+1:]...)
		}
	}
	b.world.mu.Unlock()
	b.move(anna, moved, mailstore.Archive)
	b.flag(anna, deleted, true, false)
	b.flag(anna, lost, true, false)
	b.drain()
	if copies := b.world.copies("anna@firma.test", "moved@x"); len(copies) != 1 || copies[0].folder != "Kunden" {
		t.Errorf("moved in Exchange: %v", copies)
	}
	if copies := b.world.copies("anna@firma.test", "deleted@x"); len(copies) != 0 {
		t.Errorf("deleted in Exchange and made anew: %v", copies)
	}
	lines, _ := b.sync.Lines(b.ctx, time.Time{}, anna, Parked, 10)
	if len(lines) != 1 || lines[0].Message != lost || lines[0].Remedy == "" || len(b.world.copies("anna@firma.test", "lost@x")) != 0 {
		t.Errorf("never seen in Exchange: %+v", lines)
	}
}

// TestLockdownCutsTheCall: a call under way is cut and its item in doubt; nothing more flows.
func TestLockdownCutsTheCall(t *testing.T) {
	b := newBench(t)
	b.o.Ways[0].SMTP = cutDelivery{b}
	b.restart()
	b.arrive(anna, "m@x")
	if _, err := b.pass(); err != nil {
		t.Fatal(err)
	}
	lines, _ := b.sync.Lines(b.ctx, time.Time{}, anna, InDoubt, 10)
	if len(lines) != 1 {
		t.Errorf("after the lockdown: %s", b.ledger())
	}
	if position, _ := b.sync.Position(b.ctx, anna); position != Closed || b.world.count("find") != 0 {
		t.Errorf("position %v, %d look-ups in a lockdown", position, b.world.count("find"))
	}
}

// cutDelivery starts a lockdown in the middle of a delivery and waits to be cut.
type cutDelivery struct{ b *bench }

func (c cutDelivery) Deliver(ctx context.Context, from string, to []string, octets []byte) (string, error) {
	c.b.start(continuity.Lockdown, continuity.Scope{All: true})
	c.b.sync.cut(c.b.ctx)
	<-ctx.Done()
	return "", &exchange.Failure{Kind: exchange.ErrDoubt, Op: "final dot", Err: ctx.Err()}
}

// TestNoDeletionReachesExchange: with the window at one day, a Maildir removed, or the volume
// missing, Exchange hears of not one deletion (L2, L3).
func TestNoDeletionReachesExchange(t *testing.T) {
	for _, c := range []struct {
		name   string
		break_ func(b *bench)
		alarm  bool
	}{
		{"window of one day", func(*bench) {}, false},
		{"Maildir removed", func(b *bench) { b.must(os.RemoveAll(filepath.Join(b.dir, "maildir", string(anna)))) }, true},
		{"volume missing", func(b *bench) { b.must(os.Rename(filepath.Join(b.dir, "maildir"), filepath.Join(b.dir, "elsewhere"))) }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			b.history(anna, "alt@x")
			b.arrive(anna, "neu@x")
			b.drain()
			c.break_(b)
			b.store.Close()
			store, err := mailstore.Open(b.ctx, mailstore.Options{Dir: b.dir, DB: b.db, Host: "holdover.test", Reserve: 1, Window: 24 * time.Hour, Now: b.clock.now})
			if err == nil {
				defer store.Close()
				b.store, b.o.Store = store, store
				b.restart()
				expired := 0
				for range 20 { // days pass without a jump: retention never runs on a clock that jumped (D10)
					b.clock.move(20 * time.Hour)
					n, err := b.store.Expire(b.ctx)
					if err != nil && !c.alarm {
						t.Error(err)
					}
					expired += n
				}
				if !c.alarm && expired == 0 {
					t.Error("retention removed nothing: the test shows nothing")
				}
				b.drainOrRest()
			}
			if c.alarm && err == nil && len(b.store.Alarms()) == 0 {
				t.Error("no alarm")
			}
			if n := b.world.removals(); n != 0 {
				t.Errorf("Exchange heard of %d deletions", n)
			}
			for _, id := range []string{"alt@x", "neu@x"} {
				if n := len(b.world.copies("anna@firma.test", id)); n != 1 {
					t.Errorf("%s is in Exchange %d times", id, n)
				}
			}
		})
	}
}

// drainOrRest passes a few times: an alarm makes everything rest.
func (b *bench) drainOrRest() {
	for range 10 {
		if _, err := b.pass(); err != nil {
			b.t.Log("pass: ", err)
		}
		b.clock.move(time.Minute)
	}
}
