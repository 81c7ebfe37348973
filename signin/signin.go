// Package signin lets people in: OpenID Connect code flow with PKCE, server-side sessions, and the
// administrator's role by claim, group or directory.
//
//	browser  one cookie with an opaque token
//	session  table of the desk database: hash of the token, who it is, when it ends
//
// Tokens of the identity provider are checked and forgotten. A session outlives the provider:
// people who are signed in stay so when it fails.
package signin

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"holdover/database"
	"holdover/directory"
	"holdover/email"
)

//go:embed migrations/*.sql
var migrations embed.FS

var (
	// ErrProvider says that the identity provider does not answer; people need another way in.
	ErrProvider = errors.New("the identity provider does not answer")
	// ErrRefused says that the provider's answer does not stand up to the checks, or that it refused.
	ErrRefused = errors.New("the sign-in was refused")
	// ErrStale says that the sign-in was not begun in this browser, or was finished already.
	ErrStale = errors.New("this sign-in is not under way")
)

// Person is who is signed in.
type Person struct {
	Mailbox  email.MailboxID `json:"mailbox"`
	Name     string          `json:"name"`
	Address  string          `json:"address"`
	Admin    bool            `json:"admin"`
	Language string          `json:"language"` // "de", "en" or "": choice of the session, else of the directory
	Theme    string          `json:"theme"`    // "light", "dark" or ""
}

// Directory maps an account of the identity provider to a mailbox; directory.Directory does.
type Directory interface {
	Bind(ctx context.Context, issuer, subject, address string) (directory.Mailbox, error)
	Mailbox(id email.MailboxID) (directory.Mailbox, bool)
}

// Options of New.
type Options struct {
	Issuer       string
	ClientID     string
	ClientSecret string
	Scopes       []string
	AdminClaim   string   // claim that holds roles or groups, e.g. "groups" or "roles"
	AdminValues  []string // any of these makes an administrator
	URL          string   // the portal's address; the provider returns to URL/sign-in/return
	Also         []string // further addresses of the portal
	Idle         time.Duration
	Absolute     time.Duration
	HTTP         *http.Client // to the provider; nil: default roots
	DB           *database.DB // desk database
	Directory    Directory
	Now          func() time.Time
	Log          *slog.Logger
}

// Signin is ready for use after New; the provider is first asked when somebody signs in.
type Signin struct {
	o        Options
	bases    []*url.URL
	provider *provider
	secure   *sessions // over TLS: __Host- cookie
	plain    *sessions // over plain HTTP: loopback and tests
}

// New migrates the session table and proves the addresses.
func New(ctx context.Context, o Options) (*Signin, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "signin", files); err != nil {
		return nil, fmt.Errorf("signin: %w", err)
	}
	s := &Signin{o: o, provider: newProvider(o)}
	for _, text := range append([]string{o.URL}, o.Also...) {
		base, err := url.Parse(text)
		if err != nil || base.Host == "" {
			return nil, fmt.Errorf("signin: %q is no address of the portal", text)
		}
		s.bases = append(s.bases, base)
	}
	store := &store{db: o.DB, now: o.Now}
	s.secure, s.plain = newSessions(o, store, true), newSessions(o, store, false)
	return s, nil
}

// Run removes ended sessions every hour until ctx ends.
func (s *Signin) Run(ctx context.Context) error {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if err := s.secure.store.sweep(ctx); err != nil && ctx.Err() == nil {
			s.o.Log.Warn("ended sessions were not removed", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// base is the portal's address under which this request came in; an unknown Host gets the main one.
func (s *Signin) base(r *http.Request) *url.URL {
	best := s.bases[0]
	for _, b := range s.bases {
		if b.Host != r.Host {
			continue
		}
		if (b.Scheme == "https") == (r.TLS != nil) {
			return b
		}
		best = b // TLS may end at a proxy before us
	}
	return best
}
