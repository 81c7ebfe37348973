package web

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/continuity"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/signin"
	"holdover/static"
	"holdover/syncback"
)

const testCSV = `address,name,kind,aliases,groups,members,role,language
anna@holdover.example,Anna Admin,user,,IT,,admin,de
katrin@holdover.example,Katrin Wessel,user,k.wessel@holdover.example,Netz,,,de
james@holdover.example,James Porter,user,,Netz,,,en
jan@holdover.example,"<b>Müller</b>, Jan",user,,,,,de
vertrieb@holdover.example,Vertrieb,group,,,katrin@holdover.example james@holdover.example extern@partner.example,,
`

const testToken = "an-administrators-token-of-the-test"

// deskStage is the pages over real rooms: directory, events and, where mail is asked for, the store.
type deskStage struct {
	t      *testing.T
	pages  http.Handler
	people *directory.Directory
	events *continuity.Continuity
	store  *mailstore.Store
	told   *toldStage
	gate   *gateStage
	clock  *clockStage
}

// clockStage is a clock that only the test moves.
type clockStage struct {
	mu sync.Mutex
	at time.Time
}

func (c *clockStage) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clockStage) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// doorStage lets in whom the request names.
type doorStage struct{ Signin }

type personInRequest struct{}

func (doorStage) Load(next http.Handler) http.Handler { return next }
func (doorStage) Of(ctx context.Context) (signin.Person, bool) {
	p, ok := ctx.Value(personInRequest{}).(signin.Person)
	return p, ok
}

// ended, before an address, is somebody whose session has ended; "spent " one who has saved as much as an ended
// session may.
const (
	ended = "ended "
	spent = "spent "
)

type endedInRequest struct{}

func (doorStage) Lapsed(ctx context.Context) (signin.Lapse, bool, error) {
	l, ok := ctx.Value(endedInRequest{}).(signin.Lapse)
	return l, ok, nil
}

func (doorStage) Spend(_ context.Context, l signin.Lapse, octets int64) error {
	if l.Person.Theme == spent {
		return signin.ErrSpent
	}
	return nil
}

func (doorStage) Ends(context.Context) (at, atMost time.Time, err error) {
	return time.Date(2026, 11, 23, 13, 37, 0, 0, time.UTC), time.Date(2026, 11, 24, 1, 7, 0, 0, time.UTC), nil
}

// toldStage is a ledger whose states the test sets.
type toldStage struct {
	report  syncback.Report
	lines   []syncback.Line
	retried []mailstore.Seq
	alarms  []syncback.Alarm
	check   syncback.Crosscheck
	tally   *syncback.Tally // nil: the report's counts, one message for each change
	filters []syncback.Filter
}

func (l *toldStage) Account(_ context.Context, _ syncback.Span, covers func(email.MailboxID) bool) (syncback.Account, error) {
	a := syncback.Account{Tally: syncback.Tally{Messages: l.report.Counts, Changes: l.report.Counts}}
	for _, m := range l.report.Mailboxes {
		if covers(m.Mailbox) {
			a.Boxes = append(a.Boxes, syncback.BoxTally{Mailbox: m.Mailbox, Position: m.Position, Tally: syncback.Tally{Messages: m.Counts, Changes: m.Counts}})
		}
	}
	if l.tally != nil {
		a.Tally = *l.tally
	}
	if len(a.Boxes) == 0 {
		a.Boxes = []syncback.BoxTally{{Tally: a.Tally}}
	}
	return a, nil
}

func (l *toldStage) Crosscheck(context.Context, syncback.Span, func(email.MailboxID) bool) (syncback.Crosscheck, error) {
	if l.check.Store == 0 {
		return syncback.Crosscheck{Store: l.report.Total, Ledger: l.report.Total}, nil
	}
	return l.check, nil
}

