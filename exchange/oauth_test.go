package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// issuer is a token endpoint that answers with what the script says and counts.
type issuer struct {
	*httptest.Server
	asked  atomic.Int64
	mu     sync.Mutex
	answer func(w http.ResponseWriter, r *http.Request)
}

func (i *issuer) says(f func(http.ResponseWriter, *http.Request)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = f
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := i.asked.Add(1)
		i.mu.Lock()
		answer := i.answer
		i.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"token-%d"}`, n)
	}))
	t.Cleanup(i.Close)
	return i
}

func newTokens(t testing.TB, o TokenOptions) *Tokens {
	t.Helper()
	o.ClientID, o.Security = "holdover", Security{Policy: None}
	if o.SecretFile == "" {
		o.SecretFile = filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(o.SecretFile, []byte("s3cret\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tokens, err := NewTokens(o)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func TestTokensAreKeptUntilShortlyBeforeTheyExpire(t *testing.T) {
	i, now := newIssuer(t), time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	tokens := newTokens(t, TokenOptions{URL: i.URL, Now: func() time.Time { return now }})
	var form string
	i.says(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		form = r.PostForm.Encode()
		fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":"3600","access_token":"token-%d"}`, i.asked.Load())
	})
	get := func(scope string) string {
		t.Helper()
		value, err := tokens.Token(contextOf(t), scope)
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	first := get(ScopeGraph)
	if want := "client_id=holdover&client_secret=s3cret&grant_type=client_credentials&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default"; form != want {
		t.Errorf("asked with %s", form)
	}
	now = now.Add(54 * time.Minute)
	if get(ScopeGraph) != first || get(ScopeIMAP) == first {
		t.Error("a token is not kept, or serves another scope")
	}
	now = now.Add(2 * time.Minute)
	second := get(ScopeGraph)
	if second == first {
		t.Error("a token was used shortly before it expires")
	}
	tokens.Refused(ScopeGraph, first) // somebody late: has been replaced already
	if get(ScopeGraph) != second {
		t.Error("a late refusal forgot the newer token")
	}
	tokens.Refused(ScopeGraph, second)
	if get(ScopeGraph) == second {
		t.Error("a refused token was used again")
	}
}

