package web

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a real one with the house's pages in it. It notes what must not happen: policy
// violations, errors on the console, requests to other hosts.
type browser struct {
	t    *testing.T
	ctx  context.Context
	site string

	mu    sync.Mutex
	wrong []string
}

func newBrowser(t *testing.T, h *house, who string) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("chromium is missing: apt-get install chromium")
		}
		t.Skip("no chromium here: apt-get install chromium")
	}
	server := httptest.NewServer(h.pages)
	t.Cleanup(server.Close)
	flags := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-gpu", true))
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(endAlloc)
	tab, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	b := &browser{t: t, site: server.URL}
	must(t, chromedp.Listen(tab, b.note))
	ctx, stop := context.WithTimeout(tab, 2*time.Minute)
	t.Cleanup(stop)
	b.ctx = ctx
	call(b, network.Enable, network.EnableParams{})
	call(b, log.Enable, cdp.Empty{})
	call(b, runtime.Enable, cdp.Empty{})
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: who, URL: server.URL})
	t.Cleanup(server.CloseClientConnections) // streams
	return b
}

func (b *browser) note(event any) {
	what := ""
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.site) && !strings.HasPrefix(e.Request.URL, "data:") {
			what = "request to " + e.Request.URL
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			what = e.Entry.Text
		}
	case *runtime.EventExceptionThrown:
		what = e.ExceptionDetails.Text
	}
	if what != "" {
		b.mu.Lock()
		b.wrong = append(b.wrong, what)
		b.mu.Unlock()
	}
}

// clean fails when something went wrong since the last time.
func (b *browser) clean(where string) {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, what := range b.wrong {
		b.t.Errorf("%s: %s", where, what)
	}
	b.wrong = nil
}

func (b *browser) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	must(b.t, chromedp.Do(b.ctx, steps...))
}

// call sends a command of the protocol.
func call[P, R any](b *browser, command cdp.Command[P, R], params P) {
	b.t.Helper()
	_, err := chromedp.Call(b.ctx, command, params)
	must(b.t, err)
}

// open loads a page of ours.
func (b *browser) open(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.site + path))
}

// js evaluates an expression.
func js[T any](b *browser, expression string) (value T) {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	must(b.t, err)
	return value
}

// until waits for an expression to be true and answers how long that took.
func (b *browser) until(expression string) time.Duration {
	b.t.Helper()
	start := time.Now()
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(15*time.Second), chromedp.WithPollingInterval(20*time.Millisecond))); err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return time.Since(start)
}

// window sets size and colours.
func (b *browser) window(width int, dark bool) {
	scheme := map[bool]string{true: "dark", false: "light"}[dark]
	b.run(chromedp.EmulateViewport(int64(width), map[bool]int64{true: 844, false: 800}[width < 768]))
	call(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
}

// picture keeps a screenshot when HOLDOVER_SHOTS names a folder.
func (b *browser) picture(name string) {
	dir := os.Getenv("HOLDOVER_SHOTS")
	if dir == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	must(b.t, err)
	must(b.t, os.MkdirAll(dir, 0o755))
	must(b.t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// overflow lists what sticks out of the window to the right.
const overflow = `[...document.querySelectorAll("body *")].filter(e => { const r = e.getBoundingClientRect(); const s = getComputedStyle(e);
  return e.checkVisibility() && r.width > 1 && r.right > innerWidth + 1 && s.position !== "absolute" && !e.closest(".vh, [hidden], .menu > div") })
  .slice(0, 5).map(e => e.tagName + "." + e.className)`

// small lists what is hard to hit with a finger or a mouse (WCAG 2.5.8).
const small = `[...document.querySelectorAll("a, button, summary, input:not([type=hidden])")].filter(e => { const r = e.getBoundingClientRect();
  return r.width > 0 && getComputedStyle(e).visibility !== "hidden" && !e.closest(".vh, p, .mail, .skip, h3") && !e.matches(".skip, .vh, .name, [type=checkbox]") && (r.width < 24 || r.height < 24) })
  .slice(0, 5).map(e => e.outerHTML.slice(0, 100))`

// TestPagesInBrowser opens every page at two widths, in light and dark, in both languages.
func TestPagesInBrowser(t *testing.T) {
	h := newHouse(t)
	h.sample()
	for _, who := range []struct{ lang, address string }{{"de", katrin}, {"en", martha}} {
		b := newBrowser(t, h, who.address)
		if who.lang == "en" {
			h.deliver(martha, letter{subject: "Delivery slot", text: "Dear Martha,\n\nwe can hold the lorry."})
		}
		threads, _, err := h.mail.Threads(context.Background(), h.box(who.address), "inbox", before0, 50)
		must(t, err)
		rotor := ""
		for _, row := range threads {
			if strings.Contains(row.Latest.Subject, "Delivery slot") {
				rotor = string(row.ID)
			}
		}
		for name, path := range map[string]string{
			"inbox": "/mail/inbox", "conversation": "/mail/inbox/" + rotor, "text": "/mail/inbox/" + string(threads[0].ID), "sent": "/mail/sent", "empty": "/mail/junk",
			"search": "/search?q=rotor+from:hartley", "nothing": "/search?q=from:nobody+xyzzy", "ask": "/search", "lost": "/mail/inbox/lost", "flash": "/mail/inbox?done=archive&n=2&undo=x",
		} {
			for _, width := range []int{1280, 390, 320} {
				for _, dark := range []bool{false, true} {
					where := fmt.Sprintf("%s-%s-%d-%s", name, who.lang, width, map[bool]string{true: "dark", false: "light"}[dark])
					if dark && width == 320 {
						continue
					}
					b.window(width, dark)
					b.open(path)
					b.picture(where)
					if got := js[[]string](b, overflow); len(got) > 0 {
						t.Errorf("%s sticks out: %q", where, got)
					}
					if got := js[[]string](b, small); len(got) > 0 {
						t.Errorf("%s is hard to hit: %q", where, got)
					}
					if name == "lost" {
						b.mu.Lock()
						b.wrong = nil // the console tells of the 404
						b.mu.Unlock()
					}
					b.clean(where)
				}
			}
		}
	}
}
