package syncback

import (
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

func (c *conflict) namedThere(id string, names ...string) {
	c.there(id, func(_ *worldBox, m *worldMessage) { m.names = m.names.After(changeOf(names)) })
}

// bears asserts that a message is in Exchange once, in that folder, with these names in this order.
func (c *conflict) bears(id, folder string, names ...string) {
	c.t.Helper()
	c.holds(id, folder, exchange.Flags{})
	if all := c.world.copies(c.people[anna], id); len(all) == 1 && !slices.Equal(all[0].names, names) {
		c.t.Errorf("%s bears %q, want %q%s", id, all[0].names, names, c.ledger())
	}
}

// categoryConflicts are the rows of the table in docs/sync-back.md that begin with category-.
var categoryConflicts = map[string]func(b *bench){
	"category-ours": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.over()
		c.bears("m@x", "INBOX", "Red")
	},
	"category-theirs": func(b *bench) {
		m := b.arrive(anna, "m@x")
		b.name(anna, m, "Red")
		c := began(b)
		c.name(anna, m, "Blue")
		c.namedThere("m@x", "Green")
		c.over()
		c.bears("m@x", "INBOX", "Red", "Green", "Blue")
	},
	"category-same": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.namedThere("m@x", "red")
		c.over()
		c.bears("m@x", "INBOX", "red")
		c.words("the categories are so")
	},
	"category-removed": func(b *bench) {
		m := b.arrive(anna, "m@x")
		b.name(anna, m, "Red", "Blue")
		c := began(b)
		c.name(anna, m, "-red")
		c.over()
		c.bears("m@x", "INBOX", "Blue")
	},
	"category-removed-there": func(b *bench) {
		m := b.arrive(anna, "m@x")
		b.name(anna, m, "Red")
		c := began(b)
		c.name(anna, m, "Blue")
		c.namedThere("m@x", "-Red")
		c.over()
		c.bears("m@x", "INBOX", "Blue")
	},
	"category-removed-both": func(b *bench) {
		m := b.arrive(anna, "m@x")
		b.name(anna, m, "Red")
		c := began(b)
		c.name(anna, m, "-Red")
		c.namedThere("m@x", "-Red")
		c.over()
		c.bears("m@x", "INBOX")
	},
	"category-unshown": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.namedThere("m@x", "Green")
		c.name(anna, m, "Red")
		c.end(c.event)
		c.drain() // Green is now what was last read of Exchange, and the portal does not show it
		c.event = c.start(continuity.Outage, continuity.Scope{All: true})
		c.name(anna, m, "-Red", "Blue")
		c.over()
		c.bears("m@x", "INBOX", "Green", "Blue")
	},
	"category-undone": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.namedThere("m@x", "Green")
		c.name(anna, m, "-Red")
		c.over()
		c.bears("m@x", "INBOX", "Green")
	},
	"category-deleted": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.deletedThere("m@x")
		c.over()
		c.holds("m@x", "", exchange.Flags{})
	},
	"category-binned": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.movedThere("m@x", "Gelöschte Elemente")
		c.over()
		c.bears("m@x", "Gelöschte Elemente")
	},
	"category-moved": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.movedThere("m@x", "Archiv")
		c.over()
		c.bears("m@x", "Archiv", "Red")
	},
	"category-by-imap": func(b *bench) {
		b.o.Ways[1].Speaks = traffic.IMAP
		b.restart()
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.name(anna, m, "Red")
		c.move(anna, m, mailstore.Archive)
		c.over()
		if all := c.world.copies(c.people[anna], "m@x"); len(all) != 1 || all[0].folder != "Archiv" || len(all[0].names) > 0 {
			c.t.Errorf("%v: the move waits for what cannot go", all)
		}
		c.words("categories parked: no categories this way")
		if position, err := c.sync.Position(c.ctx, anna); err != nil || position != Open {
			c.t.Errorf("position %v, %v", position, err)
		}
		c.name(anna, m, "Blue", "-Red") // joins what is parked, and is tried
		c.drain()
		lines, err := c.sync.Lines(c.ctx, time.Time{}, anna, Parked, 10)
		if err != nil || len(lines) != 1 || lines[0].Remedy == "" {
			c.t.Errorf("%v, %+v", err, lines)
		}
		c.o.Ways = append(c.o.Ways, traffic.Way{Speaks: traffic.EWS, At: traffic.OnPremises, Mail: c.world}) // the administrator mends it
		c.o.Paths = traffic.Paths{traffic.StateCargo: {traffic.IMAP}}                                        // and the path still names IMAP alone
		c.restart()
		c.must(c.sync.Retry(c.ctx, anna, lines[0].Seq, "admin"))
		c.drain()
		c.bears("m@x", "Archiv", "Blue")
	},
}

