package web

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
	"holdover/web/webtest"
)

// size is a test's number of messages: few in make test, HOLDOVER_BUDGETS (50000) in make campaign budgets.
func size(t testing.TB, few int) int {
	t.Helper()
	text := os.Getenv("HOLDOVER_BUDGETS")
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	must(t, err)
	return n
}

// largeHouse is a house with n messages in Katrin's mailbox, all of them indexed: few in make test, HOLDOVER_BUDGETS in
// make campaign budgets, where HOLDOVER_BUDGETS_DIR keeps it from piece to piece.
func largeHouse(t testing.TB, few int) *house {
	t.Helper()
	dir := os.Getenv("HOLDOVER_BUDGETS_DIR")
	if dir == "" {
		h := newHouse(t)
		h.crowd(size(t, few))
		h.indexed()
		return h
	}
	must(t, os.MkdirAll(dir, 0o700))
	db, err := database.Open(context.Background(), database.Options{URL: "sqlite:" + filepath.Join(dir, "mail.db")})
	must(t, err)
	t.Cleanup(func() { db.Close() })
	h := houseOver(t, webtest.OpenIn(t, dir, db, people3, false))
	h.crowdIn(dir, size(t, few))
	h.indexed()
	h.leaveUnread()
	return h
}

// leaveUnread takes back, at the end of a piece, what it marked as read: the next one finds the same mailbox.
func (h *house) leaveUnread() {
	ctx, box, all := context.Background(), h.box(katrin), 1_000_000
	before, err := h.mail.Unseen(ctx, box, all)
	must(h.t, err)
	h.t.Cleanup(func() {
		after, err := h.mail.Unseen(ctx, box, all)
		must(h.t, err)
		still := map[email.MessageID]bool{}
		for _, id := range after {
			still[id] = true
		}
		read := slices.DeleteFunc(before, func(id email.MessageID) bool { return still[id] })
		if len(read) == 0 {
			return
		}
		must(h.t, h.mail.SetFlags(ctx, mailstore.FromExchange, box, read, mailstore.FlagChange{Seen: new(bool)}))
	})
}

// TestBudgetMailbox is the first piece of make campaign budgets: the mailbox. Stopped, it goes on where it was.
func TestBudgetMailbox(t *testing.T) {
	if os.Getenv("HOLDOVER_BUDGETS_DIR") == "" {
		t.Skip("make campaign budgets")
	}
	largeHouse(t, 0)
}

// crowd fills Katrin's mailbox with n messages of the bench's generator: German and English business mail of one
// year, with threads, HTML and files. Every eighth lies in Sent, every ninth in the Archive. The clock is set to the day after.
func (h *house) crowd(n int) {
	h.t.Helper()
	h.crowdIn(h.t.TempDir(), n)
}

// crowdIn makes the corpus in a directory, and notes there how far it has been delivered.
func (h *house) crowdIn(dir string, n int) {
	h.t.Helper()
	corpus, note := filepath.Join(dir, "corpus"), filepath.Join(dir, "delivered")
	if _, err := os.Stat(filepath.Join(corpus, "manifest.json")); err != nil { // written last
		must(h.t, os.RemoveAll(corpus))
		if out, err := exec.Command("go", "run", "-C", "../bench/genmail", ".", "-out", corpus, "-n", strconv.Itoa(n), "-seed", "7").CombinedOutput(); err != nil {
			h.t.Fatalf("genmail: %v: %s", err, out)
		}
	}
	files, err := filepath.Glob(corpus + "/u1/Maildir/cur/*")
	must(h.t, err)
	if len(files) != n {
		h.t.Fatalf("%d messages were made, not %d: remove %s", len(files), n, dir)
	}
	slices.Sort(files) // by their time
	h.clock.Pass(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Sub(h.clock.Now()))
	done, _ := os.ReadFile(note) // not there at first
	from, _ := strconv.Atoi(string(done))
	for ; from < n; from += portion {
		h.deliverFiles(files, from, min(n, from+portion)) // delivered twice is one message (L1)
		must(h.t, os.WriteFile(note, []byte(strconv.Itoa(min(n, from+portion))), 0o600))
	}
}

const portion = 5000 // messages after which a stopped campaign goes on

func (h *house) deliverFiles(files []string, from, to int) {
	h.t.Helper()
	const hands = 8 // deliveries that wait together share a commit
	done := make(chan error)
	for hand := range hands {
		go func() {
			var faults error
			for i := from + hand; i < to; i += hands {
				faults = errors.Join(faults, h.put(i, files[i]))
			}
			done <- faults
		}()
	}
	for range hands {
		must(h.t, <-done)
	}
}

// put delivers one generated file as the i-th.
func (h *house) put(i int, file string) error {
	octets, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	seconds, _, _ := strings.Cut(filepath.Base(file), ".")
	at, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return err
	}
	folder, flags := mailstore.Inbox, file[strings.LastIndexByte(file, ','):]
	switch {
	case i%8 == 7:
		folder = mailstore.Sent
	case i%9 == 8:
		folder = mailstore.Archive
	}
	_, err = h.mail.Deliver(context.Background(), mailstore.Arrival{
		To: []mailstore.Recipient{{Mailbox: h.box(katrin), Address: katrin}}, From: "x@kunde.example", Origin: mailstore.FromExchange, Folder: folder,
		Flags:  mailstore.Flags{Seen: strings.Contains(flags, "S"), Flagged: strings.Contains(flags, "F"), Answered: strings.Contains(flags, "R")},
		Octets: bytes.ReplaceAll(bytes.ReplaceAll(octets, []byte("\r"), nil), []byte("\n"), []byte("\r\n")), At: time.Unix(at, 0)})
	return err
}

// indexed waits until the search page no longer says that the index is behind.
func (h *house) indexed() {
	h.t.Helper()
	for deadline := time.Now().Add(10 * time.Minute); h.as(katrin).page("/search?q=zxqalpha").Find("[data-partial]").Length() > 0; time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatal("the index does not catch up")
		}
	}
}
