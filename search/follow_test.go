package search

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"

	"holdover/email"
	"holdover/mailstore"
)

func text(subject, body string) []byte {
	return []byte("From: a@firma.example\r\nSubject: " + subject + "\r\n\r\n" + body + "\r\n")
}

// TestFollowing: what the log tells is found, by Run alone, without a query having to ask for it.
func TestFollowing(t *testing.T) {
	source := fixed(t)
	x := openIn(t, t.TempDir(), source)
	following(t, x)
	s, err := x.shelf(box)
	must(t, err)
	cursor := func() (at mailstore.Seq) {
		must(t, s.use(t.Context(), func(idx bleve.Index) error {
			octets, err := idx.GetInternal(noteKey)
			if err != nil {
				return err
			}
			n, err := readNote(octets)
			at = n.Cursor
			return err
		}))
		return at
	}
	await(t, "what was there before", func() bool { return cursor() == 20 })
	source.put(box, mailstore.Message{ID: "new", Folder: "inbox", Received: today()}, text("Kugellager", "x"))
	source.remove(box, "m01")
	await(t, "what came", func() bool { return cursor() == 22 })
	if got := find(t, x, "kugellager OR 4711"); got != "new" {
		t.Errorf("found %q, want new only", got)
	}
	source.put(box, mailstore.Message{ID: "new", Folder: "inbox", Received: today()}, text("Zahnrad", "x"))
	await(t, "the next version", func() bool { return cursor() == 23 })
	if got := find(t, x, "kugellager"); got != "" {
		t.Errorf("the former version is found: %s", got)
	}
	if got := find(t, x, "zahnrad"); got != "new" {
		t.Errorf("the present version is not found: %s", got)
	}
	if findings, err := x.Check(t.Context(), box); err != nil || len(findings) > 0 {
		t.Errorf("check: %q %v", findings, err)
	}
}

// TestStateCostsNothing: flags and folders change what is found at once and read no message.
func TestStateCostsNothing(t *testing.T) {
	source := fixed(t)
	x := openIn(t, t.TempDir(), source)
	find(t, x, "rechnung")
	before := source.raws.Load()
	for _, id := range []email.MessageID{"m01", "m02", "m03"} {
		source.change(box, id, mailstore.Flagged, func(m *mailstore.Message) { m.Flags.Seen, m.Flags.Flagged = false, true })
		source.change(box, id, mailstore.Moved, func(m *mailstore.Message) { m.Folder = "archive" })
	}
	if got := find(t, x, "is:flagged is:unread in:archive"); got != "m01 m02 m03" {
		t.Errorf("found %q", got)
	}
	if n := source.raws.Load() - before; n != 0 {
		t.Errorf("%d messages were read", n)
	}
}

// TestYielding: while deliveries are under way the index waits for a pause, but not for ever.
func TestYielding(t *testing.T) {
	source := fixed(t)
	source.busy.Store(3)
	x := openIn(t, t.TempDir(), source)
	began := time.Now()
	following(t, x)
	await(t, "the index beside deliveries that never pause", func() bool { return source.raws.Load() > 0 })
	if waited := time.Since(began); waited < quietFor {
		t.Errorf("began after %v although mail was coming in", waited)
	}
}

func TestOnePassAtATime(t *testing.T) {
	x := openIn(t, t.TempDir(), fixed(t))
	s, err := x.shelf(box)
	must(t, err)
	s.turn <- struct{}{}
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer stop()
	if _, err := x.Search(ctx, box, "rechnung", 0, 10); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second query of the mailbox: %v, want it to wait until its deadline", err)
	}
	<-s.turn
	find(t, x, "rechnung")
}

func TestPaging(t *testing.T) {
	source := newMemory()
	const all = 1500
	for i := range all {
		folder := mailstore.Inbox
		if i%3 == 0 {
			folder = mailstore.Trash
		}
		source.put(box, mailstore.Message{ID: email.MessageID(fmt.Sprintf("p%04d", i)), Folder: folder, Received: today().Add(time.Duration(i) * time.Minute)}, text("gleich", "x"))
	}
	x := openIn(t, t.TempDir(), source)
	for {
		r, err := x.Search(t.Context(), box, "gleich", 0, 1)
		must(t, err)
		if !r.Partial {
			break
		}
	}
	seen := map[email.MessageID]bool{}
	last := "q"
	for offset := 0; ; offset += 100 {
		r, err := x.Search(t.Context(), box, "gleich in:anywhere OR is:flagged", offset, 100)
		must(t, err)
		if offset == 0 && r.Total != all {
			t.Errorf("total %d, want %d", r.Total, all)
		}
		for _, h := range r.Hits {
			if seen[h.Message] || string(h.Message) >= last {
				t.Fatalf("%s twice or out of order, after %s", h.Message, last)
			}
			seen[h.Message], last = true, string(h.Message)
		}
		if len(r.Hits) == 0 {
			break
		}
	}
	if len(seen) != all {
		t.Errorf("%d of %d hits on all pages", len(seen), all)
	}
	if r, err := x.Search(t.Context(), box, "gleich", 950, 100); err != nil || len(r.Hits) != 50 || r.Total != 1000 {
		t.Errorf("last page without trash: %d of %d, %v", len(r.Hits), r.Total, err)
	}
}

