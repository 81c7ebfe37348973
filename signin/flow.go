package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/url"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"
)

// Begin starts a sign-in in this session and answers where to send the browser. back is the local
// path to return to. Errors: ErrProvider within 5 s, so that the page can offer another way in.
func (s *Signin) Begin(ctx context.Context, back string) (string, error) {
	found, err := s.provider.discover()
	if err != nil {
		return "", err
	}
	v := of(ctx)
	p := pending{State: rand.Text(), Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), Back: local(back),
		Redirect: v.base.JoinPath("/sign-in/return").String()}
	v.begin(ctx, p)
	return s.provider.config(found, p.Redirect).AuthCodeURL(p.State, oidc.Nonce(p.Nonce), oauth2.S256ChallengeOption(p.Verifier)), nil
}

// Finish checks the provider's answer, binds the account to its mailbox and makes the session.
// back is the local path to go to. Errors: ErrStale, ErrRefused, ErrProvider, directory.ErrNotBound,
// directory.ErrTaken.
func (s *Signin) Finish(ctx context.Context, query map[string][]string) (back string, err error) {
	answer, v := url.Values(query), of(ctx)
	p, ok := v.take(ctx)
	if !ok || subtle.ConstantTimeCompare([]byte(p.State), []byte(answer.Get("state"))) != 1 {
		return "", ErrStale
	}
	if said := answer.Get("error"); said != "" {
		return "", fmt.Errorf("%w by the provider: %.100q", ErrRefused, said)
	}
	// RFC 9207: where the provider names itself, the name must be right (mix-up of providers).
	if iss := answer.Get("iss"); iss != "" && iss != s.o.Issuer {
		return "", fmt.Errorf("%w: the answer is another provider's", ErrRefused)
	}
	c, err := s.provider.redeem(ctx, answer.Get("code"), p)
	if err != nil {
		return "", err
	}
	box, err := s.o.Directory.Bind(ctx, c.Issuer, c.Subject, c.Email)
	if err != nil {
		return "", err
	}
	if c.Overage {
		s.o.Log.Warn("the provider left out the groups of an account (too many): no administrator by group; use an application role", "mailbox", box.ID)
	}
	s.o.Log.Info("signed in", "mailbox", box.ID, "admin", c.Admin || box.Admin)
	return p.Back, s.enter(ctx, Person{Mailbox: box.ID, Name: box.Name, Address: box.Address, Admin: c.Admin || box.Admin})
}

// local keeps a path on this site; anything else becomes the inbox (no open redirect).
func local(back string) string {
	u, err := url.Parse(back)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(back, "/") || strings.HasPrefix(back, "//") || strings.ContainsAny(back, "\\\r\n\t") {
		return "/mail/inbox"
	}
	return back
}
