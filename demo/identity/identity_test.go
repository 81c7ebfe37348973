package identity_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdover/demo/identity"
)

// TestSignIn walks the code flow as a browser would, and looks at the claims.
func TestSignIn(t *testing.T) {
	const back = "http://localhost:1/sign-in/return"
	start := func() *identity.Provider {
		p, err := identity.Start(identity.Options{
			Address: "127.0.0.1:0", Title: "Stadt", Redirect: []string{back}, Log: slog.New(slog.DiscardHandler),
			People: []identity.Person{{ID: "anna", Address: "anna@firma.test", Name: "Anna Weiß", Password: "geheim", Groups: []string{"it"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	var subjects []any
	for range 2 { // the subject must outlive a restart
		p := start()
		claims := signIn(t, p.Issuer(), back, "anna@firma.test", "geheim")
		if claims["email"] != "anna@firma.test" || claims["name"] != "Anna Weiß" || claims["nonce"] != "n" {
			t.Errorf("claims %v", claims)
		}
		if groups, _ := claims["groups"].([]any); !slices.Equal(groups, []any{"it"}) {
			t.Errorf("groups %v", claims["groups"])
		}
		subjects = append(subjects, claims["sub"])
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	if subjects[0] == nil || subjects[0] != subjects[1] {
		t.Errorf("subjects before and after a restart: %v", subjects)
	}
}

func signIn(t *testing.T, issuer, back, user, password string) map[string]any {
	t.Helper()
	jar, _ := cookiejar.New(nil)
	var code string
	client := &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), back) {
			code = r.URL.Query().Get("code")
			return http.ErrUseLastResponse
		}
		return nil
	}}
	query := url.Values{"client_id": {identity.ClientID}, "redirect_uri": {back}, "response_type": {"code"},
		"scope": {"openid email profile groups"}, "state": {"s"}, "nonce": {"n"}}
	page := read(t, client.Get, issuer+"/auth?"+query.Encode())
	action := regexp.MustCompile(`action="([^"]+)"`).FindStringSubmatch(page)
	if action == nil {
		t.Fatalf("no form on the sign-in page: %s", page)
	}
	base, _ := url.Parse(issuer)
	target, err := base.Parse(strings.ReplaceAll(action[1], "&amp;", "&"))
	if err != nil {
		t.Fatal(err)
	}
	read(t, func(u string) (*http.Response, error) {
		return client.PostForm(u, url.Values{"login": {user}, "password": {password}})
	}, target.String())
	if code == "" {
		t.Fatal("no code came back")
	}
	answer := read(t, func(u string) (*http.Response, error) {
		return client.PostForm(u, url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {back},
			"client_id": {identity.ClientID}, "client_secret": {identity.ClientSecret}})
	}, issuer+"/token")
	var token struct {
		ID string `json:"id_token"`
	}
	if err := json.Unmarshal([]byte(answer), &token); err != nil || strings.Count(token.ID, ".") != 2 {
		t.Fatalf("token endpoint answered %s", answer)
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(token.ID, ".")[1])
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{}
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims
}

func read(t *testing.T, get func(string) (*http.Response, error), address string) string {
	t.Helper()
	r, err := get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
