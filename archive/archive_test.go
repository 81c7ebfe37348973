package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"mime"
	"mime/multipart"
	"net/mail"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

const (
	anna = email.MailboxID("annaaaaaaaaaaaaa")
	bert = email.MailboxID("bertbbbbbbbbbbbb")
)

type people map[email.MailboxID]string

func (p people) Mailbox(id email.MailboxID) (directory.Mailbox, bool) {
	return directory.Mailbox{ID: id, Address: p[id], Aliases: []string{"alias-" + p[id]}}, p[id] != ""
}
func (p people) Place(id email.MailboxID) (domains, groups []string, ok bool) {
	return []string{"firma.test"}, nil, p[id] != ""
}

// vault is an archive: it keeps what it takes, and answers as the script says.
type vault struct {
	got    [][]byte
	script func() error // nil: taken
	lost   bool         // taken although the answer is an error
}

func (v *vault) Deliver(_ context.Context, from string, to []string, octets []byte) (string, error) {
	var err error
	if v.script != nil {
		err = v.script()
	}
	if err == nil || v.lost {
		if from != "" || !slices.Equal(to, []string{"journal@archiv.test"}) {
			return "", fmt.Errorf("envelope %q %q", from, to)
		}
		v.got = append(v.got, octets)
	}
	return "taken", err
}

type bench struct {
	t       *testing.T
	now     time.Time
	db      *database.DB
	store   *mailstore.Store
	events  *continuity.Continuity
	vault   *vault
	o       Options
	archive *Archive
	cursor  map[email.MailboxID]mailstore.Seq
}

func newBench(t *testing.T, db *database.DB) *bench {
	t.Helper()
	b := &bench{t: t, now: time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), db: db, vault: &vault{}, cursor: map[email.MailboxID]mailstore.Seq{}}
	boxes := people{anna: "anna@firma.test", bert: "bert@firma.test"}
	clock := func() time.Time { return b.now }
	log := slog.New(slog.DiscardHandler)
	var err error
	b.store, err = mailstore.Open(t.Context(), mailstore.Options{Dir: t.TempDir(), DB: db, Host: "holdover.test", Reserve: 1, Now: clock, Log: log})
	b.must(err)
	t.Cleanup(func() { b.store.Close() })
	for id, address := range boxes {
		b.must(b.store.EnsureMailbox(t.Context(), id, address))
	}
	b.events, err = continuity.Open(t.Context(), continuity.Options{DB: db, Directory: boxes, Now: clock, Log: log})
	b.must(err)
	b.o = Options{Store: b.store, Events: b.events, Directory: boxes, SMTP: b.vault, Address: "journal@archiv.test", From: "postmaster@firma.test", Host: "holdover.test", Now: clock}
	b.restart()
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) restart() {
	b.t.Helper()
	var err error
	b.archive, err = New(b.t.Context(), b.o)
	b.must(err)
}

func (b *bench) event(kind continuity.Kind) continuity.Event {
	b.t.Helper()
	e, err := b.events.Start(b.t.Context(), continuity.Start{Kind: kind, Scope: continuity.Scope{All: true}, Reason: "x", By: "admin"})
	b.must(err)
	return e
}

func (b *bench) end(e continuity.Event) {
	b.t.Helper()
	_, err := b.events.End(b.t.Context(), e.ID, "admin", "x")
	b.must(err)
}

const original = "Received: from aussen.test by mx.firma.test with ESMTPS id %s;\r\n\tSat, 21 Nov 2026 09:00:00 +0000\r\n" +
	"Message-ID: <%s>\r\nFrom: Kunde <kunde@aussen.test>\r\nTo: Vertrieb <vertrieb@firma.test>\r\nCc: anna@firma.test\r\n" +
	"Subject: =?utf-8?q?Angebot_f=C3=BCr_B=C3=BCrost=C3=BChle_und_viele_weitere_Dinge_die_eine_lange_Zeile_machen?=\r\n\r\n.Text mit \xc3\xbc\r\n--journal-\r\n"

