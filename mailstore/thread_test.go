package mailstore

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"holdover/email"
)

func TestThreadsInAnyOrder(t *testing.T) {
	a, b, c := mail("a@x.example", "Angebot"), mail("b@x.example", "Re: Angebot", "a@x.example"), mail("c@x.example", "AW: Re: Angebot", "a@x.example", "b@x.example")
	d := mail("d@x.example", "Re: Angebot", "b@x.example") // knows its parent only
	eachStore(t, func(t *testing.T, h *house) {
		for i, order := range [][][]byte{{a, b, c, d}, {d, c, b, a}, {c, a, d, b}, {d, a, c, b}} {
			m := email.MailboxID(fmt.Sprint("box", i))
			must(t, h.EnsureMailbox(t.Context(), m, "x@holdover.example"))
			for _, octets := range order {
				h.deliver(octets, m)
			}
			rows := h.threads(m, Inbox)
			if len(rows) != 1 || rows[0].Count != 4 {
				t.Errorf("order %d: %d threads", i, len(rows))
			}
		}
	})
}

// TestThreadsJoin: two threads become one; the address of the one that is gone stays good.
func TestThreadsJoin(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.deliver(mail("a@x.example", "Angebot"), anna)
		h.deliver(mail("c@x.example", "Re: Angebot", "b@x.example"), anna)
		rows := h.threads(anna, Inbox)
		same(t, "threads", len(rows), 2)
		h.deliver(mail("b@x.example", "Re: Angebot", "a@x.example"), anna)
		same(t, "threads", len(h.threads(anna, Inbox)), 1)
		for _, r := range rows {
			all, err := h.Conversation(t.Context(), anna, r.ID)
			must(t, err)
			same(t, "messages", len(all), 3)
		}
		if _, err := h.Conversation(t.Context(), bert, rows[0].ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("another's thread: %v", err)
		}
	})
}

func TestAnotherSubjectIsAnotherThread(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.deliver(mail("a@x.example", "Angebot"), anna)
		h.deliver(mail("b@x.example", "Urlaub", "a@x.example"), anna)
		h.deliver(mail("c@x.example", "Re: Urlaub", "a@x.example", "b@x.example"), anna)
		h.deliver(mail("d@x.example", "WG: Angebot", "a@x.example"), anna)
		rows := h.threads(anna, Inbox)
		same(t, "threads", len(rows), 2)
		same(t, "angebot", rows[0].Count, 2)
		same(t, "urlaub", rows[1].Count, 2)
	})
}

func TestPages(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		at := h.clock.Now()
		for i := range 25 { // five at each moment
			_, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromOutside, At: at.Add(-1e9 * 60 * (1 << (i / 5))), Octets: mail(fmt.Sprint(i, "@x.example"), fmt.Sprint("Betreff ", i))})
			must(t, err)
		}
		seen := map[ThreadID]bool{}
		var before Before
		for pages := 0; ; pages++ {
			rows, next, err := h.Threads(t.Context(), anna, Inbox, before, 7)
			must(t, err)
			for _, r := range rows {
				if seen[r.ID] {
					t.Errorf("%s twice", r.ID)
				}
				seen[r.ID] = true
			}
			if next == (Before{}) {
				same(t, "pages", pages, 3)
				break
			}
			if before, err = ParseBefore(next.String()); err != nil || before != next {
				t.Fatalf("%v became %v: %v", next, before, err)
			}
		}
		same(t, "rows", len(seen), 25)
	})
	for _, bad := range []string{"x", "-", "!-a", "1-../x", "zzzzzzzzzzzzzzzzzzz-a"} {
		if _, err := ParseBefore(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestPeople(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		for i := range 8 {
			octets := bytes.Replace(mail(fmt.Sprint(i, "@x.example"), "Angebot", "0@x.example"), []byte("katrin@"), fmt.Appendf(nil, "p%d@", i/2*2%10), 1)
			h.deliver(octets, anna)
		}
		people := h.threads(anna, Inbox)[0].People
		same(t, "people", len(people), 4)
		same(t, "first", people[0].Addr, "p0@kunde.example")
	})
}

// TestCorpusThreads delivers the conversations of the corpus.
func TestCorpusThreads(t *testing.T) {
	dir := os.Getenv("HOLDOVER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	text, err := os.ReadFile(filepath.Join(dir, "threads", "dev-expected-threads.json"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("the corpus is not here: ", err)
	}
	var want map[string][]string
	must(t, json.Unmarshal(text, &want))
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	thread := map[ThreadID]string{}
	for name, files := range want {
		first := ThreadID("")
		for _, file := range files {
			octets, err := os.ReadFile(filepath.Join(dir, "threads", file))
			must(t, err)
			id := h.deliver(octets, anna)
			got, err := h.Message(t.Context(), anna, id)
			must(t, err)
			if first == "" {
				first = got.Thread
			}
			same(t, file, got.Thread, first)
			if is, has := thread[got.Thread]; has && is != name {
				t.Errorf("%s is in the thread of %s", file, is)
			}
			thread[got.Thread] = name
		}
	}
}
