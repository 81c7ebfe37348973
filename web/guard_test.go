package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/web/page"
)

// brief asks for a stream and leaves as soon as it has begun.
func (v *visitor) brief(path string) *httptest.ResponseRecorder {
	ctx, leave := context.WithCancel(context.Background())
	r := httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx)
	for name, values := range v.header {
		r.Header[name] = values
	}
	if v.who != "" {
		r.AddCookie(&http.Cookie{Name: "who", Value: v.who})
	}
	w := httptest.NewRecorder()
	leave() // the stream writes its first event, then sees that nobody listens
	v.h.pages.ServeHTTP(w, r)
	return w
}

// TestHeaders: every answer carries the policy, whatever its route and status.
func TestHeaders(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Secure = true })
	id := h.deliver(katrin, letter{subject: "Rotor", head: "Content-Type: text/html\r\n", text: "<p>Hallo</p>"})
	for _, c := range []struct {
		who, method, path string
		form              url.Values
		status            int
		policy            string
	}{
		{"", "GET", "/", nil, 200, pagePolicy},
		{"", "GET", "/mail/inbox", nil, 303, pagePolicy},
		{katrin, "GET", "/mail/inbox", nil, 200, pagePolicy},
		{katrin, "GET", "/mail/nowhere", nil, 404, pagePolicy},
		{katrin, "GET", "/nowhere", nil, 404, pagePolicy},
		{katrin, "PUT", "/search", nil, 405, pagePolicy},
		{katrin, "GET", "/desk", nil, 403, pagePolicy},
		{katrin, "POST", "/language", url.Values{"language": {"xx"}}, 400, pagePolicy},
		{katrin, "GET", "/api/events", nil, 401, pagePolicy},
		{katrin, "GET", "/m/" + string(id) + "/body", nil, 200, bodyPolicy},
		{katrin, "GET", "/m/" + string(id) + "/source", nil, 200, page.FilePolicy},
		{katrin, "GET", "/m/" + string(id) + "/eml", nil, 200, page.FilePolicy},
		{katrin, "GET", "/m/" + string(id) + "/part/0", nil, 200, page.FilePolicy},
		{katrin, "GET", "/m/none/body", nil, 404, pagePolicy},
	} {
		w := h.as(c.who).do(c.method, c.path, c.form)
		if w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
		for name, want := range map[string]string{"Content-Security-Policy": c.policy, "X-Content-Type-Options": "nosniff", "X-DNS-Prefetch-Control": "off",
			"Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-store", "Strict-Transport-Security": "max-age=31536000"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s %s: %s is %q", c.method, c.path, name, got)
			}
		}
		if got := w.Header().Get("Referrer-Policy"); got != "same-origin" && got != "no-referrer" {
			t.Errorf("%s %s: Referrer-Policy is %q", c.method, c.path, got)
		}
		if strings.Contains(w.Header().Get("Content-Security-Policy"), "unsafe") && c.policy != bodyPolicy {
			t.Errorf("%s %s: an unsafe policy", c.method, c.path)
		}
		if !strings.Contains(w.Header().Get("Vary"), "HX-Request") {
			t.Errorf("%s %s: Vary is %q", c.method, c.path, w.Header().Get("Vary"))
		}
	}
}

// TestPolicyOfGuide pins the two policies word for word (webmail.md 3.2, 3.3).
func TestPolicyOfGuide(t *testing.T) {
	if pagePolicy != "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'; worker-src 'self'" {
		t.Error("the pages' policy has changed")
	}
	if bodyPolicy != "sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin; default-src 'none'; img-src data: 'self'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'" {
		t.Error("the message document's policy has changed")
	}
}

// TestOtherWebsites: an unsafe request that another website caused changes nothing.
func TestOtherWebsites(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Rotor"})
	thread := string(h.message(katrin, id).Thread)
	form := url.Values{"action": {"delete"}, "pick": {thread}}
	for name, v := range map[string]*visitor{
		"fetch metadata": h.as(katrin).with("Sec-Fetch-Site", "cross-site"),
		"same site":      h.as(katrin).with("Sec-Fetch-Site", "same-site"),
		"origin":         h.as(katrin).with("Origin", "https://evil.example"),
		"null origin":    h.as(katrin).with("Origin", "null"),
		"htmx":           h.as(katrin).with("Origin", "https://evil.example").with("HX-Request", "true"),
	} {
		if w := v.do("POST", "/mail/inbox/act", form); w.Code != http.StatusForbidden {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if got := h.message(katrin, id).Folder; got != "inbox" {
		t.Errorf("the message went to %s", got)
	}
}

// TestExpired: full requests are sent to the sign-in page, htmx is told to go there, streams end.
func TestExpired(t *testing.T) {
	h := newHouse(t)
	if to := h.as("").do("GET", "/mail/inbox/abc?all=1", nil).Header().Get("Location"); to != "/?back=%2Fmail%2Finbox%2Fabc%3Fall%3D1" {
		t.Errorf("full request goes to %q", to)
	}
	w := h.as("").with("HX-Request", "true").with("HX-Current-URL", "http://example.com/mail/sent").do("POST", "/mail/sent/act", url.Values{})
	if w.Code != http.StatusUnauthorized || w.Header().Get("HX-Redirect") != "/?back=%2Fmail%2Fsent" {
		t.Errorf("htmx: %d %q", w.Code, w.Header().Get("HX-Redirect"))
	}
	if w := h.as("").with("Accept", "text/event-stream").do("GET", "/live", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("stream: %d", w.Code)
	}
	w = h.as("").with("Referer", "http://evil.example/x").do("POST", "/mail/sent/act", url.Values{})
	if got := w.Header().Get("Location"); got != "/?back=%2Fmail%2Finbox" {
		t.Errorf("a foreign page before: %q", got)
	}
}

func TestLocalPath(t *testing.T) {
	for path, want := range map[string]string{
		"/mail/sent?before=1": "/mail/sent?before=1", "": "/mail/inbox", "//evil.example": "/mail/inbox", "https://evil.example/": "/mail/inbox",
		`/\evil.example`: "/mail/inbox", "/\r\nX: y": "/mail/inbox", "javascript:alert(1)": "/mail/inbox", "/\t/evil.example": "/mail/inbox",
	} {
		if got := localPath(path); got != want {
			t.Errorf("%q leads to %q", path, got)
		}
	}
}

// TestStream: a delivery is told within two seconds, with numbers only; an event too.
func TestStream(t *testing.T) {
	h := newHouse(t)
	server := httptest.NewServer(h.pages)
	defer server.Close()
	r, err := http.NewRequest("GET", server.URL+"/live", nil)
	must(t, err)
	r.AddCookie(&http.Cookie{Name: "who", Value: katrin})
	response, err := http.DefaultClient.Do(r)
	must(t, err)
	defer response.Body.Close()
	events := make(chan string, 16)
	go readEvents(response.Body, events)
	if got := <-events; got != "beat" {
		t.Fatalf("the stream begins with %q", got)
	}
	start := time.Now()
	h.deliver(jens, letter{subject: "not for Katrin"})
	h.deliver(katrin, letter{subject: "Geheim"})
	if got := <-events; got != "mail" {
		t.Fatalf("a delivery is told as %q", got)
	}
	h.start("outage")
	for got := range events { // a delivery may be told again
		if got == "event" {
			break
		}
	}
	if spent := time.Since(start); spent > 20*time.Second {
		t.Errorf("it took %v", spent)
	}
}
