package exchange

import (
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWebIsProtected: a secret or token leaves only over TLS to whom the configuration names, and
// the answer to a wrong certificate has a remedy.
func TestWebIsProtected(t *testing.T) {
	certificate, caFile, pin := selfSigned(t)
	var asked atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Write([]byte(`{"token_type":"Bearer","expires_in":3599,"access_token":"x"}`))
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	for _, c := range []struct {
		name     string
		security Security
		works    bool
	}{
		{"trusted", Security{CAFile: caFile, Name: "exchange.test"}, true},
		{"pinned", Security{Pin: pin}, true},
		{"unknown authority", Security{Name: "exchange.test"}, false},
		{"other name", Security{CAFile: caFile, Name: "other.test"}, false},
		{"other pin", Security{Pin: strings.Repeat("ab", 32)}, false},
	} {
		before := asked.Load()
		o := newTokens(t, TokenOptions{URL: "http://127.0.0.1:1"}).o
		o.URL, o.Security = server.URL, c.security
		tokens, err := NewTokens(o)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tokens.Token(contextOf(t), ScopeGraph)
		if (err == nil) != c.works || (asked.Load() > before) != c.works {
			t.Errorf("%s: %v, %d requests", c.name, err, asked.Load()-before)
		}
		var f *Failure
		if !c.works && (!errors.As(err, &f) || f.Kind != ErrUnreachable && f.Kind != ErrRoute || f.Remedy == "") {
			t.Errorf("%s: %v has no remedy", c.name, err)
		}
	}
	for address, security := range map[string]Security{
		"http://graph.example/v1.0": {}, "https://graph.example/v1.0": {Policy: None}, "https://u:p@graph.example/": {}, "https://graph.example/?a=b": {},
		"graph.example": {}, "ftp://graph.example": {}, "https://graph.example": {Policy: Opportunistic},
	} {
		if _, err := NewGraph(GraphOptions{URL: address, Security: security}); err == nil {
			t.Errorf("%s with %+v was taken", address, security)
		}
	}
}
