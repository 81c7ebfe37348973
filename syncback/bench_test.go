package syncback

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
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

const (
	anna = email.MailboxID("annaaaaaaaaaaaaa")
	bert = email.MailboxID("bertbbbbbbbbbbbb")
)

// onPremises are the ways of a plain Exchange: SMTP and IMAP.
func onPremises(smtp traffic.Deliverer, imap traffic.Mailboxes) []traffic.Way {
	return []traffic.Way{{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: smtp}, {Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: imap}}
}

// people is the directory of the tests.
type people map[email.MailboxID]string

func (p people) Mailbox(id email.MailboxID) (directory.Mailbox, bool) {
	address, ok := p[id]
	return directory.Mailbox{ID: id, Address: address}, ok
}

func (p people) Place(id email.MailboxID) (domains, groups []string, ok bool) {
	_, ok = p[id]
	return []string{"firma.test"}, nil, ok
}

// clock is the injected time; it moves only when a test moves it.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// bench is the real store and the real gate with a double of Exchange, on a clock of its own.
type bench struct {
	t      *testing.T
	ctx    context.Context
	dir    string
	clock  *clock
	db     *database.DB
	store  *mailstore.Store
	events *continuity.Continuity
	world  *world
	people people
	o      Options
	sync   *Syncback
	n      int
}

var errKilled = errors.New("killed here by the test")

func newBench(t *testing.T) *bench { return newBenchOn(t, databasetest.Open(t)) }

