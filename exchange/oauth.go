package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// The scopes of Exchange Online's resources for client credentials.
const (
	ScopeIMAP  = "https://outlook.office365.com/.default"
	ScopeGraph = "https://graph.microsoft.com/.default"
)

// TokenOptions say where tokens come from: client credentials (RFC 6749, 4.4).
type TokenOptions struct {
	URL        string // token endpoint, e.g. https://login.microsoftonline.com/TENANT/oauth2/v2.0/token
	Security   Security
	ClientID   string
	SecretFile string           // read at each request, so that a renewed secret needs no restart
	Withdrawn  func() bool      // while true no token is asked for and none is kept; nil: never
	Call       time.Duration    // longest time of one request, default 30 s
	Now        func() time.Time // default time.Now
	Dial       dialer           // default the network
}

// Tokens gets bearer tokens and keeps each until shortly before it expires. It is safe for many
// goroutines; one request is under way at a time.
type Tokens struct {
	o    TokenOptions
	web  *web
	turn chan struct{} // whoever holds it may ask

	mu   sync.Mutex
	kept map[string]token // by scope
	age  int              // counts Forget: what was asked for before is not kept after
}

// token is what is known of one scope: a token, or why there is none.
type token struct {
	value string
	until time.Time
	err   *Failure
}

const tokenBudget = 256 << 10 // octets of one answer

// NewTokens checks the options; it asks nobody.
func NewTokens(o TokenOptions) (*Tokens, error) {
	w, err := newWeb("the token endpoint", o.URL, o.Security, o.Dial)
	if err != nil {
		return nil, err
	}
	if o.ClientID == "" || o.SecretFile == "" {
		return nil, errors.New("tokens: client id and secret file are needed")
	}
	if o.Call <= 0 {
		o.Call = 30 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Tokens{o: o, web: w, turn: make(chan struct{}, 1), kept: map[string]token{}}, nil
}

// Token answers a bearer token for a scope, asking for one when none is kept. Its failures are
// ErrLogin (the credential does not fit, or is withdrawn), ErrThrottled and ErrUnreachable.
func (t *Tokens) Token(ctx context.Context, scope string) (string, error) {
	if k, ok := t.known(scope); ok {
		return k.answer()
	}
	select {
	case t.turn <- struct{}{}:
		defer func() { <-t.turn }()
	case <-ctx.Done():
		return "", &Failure{Kind: ErrUnreachable, Op: "wait for a token", Err: ctx.Err()}
	}
	if k, ok := t.known(scope); ok { // who held the turn before asked for us as well
		return k.answer()
	}
	t.mu.Lock()
	age := t.age
	t.mu.Unlock()
	k := t.ask(ctx, scope)
	t.mu.Lock()
	if t.age == age && ctx.Err() == nil {
		t.kept[scope] = k
	}
	t.mu.Unlock()
	if t.withdrawn() {
		return "", errWithdrawn()
	}
	return k.answer()
}

// Refused says that a token was not taken, so that the next call asks for another. A token that
// has been replaced already is not forgotten again.
func (t *Tokens) Refused(scope, value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept[scope].value == value {
		delete(t.kept, scope)
	}
}

// Forget drops every token kept; one that is being asked for is not kept either.
func (t *Tokens) Forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.kept)
	t.age++
}

func (t *Tokens) withdrawn() bool { return t.o.Withdrawn != nil && t.o.Withdrawn() }

func errWithdrawn() *Failure {
	return &Failure{Kind: ErrLogin, Op: "token", Words: "the credential is withdrawn",
		Remedy: "Give the credential back on the page of the event once Exchange is trusted again."}
}

