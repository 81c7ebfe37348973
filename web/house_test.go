package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/calendar"
	"holdover/continuity"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/search"
	"holdover/static"
	"holdover/web/webtest"
)

const people3 = `address,name,kind,aliases,groups,members,role,language
k.wessel@ahrenfeld.example,Katrin Wessel,user,wessel@ahrenfeld.example,Netz,,,de
j.petersen@ahrenfeld.example,Jens Petersen,user,,Netz,,admin,de
m.bell@ahrenfeld.example,Martha Bell,user,,,,,en
`

// The people of the test directory.
const (
	katrin = "k.wessel@ahrenfeld.example"
	jens   = "j.petersen@ahrenfeld.example" // administrator
	martha = "m.bell@ahrenfeld.example"     // English
)

// house is the real rooms with search and calendar, and all pages on top.
type house struct {
	t      testing.TB
	rooms  *webtest.Rooms
	door   *webtest.Door
	clock  *webtest.Clock
	mail   *mailstore.Store
	dir    *directory.Directory
	events *continuity.Continuity
	index  *search.Index
	dates  *calendar.Calendar
	sync   *webtest.Told
	pages  http.Handler
	opts   Options

	ownInForm map[string]bool // what foreign finds in a harmless form of ours
}

// monday is when a test begins.
var monday = webtest.Monday

func newHouse(t testing.TB, change ...func(*Options)) *house {
	t.Helper()
	return openHouse(t, people3, false, change...)
}

// openHouse takes the directory, and whether events that have ended wait for their release.
func openHouse(t testing.TB, people string, held bool, change ...func(*Options)) *house {
	t.Helper()
	return houseOver(t, webtest.Open(t, people, held), change...)
}

// houseOver puts index, calendar and pages over rooms.
func houseOver(t testing.TB, rooms *webtest.Rooms, change ...func(*Options)) *house {
	t.Helper()
	ctx := context.Background()
	h := &house{t: t, rooms: rooms, door: &webtest.Door{Rooms: rooms}, clock: rooms.Clock, mail: rooms.Mail, dir: rooms.People, events: rooms.Events, sync: &webtest.Told{}}
	var err error
	h.index, err = search.Open(search.Options{Dir: filepath.Join(rooms.Dir, "index"), Source: h.mail, Now: h.clock.Now})
	must(t, err)
	h.dates, err = calendar.Open(ctx, calendar.Options{Source: h.mail, Now: h.clock.Now})
	must(t, err)
	following, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.index.Run(following) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the index stopped: %v", err)
		}
		if err := h.index.Close(); err != nil {
			t.Errorf("closing the index: %v", err)
		}
	})
	h.opts = Options{Mail: h.mail, Search: h.index, Calendar: h.dates, Directory: h.dir, Signin: h.door, Events: h.events, Syncback: h.sync, Gate: &webtest.Gate{}, Releases: h.events,
		Organisation: Organisation{Name: "Stadtwerke Ahrenfeld", Phone: "030 23125-110"},
		Host:         "mail-notfall.ahrenfeld.example", AdminToken: "the-token", Zone: webtest.Germany, Now: h.clock.Now}
	for _, f := range change {
		f(&h.opts)
	}
	pages, err := New(h.opts)
	if errors.Is(err, static.ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	must(t, err)
	h.pages = pages
	return h
}

func must(t testing.TB, err error) { t.Helper(); webtest.Must(t, err) }

// box is a person's mailbox.
func (h *house) box(address string) email.MailboxID {
	h.t.Helper()
	return h.rooms.Box(address).ID
}

// letter is a message for a test; what is empty is filled in.
type letter struct {
	from, to, subject, text string
	id, answers             string // Message-IDs without brackets
	head                    string // further header lines, CRLF
	raw                     string // instead of all that
	folder                  mailstore.FolderID
	origin                  mailstore.Origin
	seen                    bool
	ago                     time.Duration
}

var letters int // makes Message-IDs differ; tests do not run in parallel

// deliver puts a letter into a mailbox and answers its id.
func (h *house) deliver(to string, l letter) email.MessageID {
	h.t.Helper()
	letters++
	if l.from == "" {
		l.from = "Olivia Hartley <olivia@northgate.example>"
	}
	if l.to == "" {
		l.to = to
	}
	if l.origin == "" {
		l.origin = mailstore.FromOutside
	}
	at := h.clock.Now().Add(-l.ago)
	id := l.id
	if id == "" {
		id = fmt.Sprintf("letter-%d@northgate.example", letters)
	}
	octets := l.raw
	if octets == "" {
		octets = "From: " + l.from + "\r\nTo: " + l.to + "\r\nSubject: " + l.subject + "\r\nMessage-ID: <" + id + ">\r\nDate: " + at.Format(time.RFC1123Z) + "\r\n"
		if l.answers != "" {
			octets += "In-Reply-To: <" + l.answers + ">\r\nReferences: <" + l.answers + ">\r\n"
		}
		if !strings.Contains(l.head, "Content-Type:") {
			octets += "Content-Type: text/plain; charset=utf-8\r\n"
		}
		octets += l.head + "\r\n" + strings.ReplaceAll(l.text, "\n", "\r\n") + "\r\n"
	}
	given, err := h.mail.Deliver(context.Background(), mailstore.Arrival{
		To: []mailstore.Recipient{{Mailbox: h.box(to), Address: to}}, From: "olivia@northgate.example", Origin: l.origin,
		Folder: l.folder, Flags: mailstore.Flags{Seen: l.seen}, Octets: []byte(octets), At: at})
	must(h.t, err)
	return given
}

// message reads a message's state from the store.
func (h *house) message(owner string, id email.MessageID) mailstore.Message {
	h.t.Helper()
	m, err := h.mail.Message(context.Background(), h.box(owner), id)
	must(h.t, err)
	return m
}

// visitor is one browser without a script.
type visitor struct {
	h      *house
	who    string // address, or "" when not signed in
	header http.Header
}

func (h *house) as(who string) *visitor { return &visitor{h: h, who: who, header: http.Header{}} }

// with adds a request header.
func (v *visitor) with(name, value string) *visitor {
	again := &visitor{h: v.h, who: v.who, header: v.header.Clone()}
	again.header.Set(name, value)
	return again
}

func (v *visitor) do(method, path string, form url.Values) *httptest.ResponseRecorder {
	v.h.t.Helper()
	header := v.header
	if form != nil {
		header = header.Clone()
		header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return webtest.Ask(v.h.pages, v.who, method, path, header, strings.NewReader(form.Encode()))
}

// page fetches a page that must be there.
func (v *visitor) page(path string) *goquery.Document {
	v.h.t.Helper()
	w := v.do(http.MethodGet, path, nil)
	if w.Code != http.StatusOK {
		v.h.t.Fatalf("GET %s: %d\n%s", path, w.Code, w.Body)
	}
	return document(v.h.t, w)
}

// post sends a form that must be accepted and answers where it leads.
func (v *visitor) post(path string, pairs ...string) string {
	v.h.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	w := v.do(http.MethodPost, path, form)
	if w.Code != http.StatusSeeOther {
		v.h.t.Fatalf("POST %s: %d\n%s", path, w.Code, w.Body)
	}
	return w.Header().Get("Location")
}

func document(t testing.TB, w *httptest.ResponseRecorder) *goquery.Document {
	t.Helper()
	return webtest.Document(t, w)
}

// said is the text of a selection with its white space folded.
func said(s *goquery.Selection) string { return webtest.Words(s) }

// before0 is the cursor of a list's first page.
var before0 mailstore.Before
