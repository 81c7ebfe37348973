package syncback

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// built is a mailbox with mail of all kinds, everything of it seen in Exchange.
func built(b *bench) []want {
	b.t.Helper()
	b.arrive(anna, "post@x")
	read := b.arrive(anna, "gelesen@x")
	b.flag(anna, read, true, true)
	filed := b.arrive(anna, "abgelegt@x")
	b.move(anna, filed, mailstore.Archive)
	gone := b.arrive(anna, "geloescht@x")
	b.must(b.store.Delete(b.ctx, mailstore.FromPortal, anna, []email.MessageID{gone}))
	binned := b.arrive(anna, "papierkorb@x")
	b.move(anna, binned, mailstore.Trash)
	b.colleague(anna, "intern@x")
	b.history(anna, "alt@x")
	draft, version := b.draft(anna, "", 0, "gesendet@x", "Text")
	b.send(anna, draft, version, "gesendet@x")
	b.release()
	b.draft(anna, "", 0, "entwurf@x", "Entwurf")
	dropped := b.arrive(anna, "dort-weg@x")
	b.drain()
	c := &conflict{bench: b}
	c.deletedThere("dort-weg@x")
	b.flag(anna, dropped, true, false) // so that we learn of it
	b.drain()
	return []want{{anna, "post@x", "INBOX", exchange.Flags{}}, {anna, "gelesen@x", "INBOX", both}, {anna, "abgelegt@x", "Archiv", exchange.Flags{}},
		{anna, "intern@x", "INBOX", exchange.Flags{}}, {anna, "alt@x", "INBOX", exchange.Flags{}}, {anna, "gesendet@x", "Gesendete Elemente", seen},
		{anna, "entwurf@x", "Entwürfe", exchange.Flags{Seen: true, Draft: true}},
		{anna, "geloescht@x", "", exchange.Flags{}}, {anna, "papierkorb@x", "", exchange.Flags{}}, {anna, "dort-weg@x", "", exchange.Flags{}}}
}

// rebuiltEmpty is what an administrator does to a mailbox of an Exchange that was lost.
func (b *bench) rebuiltEmpty() {
	b.world.mu.Lock()
	defer b.world.mu.Unlock()
	uid := b.world.boxes[b.people[anna]].uid
	b.world.boxes[b.people[anna]] = nil
	b.world.box(b.people[anna]).uid = uid
}

// wish starts a refill and lets the dry look end.
func (b *bench) wish(w RefillWish) Refill {
	b.t.Helper()
	w.Mailboxes, w.By, w.Reason = []email.MailboxID{anna}, "admin", "test"
	id, err := b.sync.StartRefill(b.ctx, w)
	b.must(err)
	return b.refillTo(id, RefillLooked)
}

func (b *bench) refillTo(id string, state RefillState) Refill {
	b.t.Helper()
	for range 100 {
		worked, err := b.sync.refillOne(b.ctx)
		if errors.Is(err, errKilled) {
			b.restart()
			b.clock.move(time.Hour) // the claim of who was killed ends
			continue
		}
		b.must(err)
		if !worked {
			break
		}
	}
	r, err := b.sync.Refill(b.ctx, id)
	b.must(err)
	if r.State != state {
		b.t.Fatalf("the refill is %s, want %s: %+v", r.State, state, r)
	}
	return r
}

func (b *bench) fill(id string) Refill {
	b.t.Helper()
	b.must(b.sync.FillRefill(b.ctx, id, "admin"))
	b.refillTo(id, RefillFilled)
	b.drain()
	r, err := b.sync.Refill(b.ctx, id)
	b.must(err)
	return r
}

// TestRefill: an emptied mailbox is filled from the store, each message once, in its folder, with its
// marks; what people deleted, here or there, does not come back. Doing it again brings nothing.
func TestRefill(t *testing.T) {
	b := newBench(t)
	wants := built(b)
	b.rebuiltEmpty()
	before := b.world.count("append") + b.world.count("deliver")
	r := b.wish(RefillWish{})
	if n := b.world.count("append") + b.world.count("deliver"); n != before {
		t.Error("the dry look changed something")
	}
	if r.Missing != 7 || r.There != 0 || r.Deleted != 1 || r.Held != 8 {
		t.Errorf("the dry look says %+v", r.RefillCounts)
	}
	r = b.fill(r.ID)
	b.check(wants)
	if !r.Done() || r.Back.Total != 7 {
		t.Errorf("progress: %+v of %+v", r.Back, r.RefillCounts)
	}
	if b.world.count("deliver") != 6 {
		t.Errorf("%d deliveries: refilled mail must not run through Exchange's rules again", b.world.count("deliver"))
	}
	again := b.wish(RefillWish{})
	if again.Missing != 0 || again.There != 7 {
		t.Errorf("the second look says %+v", again.RefillCounts)
	}
	b.fill(again.ID)
	b.check(wants)
}

