package exchange

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"holdover/email"
)

// behaviours are the rows: first what holds everywhere, then what is played with faults.
func behaviours() []behaviour {
	return append([]behaviour{
		{"an appended message is found once, with flags, folder and received date", false, playAppend},
		{"its text comes back as it was", true, playText},
		{"the same message appended twice is two messages", false, playTwice},
		{"eight calls at once for one mailbox", false, playAtOnce},
		{"what is not there is absent without an error; a part of an id finds nothing", false, playAbsent},
		{"a look-up since a day finds what is younger", false, playSince},
		{"odd and folded Message-IDs are found", false, playOdd},
		{"many ids are read in one call", false, playMany},
		{"traces in Received lines tell twins apart", false, playTraces},
		{"flags are absolute, leave others alone, and do no harm done again", false, playFlags},
		{"categories are put on and taken off by name, and others' stay", false, playCategories},
		{"a place that holds nothing is told as such", false, playNowhere},
		{"a move is seen, done again it finds nothing, and a folder must exist", false, playMove},
		{"one version of a draft is taken away and the other stays", false, playRemove},
		{"folders are made once, found without case, and some names are reserved", false, playFolders},
		{"folders within folders, also in the inbox, with those above them", false, playFoldersWithin},
		{"a folder is renamed with what is in it; another one's name is refused", false, playRename},
		{"an empty folder goes into Deleted Items; one with something in it stays", false, playDiscard},
		{"lines over 9,900 octets reach the mailbox", false, playLongLines},
	}, faultBehaviours()...)
}

func playAppend(p *play) string {
	date := time.Date(2026, 11, 20, 14, 5, 0, 0, time.FixedZone("", 3600))
	place := p.put(Folder{Role: Sent}, Item{Octets: mail("append@x.test"), Flags: Flags{Seen: true, Answered: true}, Date: date})
	c := p.one("append@x.test")
	if c.Role != Sent || place.Known() && c.Place != place {
		p.Errorf("found %+v, appended at %+v", c, place)
	}
	if c.Flags != (Flags{Seen: true, Answered: true}) {
		p.Errorf("flags are %+v", c.Flags)
	}
	if got := p.date(p.T, p.box, c); !got.Equal(date) {
		p.Errorf("received date is %v, want %v", got, date)
	}
	return ""
}

// playText: the double's octets are looked at; a real server is believed to keep what it is given.
func playText(p *play) string {
	octets := mail("text@x.test")
	p.put(Folder{Role: Sent}, Item{Octets: octets, Flags: Flags{Seen: true}})
	stored := p.double.Messages(p.box, "Gesendete Elemente")
	if len(stored) != 1 {
		p.Fatalf("%d messages are stored", len(stored))
	}
	_, body, _ := bytes.Cut(octets, []byte("\r\n\r\n"))
	sum := sha256.Sum256(body)
	if stored[0].Body == hex.EncodeToString(sum[:]) {
		return ""
	}
	if got := p.double.Octets(p.box, stored[0].ID); p.face != "graph" || !bytes.HasSuffix(got, []byte("\r\nVGV4dA0K\r\n")) { // base64 of it
		p.Errorf("stored is %q", got)
	}
	return "written anew"
}

func playTwice(p *play) string {
	for range 2 {
		p.put(Folder{Role: Sent}, Item{Octets: mail("twice@x.test"), Flags: Flags{Seen: true}})
	}
	if n := len(p.find("twice@x.test")); n != 2 { // nothing in Exchange is idempotent
		p.Errorf("%d copies, want 2", n)
	}
	return ""
}

func playAtOnce(p *play) string {
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			if _, err := p.Append(contextOf(p.T), p.box, Folder{Role: Sent}, Item{Octets: mail(fmt.Sprintf("once%d@x.test", i)), Flags: Flags{Seen: true}}); err != nil {
				p.Error(err)
			}
		})
	}
	group.Wait()
	for i := range 8 {
		p.one(fmt.Sprintf("once%d@x.test", i))
	}
	return ""
}

