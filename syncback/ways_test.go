package syncback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// door is one way into a world, with places and faults of its own.
type door struct {
	*world
	name string

	mu   sync.Mutex
	fail func(op, box string) error // ErrDoubt: it happened and the answer is lost
	did  []string                   // what took effect, as "op box"
}

func (d *door) set(fail func(op, box string) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fail = fail
}

func (d *door) broken(kind error) { d.set(func(string, string) error { return kind }) }

func (d *door) mended() { d.set(nil) }

func (d *door) count(op string) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, done := range d.did {
		if strings.HasPrefix(done, op) {
			n++
		}
	}
	return n
}

// pass asks for the fault of a call; effect says whether it happens.
func (d *door) pass(op, box string) (effect bool, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		if kind := d.fail(op, box); kind != nil {
			err = &exchange.Failure{Kind: kind, Op: d.name + " " + op, Words: "scripted"}
		}
	}
	effect = err == nil || errors.Is(err, exchange.ErrDoubt)
	if effect {
		d.did = append(d.did, op+" "+box)
	}
	return effect, err
}

// out and in translate places: what one way says means nothing to another.
func (d *door) out(p exchange.Place) exchange.Place {
	return exchange.Place{Folder: p.Folder, ID: d.name + ":" + strconv.Itoa(int(p.UID))}
}

func (d *door) in(p exchange.Place) exchange.Place {
	id, ours := strings.CutPrefix(p.ID, d.name+":")
	if !ours {
		panic("a place of another way: " + p.ID)
	}
	uid, _ := strconv.Atoi(id)
	return exchange.Place{Folder: p.Folder, Validity: 1, UID: uint32(uid)}
}

func (d *door) Deliver(ctx context.Context, from string, to []string, octets []byte) (string, error) {
	effect, err := d.pass("deliver", to[0])
	if effect {
		d.world.Deliver(ctx, from, to, octets)
	}
	return "2.6.0 queued", err
}

func (d *door) Find(ctx context.Context, mailbox string, q exchange.Query) ([]exchange.Copy, error) {
	op := "find"
	if slices.Contains(q.MessageIDs, nobody) {
		op = "locate"
	}
	if _, err := d.pass(op, mailbox); err != nil {
		return nil, err
	}
	copies, err := d.world.Find(ctx, mailbox, q)
	for i := range copies {
		copies[i].Place = d.out(copies[i].Place)
	}
	return copies, err
}

func (d *door) Append(ctx context.Context, mailbox string, to exchange.Folder, item exchange.Item) (place exchange.Place, err error) {
	effect, err := d.pass("append", mailbox)
	if !effect {
		return place, err
	}
	place, failed := d.world.Append(ctx, mailbox, to, item)
	if failed != nil || err != nil {
		return exchange.Place{}, errors.Join(err, failed)
	}
	return d.out(place), nil
}

func (d *door) SetFlags(ctx context.Context, mailbox string, at exchange.Place, flags exchange.Flags) (exchange.Flags, error) {
	if effect, err := d.pass("flags", mailbox); !effect {
		return exchange.Flags{}, err
	}
	return d.world.SetFlags(ctx, mailbox, d.in(at), flags)
}

func (d *door) SetCategories(ctx context.Context, mailbox string, at exchange.Place, change email.CategoryChange) (email.Categories, error) {
	if at == (exchange.Place{}) {
		return d.world.SetCategories(ctx, mailbox, at, change)
	}
	if effect, err := d.pass("categories", mailbox); !effect {
		return nil, err
	}
	return d.world.SetCategories(ctx, mailbox, d.in(at), change)
}

func (d *door) Move(ctx context.Context, mailbox string, at exchange.Place, to exchange.Folder) error {
	if effect, err := d.pass("move", mailbox); !effect {
		return err
	}
	return d.world.Move(ctx, mailbox, d.in(at), to)
}

func (d *door) Remove(ctx context.Context, mailbox string, at exchange.Place) error {
	if effect, err := d.pass("remove", mailbox); !effect {
		return err
	}
	return d.world.Remove(ctx, mailbox, d.in(at))
}