func (l *toldStage) List(_ context.Context, f syncback.Filter) (list []syncback.Line, next string, err error) {
	l.filters = append(l.filters, f)
	from, _ := strconv.Atoi(f.After)
	for n, line := range l.lines {
		if n < from || f.Mailboxes != nil && !slices.Contains(f.Mailboxes, line.Mailbox) || len(f.States) > 0 && !slices.Contains(f.States, line.State) {
			continue
		}
		if len(list) == f.Limit {
			return list, strconv.Itoa(n), nil
		}
		list = append(list, line)
	}
	return list, "", nil
}

func (l *toldStage) Own(context.Context, email.MailboxID, syncback.Span) (syncback.Counts, error) {
	return l.report.Counts, nil
}

func (l *toldStage) Carried(context.Context, syncback.Span, func(email.MailboxID) bool) ([]syncback.Carried, error) {
	return []syncback.Carried{{Way: "SMTP", Journalled: true, Messages: 300}, {Way: "IMAP", Messages: 12}}, nil
}

func (l *toldStage) RetryAll(ctx context.Context, f syncback.Filter, by string) (n int, err error) {
	f.Limit = 1 << 20
	lines, _, _ := l.List(ctx, f)
	for _, line := range lines {
		if l.Retry(ctx, line.Mailbox, line.Seq, by) == nil {
			n++
		}
	}
	return n, nil
}

func (l *toldStage) Position(context.Context, email.MailboxID) (syncback.Position, error) {
	return syncback.Open, nil
}
func (l *toldStage) Alarms() []syncback.Alarm { return l.alarms }
func (l *toldStage) Unverified(context.Context, email.MailboxID) (int, error) {
	return l.report.Total - l.report.Verified, nil
}
func (l *toldStage) States(context.Context, email.MailboxID, []email.MessageID) (map[email.MessageID]syncback.State, error) {
	return nil, nil
}
func (l *toldStage) Report(context.Context, time.Time, func(email.MailboxID) bool) (syncback.Report, error) {
	return l.report, nil
}
func (l *toldStage) Lines(_ context.Context, _ time.Time, m email.MailboxID, state syncback.State, limit int) (list []syncback.Line, err error) {
	for _, line := range l.lines {
		if (m == "" || m == line.Mailbox) && (state == "" || state == line.State) && len(list) < limit {
			list = append(list, line)
		}
	}
	return list, nil
}
func (l *toldStage) Retry(_ context.Context, m email.MailboxID, seq mailstore.Seq, _ string) error {
	for _, line := range l.lines {
		if line.Mailbox == m && line.Seq == seq && line.State == syncback.Parked {
			l.retried = append(l.retried, seq)
			return nil
		}
	}
	return syncback.ErrNotParked
}

// calmMail is a store about which the desk has nothing to say.
type calmMail struct {
	Mail
	alarms []mailstore.Alarm
	full   error
	rows   []mailstore.SubmissionRow
}

func (m *calmMail) Preferences(context.Context, email.MailboxID, ...string) (map[string]string, error) {
	return nil, nil
}
func (m *calmMail) Alarms() []mailstore.Alarm { return m.alarms }
func (m *calmMail) SpaceLeft(int64) error     { return m.full }
func (m *calmMail) Submissions(context.Context, email.MailboxID, int) ([]mailstore.SubmissionRow, error) {
	return m.rows, nil
}

func newDeskStage(t *testing.T, mail Mail, change ...func(*Options)) *deskStage {
	t.Helper()
	return openDeskStage(t, false, mail, change...)
}

