package exchange

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"holdover/exchange/exchangetest"
)

const anna = "anna@example.test"

// startDouble is an IMAP server in this process with Exchange's German folders.
func startDouble(t testing.TB) IMAPOptions {
	t.Helper()
	user := imapmemserver.NewUser("anna", "secret")
	for _, name := range []string{"INBOX", "Gesendete Elemente", "Entwürfe", "Gelöschte Elemente", "Archiv"} {
		if err := user.Create(name, nil); err != nil {
			t.Fatal(err)
		}
	}
	mem := imapmemserver.New()
	mem.AddUser(user)
	server := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return mem.NewSession(), nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapUIDPlus: {}, imap.CapMove: {}},
		InsecureAuth: true,
	})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return IMAPOptions{Address: l.Addr().String(), Security: Security{Policy: None}, User: "{local}", Password: "secret"}
}

func startDovecot(t testing.TB) IMAPOptions {
	t.Helper()
	return IMAPOptions{Address: exchangetest.Dovecot(t, exchangetest.Maildirs(t)), Security: Security{Policy: None}, User: "{local}", Password: exchangetest.Password}
}

func contextOf(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// TestIMAPContract holds the double to what the real server does, and both to what sync-back relies on.
func TestIMAPContract(t *testing.T) {
	for name, start := range map[string]func(testing.TB) IMAPOptions{"double": startDouble, "dovecot": startDovecot} {
		t.Run(name, func(t *testing.T) {
			options := start(t)
			for _, c := range []struct {
				name string
				run  func(*testing.T, *IMAP, IMAPOptions)
			}{
				{"an appended message is found once, with flags and folder", contractAppend},
				{"a message looked for and not there is absent without an error", contractAbsent},
				{"flags are absolute and leave others alone", contractFlags},
				{"a move is seen, and a second one finds nothing", contractMove},
				{"a draft's earlier version can be taken away", contractRemove},
				{"folders: by attribute, by known name, made, missing", contractFolders},
				{"odd Message-IDs and folded headers are found", contractOdd},
				{"many ids are read in one round", contractMany},
				{"traces tell twins apart", contractTraces},
			} {
				t.Run(c.name, func(t *testing.T) {
					connector := newIMAP(t, options)
					c.run(t, connector, options)
				})
			}
		})
	}
}

func newIMAP(t testing.TB, o IMAPOptions) *IMAP {
	t.Helper()
	c, err := NewIMAP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func mail(id string) []byte {
	return []byte("Message-ID: <" + id + ">\r\nFrom: a@b.test\r\nSubject: Grüße\r\n\r\nText\r\n")
}

func find(t *testing.T, c *IMAP, id string, in ...Folder) []Copy {
	t.Helper()
	copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{id}, Folders: in})
	if err != nil {
		t.Fatal(err)
	}
	return copies
}

func put(t *testing.T, c *IMAP, f Folder, item Item) Place {
	t.Helper()
	place, err := c.Append(contextOf(t), anna, f, item)
	if err != nil {
		t.Fatal(err)
	}
	return place
}

func contractAppend(t *testing.T, c *IMAP, o IMAPOptions) {
	date := time.Date(2026, 11, 20, 14, 5, 0, 0, time.FixedZone("", 3600))
	place := put(t, c, Folder{Role: Sent}, Item{Octets: mail("append@x.test"), Flags: Flags{Seen: true, Answered: true}, Date: date})
	copies := find(t, c, "append@x.test")
	if len(copies) != 1 || copies[0].Role != Sent || copies[0].Place != place || copies[0].Flags != (Flags{Seen: true, Answered: true}) {
		t.Fatalf("found %+v, appended at %+v", copies, place)
	}
	if got := internalDate(t, o, copies[0].Place); !got.Equal(date) {
		t.Errorf("date is %v, want %v", got, date)
	}
	// A look-up since a day finds what is younger, by Exchange's date.
	since, err := c.Find(contextOf(t), anna, Query{MessageIDs: []string{"append@x.test"}, Folders: []Folder{{Role: Sent}}, Since: date.AddDate(0, 0, -1)})
	if err != nil || len(since) != 1 {
		t.Errorf("since a day: %v, %v", since, err)
	}
	// The same twice is two messages: nothing in IMAP is idempotent.
	put(t, c, Folder{Role: Sent}, Item{Octets: mail("append@x.test")})
	if n := len(find(t, c, "append@x.test")); n != 2 {
		t.Errorf("%d copies, want 2", n)
	}
}

