package signin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
	"golang.org/x/sync/singleflight"
)

const (
	providerWait   = 5 * time.Second // after which people are offered another way in
	providerFresh  = 5 * time.Second // how long an answer counts as a sign of life
	providerAnswer = 1 << 20         // octets; a discovery document, key set or token is far smaller
)

// provider is the identity provider. What its discovery document said last is kept for answers that
// are under way; each sign-in begins by asking anew, or a person would be sent to a page that nobody serves.
type provider struct {
	o    Options
	http *http.Client
	asks singleflight.Group // a thousand people who sign in at once ask once

	mu    sync.Mutex
	known *oidc.Provider
	asked time.Time // when known answered
}

func newProvider(o Options) *provider {
	client := &http.Client{}
	if o.HTTP != nil {
		*client = *o.HTTP
	}
	client.Timeout = providerWait
	client.Transport = limited{client.Transport}
	return &provider{o: o, http: client}
}

// limited cuts answers of the provider at providerAnswer octets, before anything parses them.
type limited struct{ next http.RoundTripper }

func (l limited) RoundTrip(r *http.Request) (*http.Response, error) {
	next := l.next
	if next == nil {
		next = http.DefaultTransport
	}
	answer, err := next.RoundTrip(r)
	if err == nil {
		answer.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(answer.Body, providerAnswer), answer.Body}
	}
	return answer, err
}

// kept is what the provider said last, nil nothing yet; fresh says that it was a moment ago.
func (p *provider) kept() (known *oidc.Provider, fresh bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.known, p.known != nil && p.o.Now().Sub(p.asked) < providerFresh
}

// discover asks the provider who it is, unless it answered a moment ago. Errors: ErrProvider within providerWait.
func (p *provider) discover() (*oidc.Provider, error) {
	found, err, _ := p.asks.Do("discovery", func() (any, error) {
		if known, fresh := p.kept(); fresh {
			return known, nil
		}
		// The provider keeps this context for fetching keys later, so it has no end; the client's timeout ends the call.
		found, err := oidc.NewProvider(oidc.ClientContext(context.Background(), p.http), p.o.Issuer)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrProvider, err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.known, p.asked = found, p.o.Now()
		return found, nil
	})
	if err != nil {
		return nil, err
	}
	return found.(*oidc.Provider), nil
}

// lately is the provider as it is kept, or as it answers now when nothing is kept.
func (p *provider) lately() (*oidc.Provider, error) {
	if known, _ := p.kept(); known != nil {
		return known, nil
	}
	return p.discover()
}

func (p *provider) config(found *oidc.Provider, redirect string) *oauth2.Config {
	return &oauth2.Config{ClientID: p.o.ClientID, ClientSecret: p.o.ClientSecret, Endpoint: found.Endpoint(),
		RedirectURL: redirect, Scopes: p.o.Scopes}
}

// redeem exchanges the code and checks the token: signature, issuer, audience, times, nonce,
// authorised party (OpenID Connect Core 1.0, 3.1.3.7).
func (p *provider) redeem(ctx context.Context, code string, begun pending) (*claims, error) {
	found, err := p.lately()
	if err != nil {
		return nil, err
	}
	ctx = oidc.ClientContext(ctx, p.http)
	token, err := p.config(found, begun.Redirect).Exchange(ctx, code, oauth2.VerifierOption(begun.Verifier))
	if answer := (*oauth2.RetrieveError)(nil); errors.As(err, &answer) && answer.Response.StatusCode < 500 {
		return nil, fmt.Errorf("%w: the code was not accepted (%s)", ErrRefused, answer.ErrorCode)
	} else if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProvider, err)
	}
	raw, ok := token.Extra("id_token").(string)
	if !ok || len(raw) > 1<<16 {
		return nil, fmt.Errorf("%w: no usable identity token came", ErrRefused)
	}
	verifier := found.Verifier(&oidc.Config{ClientID: p.o.ClientID, Now: p.o.Now})
	id, err := verifier.Verify(ctx, raw)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return readClaims(id, begun.Nonce, p.o)
}

// claims is what we use of an identity token.
type claims struct {
	Issuer, Subject, Email string
	Admin                  bool
	Overage                bool // the provider left the groups out: too many (Entra, above 200)
}

func readClaims(id *oidc.IDToken, nonce string, o Options) (*claims, error) {
	var raw map[string]any
	if err := id.Claims(&raw); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	text := func(name string) string { s, _ := raw[name].(string); return s }
	if nonce == "" || id.Nonce != nonce {
		return nil, fmt.Errorf("%w: the nonce is another sign-in's", ErrRefused)
	}
	if azp := text("azp"); (len(id.Audience) > 1 || azp != "") && azp != o.ClientID {
		return nil, fmt.Errorf("%w: the token was issued to another party", ErrRefused)
	}
	if verified, stated := raw["email_verified"].(bool); stated && !verified {
		return nil, fmt.Errorf("%w: the provider has not verified the mail address", ErrRefused)
	}
	c := &claims{Issuer: id.Issuer, Subject: id.Subject, Email: text("email")}
	if oid := text("oid"); oid != "" && entra(id.Issuer) {
		c.Subject = oid // sub differs per application there, oid is the person
	}
	if c.Email == "" {
		c.Email = text("preferred_username")
	}
	c.Admin = holdsAny(raw[o.AdminClaim], o.AdminValues)
	if names, ok := raw["_claim_names"].(map[string]any); ok {
		_, c.Overage = names[o.AdminClaim]
	}
	return c, nil
}

func entra(issuer string) bool {
	return strings.HasPrefix(issuer, "https://login.microsoftonline.com/") || strings.HasPrefix(issuer, "https://sts.windows.net/")
}

func holdsAny(claim any, values []string) bool {
	held, ok := claim.([]any)
	if !ok {
		held = []any{claim}
	}
	for _, h := range held {
		for _, v := range values {
			if h == v {
				return true
			}
		}
	}
	return false
}