func (b *bench) arrive(id string, origin mailstore.Origin, to ...mailstore.Recipient) []byte {
	b.t.Helper()
	octets := []byte(fmt.Sprintf(original, "x", id))
	_, err := b.store.Deliver(b.t.Context(), mailstore.Arrival{From: "kunde@aussen.test", Origin: origin, Octets: octets, To: to})
	b.must(err)
	return octets
}

// follow reads the log as sync-back does, and enters what the archive says.
func (b *bench) follow() {
	b.t.Helper()
	for _, m := range []email.MailboxID{anna, bert} {
		entries, err := b.store.Entries(b.t.Context(), m, b.cursor[m], 100)
		b.must(err)
		if len(entries) == 0 {
			continue
		}
		enter, err := b.archive.Enter(b.t.Context(), m, entries)
		b.must(err)
		if enter != nil {
			b.must(b.db.Write(b.t.Context(), enter))
		}
		b.cursor[m] = entries[len(entries)-1].Seq
	}
}

func (b *bench) work() {
	b.t.Helper()
	b.follow()
	b.must(b.archive.Work(b.t.Context()))
}

func (b *bench) counts() Counts {
	b.t.Helper()
	c, err := b.archive.Account(b.t.Context(), time.Time{}, func(email.MailboxID) bool { return true })
	b.must(err)
	return c
}

// parse reads a report as an archive does: the text and the attached original.
func parse(t *testing.T, octets []byte) (header mail.Header, text string, attached []byte) {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(octets))
	if err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/mixed" {
		t.Fatalf("%q %v", kind, err)
	}
	r := multipart.NewReader(m.Body, params["boundary"])
	for n := 0; ; n++ {
		part, err := r.NextPart()
		if err == io.EOF {
			if n != 2 {
				t.Fatalf("%d parts", n)
			}
			return m.Header, text, attached
		}
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		switch kind := part.Header.Get("Content-Type"); {
		case n == 0 && strings.HasPrefix(kind, "text/plain"):
			text = string(body)
		case n == 1 && kind == "message/rfc822":
			attached = body
		default:
			t.Fatalf("part %d is %q", n, kind)
		}
	}
}

// TestReport: one report for a message in two mailboxes, in Exchange's form, the original untouched.
func TestReport(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		b := newBench(t, open(t))
		b.event(continuity.Outage)
		b.now = b.now.Add(time.Second)
		octets := b.arrive("o1@aussen.test", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "alias-anna@firma.test"},
			mailstore.Recipient{Mailbox: bert, Address: "vertrieb@firma.test"})
		b.work()
		if len(b.vault.got) != 0 {
			t.Fatal("sent before all recipients were gathered")
		}
		b.now = b.now.Add(2 * time.Minute)
		b.work()
		b.work()
		if c := b.counts(); len(b.vault.got) != 1 || c != (Counts{Total: 1, Sent: 1}) {
			t.Fatalf("%d reports, %+v", len(b.vault.got), c)
		}
		header, text, attached := parse(t, b.vault.got[0])
		want := "Sender: kunde@aussen.test\r\nSubject: Angebot für Bürostühle und viele weitere Dinge die eine lange Zeile machen\r\nMessage-Id: <o1@aussen.test>\r\n" +
			"To: bert@firma.test, Expanded: vertrieb@firma.test\r\nRecipient: alias-anna@firma.test\r\n"
		if text != want {
			t.Errorf("envelope:\n%s\nwant\n%s", text, want)
		}
		if !bytes.Equal(attached, octets) {
			t.Errorf("the original was changed:\n%q\n%q", attached, octets)
		}
		if _, ok := header["X-Ms-Journal-Report"]; !ok || header.Get("X-MS-Journal-Report") != "" || !strings.HasPrefix(header.Get("Message-ID"), "<journal.") {
			t.Errorf("header %v", header)
		}
		for line := range bytes.Lines(b.vault.got[0]) {
			if len(line) > 200 || !bytes.HasSuffix(line, []byte("\r\n")) {
				t.Errorf("line %q", line)
			}
		}
	})
}

