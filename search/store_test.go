package search

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// realStore is mailstore on SQLite and a Maildir; close it before opening the directory again.
func realStore(t testing.TB, dir string) (*mailstore.Store, func()) {
	t.Helper()
	ctx := context.Background()
	db, err := database.Open(ctx, database.Options{URL: "sqlite:" + filepath.Join(dir, "mail.db")})
	must(t, err)
	s, err := mailstore.Open(ctx, mailstore.Options{Dir: dir, DB: db, Host: "mx.firma.example", Now: time.Now, Log: slog.New(slog.DiscardHandler), Reserve: -1})
	must(t, err)
	must(t, s.EnsureMailbox(ctx, box, "katrin.wessel@firma.example"))
	return s, func() { must(t, errors.Join(s.Close(), db.Close())) }
}

// fill delivers the mailbox of testdata into a real store; it answers which of its ids became which.
func fill(t testing.TB, s *mailstore.Store) map[email.MessageID]email.MessageID {
	t.Helper()
	m := fixed(t)
	names := map[email.MessageID]email.MessageID{}
	for _, e := range m.log[box] {
		message := m.messages[box][e.Message]
		folder := message.Folder
		if folder == "projekte01ab" || folder == mailstore.Drafts {
			folder = mailstore.Archive
		}
		id, err := s.Deliver(t.Context(), mailstore.Arrival{
			To: []mailstore.Recipient{{Mailbox: box, Address: "katrin.wessel@firma.example"}}, From: "x@y.example", Origin: mailstore.FromOutside,
			Folder: folder, Flags: mailstore.Flags{Seen: message.Flags.Seen, Flagged: message.Flags.Flagged, Answered: message.Flags.Answered},
			Octets: m.raw[e.Message], At: message.Received,
		})
		must(t, err)
		names[id] = e.Message
	}
	return names
}

// TestRealStore: the queries of testdata over the real store, before and after a restart, and
// with the index of another life of the same mailbox.
func TestRealStore(t *testing.T) {
	dir := t.TempDir()
	store, shut := realStore(t, dir)
	names := fill(t, store)
	check := func(x *Index) {
		t.Helper()
		for _, q := range queries(t) {
			if strings.Contains(q[0], "Projekte") || strings.Contains(q[0], "is:draft") || strings.Contains(q[0], "ist:entwurf") {
				continue // their folders are not made here
			}
			r, err := x.Search(t.Context(), box, q[0], 0, 50)
			must(t, err)
			var got []string
			for _, h := range r.Hits {
				got = append(got, string(names[h.Message]))
			}
			if strings.Join(got, " ") != q[1] {
				t.Errorf("%s => %s, want %s", q[0], strings.Join(got, " "), q[1])
			}
		}
		if findings, err := x.Check(t.Context(), box); err != nil || len(findings) > 0 {
			t.Errorf("check: %q %v", findings, err)
		}
	}
	indexes := filepath.Join(dir, "index")
	x := openIn(t, indexes, store)
	following(t, x)
	complete(t, x)
	check(x)
	must(t, x.Close())
	shut()

	store, shut = realStore(t, dir)
	x = openIn(t, indexes, store)
	check(x)
	must(t, x.Close())
	shut()

	other, shutOther := realStore(t, t.TempDir())
	defer shutOther()
	names = fill(t, other)
	check(openIn(t, indexes, other)) // same mailbox, another history
}

// BenchmarkFollow measures how fast the index takes in what a burst left, and its queries after.
func BenchmarkFollow(b *testing.B) {
	const messages = 3000
	source := newMemory()
	for i := range messages {
		source.put(box, mailstore.Message{ID: email.MessageID(fmt.Sprintf("b%05d", i)), Folder: "inbox", Received: today().Add(time.Duration(i) * time.Minute)}, ordinary(i))
	}
	for b.Loop() {
		x, err := Open(Options{Dir: b.TempDir(), Source: source, Now: today, Log: slog.New(slog.DiscardHandler)})
		must(b, err)
		for more := true; more; {
			more, err = x.feed(b.Context(), box)
			must(b, err)
		}
		must(b, x.Close())
	}
	b.ReportMetric(float64(messages*b.N)/b.Elapsed().Seconds(), "messages/s")
}

func BenchmarkQuery(b *testing.B) {
	source := newMemory()
	for i := range 2000 {
		source.put(box, mailstore.Message{ID: email.MessageID(fmt.Sprintf("b%05d", i)), Folder: "inbox", Received: today().Add(time.Duration(i) * time.Minute)}, ordinary(i))
	}
	x := openIn(b, b.TempDir(), source)
	for more, err := true, error(nil); more; {
		more, err = x.feed(b.Context(), box)
		must(b, err)
	}
	for _, query := range []string{"rechnung", `"mit freundlichen grüßen"`, "liefer*", "from:person7 has:attachment", "is:unread", "rechnung OR lieferung -angebot"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				if _, err := x.Search(b.Context(), box, query, 0, 50); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// ordinary is a message of 10 KB with some 600 words of a vocabulary of 5,000.
func ordinary(i int) []byte {
	stems := []string{"rechn", "liefer", "angebot", "vertrag", "termin", "projekt", "kunden", "server", "meeting", "invoice"}
	ends := []string{"ung", "ungen", "en", "s", "", "er", "ing"}
	var b strings.Builder
	fmt.Fprintf(&b, "From: Person %d <person%d@firma%d.example>\r\nTo: katrin.wessel@firma.example\r\nSubject: Angebot %d zur Lieferung\r\nMessage-ID: <%d@x.example>\r\n\r\n", i%50, i%50, i%9, i, i)
	state := uint32(i*2654435761 + 1)
	for b.Len() < 9900 {
		state = state*1664525 + 1013904223
		b.WriteString(stems[(state>>8)%10] + ends[(state>>16)%7])
		if (state>>26)%4 > 0 {
			fmt.Fprint(&b, (state>>20)%70)
		}
		b.WriteString(" ")
		if (state>>24)%12 == 0 {
			b.WriteString("\r\n")
		}
	}
	b.WriteString("\r\n\r\nMit freundlichen Grüßen\r\nPerson\r\n")
	return []byte(b.String())
}