// openDeskStage says whether events that have ended wait for their release.
func openDeskStage(t *testing.T, held bool, mail Mail, change ...func(*Options)) *deskStage {
	t.Helper()
	ctx := context.Background()
	st := &deskStage{t: t, told: &toldStage{}, gate: &gateStage{}, clock: &clockStage{at: time.Date(2026, 11, 23, 14, 7, 0, 0, time.UTC)}}
	csv := filepath.Join(t.TempDir(), "directory.csv")
	if err := os.WriteFile(csv, []byte(testCSV), 0o600); err != nil {
		t.Fatal(err)
	}
	db := databasetest.Open(t)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	var err error
	if st.people, err = directory.Open(ctx, directory.Options{DB: db, CSV: csv, Complete: true, Now: st.clock.now, Log: log}); err != nil {
		t.Fatal(err)
	}
	if st.events, err = continuity.Open(ctx, continuity.Options{DB: db, Directory: st.people, Held: held, Now: st.clock.now, Log: log}); err != nil {
		t.Fatal(err)
	}
	if mail == nil {
		st.store, err = mailstore.Open(ctx, mailstore.Options{Dir: t.TempDir(), DB: db, Host: "mail.holdover.example", Now: st.clock.now, Log: log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { st.store.Close() })
		for _, m := range st.people.Mailboxes() {
			if err := st.store.EnsureMailbox(ctx, m.ID, m.Address); err != nil {
				t.Fatal(err)
			}
		}
		mail = st.store
	}
	options := Options{Mail: mail, Directory: st.people, Signin: doorStage{}, Events: st.events, Syncback: st.told, Gate: st.gate, Releases: st.events,
		Organisation: Organisation{Name: "Stadtwerke Ahrenfeld"}, Host: "mail.holdover.example", MaxUpload: 1 << 20, AdminToken: testToken,
		Unlimited: true, Zone: time.UTC, Now: st.clock.now, Log: log}
	for _, f := range change {
		f(&options)
	}
	st.pages, err = New(options)
	if errors.Is(err, static.ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// person is somebody of the directory, signed in; "" is nobody.
func (st *deskStage) person(address string) signin.Person {
	st.t.Helper()
	if address == "" {
		return signin.Person{}
	}
	target, err := st.people.Resolve(address)
	if err != nil || len(target.Mailboxes) != 1 {
		st.t.Fatalf("no mailbox %q", address)
	}
	m := target.Mailboxes[0]
	return signin.Person{Mailbox: m.ID, Name: m.Name, Address: m.Address, Admin: m.Admin}
}

// ask sends one request as a person.
func (st *deskStage) ask(who, method, path string, header http.Header, body io.Reader) *httptest.ResponseRecorder {
	st.t.Helper()
	r := httptest.NewRequest(method, path, body)
	for name, values := range header {
		r.Header[name] = values
	}
	if address, over := strings.CutPrefix(strings.TrimPrefix(who, spent), ended); over || strings.HasPrefix(who, spent) {
		l := signin.Lapse{Person: st.person(address)}
		if !over {
			l.Person.Theme = spent
		}
		r = r.WithContext(context.WithValue(r.Context(), endedInRequest{}, l))
	} else if who != "" {
		r = r.WithContext(context.WithValue(r.Context(), personInRequest{}, st.person(who)))
	}
	w := httptest.NewRecorder()
	st.pages.ServeHTTP(w, r)
	return w
}

func (st *deskStage) get(who, path string) *httptest.ResponseRecorder {
	st.t.Helper()
	return st.ask(who, http.MethodGet, path, nil, nil)
}

func (st *deskStage) post(who, path string, values url.Values) *httptest.ResponseRecorder {
	st.t.Helper()
	return st.ask(who, http.MethodPost, path, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(values.Encode()))
}

// follow fetches where an answer redirects to.
func (st *deskStage) follow(who string, w *httptest.ResponseRecorder) (*goquery.Document, string) {
	st.t.Helper()
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || to == "" {
		st.t.Fatalf("status %d, no redirect: %s", w.Code, alertOf(w))
	}
	return st.read(st.get(who, to), http.StatusOK), to
}

func (st *deskStage) read(w *httptest.ResponseRecorder, status int) *goquery.Document {
	st.t.Helper()
	if w.Code != status {
		st.t.Fatalf("status %d, want %d: %s", w.Code, status, alertOf(w))
	}
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		st.t.Fatal(err)
	}
	return doc
}

// words are the text of a selection with single spaces.
func words(s *goquery.Selection) string { return strings.Join(strings.Fields(s.Text()), " ") }

// alertOf is what a page complains of, for the messages of tests.
func alertOf(w *httptest.ResponseRecorder) string {
	doc, err := goquery.NewDocumentFromReader(w.Body)
	if err != nil {
		return err.Error()
	}
	return words(doc.Find("h1, [role=alert]"))
}
