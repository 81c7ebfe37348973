package syncback

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// TestDraftReplacedWithKills ends the process at every step of a replacement, by a kill before and
// after each call and each note. Whatever the step, the newest version is left, once.
func TestDraftReplacedWithKills(t *testing.T) {
	hit := map[string]int{}
	for kill := range 14 {
		b := newBench(t)
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		b.drain()
		c := began(b)
		d, v = c.draft(anna, d, v, "e@x", "zwei")
		steps, killed := 0, false
		c.o.at = func(point string, _ email.MailboxID) error {
			if killed || point == "plan" || point == "planned" || point == "write" || c.closed() {
				return nil
			}
			if steps++; steps <= kill {
				return nil
			}
			killed = true
			hit[point]++
			return errKilled
		}
		c.restart()
		c.end(c.event)
		c.drain()
		if kill%2 == 1 { // and once more, over what the kill left
			c.draft(anna, d, v, "e@x", "drei")
			c.drain()
			c.hasDrafts("e@x", "drei")
		} else {
			c.hasDrafts("e@x", "zwei")
		}
		if n := len(c.world.copies(c.people[anna], "e@x")); n != 1 {
			t.Errorf("kill %d: %d copies in all", kill, n)
		}
	}
	t.Logf("kills per step: %v", hit)
	for _, point := range []string{"claimed", "step", "called", "looked", "written"} {
		if hit[point] == 0 {
			t.Errorf("no kill hit %q", point)
		}
	}
}

// closed says whether anna's gate is closed.
func (c *conflict) closed() bool {
	position, err := c.sync.Position(c.ctx, anna)
	return err != nil || position == Closed
}

// sideways makes each message from a draft on the side, as Graph does: noted before and after.
type sideways struct {
	*door
	die  int // at this note the process ends, 0 never
	seen int
	refs []string
}

func (s *sideways) Append(ctx context.Context, mailbox string, to exchange.Folder, item exchange.Item) (exchange.Place, error) {
	if item.Flags.Draft || item.Note == nil {
		return s.door.Append(ctx, mailbox, to, item)
	}
	if err := item.Note("m:side@x"); err != nil {
		return exchange.Place{}, err
	}
	draft, err := s.door.Append(ctx, mailbox, exchange.Folder{Role: exchange.Drafts}, exchange.Item{Octets: []byte("Message-ID: <side@x>\r\n\r\n"), Flags: exchange.Flags{Draft: true}})
	if err != nil {
		return exchange.Place{}, err
	}
	if err := item.Note("i:" + draft.ID); err != nil {
		return exchange.Place{}, err
	}
	place, err := s.door.Append(ctx, mailbox, to, item)
	if err != nil {
		return place, err
	}
	if err := s.door.Remove(ctx, mailbox, draft); err != nil {
		return place, nil
	}
	item.Note("")
	return place, nil
}

func (s *sideways) Tidy(ctx context.Context, mailbox, ref string) error {
	s.refs = append(s.refs, ref)
	drafts, err := s.door.Find(ctx, mailbox, exchange.Query{MessageIDs: []string{"side@x"}})
	for _, d := range drafts {
		if err == nil {
			err = s.door.Remove(ctx, mailbox, d.Place)
		}
	}
	return err
}

// TestNoLitter ends the process at each note of a way that makes drafts on the side, and lets it fail
// there too: in the end the message is there once and no draft is left.
func TestNoLitter(t *testing.T) {
	tidied := 0
	for kill := range 8 {
		for _, weather := range []string{"kill", "remove fails"} {
			t.Run(fmt.Sprint(weather, kill), func(t *testing.T) {
				var side *sideways
				e := newEntrance(t, traffic.ProfileOnline, func(o *Options) {
					o.Paths = traffic.Paths{traffic.SentCargo: {traffic.Graph}}
					i := slices.IndexFunc(o.Ways, func(w traffic.Way) bool { return w.Speaks == traffic.Graph })
					side = &sideways{door: o.Ways[i].Mail.(*door)}
					o.Ways[i].Mail = side
				})
				event := e.start(continuity.Outage, continuity.Scope{All: true})
				e.sent("s@x")
				e.end(event)
				n := 0
				if weather == "kill" {
					e.o.at = func(point string, _ email.MailboxID) error {
						if n++; n != kill+8 {
							return nil
						}
						return errKilled
					}
				} else {
					e.doors["graph"].set(func(op, _ string) error {
						if n++; op == "remove" && n < 4+kill {
							return exchange.ErrTemporary
						}
						return nil
					})
				}
				e.restart()
				e.drain()
				e.check([]want{{anna, "s@x", "Gesendete Elemente", seen}})
				if litter := e.world.copies(e.people[anna], "side@x"); len(litter) > 0 {
					t.Errorf("a draft is left: %v%s", litter, e.ledger())
				}
				tidied += len(side.refs)
				for _, ref := range side.refs {
					if !strings.HasPrefix(ref, "m:") && !strings.HasPrefix(ref, "i:") {
						t.Errorf("tidied by %q", ref)
					}
				}
			})
		}
	}
	if tidied == 0 {
		t.Error("nothing was ever tidied up: the kills hit nothing")
	}
}
