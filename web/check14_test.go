package web

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/chromedp"

	"holdover/signin"
	"holdover/web/webtest"
)

// leaving is a sign-in room that can be left.
type leaving struct {
	*webtest.Door
	out *atomic.Bool
}

func (l leaving) Load(next http.Handler) http.Handler {
	with := l.Door.Load(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.out.Load() {
			next.ServeHTTP(w, r)
			return
		}
		with.ServeHTTP(w, r)
	})
}

func (l leaving) Of(ctx context.Context) (signin.Person, bool) { return l.Door.Of(ctx) }

func (l leaving) Out(context.Context) error { l.out.Store(true); return nil }

// kept is all that a browser keeps for a site, as one text.
const kept = `(async () => { let all = JSON.stringify([{...sessionStorage}, {...localStorage}]);
	for (const name of await caches.keys()) for (const r of await (await caches.open(name)).keys()) all += r.url + await (await caches.match(r)).text();
	return all + JSON.stringify(await indexedDB.databases()) })()`

// TestCheck14_Storage: what somebody read, searched and wrote stays nowhere in the browser after signing out, and Back shows
// the sign-in page.
func TestCheck14_Storage(t *testing.T) {
	var h *house
	out := &atomic.Bool{}
	h = newHouse(t, func(o *Options) { o.Signin = leaving{o.Signin.(*webtest.Door), out} })
	id := h.deliver(katrin, letter{subject: "Vertraulich 4711", text: "Geheimtext"})
	for _, path := range []string{"/mail/inbox", h.open(katrin, id), "/m/" + string(id) + "/source", "/search?q=x", "/compose", "/mail/drafts", "/waiting", "/agenda"} {
		if w := h.as(katrin).do("GET", path, nil); w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, Cache-Control %q", path, w.Code, w.Header().Get("Cache-Control"))
		}
	}
	secrets := []string{"4711", "Geheim", "olivia@", "hartley", "wessel", "Unverschickt"}
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	b.until(`navigator.serviceWorker.controller !== null`)
	b.click("li.row h3 a")
	b.until(`document.activeElement.id === "t"`)
	b.open("/search?q=4711")
	b.open("/compose?to=olivia@northgate.example")
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Unverschickt und Geheim")
	b.until(`Object.keys(sessionStorage).some(k => k.startsWith("draft:"))`)
	if text := promised[string](b, kept); !strings.Contains(text, "Unverschickt") {
		t.Fatalf("the copy of what is being written is not found, so nothing would be: %.300s", text)
	}
	b.until(`document.querySelector(".me summary") !== null`)
	b.click(".me summary")
	b.click("form[action='/sign-out'] button")
	b.until(`location.pathname === "/" && document.querySelector("a[href^='/sign-in']") !== null`)
	text := promised[string](b, kept)
	for _, secret := range secrets {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Errorf("after signing out the browser keeps %q", secret)
		}
	}
	for range 3 {
		b.run(chromedp.NavigateBack())
		b.until(`document.readyState === "complete" && document.querySelector("a[href^='/sign-in']") !== null`)
		if got := js[string](b, `document.documentElement.outerHTML`); strings.Contains(got, "4711") && !strings.Contains(js[string](b, `location.href`), "4711") || strings.Contains(got, "Unverschickt") {
			t.Errorf("Back shows mail: %.300s", got)
		}
	}
}
