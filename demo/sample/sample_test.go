package sample_test

import (
	"bytes"
	"encoding/csv"
	"io"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/demo/sample"
)

var now = time.Date(2026, 11, 21, 15, 4, 5, 0, time.FixedZone("CET", 3600))

func TestSameSeedSameOctets(t *testing.T) {
	a, b, c := sample.Mail(1, now), sample.Mail(1, now), sample.Mail(2, now)
	if len(a) == 0 || !slices.EqualFunc(a, b, same) {
		t.Error("the same seed gave other mail")
	}
	if slices.EqualFunc(a, c, same) {
		t.Error("another seed gave the same mail")
	}
}

func same(a, b sample.Placed) bool {
	return a.At.Equal(b.At) && a.Person.Local == b.Person.Local && a.Folder == b.Folder && a.Seen == b.Seen && bytes.Equal(a.Octets, b.Octets)
}

// TestEveryMessageIsWellFormed parses every message and checks it against where it lies.
func TestEveryMessageIsWellFormed(t *testing.T) {
	seen := map[string]bool{}
	known := map[string]bool{}
	for _, m := range sample.Mail(1, now) {
		parsed, err := mail.ReadMessage(bytes.NewReader(m.Octets))
		if err != nil {
			t.Fatalf("%v in\n%s", err, m.Octets)
		}
		h := parsed.Header
		id := h.Get("Message-ID")
		if key := m.Person.Local + id; seen[key] {
			t.Errorf("%s lies twice in the mailbox of %s", id, m.Person.Local)
		} else {
			seen[key], known[id] = true, true
		}
		if reply := h.Get("In-Reply-To"); reply != "" && !known[reply] {
			t.Errorf("%s answers %s, which came later or never", id, reply)
		}
		if refs := strings.Fields(h.Get("References")); len(refs) > 0 && refs[len(refs)-1] != h.Get("In-Reply-To") {
			t.Errorf("%s: References end with %s, In-Reply-To is %s", id, refs[len(refs)-1], h.Get("In-Reply-To"))
		}
		if age := now.Sub(m.At); age < 0 || age > 30*24*time.Hour {
			t.Errorf("%s is %v old", id, age)
		}
		for _, field := range []string{"From", "To"} {
			if _, err := h.AddressList(field); err != nil {
				t.Errorf("%s: %s: %v", id, field, err)
			}
		}
		if bytes.Contains(bytes.ReplaceAll(m.Octets, []byte("\r\n"), nil), []byte("\n")) {
			t.Errorf("%s has a bare line feed", id)
		}
		for _, line := range strings.Split(string(m.Octets), "\r\n") {
			if len(line) > 200 {
				t.Errorf("%s has a line of %d octets", id, len(line))
			}
		}
	}
}

// TestEverybodyFindsSomething holds what the demo's hints promise.
func TestEverybodyFindsSomething(t *testing.T) {
	for _, p := range sample.People() {
		var inbox, sent, unread, lastWeek, replies int
		for _, m := range sample.Mail(1, now) {
			if m.Person.Local != p.Local {
				continue
			}
			parsed, _ := mail.ReadMessage(bytes.NewReader(m.Octets))
			typ, _, _ := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
			switch m.Folder {
			case sample.Inbox:
				inbox++
				if !m.Seen {
					unread++
				}
				age := now.Sub(m.At).Hours() / 24
				if outside := !strings.Contains(parsed.Header.Get("From"), sample.Domain); outside && typ == "multipart/mixed" && age > 5 && age < 9 {
					lastWeek++
				}
			case sample.Sent:
				sent++
				if parsed.Header.Get("References") != "" {
					replies++
				}
			}
		}
		if inbox == 0 || unread == 0 {
			t.Errorf("%s: %d in the inbox, %d unread", p.Local, inbox, unread)
		}
		if !p.Shared && (inbox < 20 || sent < 8 || lastWeek == 0 || replies == 0) {
			t.Errorf("%s: inbox %d, sent %d (%d replies), from outside with attachment last week %d", p.Local, inbox, sent, replies, lastWeek)
		}
	}
}

func TestMaildirLayout(t *testing.T) {
	dir := t.TempDir()
	all := sample.Mail(1, now)
	if err := sample.WriteMaildir(dir, all); err != nil {
		t.Fatal(err)
	}
	var files int
	for _, p := range sample.People() {
		box := filepath.Join(dir, "maildir", p.Mailbox())
		if got, err := os.ReadFile(filepath.Join(box, "address")); err != nil || strings.TrimSpace(string(got)) != p.Address() {
			t.Errorf("%s: address file %q, %v", p.Local, got, err)
		}
		found, err := filepath.Glob(filepath.Join(box, "cur", "*:2,*"))
		if err != nil {
			t.Fatal(err)
		}
		more, _ := filepath.Glob(filepath.Join(box, ".*", "cur", "*:2,*"))
		files += len(found) + len(more)
	}
	if files != len(all) {
		t.Errorf("%d files, want %d", files, len(all))
	}
}

func TestDirectoryListsEveryAddressOnce(t *testing.T) {
	var b bytes.Buffer
	if err := sample.WriteDirectory(&b); err != nil {
		t.Fatal(err)
	}
	in := csv.NewReader(&b)
	var rows [][]string
	for {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	if want := 1 + len(sample.People()) + len(sample.MailGroups()); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	seen := map[string]bool{}
	for _, row := range rows[1:] {
		for _, a := range append([]string{row[0]}, strings.Fields(row[3])...) {
			if seen[a] {
				t.Errorf("%s stands twice", a)
			}
			seen[a] = true
		}
	}
}