func contractAbsent(t *testing.T, c *IMAP, _ IMAPOptions) {
	put(t, c, Folder{Role: Inbox}, Item{Octets: mail("here@x.test")})
	if got := find(t, c, "ere@x.test"); len(got) != 0 { // SEARCH HEADER matches substrings; we must not
		t.Errorf("found %v by a part of its id", got)
	}
	if got := find(t, c, "nowhere@x.test"); len(got) != 0 {
		t.Errorf("found %v", got)
	}
}

func contractFlags(t *testing.T, c *IMAP, o IMAPOptions) {
	place := put(t, c, Folder{Role: Inbox}, Item{Octets: mail("flags@x.test"), Flags: Flags{Seen: true, Draft: true}})
	for _, want := range []Flags{{Seen: true, Flagged: true}, {Answered: true}, {}, {Seen: true, Flagged: true, Answered: true}} {
		for range 2 {
			now, err := c.SetFlags(contextOf(t), anna, place, want)
			if err != nil {
				t.Fatal(err)
			}
			if want.Draft = true; now != want {
				t.Errorf("flags are %+v, want %+v (Draft is not ours to take)", now, want)
			}
		}
	}
	place.UID += 1000
	if _, err := c.SetFlags(contextOf(t), anna, place, Flags{}); !errors.Is(err, ErrGone) {
		t.Errorf("flags of nothing: %v", err)
	}
	place.Validity++
	if _, err := c.SetFlags(contextOf(t), anna, place, Flags{}); !errors.Is(err, ErrGone) {
		t.Errorf("another UIDVALIDITY: %v", err)
	}
}

func contractMove(t *testing.T, c *IMAP, _ IMAPOptions) {
	place := put(t, c, Folder{Role: Inbox}, Item{Octets: mail("move@x.test")})
	if err := c.Move(contextOf(t), anna, place, Folder{Role: Trash}); err != nil {
		t.Fatal(err)
	}
	copies := find(t, c, "move@x.test")
	if len(copies) != 1 || copies[0].Role != Trash {
		t.Fatalf("after the move: %+v", copies)
	}
	if err := c.Move(contextOf(t), anna, place, Folder{Role: Trash}); !errors.Is(err, ErrGone) {
		t.Errorf("moved again: %v", err)
	}
	if err := c.Move(contextOf(t), anna, copies[0].Place, Folder{Name: "Gibt es nicht"}); !errors.Is(err, ErrNoFolder) {
		t.Errorf("moved to nowhere: %v", err)
	}
}

func contractRemove(t *testing.T, c *IMAP, _ IMAPOptions) {
	old := put(t, c, Folder{Role: Drafts}, Item{Octets: mail("draft@x.test"), Flags: Flags{Draft: true}})
	put(t, c, Folder{Role: Drafts}, Item{Octets: mail("draft@x.test"), Flags: Flags{Draft: true}})
	for range 2 { // again is no error
		if err := c.Remove(contextOf(t), anna, old); err != nil {
			t.Fatal(err)
		}
	}
	copies := find(t, c, "draft@x.test")
	if len(copies) != 1 || copies[0].UID == old.UID || !copies[0].Flags.Draft {
		t.Errorf("left: %+v", copies)
	}
}

