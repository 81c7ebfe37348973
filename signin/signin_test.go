package signin

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/email"
)

// people binds whoever is in it; subject stays with the first.
type people struct {
	boxes map[string]directory.Mailbox
	bound map[string]string
}

func (p *people) Bind(_ context.Context, issuer, subject, address string) (directory.Mailbox, error) {
	box, ok := p.boxes[address]
	if !ok {
		return box, directory.ErrNotBound
	}
	if at, known := p.bound[address]; known && at != issuer+subject {
		return directory.Mailbox{}, directory.ErrTaken
	}
	p.bound[address] = issuer + subject
	return box, nil
}

func (p *people) Mailbox(id email.MailboxID) (directory.Mailbox, bool) {
	for _, b := range p.boxes {
		if b.ID == id {
			return b, true
		}
	}
	return directory.Mailbox{}, false
}

// portal is a small site with the real sign-in, and one browser.
type portal struct {
	*httptest.Server
	*Signin
	idp     *idp
	people  *people
	browser *http.Client
	failed  error // of the last Finish
	now     time.Time
}

func newPortal(t *testing.T, db *database.DB) *portal {
	t.Helper()
	p := &portal{idp: newIDP(t), now: time.Now(), people: &people{bound: map[string]string{}, boxes: map[string]directory.Mailbox{
		"anna@stadt.example": {ID: "annaannaannaanna", Address: "anna@stadt.example", Name: "Anna Berg", Language: "de"}}}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.Load(mux).ServeHTTP(w, r) }))
	t.Cleanup(p.Server.Close)
	var err error
	p.Signin, err = New(t.Context(), Options{Issuer: p.idp.URL, ClientID: "holdover", ClientSecret: "s", Scopes: []string{"openid", "email"},
		AdminClaim: "groups", AdminValues: []string{"admins"}, URL: p.Server.URL, Idle: 30 * time.Minute, Absolute: 12 * time.Hour,
		DB: db, Directory: p.people, Now: func() time.Time { return p.now }, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	mux.HandleFunc("GET /sign-in", func(w http.ResponseWriter, r *http.Request) {
		to, err := p.Begin(r.Context(), r.FormValue("back"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		u, _ := url.Parse(to)
		p.idp.asked = u.Query()
		w.Write([]byte(to))
	})
	mux.HandleFunc("GET /sign-in/return", func(w http.ResponseWriter, r *http.Request) {
		back, err := p.Finish(r.Context(), r.URL.Query())
		if p.failed = err; err != nil {
			http.Error(w, "refused", http.StatusForbidden)
			return
		}
		w.Write([]byte(back))
	})
	mux.HandleFunc("GET /me", func(w http.ResponseWriter, r *http.Request) {
		who, ok := p.Of(r.Context())
		if !ok {
			http.Error(w, "nobody", http.StatusUnauthorized)
			return
		}
		if who.Admin {
			w.Write([]byte("admin "))
		}
		w.Write([]byte(who.Name))
	})
	mux.HandleFunc("POST /out", func(w http.ResponseWriter, r *http.Request) {
		if err := p.Out(r.Context()); err != nil {
			t.Error(err)
		}
	})
	p.fresh()
	return p
}

// fresh takes a new browser.
func (p *portal) fresh() {
	jar, _ := cookiejar.New(nil)
	p.browser = &http.Client{Jar: jar}
}

func (p *portal) get(t *testing.T, path string) (int, string) {
	t.Helper()
	r, err := p.browser.Get(p.Server.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return r.StatusCode, strings.TrimSpace(string(text))
}

// signIn goes the whole way with a good code.
func (p *portal) signIn(t *testing.T) {
	t.Helper()
	p.get(t, "/sign-in?back=/mail/sent")
	p.get(t, "/sign-in/return?code=good&state="+p.idp.asked.Get("state"))
}

func TestSignIn(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		p := newPortal(t, open(t))
		if code, _ := p.get(t, "/me"); code != http.StatusUnauthorized {
			t.Fatalf("a stranger gets %d", code)
		}
		p.get(t, "/sign-in?back=/mail/sent")
		for name, want := range map[string]string{"response_type": "code", "code_challenge_method": "S256", "redirect_uri": p.Server.URL + "/sign-in/return"} {
			if got := p.idp.asked.Get(name); got != want {
				t.Errorf("asked with %s=%q, want %q", name, got, want)
			}
		}
		if code, back := p.get(t, "/sign-in/return?code=good&state="+p.idp.asked.Get("state")); code != http.StatusOK || back != "/mail/sent" {
			t.Fatalf("return: %d %q, %v", code, back, p.failed)
		}
		if _, who := p.get(t, "/me"); who != "Anna Berg" {
			t.Errorf("signed in as %q", who)
		}
		// The provider may be down now: who is in stays in.
		p.idp.Close()
		if _, who := p.get(t, "/me"); who != "Anna Berg" {
			t.Errorf("without the provider: %q", who)
		}
		r, err := p.browser.Post(p.Server.URL+"/out", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if code, _ := p.get(t, "/me"); code != http.StatusUnauthorized {
			t.Errorf("after signing out: %d", code)
		}
	})
}

func TestCookieChangesAtSignInAndIsNotStored(t *testing.T) {
	db := databasetest.Open(t)
	p := newPortal(t, db)
	home, _ := url.Parse(p.Server.URL)
	p.get(t, "/sign-in")
	before := p.browser.Jar.Cookies(home)[0].Value
	p.get(t, "/sign-in/return?code=good&state="+p.idp.asked.Get("state"))
	after := p.browser.Jar.Cookies(home)[0].Value
	if before == after {
		t.Error("the token known before sign-in is good after it (session fixation)")
	}
	if err := db.Read(t.Context(), func(tx *database.Tx) error {
		var n int
		if err := tx.QueryRow(`SELECT COUNT(*) FROM session WHERE token = ?`, after).Scan(&n); err != nil || n != 0 {
			t.Errorf("the token itself stands in the database (%d, %v)", n, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestSessionEndsByTime(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t)
	p.now = p.now.Add(29 * time.Minute)
	if code, _ := p.get(t, "/me"); code != http.StatusOK {
		t.Errorf("after 29 idle minutes: %d", code)
	}
	p.now = p.now.Add(12 * time.Hour)
	if code, _ := p.get(t, "/me"); code != http.StatusUnauthorized {
		t.Errorf("after 12 hours: %d", code)
	}
}

// An open page asks by itself; that keeps nobody signed in.
func TestPageThatNobodySitsAtGoesIdle(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t)
	ask := func(header, value string) int {
		r, _ := http.NewRequest(http.MethodGet, p.Server.URL+"/me", nil)
		r.Header.Set(header, value)
		answer, err := p.browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	var codes []int
	for range 3 {
		p.now = p.now.Add(12 * time.Minute)
		codes = append(codes, ask(Passive, "1"), ask("Accept", "text/event-stream"))
	}
	if want := []int{200, 200, 200, 200, 401, 401}; !slices.Equal(codes, want) {
		t.Errorf("every 12 minutes: %v, want %v", codes, want)
	}
}

func TestAdministratorByClaim(t *testing.T) {
	for name, row := range map[string]struct {
		groups any
		want   string
	}{
		"member": {[]any{"x", "admins"}, "admin Anna Berg"}, "text": {"admins", "admin Anna Berg"},
		"other": {[]any{"users"}, "Anna Berg"}, "none": {nil, "Anna Berg"}, "odd": {map[string]any{"admins": true}, "Anna Berg"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, databasetest.Open(t))
			p.idp.claims = with(map[string]any{"groups": row.groups})
			p.signIn(t)
			if _, who := p.get(t, "/me"); who != row.want {
				t.Errorf("%q, want %q", who, row.want)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	hour := time.Hour
	for name, row := range map[string]struct {
		claims map[string]any
		spoil  func(*testing.T, *portal)
		query  func(state string) string
		want   error
	}{
		"another nonce":       {claims: map[string]any{"nonce": "x"}, want: ErrRefused},
		"no nonce":            {claims: map[string]any{"nonce": nil}, want: ErrRefused},
		"another audience":    {claims: map[string]any{"aud": "shop"}, want: ErrRefused},
		"two, no party":       {claims: map[string]any{"aud": []string{"holdover", "shop"}}, want: ErrRefused},
		"another party":       {claims: map[string]any{"azp": "shop"}, want: ErrRefused},
		"another issuer":      {claims: map[string]any{"iss": "https://evil.example"}, want: ErrRefused},
		"over":                {claims: map[string]any{"exp": time.Now().Add(-hour).Unix()}, want: ErrRefused},
		"not yet":             {claims: map[string]any{"nbf": time.Now().Add(hour).Unix()}, want: ErrRefused},
		"address not checked": {claims: map[string]any{"email_verified": false}, want: ErrRefused},
		"nobody here":         {claims: map[string]any{"email": "eve@evil.example"}, want: directory.ErrNotBound},
		"no address":          {claims: map[string]any{"email": nil}, want: directory.ErrNotBound},
		"another account":     {spoil: func(_ *testing.T, p *portal) { p.people.bound["anna@stadt.example"] = "before" }, want: directory.ErrTaken},
		"foreign key": {spoil: func(t *testing.T, p *portal) {
			p.idp.sign = func(b []byte) string { return signed(t, jose.RS256, other, b) }
		}, want: ErrRefused},
		"symmetric": {spoil: func(t *testing.T, p *portal) {
			p.idp.sign = func(b []byte) string { return signed(t, jose.HS256, []byte(strings.Repeat("s", 32)), b) }
		}, want: ErrRefused},
		"unsigned": {spoil: func(_ *testing.T, p *portal) {
			p.idp.sign = func(b []byte) string {
				enc := base64.RawURLEncoding.EncodeToString
				return enc([]byte(`{"alg":"none"}`)) + "." + enc(b) + "."
			}
		}, want: ErrRefused},
		"huge token": {spoil: func(_ *testing.T, p *portal) {
			p.idp.sign = func([]byte) string { return strings.Repeat("a", 1<<17) }
		}, want: ErrRefused},
		"no token":      {spoil: answer(http.StatusOK, `{"access_token":"x","token_type":"Bearer"}`), want: ErrRefused},
		"rubbish":       {spoil: answer(http.StatusOK, `<html>`), want: ErrProvider},
		"endless":       {spoil: answer(http.StatusOK, strings.Repeat(" ", 2<<20)), want: ErrProvider},
		"provider ill":  {spoil: answer(http.StatusBadGateway, `no`), want: ErrProvider},
		"bad code":      {query: func(state string) string { return "code=bad&state=" + state }, want: ErrRefused},
		"no code":       {query: func(state string) string { return "state=" + state }, want: ErrRefused},
		"another state": {query: func(string) string { return "code=good&state=x" }, want: ErrStale},
		"no state":      {query: func(string) string { return "code=good" }, want: ErrStale},
		"mix-up":        {query: func(state string) string { return "code=good&iss=https://evil.example&state=" + state }, want: ErrRefused},
		"said no":       {query: func(state string) string { return "error=access_denied&state=" + state }, want: ErrRefused},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPortal(t, databasetest.Open(t))
			p.idp.claims = with(row.claims)
			if row.spoil != nil {
				row.spoil(t, p)
			}
			p.get(t, "/sign-in")
			query := "code=good&state=" + p.idp.asked.Get("state")
			if row.query != nil {
				query = row.query(p.idp.asked.Get("state"))
			}
			if code, _ := p.get(t, "/sign-in/return?"+query); code != http.StatusForbidden || !errors.Is(p.failed, row.want) {
				t.Errorf("%d, %v; want %v", code, p.failed, row.want)
			}
			if code, _ := p.get(t, "/me"); code != http.StatusUnauthorized {
				t.Error("signed in all the same")
			}
		})
	}
}

func answer(code int, body string) func(*testing.T, *portal) {
	return func(_ *testing.T, p *portal) {
		p.idp.token = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(code)
			io.WriteString(w, body)
		}
	}
}

func TestOneAnswerIsGoodOnceAndInItsBrowserOnly(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.get(t, "/sign-in")
	stolen := "/sign-in/return?code=good&state=" + p.idp.asked.Get("state")
	mine := p.browser
	p.fresh()
	if p.get(t, stolen); !errors.Is(p.failed, ErrStale) {
		t.Errorf("in another browser: %v", p.failed)
	}
	p.browser = mine
	if p.get(t, stolen); p.failed != nil {
		t.Fatal(p.failed)
	}
	if p.get(t, stolen); !errors.Is(p.failed, ErrStale) {
		t.Errorf("a second time: %v", p.failed)
	}
}

func TestSilentProvider(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t) // it answered once
	p.fresh()
	p.idp.Close()
	p.now = p.now.Add(providerFresh)
	if code, says := p.get(t, "/sign-in"); code != http.StatusServiceUnavailable || !strings.Contains(says, ErrProvider.Error()) {
		t.Errorf("%d %q", code, says)
	}
}

func TestMailboxThatLeftIsSignedOut(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	p.signIn(t)
	delete(p.people.boxes, "anna@stadt.example")
	if code, _ := p.get(t, "/me"); code != http.StatusUnauthorized {
		t.Errorf("%d", code)
	}
}

func TestBackStaysHere(t *testing.T) {
	for back, want := range map[string]string{"/m/1": "/m/1", "": "/mail/inbox", "//evil.example": "/mail/inbox", "https://evil.example/": "/mail/inbox",
		"/\\evil.example": "/mail/inbox", "javascript:alert(1)": "/mail/inbox", "mail/inbox": "/mail/inbox", "/search?q=a&page=2": "/search?q=a&page=2", "/\t/evil.example": "/mail/inbox"} {
		if got := local(back); got != want {
			t.Errorf("local(%q) = %q, want %q", back, got, want)
		}
	}
}

func TestCookieOverTLSIsHostBound(t *testing.T) {
	p := newPortal(t, databasetest.Open(t))
	c := p.secure.Cookie
	if c.Name != "__Host-holdover" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" {
		t.Errorf("%+v", c)
	}
}
