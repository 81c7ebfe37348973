package syncback

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// cell is one place of the matrix: a mailbox in a position, and something that happens to it.
type cell struct {
	*bench
	position Position
	first    email.MessageID // waits when the position is closed or draining, is back when it is open
	event    *continuity.Event
	wants    []want
	before   int // calls that change Exchange, before the happening
}

// arrange brings anna's mailbox into a position.
func arrange(t *testing.T, position Position) *cell {
	c := &cell{bench: newBench(t), position: position}
	scope := continuity.Scope{Mailboxes: []email.MailboxID{anna}}
	if position != Open {
		e := c.start(continuity.Outage, scope)
		c.event = &e
	}
	c.first = c.arrive(anna, "erste@x")
	c.wants = []want{{anna, "erste@x", "INBOX", exchange.Flags{}}}
	switch position {
	case Draining: // Exchange refuses this mailbox for the time being
		c.end(*c.event)
		c.event = nil
		c.world.script = func(op, box string) fault {
			if box == c.people[anna] && op != "find" {
				return temporary
			}
			return fine
		}
		c.rest()
	case Closed:
		c.rest()
	default:
		c.drain()
	}
	c.is(position)
	c.before = c.changes()
	return c
}

// rest passes until nothing more happens at this moment.
func (c *cell) rest() {
	c.t.Helper()
	for range 5 {
		_, err := c.pass()
		c.must(err)
	}
}

func (c *cell) is(want Position) {
	c.t.Helper()
	if got, err := c.sync.Position(c.ctx, anna); got != want || err != nil {
		c.t.Errorf("the position is %v, %v; want %v", got, err, want)
	}
}

func (c *cell) changes() (n int) {
	for _, op := range []string{"deliver", "append", "flags", "move", "remove", "create"} {
		n += c.world.count(op)
	}
	return n
}

// flowed says whether Exchange was told something since the happening.
func (c *cell) flowed() bool { return c.changes() > c.before }

// flows asserts that Exchange is told at once exactly when the mailbox is open.
func (c *cell) flows() string {
	c.t.Helper()
	if c.position == Draining {
		c.world.mu.Lock()
		c.before = 1 << 30 // its calls fail; only their effect counts, at the end
		c.world.mu.Unlock()
	}
	c.rest()
	if c.position == Open != c.flowed() {
		c.t.Errorf("%v, yet told: %v", c.position, c.flowed())
	}
	c.is(c.position)
	switch c.position {
	case Closed:
		return "waits"
	case Draining:
		return "joins the drain"
	}
	return "told at once"
}