func playAbsent(p *play) string {
	p.put(Folder{Role: Inbox}, Item{Octets: mail("here@x.test"), Flags: Flags{Seen: true}})
	for _, id := range []string{"ere@x.test", "here@x.tes", "nowhere@x.test"} { // searching matches substrings; we must not
		if got := p.find(id); len(got) != 0 {
			p.Errorf("%s: found %v", id, got)
		}
	}
	return ""
}

func playSince(p *play) string {
	date := time.Date(2026, 11, 20, 14, 5, 0, 0, time.UTC)
	p.put(Folder{Role: Sent}, Item{Octets: mail("since@x.test"), Flags: Flags{Seen: true}, Date: date})
	copies, err := p.Find(p.ctx(), p.box, Query{MessageIDs: []string{"since@x.test"}, Folders: []Folder{{Role: Sent}}, Since: date.AddDate(0, 0, -1)})
	if err != nil || len(copies) != 1 {
		p.Errorf("%v, %v", copies, err)
	}
	return ""
}

func playOdd(p *play) string {
	for _, id := range []string{`a"b@x.test`, `back\slash@x.test`, "50%_*@x.test", "it's@x.test", "no-domain", "Upper.Case@X.Test", "a&b@x.test", strings.Repeat("l", 200) + "@x.test"} {
		p.put(Folder{Role: Archive}, Item{Octets: mail(id), Flags: Flags{Seen: true}})
		if n := len(p.find(id)); n != 1 {
			p.Errorf("%q: %d copies", id, n)
		}
	}
	folded := bytes.Replace(mail("folded@x.test"), []byte("Message-ID: "), []byte("Message-Id:\r\n "), 1)
	p.put(Folder{Role: Archive}, Item{Octets: folded, Flags: Flags{Seen: true}})
	p.one("folded@x.test")
	return ""
}

func playMany(p *play) string {
	ids := []string{"other@x.test"}
	for i := range 25 {
		ids = append(ids, fmt.Sprintf("many%d@x.test", i))
		p.put(Folder{Role: Archive}, Item{Octets: mail(ids[i+1]), Flags: Flags{Seen: true}})
	}
	copies, err := p.Find(p.ctx(), p.box, Query{MessageIDs: ids})
	if err != nil || len(copies) != 25 {
		p.Errorf("%d copies, %v", len(copies), err)
	}
	return ""
}

// playTraces puts mail from outside into the inbox as a delivery leaves it, which only the truth
// behind the stand-in can do for every face; real servers are given it by APPEND.
func playTraces(p *play) string {
	for _, trace := range []string{"aaaa1", "bbbb2"} {
		octets := append([]byte("Received: from x (y [192.0.2.1])\r\n\tby mx.test with ESMTPS id "+trace+";\r\n\tFri, 20 Nov 2026 10:00:00 +0000\r\n"), mail("twin@x.test")...)
		if p.double != nil {
			p.double.Put(p.box, "INBOX", octets, time.Time{})
		} else {
			p.put(Folder{Role: Inbox}, Item{Octets: octets})
		}
	}
	var traces []string
	for _, found := range p.find("twin@x.test") {
		traces = append(traces, found.Traces...)
	}
	if len(traces) != 2 || traces[0] == traces[1] {
		p.Errorf("traces are %v", traces)
	}
	return ""
}

func playFlags(p *play) string {
	p.put(Folder{Role: Drafts}, Item{Octets: mail("flags@x.test"), Flags: Flags{Seen: true, Draft: true}})
	place := p.one("flags@x.test").Place
	for _, want := range []Flags{{Seen: true, Flagged: true}, {Answered: true}, {}, {Seen: true, Flagged: true, Answered: true}} {
		for range 2 {
			now, err := p.SetFlags(p.ctx(), p.box, place, want)
			if err != nil {
				p.Fatal(err)
			}
			if want.Draft = true; now != want {
				p.Errorf("flags are %+v, want %+v (Draft is not ours to take)", now, want)
			}
		}
	}
	if p.double != nil {
		if m := p.double.Messages(p.box, ""); !m[0].Seen || !m[0].Flagged || !m[0].Answered || !m[0].Draft {
			p.Errorf("people see %+v", m[0])
		}
	}
	return ""
}