func (d *door) Create(ctx context.Context, mailbox string, f exchange.Folder) error {
	if effect, err := d.pass("create", mailbox); !effect {
		return err
	}
	return d.world.Create(ctx, mailbox, f)
}

func (d *door) Rename(ctx context.Context, mailbox string, f exchange.Folder, name string) error {
	if effect, err := d.pass("rename", mailbox); !effect {
		return err
	}
	return d.world.Rename(ctx, mailbox, f, name)
}

func (d *door) Discard(ctx context.Context, mailbox string, f exchange.Folder) (bool, error) {
	if effect, err := d.pass("discard", mailbox); !effect {
		return false, err
	}
	return d.world.Discard(ctx, mailbox, f)
}

// entrance is a bench with every way into an Exchange on-premises and one Online.
type entrance struct {
	*bench
	doors  map[string]*door
	online *world
}

func newEntrance(t *testing.T, profile traffic.Profile, edit func(o *Options)) *entrance {
	t.Helper()
	b := newBench(t)
	e := &entrance{bench: b, doors: map[string]*door{}, online: newWorld(b.clock.now)}
	b.o.Ways, b.o.Profile = nil, profile
	for _, at := range profile.Locations() {
		inside := b.world
		if at == traffic.Online && profile == traffic.ProfileHybrid {
			inside = e.online
		}
		for _, p := range map[traffic.Location][]traffic.Protocol{traffic.OnPremises: {traffic.SMTP, traffic.Internal, traffic.IMAP, traffic.EWS}, traffic.Online: {traffic.SMTP, traffic.Internal, traffic.IMAP, traffic.Graph}}[at] {
			w := traffic.Way{Speaks: p, At: at}
			d := &door{world: inside, name: w.Name()}
			if w.SMTP = d; !p.Delivers() {
				w.SMTP, w.Mail = nil, d
			}
			e.doors[w.Name()] = d
			b.o.Ways = append(b.o.Ways, w)
		}
	}
	if edit != nil {
		edit(&b.o)
	}
	b.restart()
	return e
}

// lies lets mailboxes lie on one side only: the other says so.
func (e *entrance) lies(at map[string]traffic.Location) {
	for name, d := range e.doors {
		here := traffic.OnPremises
		if strings.HasSuffix(name, "@online") || name == "graph" {
			here = traffic.Online
		}
		if strings.HasPrefix(name, "smtp") { // Exchange routes
			continue
		}
		d.set(func(_, box string) error {
			if at[box] == here {
				return nil
			}
			return exchange.ErrElsewhere
		})
	}
}

// carried answers over which way each item of a mailbox went, by kind of entry.
func (e *entrance) carried(m email.MailboxID) map[mailstore.Kind]string {
	lines, err := e.sync.Lines(e.ctx, time.Time{}, m, "", 100)
	e.must(err)
	ways := map[mailstore.Kind]string{}
	for _, l := range lines {
		if ways[l.Kind] == "" { // the newest stands first
			ways[l.Kind] = l.Way
		}
	}
	return ways
}

func (e *entrance) went(m email.MailboxID, kind mailstore.Kind, way string) {
	e.t.Helper()
	if got := e.carried(m)[kind]; got != way {
		e.t.Errorf("%s went over %q, want %q%s", kind, got, way, e.ledger())
	}
}

// sent is a message that anna writes in the portal.
func (e *entrance) sent(id string) {
	draft, version := e.draft(anna, "", 0, id, "Text")
	e.send(anna, draft, version, id)
	e.release()
}

// TestNextWay: when a way fails for a mailbox the next one carries its items, and the first again
// once it works.
func TestNextWay(t *testing.T) {
	for name, kind := range map[string]error{"does not answer": exchange.ErrUnreachable, "login refused": exchange.ErrLogin, "switched off": exchange.ErrRoute, "cannot carry it": exchange.ErrUnsuited} {
		t.Run(name, func(t *testing.T) {
			e := newEntrance(t, traffic.ProfileOnPremises, nil)
			e.doors["ews"].broken(kind)
			e.sent("eins@x")
			e.drain()
			e.went(anna, mailstore.SentOut, "imap")
			e.doors["ews"].mended()
			e.clock.move(time.Hour)
			e.sent("zwei@x")
			e.drain()
			e.went(anna, mailstore.SentOut, "ews")
			e.check([]want{{anna, "eins@x", "Gesendete Elemente", seen}, {anna, "zwei@x", "Gesendete Elemente", seen}})
		})
	}
}

