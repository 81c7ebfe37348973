package signin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/alexedwards/scs/v2"

	"holdover/email"
)

// Keys of a session.
const (
	keyMailbox  = "mailbox"
	keyName     = "name"
	keyAddress  = "address"
	keyAdmin    = "admin"
	keyLanguage = "language"
	keyTheme    = "theme"
	keyPending  = "pending" // sign-in under way
)

// sessions is scs with our store and cookie rules.
type sessions struct {
	*scs.SessionManager
	store *store
}

func newSessions(o Options, st *store, secure bool) *sessions {
	m := scs.New()
	m.Store, m.Codec = st, codec{}
	// The cookie outlives the session by the time for which something may still be saved, or the browser would
	// have forgotten it by then. scs has one time for both: store and codec take the difference off again.
	m.Lifetime, m.IdleTimeout = o.Absolute+writable, o.Idle+writable
	m.Cookie.Name, m.Cookie.Secure = "holdover", secure
	if secure {
		m.Cookie.Name = "__Host-holdover" // RFC 6265bis, 4.1.3.2: no other host or path can set it
	}
	m.Cookie.HttpOnly, m.Cookie.SameSite, m.Cookie.Path = true, http.SameSiteLaxMode, "/"
	m.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		o.Log.Error("session store failed", "err", err)
		http.Error(w, "Die Anmeldung ist gerade nicht erreichbar. / Sign-in is not reachable right now.", http.StatusServiceUnavailable)
	}
	return &sessions{m, st}
}

type contextKey struct{}

// visit is what Load knows of a request.
type visit struct {
	*sessions
	base    *url.URL
	token   string // as the browser sent it, of whatever state
	passive bool   // the page asks by itself
}

// Load wraps all pages: it loads and saves the session and remembers under which address of the
// portal the request came in.
func (s *Signin) Load(next http.Handler) http.Handler {
	secure, plain := s.secure.LoadAndSave(next), s.plain.LoadAndSave(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{sessions: s.plain, base: s.base(r)}
		h := plain
		if v.base.Scheme == "https" {
			v.sessions, h = s.secure, secure
		}
		v.token, v.passive = v.cookieOf(r), passive(r)
		r = r.WithContext(context.WithValue(r.Context(), contextKey{}, v))
		if v.passive {
			v.peek(next, w, r)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// Passive marks a request that the page made by itself: it shows what the session may see, and does
// not count as the person being there.
const Passive = "Holdover-Passive"

func passive(r *http.Request) bool {
	return r.Method == http.MethodGet && (r.Header.Get(Passive) != "" || r.Header.Get("Accept") == "text/event-stream")
}

// peek serves with the session as it is and writes nothing of it, so that an open page that nobody
// sits at reaches the idle limit.
func (v visit) peek(next http.Handler, w http.ResponseWriter, r *http.Request) {
	ctx, err := v.Load(r.Context(), v.token)
	if err != nil {
		v.ErrorFunc(w, r, err)
		return
	}
	next.ServeHTTP(w, r.WithContext(ctx))
}

// of panics outside of Load, which is an error of wiring and not of input.
func of(ctx context.Context) visit { return ctx.Value(contextKey{}).(visit) }

// Of answers who is signed in. A mailbox that left the directory is signed out.
func (s *Signin) Of(ctx context.Context) (Person, bool) {
	v := of(ctx)
	p := Person{Mailbox: email.MailboxID(v.GetString(ctx, keyMailbox)), Name: v.GetString(ctx, keyName),
		Address: v.GetString(ctx, keyAddress), Admin: v.GetString(ctx, keyAdmin) == "yes",
		Language: v.GetString(ctx, keyLanguage), Theme: v.GetString(ctx, keyTheme)}
	if p.Mailbox == "" {
		return p, false
	}
	box, ok := s.o.Directory.Mailbox(p.Mailbox)
	if !ok {
		return Person{Language: p.Language, Theme: p.Theme}, false
	}
	p.Name, p.Address = box.Name, box.Address
	if p.Language == "" {
		p.Language = box.Language
	}
	return p, true
}

// Prefer keeps language or theme for the session; key is "language" or "theme".
func (s *Signin) Prefer(ctx context.Context, key, value string) {
	if key == keyLanguage || key == keyTheme {
		of(ctx).Put(ctx, key, value)
	}
}

// Out ends the session on the server, for good: also when it had ended already.
func (s *Signin) Out(ctx context.Context) error {
	v := of(ctx)
	return errors.Join(v.forget(ctx), v.Destroy(ctx))
}

// enter makes the session of a person: a new token, so that one known before is worth nothing.
func (s *Signin) enter(ctx context.Context, p Person) error {
	v := of(ctx)
	if err := errors.Join(v.forget(ctx), v.RenewToken(ctx)); err != nil {
		return err
	}
	admin := "no"
	if p.Admin {
		admin = "yes"
	}
	v.Put(ctx, keyMailbox, string(p.Mailbox))
	v.Put(ctx, keyName, p.Name)
	v.Put(ctx, keyAddress, p.Address)
	v.Put(ctx, keyAdmin, admin)
	return nil
}

// pending is a sign-in under way: what the provider must give back, once.
type pending struct {
	State, Nonce, Verifier, Back, Redirect string
}

func (v visit) begin(ctx context.Context, p pending) {
	if v.token != "" && v.GetString(ctx, keyMailbox) == "" && v.GetString(ctx, keyLapsed) == "" {
		v.Put(ctx, keyLapsed, hashed(v.token))
	}
	text, _ := json.Marshal(p) // strings only
	v.Put(ctx, keyPending, string(text))
}

// take answers the sign-in under way and removes it: a second use finds nothing.
func (v visit) take(ctx context.Context) (p pending, ok bool) {
	return p, json.Unmarshal([]byte(v.PopString(ctx, keyPending)), &p) == nil
}