func (t *Tokens) known(scope string) (token, bool) {
	if t.withdrawn() {
		t.Forget()
		return token{err: errWithdrawn()}, true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	k, ok := t.kept[scope]
	return k, ok && t.o.Now().Before(k.until)
}

func (k token) answer() (string, error) {
	if k.err != nil {
		return "", k.err
	}
	return k.value, nil
}

// moment is how long a refusal is believed: many workers must not ask at once what one has heard.
const moment = 2 * time.Second

func (t *Tokens) ask(ctx context.Context, scope string) token {
	began := t.o.Now()
	value, life, err := t.request(ctx, scope)
	if err != nil {
		return token{err: err, until: t.o.Now().Add(max(err.After, moment))}
	}
	// Counted from before the request and by our own clock alone: Exchange's may be minutes off.
	return token{value: value, until: began.Add(life - min(life/5, 5*time.Minute))}
}

func (t *Tokens) request(ctx context.Context, scope string) (value string, life time.Duration, f *Failure) {
	secret, err := os.ReadFile(t.o.SecretFile)
	if err != nil {
		return "", 0, &Failure{Kind: ErrLogin, Op: "token", Words: "the client secret's file cannot be read", Err: errors.Unwrap(err),
			Remedy: "Let the service read the file that client_secret_file names."}
	}
	ctx, cancel := context.WithTimeout(ctx, t.o.Call)
	defer cancel()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {t.o.ClientID},
		"client_secret": {strings.TrimSpace(string(secret))}, "scope": {scope}}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "Accept": {"application/json"}}
	r, _, err := t.web.do(ctx, http.MethodPost, t.web.base.String(), header, []byte(form.Encode()), tokenBudget)
	if err != nil {
		return "", 0, broken("token", err, false)
	}
	if r.status != http.StatusOK {
		return "", 0, refusedToken(r, t.o.Now())
	}
	value, life, err = readToken(r.body)
	if err != nil {
		return "", 0, &Failure{Kind: ErrUnreachable, Op: "token", Code: "200", Err: err}
	}
	return value, life, nil
}

// readToken reads an answer of RFC 6749, 5.1. The token goes into a header field later, so it may
// hold nothing but the letters of RFC 6750, 2.1.
func readToken(body []byte) (value string, life time.Duration, err error) {
	var a struct {
		Type  string      `json:"token_type"`
		Token string      `json:"access_token"`
		Life  json.Number `json:"expires_in"` // a number; some endpoints write it as a string
	}
	if err := json.Unmarshal(body, &a); err != nil {
		return "", 0, fmt.Errorf("no token in the answer: %w", err)
	}
	seconds, err := a.Life.Int64()
	switch {
	case !strings.EqualFold(a.Type, "Bearer"):
		return "", 0, errors.New("the token is not of type Bearer")
	case a.Token == "" || len(a.Token) > 64<<10:
		return "", 0, errors.New("the token is empty or too long")
	case err != nil || seconds <= 0:
		return "", 0, errors.New("the token has no lifetime")
	}
	for _, c := range a.Token {
		if !strings.ContainsRune(tokenLetters, c) {
			return "", 0, errors.New("the token holds letters that no token has")
		}
	}
	return a.Token, time.Duration(min(seconds, 24*3600)) * time.Second, nil
}

const tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/="

// refusedToken reads an answer of RFC 6749, 5.2, and the words that Entra adds.
func refusedToken(r reply, now time.Time) *Failure {
	var a struct {
		Error string `json:"error"`
		Words string `json:"error_description"`
	}
	json.Unmarshal(r.body, &a) // what is no JSON has no words
	words, _, _ := strings.Cut(a.Words, " Trace ID:")
	f := &Failure{Op: "token", Code: strings.TrimSpace(fmt.Sprintf("%d %s", r.status, oneLine(a.Error))), Words: oneLine(words)}
	switch {
	case r.status == http.StatusTooManyRequests || r.header.Get("Retry-After") != "":
		f.Kind, f.After = ErrThrottled, max(retryAfter(r.header, now), moment)
	case r.status == http.StatusBadRequest, r.status == http.StatusUnauthorized, r.status == http.StatusForbidden:
		f.Kind, f.Remedy = ErrLogin, tokenRemedy(a.Words)
	case r.status >= 300 && r.status < 400:
		f.Kind, f.Remedy = ErrUnreachable, "The token endpoint points elsewhere; nothing is followed. Correct exchange.oauth.token_url."
	case r.status == http.StatusNotFound:
		f.Kind, f.Remedy = ErrUnreachable, "Nothing is at the token endpoint: check tenant and token_url under exchange.oauth."
	default:
		f.Kind = ErrUnreachable
	}
	return f
}

// tokenRemedy knows Entra's numbers for what administrators meet.
func tokenRemedy(words string) string {
	for number, remedy := range map[string]string{
		"AADSTS7000222": "The client secret has expired: make a new one in Entra and put it into client_secret_file.",
		"AADSTS7000215": "The client secret is wrong: put its value, not its id, into client_secret_file.",
		"AADSTS700016":  "The tenant does not know this client id: check exchange.oauth.client_id and tenant.",
		"AADSTS90002":   "There is no such tenant: check exchange.oauth.tenant.",
		"AADSTS53003":   "Conditional access refuses the application: exempt it.",
	} {
		if strings.Contains(words, number+":") {
			return remedy
		}
	}
	return "Check client id, client secret and permissions of Holdover's application in Entra."
}
