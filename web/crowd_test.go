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

	"holdover/mailstore"
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

// crowd fills Katrin's mailbox with n messages of the bench's generator: German and English business mail of one
// year, with threads, HTML and files. Every eighth lies in Sent, every ninth in the Archive. The clock is set to the day after.
func (h *house) crowd(n int) {
	h.t.Helper()
	dir := filepath.Join(h.t.TempDir(), "corpus")
	if out, err := exec.Command("go", "run", "-C", "../bench/genmail", ".", "-out", dir, "-n", strconv.Itoa(n), "-seed", "7").CombinedOutput(); err != nil {
		h.t.Fatalf("genmail: %v: %s", err, out)
	}
	files, err := filepath.Glob(dir + "/u1/Maildir/cur/*")
	must(h.t, err)
	if len(files) != n {
		h.t.Fatalf("%d messages were made, not %d", len(files), n)
	}
	slices.Sort(files) // by their time
	h.clock.Pass(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC).Sub(h.clock.Now()))
	const hands = 8 // deliveries that wait together share a commit
	done := make(chan error)
	for hand := range hands {
		go func() {
			var faults error
			for i := hand; i < len(files); i += hands {
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