// TestNoOtherWayInDoubt: an item in doubt is looked for over any way of its mailbox, and told over
// another one only when it is proven absent.
func TestNoOtherWayInDoubt(t *testing.T) {
	for _, stored := range []bool{true, false} {
		t.Run(fmt.Sprint("stored ", stored), func(t *testing.T) {
			e := newEntrance(t, traffic.ProfileOnPremises, nil)
			e.doors["ews"].set(func(op, _ string) error {
				if op != "append" {
					return exchange.ErrUnreachable // it is gone after the lost answer
				}
				return exchange.ErrDoubt
			})
			if !stored {
				e.doors["ews"].world = newWorld(e.clock.now) // what it took is nowhere
			}
			event := e.start(continuity.Outage, continuity.Scope{All: true})
			e.sent("eins@x")
			e.end(event)
			_, err := e.pass()
			e.must(err)
			if n := e.doors["imap"].count("append"); n != 0 {
				t.Fatal("told over another way while in doubt")
			}
			e.drain()
			e.check([]want{{anna, "eins@x", "Gesendete Elemente", seen}})
			if n := e.doors["imap"].count("append"); (n == 0) != stored {
				t.Errorf("told over IMAP %d times, stored by EWS: %v", n, stored)
			}
		})
	}
}

// TestLocationIsFoundAndRemembered: both sides are asked once; what was found outlives the process,
// and a mailbox that was moved in mid-run is asked for anew.
func TestLocationIsFoundAndRemembered(t *testing.T) {
	e := newEntrance(t, traffic.ProfileHybrid, nil)
	where := map[string]traffic.Location{e.people[anna]: traffic.OnPremises, e.people[bert]: traffic.Online}
	e.lies(where)
	e.colleague(anna, "a@x")
	e.colleague(bert, "b@x")
	e.drain()
	e.went(anna, mailstore.Arrived, "internal")
	e.went(bert, mailstore.Arrived, "internal@online")
	asked := func() (n int) {
		for _, d := range e.doors {
			n += d.count("locate")
		}
		return n
	}
	before := asked()
	e.restart()
	e.colleague(anna, "a2@x")
	e.colleague(bert, "b2@x")
	e.drain()
	if n := asked(); n != before || n != 2 {
		t.Errorf("%d mailboxes said yes to the question where they lie, and %d before the restart; want 2 and 2", n, before)
	}
	where[e.people[anna]] = traffic.Online
	for _, m := range e.world.box(e.people[anna]).messages { // it moves with all that is in it
		e.online.add(e.online.box(e.people[anna]), m.folder, m.octets, m.flags, m.date)
	}
	e.colleague(anna, "a3@x")
	e.drain()
	e.went(anna, mailstore.Arrived, "internal@online")
	lines, err := e.sync.Lines(e.ctx, time.Time{}, anna, "", 1)
	e.must(err)
	if lines[0].Location != traffic.Online {
		t.Errorf("the ledger says %q", lines[0].Location)
	}
	if n := len(e.online.copies(e.people[anna], "a3@x")); n != 1 {
		t.Errorf("it is there %d times", n)
	}
}

// TestDirectoryLocates: what the directory says is not asked for.
func TestDirectoryLocates(t *testing.T) {
	e := newEntrance(t, traffic.ProfileHybrid, func(o *Options) { o.Located = func(email.MailboxID) traffic.Location { return traffic.Online } })
	e.colleague(anna, "a@x")
	e.drain()
	e.went(anna, mailstore.Arrived, "internal@online")
	for name, d := range e.doors {
		if d.count("locate") > 0 {
			t.Errorf("%s was asked", name)
		}
	}
}

