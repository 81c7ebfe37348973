package web

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"

	"holdover/email"
	"holdover/pictures"
	"holdover/web/page"
)

// gallery stands for the internet.
type gallery struct {
	mu    sync.Mutex
	asked []string
	err   error
}

func (g *gallery) Fetch(_ context.Context, address string) (string, []byte, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.asked = append(g.asked, address)
	octets, _ := base64.StdEncoding.DecodeString(pixel)
	return "image/png", octets, g.err
}

func (g *gallery) taken() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	all := strings.Join(g.asked, " ")
	g.asked = nil
	return all
}

const newsletter = `<p>Neuigkeiten</p><img src="https://bild.example/a.png?id=1&amp;x=2" alt="Kran"><table background="https://bild.example/grund.png"><tr><td>Text</td></tr></table><img src="//bild.example/b.gif"><img src="/m/other/image/0"><img src="javascript:x">`

// TestRemoteImages: nothing is asked of the internet before a person wants it, then only what stands in
// the message; the wish holds for the message or the sender, for this person, until it is taken back.
func TestRemoteImages(t *testing.T) {
	g := &gallery{}
	h := newHouse(t, func(o *Options) { o.Pictures, o.Trusted = g, []string{"gw.ahrenfeld.example"} })
	html := "Content-Type: text/html; charset=utf-8\r\n"
	id := string(h.deliver(katrin, letter{subject: "eins", head: html, text: newsletter}))
	path, k := h.open(katrin, email.MessageID(id)), h.as(katrin)
	pictures := func(id string) (list []string) {
		for _, img := range k.page("/m/" + id + "/body").Find("img").EachIter() {
			if src := img.AttrOr("src", ""); src != "" {
				list = append(list, src)
			}
		}
		return list
	}
	if got := pictures(id); len(got) != 0 {
		t.Errorf("before: %q", got)
	}
	if w := k.do("GET", ownImage(id, 0), nil); w.Code != 404 || g.taken() != "" {
		t.Errorf("before: %d", w.Code)
	}
	note := k.page(path).Find(".images")
	if got := said(note); !strings.HasPrefix(got, "3 Bilder aus dem Internet nicht geladen.") && !strings.HasPrefix(got, "2 Bilder aus dem Internet nicht geladen.") {
		t.Errorf("it says %q", got)
	}
	if to := k.post(note.AttrOr("action", ""), "images", "once", "back", path); to != path+"?open="+id+"#m-"+id {
		t.Errorf("leads to %s", to)
	}
	if got := pictures(id); len(got) != 2 || got[0] != ownImage(id, 0) || g.taken() != "" {
		t.Fatalf("after: %q", got)
	}
	w := k.do("GET", ownImage(id, 0), nil)
	if w.Code != 200 || w.Header().Get("Content-Type") != "image/png" || w.Header().Get("Content-Security-Policy") != page.FilePolicy || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%d %v", w.Code, w.Header())
	}
	k.do("GET", ownImage(id, 2), nil)
	if got := g.taken(); got != "https://bild.example/a.png?id=1&x=2 //bild.example/b.gif" {
		t.Errorf("asked for %s", got)
	}
	for _, bad := range []string{"3", "-1", "x", "99999999999999999999", "0?u=https://evil.example/"} {
		w := k.do("GET", "/m/"+id+"/image/"+bad, nil)
		if got := g.taken(); w.Code != 404 && !strings.HasPrefix(bad, "0") || strings.Contains(got, "evil") {
			t.Errorf("image %s: %d, asked for %s", bad, w.Code, got)
		}
	}
	if w := h.as(jens).do("GET", ownImage(id, 0), nil); w.Code != 404 || g.taken() != "" {
		t.Errorf("somebody else: %d", w.Code)
	}
	second := string(h.deliver(katrin, letter{subject: "zwei", head: html, text: newsletter}))
	if got := pictures(second); len(got) != 0 {
		t.Errorf("another message: %q", got)
	}
	k.post("/m/"+second+"/images", "images", "always", "back", path)
	forged := string(h.deliver(katrin, letter{subject: "drei", head: html + "Authentication-Results: gw.ahrenfeld.example; dmarc=fail header.from=northgate.example\r\n", text: newsletter}))
	other := string(h.deliver(katrin, letter{from: "uwe@neu.example", subject: "vier", head: html, text: newsletter}))
	for id, want := range map[string]int{second: 2, forged: 0, other: 0} {
		if got := pictures(id); len(got) != want {
			t.Errorf("%q, want %d", got, want)
		}
	}
	if w := k.do("GET", ownImage(forged, 0), nil); w.Code != 404 {
		t.Errorf("a forged sender's image: %d", w.Code)
	}
	page := k.page(h.open(katrin, email.MessageID(second)))
	if got := said(page.Find(".images")); got != "Bilder von olivia@northgate.example werden immer geladen.Nicht mehr laden" {
		t.Errorf("it says %q", got)
	}
	k.post("/m/"+second+"/images", "images", "never", "back", path)
	if got := pictures(second); len(got) != 0 {
		t.Errorf("taken back: %q", got)
	}
	if w := k.do("POST", "/m/"+id+"/images", url.Values{"images": {"all"}}); w.Code != 400 {
		t.Errorf("an unknown wish: %d", w.Code)
	}
	g.err = errors.New("gone")
	if w := k.do("GET", ownImage(id, 0), nil); w.Code != 404 || w.Body.Len() > 0 {
		t.Errorf("a picture that is gone: %d %q", w.Code, w.Body)
	}
	none := newHouse(t)
	id = string(none.deliver(katrin, letter{head: html, text: newsletter}))
	if none.as(katrin).page(none.open(katrin, email.MessageID(id))).Find(".images").Length() != 0 {
		t.Error("there is a button without a way to load")
	}
	if got := said(none.as(katrin).page("/m/" + id + "/body").Find(".holdover-note")); !strings.Contains(got, "nicht geladen") {
		t.Errorf("without a way to load it says %q", got)
	}
}

// TestRemoteImagesInBrowser: the browser shows the picture and asks nobody but us for it.
func TestRemoteImagesInBrowser(t *testing.T) {
	octets, err := base64.StdEncoding.DecodeString(pixel)
	must(t, err)
	var referrer string
	sender := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		referrer = r.Referer() + r.Header.Get("Cookie")
		w.Write(octets)
	}))
	t.Cleanup(sender.Close)
	allowed := netip.MustParseAddrPort(strings.TrimPrefix(sender.URL, "http://"))
	h := newHouse(t, func(o *Options) {
		o.Pictures = pictures.New(pictures.Options{Allow: func(a netip.AddrPort) bool { return a == allowed }})
	})
	id := h.deliver(katrin, letter{seen: true, subject: "Rundbrief", head: "Content-Type: text/html\r\n", text: `<p>Guten Tag</p><img src="` + sender.URL + `/a.png" width=40 height=40 alt="Kran">`})
	b := newBrowser(t, h, katrin)
	for _, look := range []int{1280, 390} {
		b.window(look, look == 390)
		b.open(h.open(katrin, id))
		b.until(`document.querySelector(".paper-frame").offsetHeight > 0`)
		b.picture("images-blocked-" + map[int]string{1280: "1280", 390: "390"}[look])
	}
	b.click(".images button[value=once]")
	b.until(`[...document.querySelector(".paper-frame").contentDocument.images].some(i => i.naturalWidth === 1)`)
	if referrer != "" {
		t.Errorf("the sender learns %q", referrer)
	}
	b.clean("remote images")
}

// ownImage is where the n-th remote image of a message in one's own mailbox is.
func ownImage(id string, n int) string { return box{}.image(id, n) }
