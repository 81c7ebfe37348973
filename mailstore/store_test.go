package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

const (
	anna email.MailboxID = "annaannaannaanna"
	bert email.MailboxID = "bertbertbertbert"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// house is a store with all that a test needs to break it and to open it again.
type house struct {
	*Store
	t     testing.TB
	dir   string
	url   string
	clock *clock
	disk  *faultyDisk
	keep  time.Duration // the window
	bad   bool          // findings of Check are what the test wants
}

// eachStore runs a test on a fresh store with two mailboxes, on both databases. When it ends,
// every invariant is derived anew.
func eachStore(t *testing.T, f func(t *testing.T, h *house)) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		f(t, newHouse(t, fresh(t)))
	})
}

func newHouse(t testing.TB, url string) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), url: url, clock: newClock()}
	h.open()
	t.Cleanup(h.finish)
	for _, m := range []email.MailboxID{anna, bert} {
		must(t, h.EnsureMailbox(t.Context(), m, string(m)[:4]+"@holdover.example"))
	}
	return h
}

func (h *house) open() {
	h.t.Helper()
	db, err := database.Open(context.Background(), database.Options{URL: h.url})
	must(h.t, err)
	real, err := openDisk(h.dir)
	must(h.t, err)
	h.disk = &faultyDisk{disk: real}
	h.Store = newStore(Options{Dir: h.dir, DB: db, Host: "mx.holdover.example", Window: h.keep, Reserve: -1, Now: h.clock.Now}, h.disk)
	must(h.t, h.Store.open(context.Background()))
}

func (h *house) setWindow(d time.Duration) { h.keep, h.Store.window = d, d }

// crash leaves everything as a killed process would, and opens again.
func (h *house) crash() {
	h.t.Helper()
	h.disk.dead.Store(true)
	h.Store.Close()
	h.db.Close()
	h.open()
}

func (h *house) finish() {
	if !h.bad && !h.t.Failed() {
		findings, err := h.Check(context.Background())
		must(h.t, err)
		for _, f := range findings {
			h.t.Errorf("the test left a broken store: %s: %s", f.Mailbox, f.What)
		}
	}
	must(h.t, errors.Join(h.Store.Close(), h.db.Close()))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// mail writes a small message. Answers name the messages that References lists.
func mail(id, subject string, answers ...string) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "From: Katrin Wessel <katrin@kunde.example>\r\nTo: anna@holdover.example\r\nSubject: %s\r\n", subject)
	fmt.Fprintf(&b, "Date: Sat, 21 Nov 2026 12:00:00 +0100\r\nMessage-ID: <%s>\r\n", id)
	if len(answers) > 0 {
		fmt.Fprintf(&b, "In-Reply-To: <%s>\r\nReferences: <%s>\r\n", answers[len(answers)-1], strings.Join(answers, "> <"))
	}
	fmt.Fprintf(&b, "\r\nText of %s.\r\n", id)
	return []byte(b.String())
}

func to(boxes ...email.MailboxID) []Recipient {
	var all []Recipient
	for _, m := range boxes {
		all = append(all, Recipient{m, string(m)[:4] + "@holdover.example"})
	}
	return all
}

func (h *house) deliver(octets []byte, boxes ...email.MailboxID) email.MessageID {
	h.t.Helper()
	id, err := h.Deliver(context.Background(), Arrival{To: to(boxes...), From: "katrin@kunde.example", Origin: FromOutside, Octets: octets})
	must(h.t, err)
	h.clock.add(time.Second)
	return id
}

func (h *house) threads(m email.MailboxID, f FolderID) []ThreadRow {
	h.t.Helper()
	rows, _, err := h.Threads(context.Background(), m, f, Before{}, 500)
	must(h.t, err)
	return rows
}

// log gives a mailbox's log in short: kind/origin, in order.
func (h *house) log(m email.MailboxID) string {
	h.t.Helper()
	entries, err := h.Entries(context.Background(), m, 0, 1000)
	must(h.t, err)
	var all []string
	for i, e := range entries {
		if e.Seq != Seq(i+1) {
			h.t.Errorf("entry %d has place %d", i+1, e.Seq)
		}
		all = append(all, string(e.Kind)+"/"+string(e.Origin))
	}
	return strings.Join(all, " ")
}

// files counts the files of messages of a mailbox.
func (h *house) files(m email.MailboxID) (n int) {
	h.t.Helper()
	fs.WalkDir(h.disk.disk.(rootDisk).FS(), mailboxDir(m), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != "address" && d.Name() != "name" {
			n++
		}
		return nil
	})
	return n
}

func same[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
