package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/calendar"
	"holdover/continuity"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/search"
	"holdover/signin"
	"holdover/static"
	"holdover/syncback"
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

// house is the real rooms in a temporary folder with pages on top. Only the identity provider and
// Exchange are missing: who is signed in stands in a cookie, and what waits in a map.
type house struct {
	t      testing.TB
	clock  *clock
	mail   *mailstore.Store
	dir    *directory.Directory
	events *continuity.Continuity
	index  *search.Index
	dates  *calendar.Calendar
	sync   *toldHouse
	pages  http.Handler
	opts   Options
	csv    string       // the directory's file
	spent  atomic.Int64 // when an ended session last saved something, Unix milliseconds
	ends   atomic.Int64 // minutes for which a session lasts; 0: 30

	ownInForm map[string]bool // what foreign finds in a harmless form of ours
}

// clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// monday is 2026-11-23, 14:12 in Germany.
var monday = time.Date(2026, 11, 23, 13, 12, 0, 0, time.UTC)

func newHouse(t testing.TB, change ...func(*Options)) *house {
	t.Helper()
	return openHouse(t, people3, false, change...)
}

// openHouse takes the directory, and whether events that have ended wait for their release.
func openHouse(t testing.TB, people string, held bool, change ...func(*Options)) *house {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	h := &house{t: t, clock: &clock{at: monday}, sync: &toldHouse{}}
	db := databasetest.Open(t)
	csv := filepath.Join(dir, "people.csv")
	h.csv = csv
	must(t, os.WriteFile(csv, []byte(people), 0o600))
	var err error
	h.dir, err = directory.Open(ctx, directory.Options{DB: db, CSV: csv, Complete: true, Now: h.clock.now})
	must(t, err)
	h.mail, err = mailstore.Open(ctx, mailstore.Options{Dir: filepath.Join(dir, "data"), DB: db, Host: "test", Reserve: -1, Now: h.clock.now})
	must(t, err)
	h.events, err = continuity.Open(ctx, continuity.Options{DB: db, Directory: h.dir, Held: held, Now: h.clock.now, Log: slog.New(slog.DiscardHandler)})
	must(t, err)
	h.index, err = search.Open(search.Options{Dir: filepath.Join(dir, "index"), Source: h.mail, Now: h.clock.now})
	must(t, err)
	h.dates, err = calendar.Open(ctx, calendar.Options{Source: h.mail, Now: h.clock.now})
	must(t, err)
	for _, m := range h.dir.Mailboxes() {
		must(t, h.mail.EnsureMailbox(ctx, m.ID, m.Address))
	}
	following, stop := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- h.index.Run(following) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			t.Errorf("the index stopped: %v", err)
		}
		if err := errors.Join(h.index.Close(), h.mail.Close()); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	h.opts = Options{Mail: h.mail, Search: h.index, Calendar: h.dates, Directory: h.dir, Signin: cookieSignin{h}, Events: h.events, Syncback: h.sync, Gate: &gateStage{}, Releases: h.events,
		Organisation: Organisation{Name: "Stadtwerke Ahrenfeld", Phone: "030 23125-110"},
		Host:         "mail-notfall.ahrenfeld.example", AdminToken: "the-token", Zone: time.FixedZone("CET", 3600), Now: h.clock.now}
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

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// box is a person's mailbox.
func (h *house) box(address string) email.MailboxID {
	h.t.Helper()
	target, err := h.dir.Resolve(address)
	must(h.t, err)
	return target.Mailboxes[0].ID
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
	at := h.clock.now().Add(-l.ago)
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
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	for name, values := range v.header {
		r.Header[name] = values
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if v.who != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: v.who})
	}
	w := httptest.NewRecorder()
	v.h.pages.ServeHTTP(w, r)
	return w
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
	doc, err := goquery.NewDocumentFromReader(w.Body)
	must(t, err)
	return doc
}

// said is the text of a selection with its white space folded.
func said(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// cookieSignin stands for the sign-in room: the cookie "who" says who is signed in, "speaks" which language was chosen.
type cookieSignin struct{ h *house }

type whoKey struct{}

func (s cookieSignin) Load(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var p signin.Person
		if cookie, err := r.Cookie("who"); err == nil {
			if target, err := s.h.dir.Resolve(cookie.Value); err == nil {
				m := target.Mailboxes[0]
				p = signin.Person{Mailbox: m.ID, Name: m.Name, Address: m.Address, Admin: m.Admin, Language: m.Language}
			}
		}
		if cookie, err := r.Cookie("speaks"); err == nil {
			p.Language = cookie.Value
		}
		r = r.WithContext(context.WithValue(r.Context(), whoKey{}, p))
		if cookie, err := r.Cookie("ended"); err == nil && p.Mailbox == "" {
			if target, err := s.h.dir.Resolve(cookie.Value); err == nil {
				m := target.Mailboxes[0]
				r = r.WithContext(context.WithValue(r.Context(), endedInRequest{}, signin.Lapse{Person: signin.Person{Mailbox: m.ID, Name: m.Name, Address: m.Address, Language: m.Language}, Saved: s.h.saved()}))
			}
		}
		next.ServeHTTP(w, r)
	})
}