// TestSentCopyAndColleagues: the sender's copy and the colleague's make one report with every
// recipient, the blind one too.
func TestSentCopyAndColleagues(t *testing.T) {
	b := newBench(t, databasetest.Open(t))
	b.event(continuity.Outage)
	ctx := t.Context()
	own := []byte("Message-ID: <s1@firma.test>\r\nFrom: anna@firma.test\r\nTo: bert@firma.test\r\nCc: kunde@aussen.test\r\nBcc: dora@aussen.test\r\nSubject: Intern\r\n\r\nText\r\n")
	out := bytes.Replace(own, []byte("Bcc: dora@aussen.test\r\n"), nil, 1)
	draft, version, err := b.store.SaveDraft(ctx, anna, "", 0, own)
	b.must(err)
	_, err = b.store.Submit(ctx, mailstore.Submission{Mailbox: anna, Draft: draft, Version: version, Token: "t", Own: own, Out: out, From: "anna@firma.test",
		Local: []mailstore.Recipient{{Mailbox: bert, Address: "bert@firma.test"}}, Remote: []string{"kunde@aussen.test", "dora@aussen.test"}, Release: b.now})
	b.must(err)
	b.now = b.now.Add(time.Second)
	_, err = b.store.Release(ctx)
	b.must(err)
	b.follow()
	b.now = b.now.Add(2 * time.Minute)
	b.work()
	if len(b.vault.got) != 1 {
		t.Fatalf("%d reports, %+v", len(b.vault.got), b.counts())
	}
	_, text, _ := parse(t, b.vault.got[0])
	if want := "Sender: anna@firma.test\r\nSubject: Intern\r\nMessage-Id: <s1@firma.test>\r\nTo: bert@firma.test\r\nCc: kunde@aussen.test\r\nBcc: dora@aussen.test\r\n"; text != want {
		t.Errorf("envelope:\n%s\nwant\n%s", text, want)
	}
}