// playCategories: what a way can't carry it says before it has asked anything.
func playCategories(p *play) string {
	p.put(Folder{Role: Sent}, Item{Octets: mail("named@x.test"), Flags: Flags{Seen: true}, Categories: email.Categories{"Rote Kategorie", "<Kunde & Co>"}})
	c := p.one("named@x.test")
	change := email.CategoryChange{Add: email.Categories{"Übergabe", "in outlook"}, Remove: email.Categories{"rote kategorie", "nie da"}}
	if c.Categories == nil {
		if _, err := p.SetCategories(p.ctx(), p.box, c.Place, change); !errors.Is(err, ErrUnsuited) {
			p.Errorf("%v, want another way to be taken", err)
		}
		if now := p.one("named@x.test"); now.Place != c.Place || now.Flags != c.Flags {
			p.Errorf("it is %+v, was %+v", now, c)
		}
		return "another way"
	}
	if fmt.Sprint(c.Categories) != "[Rote Kategorie <Kunde & Co>]" {
		p.Errorf("created with %q", c.Categories)
	}
	stored := p.double.Messages(p.box, "")[0]
	p.double.Edit(p.box, stored.ID, map[string]string{"categories": strings.Join(append(stored.Categories, "In Outlook"), ",")})
	for range 2 {
		now, err := p.SetCategories(p.ctx(), p.box, c.Place, change)
		if err != nil || fmt.Sprint(now) != "[<Kunde & Co> In Outlook Übergabe]" {
			p.Errorf("%q, %v", now, err)
		}
	}
	if m := p.double.Messages(p.box, "")[0]; fmt.Sprint(m.Categories) != "[<Kunde & Co> In Outlook Übergabe]" || !m.Seen {
		p.Errorf("people see %+v", m)
	}
	now, err := p.SetCategories(p.ctx(), p.box, c.Place, email.CategoryChange{Remove: email.Categories{"<Kunde & Co>", "In Outlook", "Übergabe"}})
	if err != nil || now == nil || len(now) != 0 || len(p.one("named@x.test").Categories) != 0 {
		p.Errorf("all taken off: %q, %v", now, err)
	}
	var many []string
	for i := range mostShown + 1 {
		many = append(many, fmt.Sprint("K", i))
	}
	p.double.Edit(p.box, stored.ID, map[string]string{"categories": strings.Join(many, ",")})
	if _, err := p.SetCategories(p.ctx(), p.box, c.Place, change); !errors.Is(err, ErrRefused) {
		p.Errorf("%d categories: %v", len(many), err)
	}
	if n := len(p.double.Messages(p.box, "")[0].Categories); n != len(many) {
		p.Errorf("%d of %d categories are left", n, len(many))
	}
	if _, err := p.SetCategories(p.ctx(), p.box, p.elsewhere(c.Place), change); !errors.Is(err, ErrGone) {
		p.Errorf("nothing there: %v", err)
	}
	return ""
}

// elsewhere is a place like another one that holds nothing.
func (p *play) elsewhere(at Place) Place {
	p.put(Folder{Role: Drafts}, Item{Octets: mail("gone@x.test"), Flags: Flags{Draft: true}})
	gone := p.one("gone@x.test").Place
	if err := p.Remove(p.ctx(), p.box, gone); err != nil {
		p.Fatal(err)
	}
	return gone
}

func playNowhere(p *play) string {
	place := p.put(Folder{Role: Drafts}, Item{Octets: mail("nowhere@x.test"), Flags: Flags{Draft: true}})
	nothing := []Place{p.elsewhere(place)}
	if place.UID != 0 {
		other := place
		other.Validity++
		nothing = append(nothing, other)
	}
	for _, at := range nothing {
		if _, err := p.SetFlags(p.ctx(), p.box, at, Flags{Seen: true}); !errors.Is(err, ErrGone) {
			p.Errorf("flags at %+v: %v", at, err)
		}
		if err := p.Move(p.ctx(), p.box, at, Folder{Role: Trash}); !errors.Is(err, ErrGone) {
			p.Errorf("move from %+v: %v", at, err)
		}
	}
	return ""
}

