package standin

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The resources that tokens are for, as their scopes name them.
const (
	forIMAP  = "https://outlook.office365.com/.default"
	forGraph = "https://graph.microsoft.com/.default"
)

// Tokens issues bearer tokens for client credentials (RFC 6749, 4.4): the service account is the
// client and its password the secret. Tokens expire on the stand-in's clock and can be revoked.
type Tokens struct {
	exchange *Exchange

	mu     sync.Mutex
	life   time.Duration
	issued map[string]issued
	asked  int
}

type issued struct {
	scope string
	until time.Time
}

func newTokens(e *Exchange) *Tokens {
	return &Tokens{exchange: e, life: time.Hour, issued: map[string]issued{}}
}

// Tokens are what the token face has issued.
func (e *Exchange) Tokens() *Tokens { return e.tokens }

// Live sets how long tokens live that are issued from now on; an hour unless set.
func (t *Tokens) Live(d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.life = d
}

// Revoke ends every token that was issued.
func (t *Tokens) Revoke() {
	t.mu.Lock()
	defer t.mu.Unlock()
	clear(t.issued)
}

// Issued counts the tokens given out so far.
func (t *Tokens) Issued() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.asked
}

// good says whether a token opens a resource now.
func (t *Tokens) good(token, scope string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	one, ok := t.issued[token]
	return ok && one.scope == scope && t.exchange.clock.Now().Before(one.until)
}

func (t *Tokens) issue(scope string) (token string, life time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.asked++
	token = "eyJ0eXAi." + rand.Text() + rand.Text()
	t.issued[token] = issued{scope, t.exchange.clock.Now().Add(t.life)}
	return token, t.life
}

// tokenHandler is the token face: POST /TENANT/oauth2/v2.0/token. Fault points: before, after.
func (e *Exchange) tokenHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", func(w http.ResponseWriter, r *http.Request) {
		if rule, ok := e.meet(r, "token", "before", ""); ok {
			tokenError(w, rule.Code, "temporarily_unavailable", rule.Text)
			return
		}
		e.answerToken(w, r)
	})
	return mux
}

func (e *Exchange) answerToken(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		tokenError(w, 400, "invalid_request", "AADSTS900144: The request body must contain the following parameter: 'grant_type'.")
		return
	}
	form, scope := r.PostForm, r.PostForm.Get("scope")
	switch {
	case form.Get("grant_type") != "client_credentials":
		tokenError(w, 400, "unsupported_grant_type", "AADSTS70003: The app requested an unsupported grant type.")
	case !strings.EqualFold(form.Get("client_id"), e.options.Service):
		tokenError(w, 400, "unauthorized_client", "AADSTS700016: Application was not found in the directory.")
	case !e.password(form.Get("client_secret")):
		tokenError(w, 401, "invalid_client", "AADSTS7000215: Invalid client secret provided.")
	case scope != forIMAP && scope != forGraph:
		tokenError(w, 400, "invalid_scope", "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.")
	default:
		token, life := e.tokens.issue(scope)
		if rule, ok := e.meet(r, "token", "after", ""); ok {
			tokenError(w, rule.Code, "temporarily_unavailable", rule.Text)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(map[string]any{"token_type": "Bearer", "expires_in": int(life / time.Second), "ext_expires_in": int(life / time.Second), "access_token": token})
	}
}

func tokenError(w http.ResponseWriter, status int, code, words string) {
	if status == 0 {
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]any{"error": code, "error_description": fmt.Sprintf("%s Trace ID: %s", words, rand.Text())})
}