// TestOnlyEvents: outside of an event, and of what Exchange did itself, nothing is archived.
func TestOnlyEvents(t *testing.T) {
	b := newBench(t, databasetest.Open(t))
	b.arrive("vorher@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
	b.now = b.now.Add(time.Second)
	drill := b.event(continuity.Drill)
	b.arrive("uebung@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
	b.now = b.now.Add(time.Second)
	b.end(drill)
	e := b.event(continuity.Outage)
	b.arrive("exchange@x", mailstore.FromExchange, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
	b.arrive("darin@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
	b.now = b.now.Add(time.Second)
	b.end(e)
	b.arrive("danach@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
	b.follow() // only now: what counts is when it happened
	b.now = b.now.Add(time.Hour)
	b.work()
	if len(b.vault.got) != 1 || !bytes.Contains(b.vault.got[0], []byte("<darin@x>")) {
		t.Errorf("%d reports, %+v", len(b.vault.got), b.counts())
	}
}

// TestLaterRecipient: who gets the message after its report left makes another report; who stands in
// one already makes none.
func TestLaterRecipient(t *testing.T) {
	b := newBench(t, databasetest.Open(t))
	b.event(continuity.Outage)
	to := func(m email.MailboxID, address string) {
		b.arrive("o@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: m, Address: address})
		b.follow()
		b.now = b.now.Add(2 * time.Minute)
		b.work()
	}
	to(anna, "anna@firma.test")
	to(anna, "anna@firma.test")
	to(bert, "bert@firma.test")
	if len(b.vault.got) != 2 {
		t.Fatalf("%d reports", len(b.vault.got))
	}
	first, _, _ := parse(t, b.vault.got[0])
	second, text, _ := parse(t, b.vault.got[1])
	if first.Get("Message-ID") == second.Get("Message-ID") || strings.Contains(text, "anna@firma.test\r\n") && !strings.Contains(text, "bert@firma.test") {
		t.Errorf("%s %s", second.Get("Message-ID"), text)
	}
}

// TestWhen: at once also while the event is on, but not in a lockdown; on return only afterwards.
func TestWhen(t *testing.T) {
	for _, c := range []struct {
		when   When
		kind   continuity.Kind
		during int
	}{{AtOnce, continuity.Outage, 1}, {AtOnce, continuity.Lockdown, 0}, {OnReturn, continuity.Outage, 0}} {
		b := newBench(t, databasetest.Open(t))
		b.o.When = c.when
		b.restart()
		e := b.event(c.kind)
		b.arrive("o@x", mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
		b.follow()
		b.now = b.now.Add(time.Hour)
		b.work()
		if len(b.vault.got) != c.during {
			t.Errorf("%s, %s: %d reports during the event", c.when, c.kind, len(b.vault.got))
		}
		b.end(e)
		b.work()
		if len(b.vault.got) != 1 {
			t.Errorf("%s, %s: %d reports afterwards", c.when, c.kind, len(b.vault.got))
		}
	}
}

// TestNeverTwice: with answers lost before and after the archive took a report, refusals and kills at
// each step, no report is there twice without a person's word, and none is lost unseen: each is sent or
// shown. A report that a person repeats has the same Message-ID.
func TestNeverTwice(t *testing.T) {
	kill := errors.New("killed")
	for seed := range uint64(4) {
		b := newBench(t, databasetest.Open(t))
		rnd := rand.New(rand.NewPCG(seed, 5))
		b.event(continuity.Outage)
		for i := range 20 {
			b.arrive(fmt.Sprintf("o%d@x", i), mailstore.FromOutside, mailstore.Recipient{Mailbox: anna, Address: "anna@firma.test"})
		}
		b.follow()
		bad := 30
		b.vault.script = func() error {
			if b.vault.lost = false; bad == 0 || rnd.IntN(2) == 0 {
				return nil
			}
			bad--
			b.vault.lost = rnd.IntN(2) == 0
			if b.vault.lost {
				return &exchange.Failure{Kind: exchange.ErrDoubt}
			}
			return &exchange.Failure{Kind: []error{exchange.ErrDoubt, exchange.ErrUnreachable, exchange.ErrTemporary, exchange.ErrRefused}[rnd.IntN(4)], Words: "no"}
		}
		b.o.at = func(string) error {
			if rnd.IntN(6) == 0 {
				return kill
			}
			return nil
		}
		for range 100 {
			b.restart()
			if err := b.archive.Work(t.Context()); err != nil && !errors.Is(err, kill) {
				t.Fatal(err)
			}
			b.now = b.now.Add(5 * time.Minute)
		}
		times := map[string]int{}
		for _, octets := range b.vault.got {
			header, _, _ := parse(t, octets)
			times[header.Get("Message-ID")]++
		}
		for id, n := range times {
			if n > 1 {
				t.Errorf("seed %d: %s is in the archive %d times", seed, id, n)
			}
		}
		c := b.counts()
		lines, err := b.archive.Open(t.Context(), 100)
		b.must(err)
		if c.Total != 20 || c.InDoubt == 0 || c.Sent+c.InDoubt+c.Parked != 20 || len(lines) != c.InDoubt+c.Parked || c.Sent > len(times) {
			t.Fatalf("seed %d: %+v, %d listed, %d there", seed, c, len(lines), len(times))
		}
		b.vault.script, b.o.at = nil, nil
		b.restart()
		for _, l := range lines { // the person looks and decides
			if times["<"+l.MessageID+">"] > 0 {
				b.must(b.archive.There(t.Context(), l.ID, "admin"))
			} else {
				b.must(b.archive.Again(t.Context(), l.ID, "admin"))
			}
			if err := b.archive.There(t.Context(), "none.1", "admin"); !errors.Is(err, ErrNotOpen) {
				t.Error(err)
			}
		}
		b.work()
		if c := b.counts(); c.Sent != 20 || len(b.vault.got) != 20 {
			t.Errorf("seed %d: in the end %+v, %d in the archive", seed, c, len(b.vault.got))
		}
	}
}