// TestCategoriesOneChange: what is set and changed while the gate is closed is one row and one call, and
// what is refilled brings its categories again.
func TestCategoriesOneChange(t *testing.T) {
	b := newBench(t)
	b.o.Ways[1].Speaks = traffic.EWS
	b.restart()
	m := b.arrive(anna, "m@x")
	c := began(b)
	for _, names := range [][]string{{"Red"}, {"Blue"}, {"-Red", "Green"}} {
		c.name(anna, m, names...)
	}
	if n, err := c.sync.DryRun(c.ctx, func(email.MailboxID) bool { return true }, false, nil); err != nil || n.Items != 0 {
		t.Errorf("before planning: %+v, %v", n, err)
	}
	_, err := c.pass()
	c.must(err)
	dry, err := c.sync.DryRun(c.ctx, func(email.MailboxID) bool { return true }, false, nil)
	if err != nil || dry.Items != 1 || dry.Doubtful != 0 || dry.Flows[0].Cargo != traffic.StateCargo || dry.Flows[0].Way != "ews" {
		t.Errorf("dry run: %+v, %v", dry, err)
	}
	c.over()
	c.bears("m@x", "INBOX", "Blue", "Green")
	if n := c.world.count("categories"); n != 1 {
		t.Errorf("%d calls", n)
	}
	for calls, plain := range map[int]bool{1: false, 2: true} { // Exchange is built anew; filled by EWS, then as by IMAP
		c.deletedThere("m@x")
		c.world.plain = plain
		before := c.world.count("categories")
		c.must(c.store.Refill(c.ctx, anna, []email.MessageID{m}))
		c.drain()
		c.bears("m@x", "INBOX", "Blue", "Green")
		if n := c.world.count("categories") - before; n != calls-1 {
			t.Errorf("refilled with %d calls for categories, want %d", n, calls-1)
		}
	}
}

// TestCategoriesAreLookedAt: a yes is not believed, what Exchange shows is.
func TestCategoriesAreLookedAt(t *testing.T) {
	b := newBench(t)
	b.o.Ways[1].Speaks = traffic.EWS
	b.restart()
	m := b.arrive(anna, "m@x")
	c := began(b)
	c.name(anna, m, "Red")
	c.world.deaf = 2
	c.over()
	c.bears("m@x", "INBOX", "Red")
	if n := c.world.count("categories"); n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

// TestDryRunNamesNoWay: the doubt is there before anything is told.
func TestDryRunNamesNoWay(t *testing.T) {
	b := newBench(t)
	m := b.arrive(anna, "m@x")
	c := began(b)
	c.name(anna, m, "Red")
	_, err := c.pass()
	c.must(err)
	dry, err := c.sync.DryRun(c.ctx, func(email.MailboxID) bool { return true }, false, nil)
	if err != nil || dry.Doubtful != 1 || dry.Doubts[0].Reason != DoubtNames || !strings.Contains(dry.Doubts[0].Detail, "IMAP") {
		t.Errorf("%+v, %v", dry, err)
	}
}