// TestRace: mail arrives, changes and is searched in more mailboxes than are kept open.
func TestRace(t *testing.T) {
	source := newMemory()
	x := openIn(t, t.TempDir(), source)
	x.max = 2
	following(t, x)
	boxes := []email.MailboxID{"aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb", "cccccccccccccccc", "dddddddddddddddd"}
	const messages = 40
	var all sync.WaitGroup
	for _, m := range boxes {
		all.Go(func() {
			for i := range messages {
				id := email.MessageID(fmt.Sprintf("%s%d", m[:1], i))
				source.put(m, mailstore.Message{ID: id, Folder: "inbox", Received: today().Add(time.Duration(i) * time.Second)}, text("wort", "inhalt"))
				if i%4 == 3 {
					source.remove(m, id)
				}
			}
		})
		all.Go(func() {
			for i := range messages {
				r, err := x.Search(t.Context(), m, "wort is:unread", 0, 50)
				if err != nil {
					t.Error(err)
				}
				for _, h := range r.Hits {
					if h.Message[:1] != email.MessageID(m[:1]) {
						t.Errorf("mailbox %s shows %s", m, h.Message)
					}
				}
				if i == messages/2 {
					if err := x.Rebuild(m); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	all.Wait()
	for _, m := range boxes {
		await(t, "all of "+string(m), func() bool {
			r, err := x.Search(t.Context(), m, "wort", 0, 100)
			return err == nil && !r.Partial && len(r.Hits) == messages*3/4
		})
		if findings, err := x.Check(t.Context(), m); err != nil || len(findings) > 0 {
			t.Errorf("check of %s: %q %v", m, findings, err)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if n := x.recent.Len(); n > x.max {
		t.Errorf("%d indexes are open, want at most %d", n, x.max)
	}
}

// TestAttacks: queries that are made to cost much cost little.
func TestAttacks(t *testing.T) {
	source := newMemory()
	for i := range 300 {
		var b strings.Builder
		for j := range 200 {
			fmt.Fprintf(&b, "aaa%dx%d abc%d ", i, j, j*i)
		}
		source.put(box, mailstore.Message{ID: email.MessageID(fmt.Sprintf("a%03d", i)), Folder: "inbox", Received: today()}, text("a", b.String()))
	}
	x := openIn(t, t.TempDir(), source)
	for {
		if r, err := x.Search(t.Context(), box, "warm", 0, 1); err != nil || !r.Partial {
			break
		}
	}
	for _, query := range []string{
		strings.Repeat("a* ", 200),
		strings.Repeat("aaa* ", 200),
		"aaa1* aaa2* aaa3* aaa4* aaa5* aaa6* abc1* abc2* abc3*",
		"aaa1* OR aaa2* OR aaa3* OR aaa4* OR -aaa5* OR aaa6* OR abc1* OR abc2*",
		strings.Repeat("aaa* OR ", 200),
		strings.Repeat("(aaa* OR -abc*) ", 100),
		strings.Repeat("-", 900) + "aaa*",
		strings.Repeat("(", 900) + "aaa*" + strings.Repeat(")", 90),
		"*** ???* [a-z]* /.*/ ~a aaa~2 aaa^100 +aaa -aaa",
		strings.Repeat("is:unread OR is:flagged AND NOT in:inbox OR ", 60),
		`"` + strings.Repeat("aaa1x1 ", 140) + `"`,
		"received:0000-00-00..9999-99-99 size:>999999999999999999GB",
		strings.Repeat("\u0000\u202e\ufeff", 300),
	} {
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := time.Now()
		_, err := x.Search(ctx, box, query, 0, 50)
		stop()
		runtime.ReadMemStats(&after)
		t.Logf("%.40q took %v and %d KiB", query, time.Since(began), (after.TotalAlloc-before.TotalAlloc)>>10)
		if used := after.TotalAlloc - before.TotalAlloc; err != nil || used > 512<<20 {
			t.Errorf("%.40q used %d MiB: %v", query, used>>20, err)
		}
	}
}

func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	source := fixed(t)
	x := openIn(t, dir, source)
	if _, err := Open(Options{Dir: dir, Source: source}); !errors.Is(err, ErrInUse) {
		t.Errorf("a second process got the directory: %v", err)
	}
	for _, bad := range []email.MailboxID{"", "..", "a/b", "../x", ".lock", email.MailboxID(strings.Repeat("a", 65))} {
		if _, err := x.Search(t.Context(), bad, "a", 0, 1); !errors.Is(err, ErrMailbox) {
			t.Errorf("mailbox %q: %v", bad, err)
		}
	}
	find(t, x, "rechnung")
	if info, err := os.Stat(filepath.Join(dir, string(box))); err != nil || info.Mode().Perm()&0o077 != 0 {
		t.Errorf("the index is open to others: %v %v", info.Mode(), err)
	}
	must(t, x.Remove(box))
	if _, err := os.Stat(filepath.Join(dir, string(box))); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed index is still there: %v", err)
	}
	if got := find(t, x, "4711"); got != "m01" {
		t.Errorf("after removal the index was not made anew: %q", got)
	}
	must(t, x.Close())
	if _, err := x.Search(t.Context(), box, "a", 0, 1); !errors.Is(err, os.ErrClosed) {
		t.Errorf("search after close: %v", err)
	}
}