func contractFolders(t *testing.T, c *IMAP, o IMAPOptions) {
	for range 2 {
		if err := c.Create(contextOf(t), anna, "Projekte & Pläne"); err != nil {
			t.Fatal(err)
		}
	}
	put(t, c, Folder{Name: "projekte & PLÄNE"}, Item{Octets: mail("folder@x.test")}) // compared without case
	if got := find(t, c, "folder@x.test"); len(got) != 1 || got[0].Folder != "Projekte & Pläne" {
		t.Errorf("found %+v", got)
	}
	if _, err := c.Append(contextOf(t), anna, Folder{Role: Junk}, Item{Octets: mail("junk@x.test")}); !errors.Is(err, ErrNoFolder) {
		t.Errorf("a role without a folder: %v", err)
	}
	o.Folders = map[Role]string{Junk: "Archiv"}
	mapped := newIMAP(t, o)
	put(t, mapped, Folder{Role: Junk}, Item{Octets: mail("junk@x.test")})
	if got := find(t, mapped, "junk@x.test"); len(got) != 1 || got[0].Folder != "Archiv" {
		t.Errorf("mapping: %+v", got)
	}
	if err := c.Create(contextOf(t), anna, "Files"); !errors.Is(err, ErrRefused) {
		t.Errorf("a reserved name: %v", err)
	}
}

func contractOdd(t *testing.T, c *IMAP, _ IMAPOptions) {
	for _, id := range []string{`a"b@x.test`, `back\slash@x.test`, "50%_*@x.test", "no-domain", "Upper.Case@X.Test", strings.Repeat("l", 200) + "@x.test"} {
		put(t, c, Folder{Role: Archive}, Item{Octets: mail(id)})
		if n := len(find(t, c, id)); n != 1 {
			t.Errorf("%q: %d copies", id, n)
		}
	}
	put(t, c, Folder{Role: Archive}, Item{Octets: []byte("Subject: x\r\nMessage-Id:\r\n <folded@x.test>\r\n\r\nText\r\n")})
	if n := len(find(t, c, "folded@x.test")); n != 1 {
		t.Errorf("folded: %d copies", n)
	}
}

func contractMany(t *testing.T, c *IMAP, _ IMAPOptions) {
	var ids []string
	for i := range 30 {
		id := fmt.Sprintf("many%d@x.test", i)
		put(t, c, Folder{Role: Archive}, Item{Octets: mail(id)})
		ids = append(ids, id)
	}
	copies, err := c.Find(contextOf(t), anna, Query{MessageIDs: append(ids, "other@x.test")})
	if err != nil || len(copies) != 30 {
		t.Errorf("%d copies, %v", len(copies), err)
	}
}

func contractTraces(t *testing.T, c *IMAP, _ IMAPOptions) {
	for _, trace := range []string{"aaaa1", "bbbb2"} {
		octets := append([]byte("Received: from x (y [192.0.2.1])\r\n\tby mx.test with ESMTPS id "+trace+";\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\n"), mail("twin@x.test")...)
		put(t, c, Folder{Role: Inbox}, Item{Octets: octets})
	}
	var traces []string
	for _, found := range find(t, c, "twin@x.test") {
		traces = append(traces, found.Traces...)
	}
	if len(traces) != 2 || traces[0] == traces[1] {
		t.Errorf("traces are %v", traces)
	}
}

// internalDate asks the server with a client of its own.
func internalDate(t *testing.T, o IMAPOptions, at Place) time.Time {
	t.Helper()
	c, err := imapclient.DialInsecure(o.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Login("anna", "secret").Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Select(at.Folder, nil).Wait(); err != nil {
		t.Fatal(err)
	}
	messages, err := c.Fetch(imap.UIDSetNum(imap.UID(at.UID)), &imap.FetchOptions{InternalDate: true}).Collect()
	if err != nil || len(messages) != 1 {
		t.Fatal(messages, err)
	}
	return messages[0].InternalDate
}