// TestRefillNeverDoubles: what is there already, at the dry look, before the telling, or brought by a
// second refill at the same time, stays as it is.
func TestRefillNeverDoubles(t *testing.T) {
	b := newBench(t)
	wants := built(b)[:7]
	c := &conflict{bench: b}
	for _, id := range []string{"post@x", "entwurf@x", "gesendet@x"} {
		c.deletedThere(id)
	}
	one, two := b.wish(RefillWish{}), b.wish(RefillWish{})
	if one.Missing != 3 || one.There != 4 {
		t.Errorf("the dry look says %+v", one.RefillCounts)
	}
	b.must(b.sync.FillRefill(b.ctx, one.ID, "admin"))
	b.must(b.sync.FillRefill(b.ctx, two.ID, "admin"))
	b.refillTo(one.ID, RefillFilled)
	b.refillTo(two.ID, RefillFilled)
	b.world.mu.Lock() // and a person puts one of them back by hand before we come to it
	b.world.add(b.world.box(b.people[anna]), "INBOX", b.octets("post@x"), exchange.Flags{}, b.clock.now())
	b.world.mu.Unlock()
	b.drain()
	b.check(wants)
}

// TestRefillWithKills kills at each step of look, filling and drain.
func TestRefillWithKills(t *testing.T) {
	for kill := range 12 {
		b := newBench(t)
		wants := built(b)
		b.rebuiltEmpty()
		n, on := 0, false
		b.o.at = func(string, email.MailboxID) error {
			if !on {
				return nil
			}
			if n++; n == 1+kill*2 {
				return errKilled
			}
			return nil
		}
		b.restart()
		id, err := b.sync.StartRefill(b.ctx, RefillWish{Mailboxes: []email.MailboxID{anna}, By: "admin", Reason: "test"})
		b.must(err)
		on = true
		b.refillTo(id, RefillLooked)
		for range 3 { // a kill after the commit: it is on its way already
			err := b.sync.FillRefill(b.ctx, id, "admin")
			if err == nil || errors.Is(err, ErrRefillState) {
				break
			}
			b.restart()
		}
		b.refillTo(id, RefillFilled)
		b.drain()
		b.check(wants)
	}
}

// TestReconcile: an Exchange restored from a backup. What it had at the backup and has no more was
// deleted there and stays so; what came after the backup goes back.
func TestReconcile(t *testing.T) {
	b := newBench(t)
	b.arrive(anna, "vorher@x")
	b.arrive(anna, "vorher-geloescht@x")
	b.drain()
	c := &conflict{bench: b}
	c.deletedThere("vorher-geloescht@x")
	b.clock.move(time.Hour)
	backup := b.clock.now()
	b.clock.move(time.Hour)
	b.arrive(anna, "nachher@x")
	b.drain()
	c.deletedThere("nachher@x") // the restored backup does not have it
	r := b.wish(RefillWish{Backup: backup})
	if r.There != 1 || r.Deleted != 1 || r.Missing != 1 {
		t.Errorf("the dry look says %+v", r.RefillCounts)
	}
	b.fill(r.ID)
	b.check([]want{{anna, "vorher@x", "INBOX", exchange.Flags{}}, {anna, "vorher-geloescht@x", "", exchange.Flags{}}, {anna, "nachher@x", "INBOX", exchange.Flags{}}})
}

// TestRefillWindowAndGate: the window bounds what goes; a closed gate keeps Exchange from being asked.
func TestRefillWindowAndGate(t *testing.T) {
	b := newBench(t)
	for day := range 3 {
		b.arrive(anna, fmt.Sprintf("tag%d@x", day))
		b.clock.move(24 * time.Hour)
	}
	b.drain()
	b.rebuiltEmpty()
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	from := b.clock.now().Add(-49 * time.Hour)
	id, err := b.sync.StartRefill(b.ctx, RefillWish{Mailboxes: []email.MailboxID{anna}, From: from, Until: b.clock.now().Add(-23 * time.Hour), By: "admin", Reason: "test"})
	b.must(err)
	asked := b.world.count("find")
	r := b.refillTo(id, RefillLooking)
	if b.world.count("find") != asked || r.Boxes[0].Words == "" {
		t.Errorf("Exchange was asked while the gate was closed, or nobody says why it waits: %+v", r)
	}
	b.end(e)
	b.clock.move(time.Minute)
	r = b.refillTo(id, RefillLooked)
	if r.Held != 2 || r.Missing != 2 {
		t.Errorf("the window holds %+v", r.RefillCounts)
	}
	if err := b.sync.CancelRefill(b.ctx, id, "admin"); err != nil {
		t.Error(err)
	}
	if err := b.sync.FillRefill(b.ctx, id, "admin"); !errors.Is(err, ErrRefillState) {
		t.Errorf("a cancelled refill went on: %v", err)
	}
}

// TestRefillKeepsRetentionAway: until a refilled message is found again, it does not expire.
func TestRefillKeepsRetentionAway(t *testing.T) {
	b := newBench(t)
	id := b.arrive(anna, "post@x")
	b.drain()
	b.rebuiltEmpty()
	b.must(b.store.Refill(b.ctx, anna, []email.MessageID{id}))
	m, err := b.store.Message(b.ctx, anna, id)
	b.must(err)
	if m.Settled {
		t.Error("it counts as safe in Exchange before it is there")
	}
	b.drain()
	if m, err = b.store.Message(b.ctx, anna, id); err != nil || !m.Settled {
		t.Errorf("it is back and does not count as safe: %+v, %v", m.Settled, err)
	}
}