// happenings are the columns of issue and design: what may befall a mailbox, by the rules L1 to L17.
var happenings = []struct {
	name, rule string
	do         func(c *cell) string
}{
	{"restart", "L10, D11", func(c *cell) string {
		c.restart()
		c.is(c.position)
		c.rest()
		c.is(c.position)
		return "position and items stay"
	}},
	{"new event", "L4, L5", func(c *cell) string {
		e := c.start(continuity.Maintenance, continuity.Scope{All: true})
		c.arrive(anna, "zweite@x")
		c.wants = append(c.wants, want{anna, "zweite@x", "INBOX", exchange.Flags{}})
		c.is(Closed)
		before := c.changes()
		c.rest()
		if c.changes() != before {
			c.t.Error("Exchange was told something during the event")
		}
		c.end(e)
		if c.event != nil {
			c.is(Closed) // ending one leaves the other
			return "closed; ending it leaves the first"
		}
		c.is(Draining)
		return "closed; then drains"
	}},
	{"new mail", "L5", func(c *cell) string {
		c.arrive(anna, "zweite@x")
		c.wants = append(c.wants, want{anna, "zweite@x", "INBOX", exchange.Flags{}})
		return c.flows()
	}},
	{"deletion", "L7", func(c *cell) string {
		c.must(c.store.Delete(c.ctx, mailstore.FromPortal, anna, []email.MessageID{c.first}))
		c.wants[0].folder = "Gelöschte Elemente"
		return c.flows() + "; in Deleted Items once"
	}},
	{"move", "L7", func(c *cell) string {
		c.move(anna, c.first, mailstore.Junk)
		c.move(anna, c.first, mailstore.Archive)
		c.wants[0].folder = "Archiv"
		return c.flows() + "; in Archive once"
	}},
	{"undo-hold", "L16", func(c *cell) string {
		draft, version := c.draft(anna, "", 0, "brief@x", "Text")
		send := c.send(anna, draft, version, "brief@x")
		if _, err := c.store.Undo(c.ctx, anna, send); err != nil {
			c.t.Error(err)
		}
		c.release()
		c.wants = append(c.wants, want{anna, "brief@x", "Entwürfe", exchange.Flags{Seen: true, Draft: true}})
		return c.flows() + "; draft once, nothing in Sent"
	}},
	{"group mail", "L14", func(c *cell) string {
		id := mailstore.NewID()
		_, err := c.store.Deliver(c.ctx, mailstore.Arrival{ID: id, From: "kunde@aussen.test", Origin: mailstore.FromOutside, Octets: c.octets("gruppe@x"),
			Trace: []byte("Received: from a by b with ESMTPS id " + string(id) + "; Sat, 21 Nov 2026 09:00:00 +0000\r\n"),
			To:    []mailstore.Recipient{{Mailbox: anna, Address: "vertrieb@firma.test"}, {Mailbox: bert, Address: "vertrieb@firma.test"}}})
		c.must(err)
		c.wants = append(c.wants, want{anna, "gruppe@x", "INBOX", exchange.Flags{}}, want{bert, "gruppe@x", "INBOX", exchange.Flags{}})
		c.rest()
		c.is(c.position)
		return "each member once, by the member's own gate"
	}},
	{"mixed scope", "L4", func(c *cell) string {
		c.arrive(anna, "zweite@x")
		c.arrive(bert, "zweite@x")
		c.wants = append(c.wants, want{anna, "zweite@x", "INBOX", exchange.Flags{}}, want{bert, "zweite@x", "INBOX", exchange.Flags{}})
		c.rest()
		c.is(c.position)
		if n := len(c.world.copies(c.people[bert], "zweite@x")); n != 1 {
			c.t.Errorf("bert is open and has the message %d times", n)
		}
		if n := len(c.world.copies(c.people[anna], "zweite@x")); (n == 1) != (c.position == Open) {
			c.t.Errorf("anna is %v and has the message %d times", c.position, n)
		}
		return "bert told at once; anna by her gate"
	}},
}

// TestMatrix plays every happening in every position. Whatever happens, at the end each item is in
// Exchange once, in its place, and the account closes.
func TestMatrix(t *testing.T) {
	positions := []Position{Closed, Draining, Open}
	table := new(strings.Builder)
	fmt.Fprintf(table, "| happening | rules | closed | draining | open |\n| --- | --- | --- | --- | --- |\n")
	for _, h := range happenings {
		fmt.Fprintf(table, "| %s | %s |", h.name, h.rule)
		for _, position := range positions {
			said := "FAILED"
			t.Run(h.name+"/"+string(position), func(t *testing.T) {
				c := arrange(t, position)
				what := h.do(c)
				if c.event != nil {
					c.end(*c.event)
				}
				c.world.script = func(string, string) fault { return fine }
				c.drain()
				c.check(c.wants)
				c.is(Open)
				if !t.Failed() {
					said = what
				}
			})
			fmt.Fprintf(table, " %s |", said)
		}
		fmt.Fprintln(table)
	}
	t.Log("\n" + table.String())
	if name := os.Getenv("HOLDOVER_MATRIX"); name != "" {
		if err := os.WriteFile(name, []byte(table.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
