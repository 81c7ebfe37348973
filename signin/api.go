// Package signin lets people in: OpenID Connect code flow, server-side sessions, authorisation.
package signin

import (
	"context"
	"net/http"

	"holdover/email"
)

// Person is who is signed in.
type Person struct {
	Mailbox  email.MailboxID
	Name     string
	Address  string
	Admin    bool
	Language string // preference: "de", "en", ""
	Theme    string // "light", "dark", ""
}

type Signin struct{}

// Load wraps all pages: it loads and saves the session (scs) and puts the person into the context.
func (s *Signin) Load(next http.Handler) http.Handler { panic("unbuilt") }

// Of answers who is signed in.
func (s *Signin) Of(ctx context.Context) (Person, bool) { panic("unbuilt") }

// Begin answers the IdP's URL; back is the local path to return to. An unreachable IdP is ErrProvider within 5 s.
func (s *Signin) Begin(ctx context.Context, back string) (url string, err error) { panic("unbuilt") }

// Finish checks state, nonce, PKCE and token, binds the mailbox, renews the session; back is where to go.
func (s *Signin) Finish(ctx context.Context, query map[string][]string) (back string, err error) {
	panic("unbuilt")
}

// Out ends the session on the server.
func (s *Signin) Out(ctx context.Context) error { panic("unbuilt") }

// Prefer keeps language or theme in the session.
func (s *Signin) Prefer(ctx context.Context, key, value string) { panic("unbuilt") }