func (s cookieSignin) Of(ctx context.Context) (signin.Person, bool) {
	p, _ := ctx.Value(whoKey{}).(signin.Person)
	return p, p.Mailbox != ""
}

func (s cookieSignin) Begin(ctx context.Context, back string) (string, error) {
	return "https://idp.example/authorize?back=" + url.QueryEscape(back), nil
}

func (s cookieSignin) Finish(ctx context.Context, query map[string][]string) (string, error) {
	if query["code"] == nil {
		return "", signin.ErrStale
	}
	return "/mail/sent", nil
}
func (s cookieSignin) Out(ctx context.Context) error { return nil }
func (s cookieSignin) Lapsed(ctx context.Context) (signin.Lapse, bool, error) {
	l, ok := ctx.Value(endedInRequest{}).(signin.Lapse)
	return l, ok, nil
}
func (s cookieSignin) Spend(context.Context, signin.Lapse, int64) error {
	s.h.spent.Store(s.h.clock.now().UnixMilli())
	return nil
}
func (s cookieSignin) Ends(context.Context) (at, atMost time.Time, err error) {
	last := time.Duration(cmp.Or(s.h.ends.Load(), 30)) * time.Minute
	return s.h.clock.now().Add(last), s.h.clock.now().Add(12 * time.Hour), nil
}
func (s cookieSignin) Prefer(ctx context.Context, key, value string) {}

// toldHouse stands for sync-back: nothing waits unless a test says so.
type toldHouse struct {
	mu     sync.Mutex
	states map[email.MessageID]syncback.State
	gate   syncback.Position
	lines  []syncback.Line
	counts syncback.Report
}

func (l *toldHouse) Position(context.Context, email.MailboxID) (syncback.Position, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gate == "" {
		return syncback.Open, nil
	}
	return l.gate, nil
}

func (l *toldHouse) Alarms() []syncback.Alarm { return nil }

func (l *toldHouse) Unverified(context.Context, email.MailboxID) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts.Total - l.counts.Verified, nil
}

func (l *toldHouse) States(_ context.Context, _ email.MailboxID, ids []email.MessageID) (map[email.MessageID]syncback.State, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[email.MessageID]syncback.State{}
	for _, id := range ids {
		if state, ok := l.states[id]; ok {
			found[id] = state
		}
	}
	return found, nil
}

func (l *toldHouse) Report(context.Context, time.Time, func(email.MailboxID) bool) (syncback.Report, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts, nil
}

func (l *toldHouse) Lines(context.Context, time.Time, email.MailboxID, syncback.State, int) ([]syncback.Line, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines, nil
}

func (l *toldHouse) Account(context.Context, syncback.Span, func(email.MailboxID) bool) (syncback.Account, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := syncback.Tally{Messages: l.counts.Counts, Changes: l.counts.Counts}
	return syncback.Account{Tally: t, Boxes: []syncback.BoxTally{{Tally: t}}}, nil
}

func (l *toldHouse) Crosscheck(context.Context, syncback.Span, func(email.MailboxID) bool) (syncback.Crosscheck, error) {
	return syncback.Crosscheck{}, nil
}

func (l *toldHouse) List(_ context.Context, f syncback.Filter) (lines []syncback.Line, next string, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if (len(f.States) == 0 || slices.Contains(f.States, line.State)) && (len(f.Mailboxes) == 0 || slices.Contains(f.Mailboxes, line.Mailbox)) {
			lines = append(lines, line)
		}
	}
	return lines, "", nil
}

func (l *toldHouse) Own(context.Context, email.MailboxID, syncback.Span) (syncback.Counts, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts.Counts, nil
}

func (l *toldHouse) Carried(context.Context, syncback.Span, func(email.MailboxID) bool) ([]syncback.Carried, error) {
	return nil, nil
}

func (l *toldHouse) RetryAll(context.Context, syncback.Filter, string) (int, error) { return 0, nil }

func (l *toldHouse) Retry(context.Context, email.MailboxID, mailstore.Seq, string) error { return nil }

// before0 is the cursor of a list's first page.
var before0 mailstore.Before

// saved is when an ended session last saved something.
func (h *house) saved() time.Time {
	if at := h.spent.Load(); at > 0 {
		return time.UnixMilli(at)
	}
	return time.Time{}
}