// TestBothSidesSayYes: nothing is guessed; mail from outside goes all the same, since Exchange routes it.
func TestBothSidesSayYes(t *testing.T) {
	e := newEntrance(t, traffic.ProfileHybrid, nil)
	e.arrive(anna, "aussen@x")
	e.colleague(anna, "innen@x")
	for range 20 {
		_, err := e.pass()
		e.must(err)
		e.clock.move(2 * time.Minute)
	}
	if n := len(e.world.copies(e.people[anna], "aussen@x")); n != 1 {
		t.Errorf("mail from outside is there %d times", n)
	}
	if n := len(e.world.copies(e.people[anna], "innen@x")) + len(e.online.copies(e.people[anna], "innen@x")); n != 0 {
		t.Errorf("internal mail was put somewhere by guess")
	}
	report, err := e.sync.Report(e.ctx, time.Time{}, func(email.MailboxID) bool { return true })
	e.must(err)
	if !strings.Contains(report.Trouble, "both sides") {
		t.Errorf("trouble: %q", report.Trouble)
	}
}

// TestPlaceOfAnotherWay: a message seen by Graph is looked up again when IMAP has to change it; a place
// of another way is never addressed (the double panics at one).
func TestPlaceOfAnotherWay(t *testing.T) {
	e := newEntrance(t, traffic.ProfileOnline, nil)
	id := e.arrive(anna, "m@x")
	e.drain()
	e.doors["graph"].broken(exchange.ErrLogin)
	e.flag(anna, id, true, false)
	e.move(anna, id, mailstore.Archive)
	e.drain()
	e.went(anna, mailstore.Moved, "imap@online")
	e.check([]want{{anna, "m@x", "Archiv", seen}})
}

// TestOwnPaths: the administrator's path goes first; mail from outside that is put keeps its date.
func TestOwnPaths(t *testing.T) {
	e := newEntrance(t, traffic.ProfileOnPremises, func(o *Options) {
		o.Paths = traffic.Paths{traffic.InboundCargo: {traffic.IMAP}, traffic.SentCargo: {traffic.IMAP, traffic.EWS}}
	})
	event := e.start(continuity.Outage, continuity.Scope{All: true})
	received := e.clock.now()
	e.arrive(anna, "m@x")
	e.sent("s@x")
	e.clock.move(5 * time.Hour)
	e.end(event)
	e.drain()
	e.went(anna, mailstore.Arrived, "imap")
	e.went(anna, mailstore.SentOut, "imap")
	got := e.world.copies(e.people[anna], "m@x")
	if len(got) != 1 || !got[0].date.Equal(received) || got[0].flags.Seen {
		t.Errorf("%v, received %v; want once, unread, received %v", got, got[0].date, received)
	}
	if _, err := New(e.ctx, Options{Store: e.store, Gate: e.events, Directory: e.people, Ways: onPremises(e.world, e.world), Paths: traffic.Paths{traffic.SentCargo: {traffic.EWS}}}); err == nil {
		t.Error("a path without a way was taken")
	}
}

// TestDraftStaysWithItsWay: who knows the earlier version replaces it; another way waits for it.
func TestDraftStaysWithItsWay(t *testing.T) {
	e := newEntrance(t, traffic.ProfileOnPremises, nil)
	d, v := e.draft(anna, "", 0, "e@x", "eins")
	e.drain()
	e.doors["ews"].broken(exchange.ErrUnreachable)
	e.draft(anna, d, v, "e@x", "zwei")
	for range 10 {
		_, err := e.pass()
		e.must(err)
		e.clock.move(10 * time.Second)
	}
	if n := e.doors["imap"].count("append"); n != 0 {
		t.Error("IMAP made a second draft beside the one that EWS knows")
	}
	e.doors["ews"].mended()
	e.drain()
	if got := e.world.copies(e.people[anna], "e@x"); len(got) != 1 || !strings.Contains(string(got[0].octets), "zwei") {
		t.Errorf("%v", got)
	}
}