func playMove(p *play) string {
	p.put(Folder{Role: Inbox}, Item{Octets: mail("move@x.test"), Flags: Flags{Seen: true}})
	place := p.one("move@x.test").Place
	if err := p.Move(p.ctx(), p.box, place, Folder{Role: Trash}); err != nil {
		p.Fatal(err)
	}
	c := p.one("move@x.test")
	if c.Role != Trash {
		p.Fatalf("after the move: %+v", c)
	}
	note := ""
	if err := p.Move(p.ctx(), p.box, place, Folder{Role: Trash}); err == nil && c.ID == place.ID && c.ID != "" {
		note = "the id stays, moving again does no harm"
	} else if !errors.Is(err, ErrGone) {
		p.Errorf("moved again: %v", err)
	}
	c = p.one("move@x.test")
	if err := p.Move(p.ctx(), p.box, c.Place, Folder{Name: "Gibt es nicht"}); !errors.Is(err, ErrNoFolder) {
		p.Errorf("moved to nowhere: %v", err)
	}
	p.one("move@x.test")
	return note
}

func playRemove(p *play) string {
	draft := Item{Octets: mail("draft@x.test"), Flags: Flags{Seen: true, Draft: true}}
	p.put(Folder{Role: Drafts}, draft)
	old := p.one("draft@x.test")
	p.put(Folder{Role: Drafts}, draft)
	for range 2 { // again is no error
		if err := p.Remove(p.ctx(), p.box, old.Place); err != nil {
			p.Fatal(err)
		}
	}
	left := p.one("draft@x.test")
	if left.Place == old.Place || !left.Flags.Draft || left.Role != Drafts {
		p.Errorf("left: %+v", left)
	}
	return ""
}

func playFolders(p *play) string {
	for range 2 {
		if err := p.Create(p.ctx(), p.box, Folder{Name: "Projekte & Pläne"}); err != nil {
			p.Fatal(err)
		}
	}
	p.put(Folder{Name: "projekte & PLÄNE"}, Item{Octets: mail("folder@x.test"), Flags: Flags{Seen: true}}) // compared without case
	if c := p.one("folder@x.test"); c.Folder != "Projekte & Pläne" || c.Role != "" {
		p.Errorf("found %+v", c)
	}
	if _, err := p.Append(p.ctx(), p.box, Folder{Name: "Gibt es nicht"}, Item{Octets: mail("nothere@x.test")}); !errors.Is(err, ErrNoFolder) {
		p.Errorf("into a folder that is not there: %v", err)
	}
	if err := p.Create(p.ctx(), p.box, Folder{Name: "Files"}); p.face != "ews" && p.face != "graph" && !errors.Is(err, ErrRefused) {
		p.Errorf("a reserved name: %v", err)
	}
	return ""
}

func playLongLines(p *play) string {
	octets := append(mail("long@x.test"), []byte(strings.Repeat("lang ", 3000)+"\r\n")...)
	p.put(Folder{Role: Sent}, Item{Octets: octets, Flags: Flags{Seen: true}})
	p.one("long@x.test")
	return ""
}

// internalDate asks Dovecot with a client of its own.
func internalDate(t testing.TB, o IMAPOptions, box string, at Place) time.Time {
	t.Helper()
	c, err := imapclient.DialInsecure(o.Address, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	local, _, _ := strings.Cut(box, "@")
	if err := c.Login(local, o.Password).Wait(); err != nil {
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

// TestFolderMapping: the administrator's mapping gives a role to a folder that none tells.
func TestFolderMapping(t *testing.T) {
	o := IMAPOptions{Security: Security{Policy: None}}
	s := startDovecot(t)
	o = s.mailboxes.(*IMAP).o
	if _, err := s.Append(contextOf(t), anna, Folder{Role: Junk}, Item{Octets: mail("junk@x.test")}); !errors.Is(err, ErrNoFolder) {
		t.Errorf("a role without a folder: %v", err)
	}
	o.Folders = map[Role]string{Junk: "Archiv"}
	mapped := newIMAP(t, o)
	if _, err := mapped.Append(contextOf(t), anna, Folder{Role: Junk}, Item{Octets: mail("junk@x.test")}); err != nil {
		t.Fatal(err)
	}
	if got, err := mapped.Find(contextOf(t), anna, Query{MessageIDs: []string{"junk@x.test"}}); err != nil || len(got) != 1 || got[0].Folder != "Archiv" {
		t.Errorf("mapping: %+v, %v", got, err)
	}
}
