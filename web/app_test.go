package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"holdover/email"
	"holdover/push"
)

// TestManifest: what a browser needs to offer the installation, in the language of the person.
func TestManifest(t *testing.T) {
	h := newHouse(t)
	w := h.as("").do(http.MethodGet, "/manifest.webmanifest", nil)
	var m webManifest
	if err := json.Unmarshal(w.Body.Bytes(), &m); err != nil || w.Header().Get("Content-Type") != "application/manifest+json" {
		t.Fatalf("%v %v", err, w.Header())
	}
	if m.Name != "Stadtwerke Ahrenfeld – E-Mail-Portal" || m.StartURL != "/mail/inbox" || m.Display != "standalone" || len(m.Icons) != 4 {
		t.Errorf("%+v", m)
	}
	for _, i := range m.Icons {
		icon := h.as("").do(http.MethodGet, i.Source, nil)
		if icon.Code != http.StatusOK || http.DetectContentType(icon.Body.Bytes()) != i.Type {
			t.Errorf("%s: %d", i.Source, icon.Code)
		}
	}
	if page := h.as(katrin).page("/mail/inbox"); page.Find(`link[rel=manifest]`).Length() != 1 || page.Find(`link[rel="apple-touch-icon"]`).Length() != 1 {
		t.Error("the pages do not name it")
	}
}

// TestCheck22_App: the service worker keeps style sheet, script and the page for no network; never mail.
func TestCheck22_App(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Streng vertraulich 4711", text: "Geheimtext"})
	b := newBrowser(t, h, katrin)
	b.window(390, false)
	b.open("/mail/inbox")
	b.until(`navigator.serviceWorker.controller !== null`)
	b.open(h.open(katrin, id))
	b.open("/search?q=vertraulich")
	kept, err := chromedp.Run(b.ctx, chromedp.Evaluate[string](`new Promise(async (done) => { let all = ""; for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys())
		all += r.url + "\n" + await (await caches.match(r)).text() + "\n"; done(all) })`, chromedp.EvalAwaitPromise))
	must(t, err)
	for _, never := range []string{"4711", "Geheim", "Katrin", "Wessel", b.site + "/mail/", b.site + "/m/", b.site + "/search"} {
		if strings.Contains(kept, never) {
			t.Errorf("the browser keeps %q", never)
		}
	}
	if !strings.Contains(kept, "/offline\n") || !strings.Contains(kept, "Keine Verbindung") || !strings.Contains(kept, "030 23125-110") {
		t.Errorf("the page for no network is not kept: %.300s", kept)
	}
	b.clean("installing")
	b.cut()
	b.open("/mail/inbox")
	b.shows("h1", "Keine Verbindung")
	b.picture("offline-390-light")
}

// TestNoticesPage: off unless the administrator switched it on, and then by a click only.
func TestNoticesPage(t *testing.T) {
	h := newHouse(t)
	if text := said(h.as(katrin).page("/notices").Find("main")); !strings.Contains(text, "Ihre IT hat Mitteilungen nicht eingeschaltet") {
		t.Error(text)
	}
	if code := h.as(katrin).do(http.MethodPost, "/notices/on", url.Values{"endpoint": {"https://x.example/"}}).Code; code != http.StatusNotFound {
		t.Errorf("what is off can be subscribed to: %d", code)
	}
	kept := &browsers{}
	on := newHouse(t, func(o *Options) { o.Notices = kept })
	if key, _ := on.as(martha).page("/notices").Find("[data-key]").Attr("data-key"); key != "our-key" {
		t.Errorf("the key is %q", key)
	}
	form := url.Values{"endpoint": {"https://push.example/1"}, "p256dh": {"k"}, "auth": {"a"}}
	if code := on.as(martha).do(http.MethodPost, "/notices/on", form).Code; code != http.StatusNoContent || kept.last.Lang != "en" || kept.owner != on.box(martha) {
		t.Errorf("%d %+v", code, kept)
	}
	if code := on.as(martha).do(http.MethodPost, "/notices/on", url.Values{}).Code; code != http.StatusBadRequest {
		t.Errorf("an empty subscription: %d", code)
	}
	if code := on.as(martha).do(http.MethodPost, "/notices/off", form).Code; code != http.StatusNoContent || kept.gone != "https://push.example/1" {
		t.Errorf("%d %+v", code, kept)
	}
}

// browsers notes what the pages ask of the push room.
type browsers struct {
	owner email.MailboxID
	last  push.Subscription
	gone  string
}

func (b *browsers) Key() string { return "our-key" }

func (b *browsers) Subscribe(_ context.Context, m email.MailboxID, s push.Subscription) error {
	if s.Endpoint == "" {
		return push.ErrInvalid
	}
	b.owner, b.last = m, s
	return nil
}

func (b *browsers) Unsubscribe(_ context.Context, _ email.MailboxID, endpoint string) error {
	b.gone = endpoint
	return nil
}
