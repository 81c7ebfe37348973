package exchange

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// TestTenant: the id comes from the issuer of the discovery document, and nothing secret is sent for it.
func TestTenant(t *testing.T) {
	answer := `{"issuer":"https://login.example/0000AAAA-1111/v2.0"}`
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.Path != "/firma.test/v2.0/.well-known/openid-configuration" {
			t.Errorf("asked %s with %q", r.URL.Path, r.Header.Get("Authorization"))
		}
		w.Write([]byte(answer))
	}))
	defer server.Close()
	security := Security{CAFile: pemOf(t, server.Certificate().Raw)}
	shown, err := Tenant(contextOf(t), server.URL+"/firma.test/oauth2/v2.0/token", security, nil)
	if err != nil || shown.Pin != "tenant:0000aaaa-1111" || shown.Subject != "firma.test" {
		t.Errorf("%+v, %v", shown, err)
	}
	for _, answer = range []string{"<html>", `{"issuer":"https://login.example"}`, `{}`} {
		if shown, err := Tenant(contextOf(t), server.URL+"/firma.test/oauth2/v2.0/token", security, nil); err == nil {
			t.Errorf("%s was taken: %+v", answer, shown)
		}
	}
	if _, err := Tenant(contextOf(t), server.URL+"/other", security, nil); err == nil {
		t.Error("any address was taken")
	}
}