// TestTokensAreAskedForOnce: many workers wait for the same answer, good or bad.
func TestTokensAreAskedForOnce(t *testing.T) {
	for name, status := range map[string]int{"given": 200, "refused": 401} {
		i, now := newIssuer(t), time.Now()
		i.says(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"one"}`)
		})
		tokens := newTokens(t, TokenOptions{URL: i.URL, Now: func() time.Time { return now }})
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { tokens.Token(contextOf(t), ScopeIMAP) })
		}
		all.Wait()
		if n := i.asked.Load(); n != 1 {
			t.Errorf("%s: asked %d times", name, n)
		}
	}
}

func TestWithdrawnCredential(t *testing.T) {
	var withdrawn atomic.Bool
	i := newIssuer(t)
	tokens := newTokens(t, TokenOptions{URL: i.URL, Withdrawn: withdrawn.Load})
	if _, err := tokens.Token(contextOf(t), ScopeGraph); err != nil {
		t.Fatal(err)
	}
	withdrawn.Store(true)
	if _, err := tokens.Token(contextOf(t), ScopeGraph); !errors.Is(err, ErrLogin) || i.asked.Load() != 1 {
		t.Errorf("withdrawn: %v, asked %d times", err, i.asked.Load())
	}
	withdrawn.Store(false)
	if _, err := tokens.Token(contextOf(t), ScopeGraph); err != nil || i.asked.Load() != 2 {
		t.Errorf("given back: %v, asked %d times; the old token must be forgotten", err, i.asked.Load())
	}
	tokens.Forget()
	i.says(func(w http.ResponseWriter, r *http.Request) { // withdrawn while the request is under way
		withdrawn.Store(true)
		fmt.Fprint(w, `{"token_type":"Bearer","expires_in":3599,"access_token":"late"}`)
	})
	if value, err := tokens.Token(contextOf(t), ScopeGraph); !errors.Is(err, ErrLogin) || value != "" {
		t.Errorf("withdrawn in flight: %q, %v", value, err)
	}
}

// TestTokenAnswers: each odd answer has its outcome, none a token, and no secret stands in an error.
func TestTokenAnswers(t *testing.T) {
	elsewhere := newIssuer(t)
	for _, c := range []struct {
		name   string
		status int
		body   string
		header [2]string
		want   error
	}{
		{"secret expired", 401, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided keys are expired. Trace ID: 1"}`, [2]string{}, ErrLogin},
		{"unknown client", 400, `{"error":"unauthorized_client","error_description":"AADSTS700016: not found"}`, [2]string{}, ErrLogin},
		{"slow down", 429, `{}`, [2]string{"Retry-After", "17"}, ErrThrottled},
		{"down", 503, `<html>`, [2]string{}, ErrUnreachable},
		{"sends us elsewhere", 307, ``, [2]string{"Location", elsewhere.URL}, ErrUnreachable},
		{"rubbish", 200, "\x00\xff", [2]string{}, ErrUnreachable},
		{"a list", 200, `[]`, [2]string{}, ErrUnreachable},
		{"no token", 200, `{"token_type":"Bearer","expires_in":3599}`, [2]string{}, ErrUnreachable},
		{"another type", 200, `{"token_type":"mac","expires_in":3599,"access_token":"x"}`, [2]string{}, ErrUnreachable},
		{"no lifetime", 200, `{"token_type":"Bearer","access_token":"x"}`, [2]string{}, ErrUnreachable},
		{"a header in the token", 200, `{"token_type":"Bearer","expires_in":9,"access_token":"x\r\nX-Evil: 1"}`, [2]string{}, ErrUnreachable},
		{"endless", 200, strings.Repeat(" ", tokenBudget+1), [2]string{}, ErrUnreachable},
	} {
		i := newIssuer(t)
		i.says(func(w http.ResponseWriter, r *http.Request) {
			if c.header[0] != "" {
				w.Header().Set(c.header[0], c.header[1])
			}
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		value, err := newTokens(t, TokenOptions{URL: i.URL}).Token(contextOf(t), ScopeGraph)
		if !errors.Is(err, c.want) || value != "" {
			t.Errorf("%s: %q, %v", c.name, value, err)
		}
		var f *Failure
		if errors.As(err, &f); f == nil || c.want == ErrLogin && f.Remedy == "" || c.want == ErrThrottled && f.After != 17*time.Second || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if elsewhere.asked.Load() != 0 {
		t.Error("a redirect was followed with the secret")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	i := newIssuer(t)
	tokens := newTokens(t, TokenOptions{URL: i.URL})
	if _, err := tokens.Token(ctx, ScopeGraph); !errors.Is(err, ErrUnreachable) {
		t.Errorf("our own end: %v", err)
	}
	if _, err := tokens.Token(contextOf(t), ScopeGraph); err != nil {
		t.Errorf("one caller's end is kept for others: %v", err)
	}
	if _, err := newTokens(t, TokenOptions{URL: i.URL, SecretFile: "/does/not/exist"}).Token(contextOf(t), ScopeGraph); !errors.Is(err, ErrLogin) {
		t.Errorf("no secret: %v", err)
	}
}

func FuzzTokenAnswer(f *testing.F) {
	f.Add([]byte(`{"token_type":"Bearer","expires_in":3599,"access_token":"abc"}`))
	f.Add([]byte(`{"token_type":"bearer","expires_in":"9e9","access_token":"a b"}`))
	f.Add([]byte(`{"access_token":{"access_token":[]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		value, life, err := readToken(body)
		if err == nil && (value == "" || strings.ContainsAny(value, " \r\n\t") || life <= 0 || life > 24*time.Hour) {
			t.Errorf("%q, %v", value, life)
		}
		refusedToken(reply{status: 400, header: http.Header{}, body: body}, time.Now())
	})
}
