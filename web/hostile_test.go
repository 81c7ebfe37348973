package web

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/debugger"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// tracker is the sender's server: it counts who comes, by the number of the payload in the path.
type tracker struct {
	*httptest.Server
	mu        sync.Mutex
	hits      map[int][]string
	connected int // connections, also those without a request (preconnect)
}

func newTracker(t *testing.T) *tracker {
	tr := &tracker{hits: map[int][]string{}}
	tr.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		rest := strings.TrimPrefix(r.URL.Path, "/p/")
		number, err := strconv.Atoi(rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))])
		if err != nil {
			number = -1
		}
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.hits[number] = append(tr.hits[number], r.Method+" "+r.URL.Path)
	}))
	tr.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			tr.mu.Lock()
			tr.connected++
			tr.mu.Unlock()
		}
	}
	tr.Start()
	t.Cleanup(tr.Close)
	return tr
}

// taken answers what was counted since the last time.
func (tr *tracker) taken() (hits map[int][]string, connected int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	hits, connected = tr.hits, tr.connected
	tr.hits, tr.connected = map[int][]string{}, 0
	return hits, connected
}

var (
	outsideHost = regexp.MustCompile(`(?i)(https?:)?//([a-z0-9-]+\.)+[a-z]{2,}(:[0-9]+)?\b`)
	dialogCall  = regexp.MustCompile(`\b(alert|confirm|prompt)\b`)
)

// aim points a payload at the tracker and has its script tell the console, which a sandbox cannot
// swallow as it does with dialogs. Names of XML stay: they are never loaded.
func (tr *tracker) aim(number int, markup string) string {
	markup = outsideHost.ReplaceAllStringFunc(markup, func(host string) string {
		if strings.Contains(host, "w3.org") {
			return host
		}
		return tr.URL + "/p/" + strconv.Itoa(number)
	})
	return "Guten Tag " + dialogCall.ReplaceAllString(markup, "console.error") // without anything to read there would be no frame
}

// watch notes what a hostile document did in the browser, beside what the tracker counts.
type watch struct {
	b       *browser
	ran     []string                     // scripts that ran
	left    map[network.RequestID]string // requests to others that the policy has not stopped
	scripts []string                     // scripts that were read for running and are not ours
}

func newWatch(b *browser) *watch {
	w := &watch{b: b, left: map[network.RequestID]string{}}
	must(b.t, chromedp.Listen(b.ctx, w.note))
	call(b, page.Enable, page.EnableParams{})
	call(b, debugger.Enable, debugger.EnableParams{})
	call(b, debugger.SetSkipAllPauses, debugger.SetSkipAllPausesParams{Skip: true})
	return w
}

func (w *watch) note(event any) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		if at := topmost(e.StackTrace); !w.ours(at) {
			w.ran = append(w.ran, "console."+string(e.Type)+" in "+at)
		}
	case *runtime.EventExceptionThrown:
		at := e.ExceptionDetails.URL
		if at == "" {
			at = topmost(e.ExceptionDetails.StackTrace)
		}
		if !w.ours(at) {
			w.ran = append(w.ran, "exception in "+at)
		}
	case *page.EventJavascriptDialogOpening:
		w.ran = append(w.ran, "dialog in "+e.URL)
		go chromedp.Call(w.b.ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{Accept: true})
	case *debugger.EventScriptParsed:
		if e.URL != "" && !w.ours(e.URL) && !strings.HasPrefix(e.URL, "chrome-error:") { // the test's own have no address; Chromium's page about what it blocked has one
			w.scripts = append(w.scripts, fmt.Sprintf("%s:%d", e.URL, e.StartLine))
		}
	case *network.EventRequestWillBeSent:
		for _, own := range []string{w.b.site + "/", "data:", "blob:", "about:", "chrome-error:"} {
			if strings.HasPrefix(e.Request.URL, own) {
				return
			}
		}
		w.left[e.RequestID] = e.Request.Method + " " + e.Request.URL
	case *network.EventLoadingFailed:
		if e.BlockedReason == network.BlockedReasonCsp {
			delete(w.left, e.RequestID)
		}
	}
}

// topmost is the address of the script that was running.
func topmost(trace *runtime.StackTrace) string {
	if trace == nil || len(trace.CallFrames) == 0 {
		return ""
	}
	return trace.CallFrames[0].URL
}

// ours says whether a script is one of the pages' own.
func (w *watch) ours(url string) bool { return strings.HasPrefix(url, w.b.site+"/static/") }

// taken answers what was noted since the last time.
func (w *watch) taken() (ran, scripts, left []string) {
	w.b.mu.Lock()
	defer w.b.mu.Unlock()
	for _, request := range w.left {
		left = append(left, request)
	}
	ran, scripts = w.ran, w.scripts
	w.ran, w.scripts, w.left, w.b.wrong = nil, nil, map[network.RequestID]string{}, nil
	return ran, scripts, left
}

// poke does to every element of a document what a person might, and calls its handlers, but follows
// no link to another host: that is the person's own wish.
const poke = `const poke = (doc) => { for (const e of doc.querySelectorAll("*")) {
  for (const kind of ["load", "error", "begin", "focus", "blur", "mouseover", "mouseout", "mousemove", "mousedown", "mouseup", "dragstart", "keydown", "input", "change", "scroll", "toggle", "submit", "propertychange", "animationstart"])
    e.dispatchEvent(new Event(kind));
  const link = e.closest("a[href]");
  if (!link || /^\s*(javascript|data):/i.test(link.protocol || link.href.baseVal || "")) e.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
} };`

// pokeFrames does it to all frames that hold a message.
const pokeFrames = poke + `document.querySelectorAll("iframe.paper-frame").forEach(f => { if (f.contentDocument) poke(f.contentDocument); });`

// settle gives what a document still wants to do the time to be done; nothing tells of a thing that
// does not happen. The control shows that it is long enough.
const settle = `new Promise(done => setTimeout(() => requestAnimationFrame(() => setTimeout(done, 50)), 50))`
