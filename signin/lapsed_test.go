package signin

import (
	"errors"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
)

// lapse asks what is left of this browser's session, as a request does.
func (p *portal) lapse(t *testing.T, octets int64) (l Lapse, ok bool, spent error) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, p.Server.URL+"/compose", nil)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(p.Server.URL)
	for _, cookie := range p.browser.Jar.Cookies(at) {
		r.AddCookie(cookie)
	}
	p.Load(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if l, ok, err = p.Lapsed(r.Context()); ok && octets > 0 {
			spent = p.Spend(r.Context(), l, octets)
		}
	})).ServeHTTP(deaf{}, r)
	if err != nil {
		t.Fatal(err)
	}
	return l, ok, spent
}

// rows is how many sessions are stored.
func (p *portal) rows(t *testing.T) (n int) {
	t.Helper()
	if err := p.secure.store.db.Read(t.Context(), func(tx *database.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM session`).Scan(&n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// end lets all sessions have ended.
func (p *portal) end(t *testing.T) {
	t.Helper()
	if err := p.secure.store.db.Write(t.Context(), func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE session SET expires = ?`, p.now.Add(-time.Second).UnixMilli())
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (p *portal) out(t *testing.T) {
	t.Helper()
	r, err := p.browser.Post(p.Server.URL+"/out", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
}

type deaf struct{}

func (deaf) Header() http.Header         { return http.Header{} }
func (deaf) Write(b []byte) (int, error) { return len(b), nil }
func (deaf) WriteHeader(int)             {}

// TestLapsedSession: a session that has ended opens nothing, is known for saving for a while, also while a sign-in is
// under way, and the browser still has its cookie then.
func TestLapsedSession(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t)
	if _, ok, _ := p.lapse(t, 0); ok {
		t.Error("a session that goes on is said to have ended")
	}
	start := p.now
	p.end(t)
	if status, _ := p.get(t, "/me"); status != http.StatusUnauthorized {
		t.Errorf("an ended session opens a page: %d", status)
	}
	l, ok, err := p.lapse(t, 100)
	if !ok || err != nil || l.Person.Mailbox != "annaannaannaanna" || l.Person.Admin || !l.Saved.IsZero() {
		t.Fatalf("known is %+v %v %v", l, ok, err)
	}
	if l, _, _ = p.lapse(t, 0); !l.Saved.Equal(p.now.Truncate(time.Millisecond)) {
		t.Errorf("saved at %v, want %v", l.Saved, p.now)
	}
	p.now = start.Add(writable + time.Minute)
	if _, ok, _ = p.lapse(t, 0); ok {
		t.Error("known for ever")
	}
	p.now = start
	p.get(t, "/sign-in?back=/compose") // begun, not finished: the cookie is another one now
	if l, ok, _ = p.lapse(t, 0); !ok || l.Person.Name != "Anna Berg" {
		t.Error("with a sign-in under way nobody is known any more")
	}
	if status, _ := p.get(t, "/me"); status != http.StatusUnauthorized {
		t.Errorf("a sign-in that is not finished opens a page: %d", status)
	}
	p.signIn(t)
	if n := p.rows(t); n != 1 {
		t.Errorf("%d sessions after signing in again, want 1", n)
	}
	r, err := p.browser.Get(p.Server.URL + "/me")
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if cookies := r.Cookies(); len(cookies) != 1 || time.Duration(cookies[0].MaxAge)*time.Second < writable+29*time.Minute {
		t.Errorf("the browser forgets the session too early: %v", cookies)
	}
}

// TestLapsedNever: not after signing out, also out of a session that had ended; not when the mailbox has left; not for
// an invented cookie.
func TestLapsedNever(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	for what, leave := range map[string]func(){
		"signed out": func() { p.out(t); p.end(t) },
		"signed out after the end": func() {
			p.end(t)
			at, _ := url.Parse(p.Server.URL)
			stolen := p.browser.Jar.Cookies(at)
			p.out(t) // which takes the cookie away
			p.browser.Jar.SetCookies(at, stolen)
		},
		"invented": func() {
			p.end(t)
			p.browser.Jar, _ = cookiejar.New(nil)
			at, _ := url.Parse(p.Server.URL)
			p.browser.Jar.SetCookies(at, []*http.Cookie{{Name: "holdover", Value: "invented", Path: "/"}})
		},
		"left": func() { p.end(t); delete(p.people.boxes, "anna@stadt.example") },
	} {
		box := p.people.boxes["anna@stadt.example"]
		p.fresh()
		p.signIn(t)
		leave()
		if _, ok, _ := p.lapse(t, 0); ok {
			t.Errorf("%s: somebody is known", what)
		}
		p.people.boxes["anna@stadt.example"] = box
	}
}

// TestLapsedBounds: one ended session saves so often and so much, and no more.
func TestLapsedBounds(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	for what, octets := range map[string]int64{"often": 1, "much": mostOctets / 3} {
		p.fresh()
		p.signIn(t)
		p.end(t)
		n := 0
		var err error
		for ; err == nil && n < mostSaves+5; n++ {
			_, _, err = p.lapse(t, octets)
		}
		if want := map[string]int{"often": mostSaves, "much": 3}[what]; !errors.Is(err, ErrSpent) || n != want+1 {
			t.Errorf("%s: refused at %d: %v", what, n, err)
		}
	}
}

// TestSweepKeepsWhatIsNeeded: sign-ins that nobody finished go at once, ended sessions when nothing can be saved any more.
func TestSweepKeepsWhatIsNeeded(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t)
	other := p.browser
	p.fresh()
	p.get(t, "/sign-in")
	rows := func() (n int) {
		if err := p.secure.store.sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		n = p.rows(t)
		return n
	}
	if n := rows(); n != 2 {
		t.Fatalf("%d rows, want 2", n)
	}
	p.end(t)
	if n := rows(); n != 1 {
		t.Errorf("after the end %d rows, want 1", n)
	}
	p.browser = other
	if _, ok, _ := p.lapse(t, 0); !ok {
		t.Error("the wrong one stayed")
	}
	p.now = p.now.Add(writable)
	if n := rows(); n != 0 {
		t.Errorf("for ever: %d rows", n)
	}
}