func newBenchOn(t *testing.T, db *database.DB) *bench {
	t.Helper()
	b := &bench{t: t, ctx: t.Context(), dir: t.TempDir(), db: db, clock: &clock{at: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)},
		people: people{anna: "anna@firma.test", bert: "bert@firma.test"}}
	b.openStore()
	var err error
	if b.events, err = continuity.Open(b.ctx, continuity.Options{DB: db, Directory: b.people, Now: b.clock.now, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	b.world = newWorld(b.clock.now)
	b.o = Options{Store: b.store, Gate: b.events, Directory: b.people, Ways: onPremises(b.world, b.world), Now: b.clock.now, Deliveries: 1, Log: slog.New(slog.DiscardHandler)}
	b.restart()
	return b
}

func (b *bench) openStore() {
	b.t.Helper()
	store, err := mailstore.Open(b.ctx, mailstore.Options{Dir: b.dir, DB: b.db, Host: "holdover.test", Reserve: 1, Now: b.clock.now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { store.Close() })
	for id, address := range b.people {
		if err := store.EnsureMailbox(b.ctx, id, address); err != nil {
			b.t.Fatal(err)
		}
	}
	b.store = store
}

// restart is a new process over the same database: all that was in memory is gone.
func (b *bench) restart() {
	b.t.Helper()
	for {
		s, err := New(b.ctx, b.o)
		if errors.Is(err, errKilled) {
			continue // killed while it starts
		}
		b.must(err)
		b.sync = s
		return
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) octets(id string) []byte {
	return []byte("Message-ID: <" + id + ">\r\nFrom: kunde@aussen.test\r\nTo: anna@firma.test\r\nSubject: Auftrag\r\nDate: Sat, 21 Nov 2026 09:00:00 +0000\r\n\r\nText " + id + "\r\n")
}

// arrive is mail from outside, with our Received line.
func (b *bench) arrive(m email.MailboxID, id string) email.MessageID {
	b.t.Helper()
	ours := mailstore.NewID()
	return b.deliver(m, mailstore.Arrival{ID: ours, From: "kunde@aussen.test", Origin: mailstore.FromOutside, Octets: b.octets(id),
		Trace: []byte("Received: from aussen.test ([192.0.2.1]) by mx.firma.test with ESMTPS id " + string(ours) + ";\r\n\tSat, 21 Nov 2026 09:00:00 +0000\r\n")})
}

// colleague is mail that somebody inside wrote in the portal.
func (b *bench) colleague(m email.MailboxID, id string) email.MessageID {
	b.t.Helper()
	return b.deliver(m, mailstore.Arrival{From: "bert@firma.test", Origin: mailstore.FromPortal, Octets: b.octets(id)})
}

// history is mail from before: it is in Exchange and came to us from there.
func (b *bench) history(m email.MailboxID, id string) email.MessageID {
	b.t.Helper()
	b.world.add(b.world.box(b.people[m]), "INBOX", b.octets(id), exchange.Flags{}, b.clock.now())
	return b.deliver(m, mailstore.Arrival{From: "kunde@aussen.test", Origin: mailstore.FromExchange, Octets: b.octets(id)})
}

func (b *bench) deliver(m email.MailboxID, a mailstore.Arrival) email.MessageID {
	b.t.Helper()
	a.To = []mailstore.Recipient{{Mailbox: m, Address: b.people[m]}}
	id, err := b.store.Deliver(b.ctx, a)
	b.must(err)
	return id
}

func (b *bench) flag(m email.MailboxID, id email.MessageID, seen, flagged bool) {
	b.t.Helper()
	b.must(b.store.SetFlags(b.ctx, mailstore.FromPortal, m, []email.MessageID{id}, mailstore.FlagChange{Seen: &seen, Flagged: &flagged}))
}

// name puts names on a message, or takes those off that begin with "-".
func (b *bench) name(m email.MailboxID, id email.MessageID, names ...string) {
	b.t.Helper()
	b.must(b.store.SetCategories(b.ctx, mailstore.FromPortal, m, []email.MessageID{id}, changeOf(names)))
}

func changeOf(names []string) (ch email.CategoryChange) {
	for _, name := range names {
		if rest, off := strings.CutPrefix(name, "-"); off {
			ch.Remove = append(ch.Remove, rest)
		} else {
			ch.Add = append(ch.Add, name)
		}
	}
	return ch
}

func (b *bench) move(m email.MailboxID, id email.MessageID, to mailstore.FolderID) {
	b.t.Helper()
	b.must(b.store.Move(b.ctx, mailstore.FromPortal, m, []email.MessageID{id}, to))
}

func (b *bench) draftOctets(id, text string) []byte {
	return []byte("Message-ID: <" + id + ">\r\nFrom: anna@firma.test\r\nTo: kunde@aussen.test\r\nSubject: Antwort\r\nDate: Sat, 21 Nov 2026 09:30:00 +0000\r\n\r\n" + text + "\r\n")
}

func (b *bench) draft(m email.MailboxID, id email.MessageID, version int, msgid, text string) (email.MessageID, int) {
	b.t.Helper()
	id, version, err := b.store.SaveDraft(b.ctx, m, id, version, b.draftOctets(msgid, text))
	b.must(err)
	return id, version
}

// send submits a draft; release lets it go.
func (b *bench) send(m email.MailboxID, draft email.MessageID, version int, msgid string) mailstore.SendID {
	b.t.Helper()
	own := b.draftOctets(msgid, "sent")
	id, err := b.store.Submit(b.ctx, mailstore.Submission{Mailbox: m, Draft: draft, Version: version, Token: msgid, Own: own, Out: own,
		From: b.people[m], Remote: []string{"kunde@aussen.test"}, Release: b.clock.now().Add(10 * time.Second)})
	b.must(err)
	return id
}

func (b *bench) release() {
	b.t.Helper()
	b.clock.move(11 * time.Second)
	_, err := b.store.Release(b.ctx)
	b.must(err)
}

func (b *bench) start(kind continuity.Kind, scope continuity.Scope) continuity.Event {
	b.t.Helper()
	e, err := b.events.Start(b.ctx, continuity.Start{Kind: kind, Scope: scope, Reason: "test", By: "admin"})
	b.must(err)
	return e
}

func (b *bench) end(e continuity.Event) {
	b.t.Helper()
	_, err := b.events.End(b.ctx, e.ID, "admin", "over")
	b.must(err)
}

// pass does once what Run's workers would do now: plan, tell, look. next is when something is due.
func (b *bench) pass() (next time.Time, err error) { return passOf(b.ctx, b.sync, b.store) }

func passOf(ctx context.Context, s *Syncback, store *mailstore.Store) (next time.Time, err error) {
	behind, err := store.Behind(ctx, consumer)
	if err != nil {
		return next, err
	}
	for _, m := range behind {
		if err := s.plan(ctx, m); err != nil {
			return next, err
		}
	}
	boxes, err := s.unfinished(ctx)
	if err != nil {
		return next, err
	}
	for _, m := range boxes {
		due, err := s.work(ctx, m)
		if err != nil {
			return next, err
		}
		if !due.IsZero() && (next.IsZero() || due.Before(next)) {
			next = due
		}
	}
	return next, nil
}

// drain passes until nothing is due any more, moving the clock; a killed instance is restarted.
func (b *bench) drain() {
	b.t.Helper()
	for range 3000 {
		next, err := b.pass()
		switch {
		case errors.Is(err, errKilled):
			b.restart()
		case err != nil:
			b.t.Fatal(err)
		case next.IsZero():
			return
		case next.After(b.clock.now()):
			b.clock.move(next.Sub(b.clock.now()))
		}
	}
	b.t.Fatalf("it never comes to rest: %s", b.ledger())
}

func (b *bench) ledger() string {
	lines, err := b.sync.Lines(b.ctx, time.Time{}, "", "", 1000)
	b.must(err)
	var out strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&out, "\n  %s %d %s %s: %s (%d calls, next %s)", l.Mailbox[:4], l.Seq, l.Kind, l.State, l.Words, l.Attempts, l.Next.Format("15:04:05"))
	}
	return out.String()
}

// want is what a person must find in Exchange.
type want struct {
	mailbox email.MailboxID
	id      string
	folder  string // "" : nowhere
	flags   exchange.Flags
}

// wrong is the checker: each message once, in its folder, with its flags; every row accounted for.
func (b *bench) wrong(wants []want) []string {
	b.t.Helper()
	var found []string
	for _, w := range wants {
		copies := b.world.copies(b.people[w.mailbox], w.id)
		switch {
		case w.folder == "" && len(copies) > 0:
			found = append(found, fmt.Sprintf("%s is in Exchange and should not be: %v", w.id, copies))
		case w.folder != "" && len(copies) != 1:
			found = append(found, fmt.Sprintf("%s is in Exchange %d times, want once: %v", w.id, len(copies), copies))
		case w.folder != "" && (copies[0].folder != w.folder || copies[0].flags != w.flags):
			found = append(found, fmt.Sprintf("%v, want in %s %+v", copies[0], w.folder, w.flags))
		}
	}
	report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
	b.must(err)
	if !report.Done() || report.Total != report.Waiting+report.Trying+report.InDoubt+report.Accepted+report.Verified+report.Parked {
		found = append(found, fmt.Sprintf("the account does not close: %+v%s", report.Counts, b.ledger()))
	}
	return found
}

func (b *bench) check(wants []want) {
	b.t.Helper()
	for _, w := range b.wrong(wants) {
		b.t.Error(w)
	}
}
