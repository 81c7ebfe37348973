package web

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// state is one page in one state. TestCheck01 and its sisters share one walk over all of them.
type state struct {
	name   string
	who    string               // address, "" nobody
	path   string               // or
	at     func(w *walk) string // where it is, known only now; or
	do     func(w *walk)        // how one gets there
	status int                  // when it is not 200: the console tells of it
	then   string               // script that opens what is closed; may be empty
	calm   bool                 // the usual run looks in one colour and width only
	full   bool                 // only the full walk goes there
}

// walk is a browser on its way through all pages, and what it found.
type walk struct {
	*browser
	h     *house
	pages *walkPages
	axe   string
	look  look
	who   string
	ids   map[string]string // messages and sends by the name that the walk gives them
	event string            // the one at hand
	piece piece             // of the full walk

	verdict                     // on the state at hand
	found   map[string][]string // on all of them, by check
	pageMu  sync.Mutex          // of seen and here
	seen    map[string]string   // what was answered, and where first
	here    string              // the state at hand
	asks    map[string]string   // what axe leaves to a person, and where first
	states  []string
	visits  int
	done    bool // all states were visited
}

// verdict is what the walk found in one state.
type verdict struct {
	State      string
	Looks      int                 // in which it was seen
	Judged     int                 // in which axe judged it
	Found      map[string][]string // what is wrong, by check
	Incomplete map[string]string   // rule and markup that axe leaves to a person, and where first
	Seconds    float64
	Of         int    // states that there are
	Share      string // of the walk, that visited it
}

// theOne is the walk that all checks share; who comes first walks.
var (
	theOne  walk
	walking sync.Once
)

// theWalk is the finished walk. One that broke off proves nothing, whatever it has found until then.
func theWalk(t *testing.T) *walk {
	t.Helper()
	walking.Do(func() { theOne.all(t) })
	switch {
	case theOne.done:
	case theOne.visits == 0 && os.Getenv("CI") != "true":
		t.Skip("the walk did not take place: the first of its checks says why")
	default:
		t.Fatalf("the walk broke off after %d visits: the first of its checks says why", theOne.visits)
	}
	return &theOne
}

// axeSource is the program of axe-core, which the package lock pins and nothing ships.
func axeSource(t *testing.T) string {
	t.Helper()
	octets, err := os.ReadFile("../static/node_modules/axe-core/axe.min.js")
	if err != nil && os.Getenv("CI") != "true" {
		t.Skip("axe-core is missing: sh static/build.sh")
	}
	must(t, err)
	return string(octets)
}

// all goes through every state.
func (w *walk) all(t *testing.T) {
	w.axe, w.piece = axeSource(t), pieceAtHand(t)
	w.seen, w.asks, w.found, w.ids = map[string]string{}, map[string]string{}, map[string][]string{}, map[string]string{}
	w.h, w.pages = newWalkHouse(t, w.saw)
	w.browser = newPatientBrowser(t, w.h, "", w.piece.patience)
	call(w.browser, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("securitypolicyviolation", e => console.error("policy: " + e.violatedDirective + " " + e.blockedURI))`})
	only := os.Getenv("HOLDOVER_WALK_ONLY")
	for _, part := range walkParts() {
		part.set(w)
		for _, s := range part.states {
			if !s.walked() || only != "" && !strings.Contains(","+only+",", ","+s.name+",") || !w.piece.wants(s.name) {
				continue
			}
			w.states = append(w.states, s.name)
			w.visit(s, looksOf(s))
		}
	}
	w.done = true
	t.Logf("%d states, %d visits", len(w.states), w.visits)
}

// visit looks at one state in several looks. It is loaded for each language and width; colours change on the open page,
// as they do when evening comes.
func (w *walk) visit(s state, looks []look) {
	whole, t0 := w.ctx, time.Now()
	ctx, stop := context.WithTimeout(whole, time.Duration(len(looks))*time.Minute)
	w.verdict = verdict{State: s.name, Found: map[string][]string{}, Incomplete: map[string]string{}}
	defer func() {
		stop()
		w.ctx, w.Seconds = whole, time.Since(t0).Seconds()
		if w.Looks < len(looks) { // a step has ended the test
			w.fault("broke", s.name+": the walk broke off in its look "+looks[w.Looks].String())
		}
		w.keep()
	}()
	w.ctx = ctx
	w.pageMu.Lock()
	w.here = s.name
	w.pageMu.Unlock()
	for n, l := range looks {
		if n == 0 || !l.sameLoad(looks[n-1]) {
			w.dress(s.who, l)
			w.load(s)
		} else {
			w.window(l.width, l.dark)
			w.look = l
		}
		w.examine(s)
		if n == len(looks)-1 || !l.sameLoad(looks[n+1]) {
			w.elsewhere(s.name)
		}
		w.Looks++
		w.visits++
	}
}

// keep adds a state's verdict to the whole.
func (w *walk) keep() {
	for check, list := range w.Found {
		w.found[check] = append(w.found[check], list...)
	}
	for one, where := range w.Incomplete {
		w.asks[one] = where
	}
	w.piece.write(w.t, w.verdict)
}

// load opens the state's page.
func (w *walk) load(s state) {
	switch {
	case s.do != nil:
		s.do(w)
	case s.at != nil:
		w.open(s.at(w))
	default:
		w.open(s.path)
	}
	w.settled(s.name)
	if s.then != "" {
		js[bool](w.browser, `(() => { `+s.then+`; return true })()`)
	}
}

// dress sets person, language, size and colours.
func (w *walk) dress(who string, l look) {
	if l.lang != w.look.lang || who != w.who {
		w.cookie("who", who)
		w.cookie("speaks", l.lang)
	}
	if l.width != w.look.width || l.dark != w.look.dark {
		w.window(l.width, l.dark)
	}
	w.look, w.who = l, who
}

// navigate opens an address that may be none of ours.
func (w *walk) navigate(address string) { w.run(chromedp.Navigate(address)) }

func (w *walk) cookie(name, value string) {
	call(w.browser, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: w.site})
}

// examine notes what is wrong with the open page.
func (w *walk) examine(s state) {
	where := s.name + "-" + w.look.String()
	w.settled(where)
	v := js[seen](w.browser, eyes)
	w.note06(where, v)
	w.words(where, v.Text)
	w.leftovers(where, s.status)
	w.shot(where)
	if w.look.judged {
		w.ask(where)
	}
}

// elsewhere looks whether the open page fits other windows: 320 px, and 1280 px at 200 %.
func (w *walk) elsewhere(name string) {
	where := name + "-" + w.look.String()
	if w.look.width == 390 {
		w.hidden(where)
		w.narrow(where, 320, 700, 1)
	} else {
		w.narrow(where, 640, 400, 2)
	}
}

// settled waits for a page that is complete, asks for nothing more and has its colours.
func (w *walk) settled(where string) {
	const quiet = `document.readyState === "complete" && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added") &&
		!document.getAnimations().some(a => a instanceof CSSTransition && a.playState === "running")`
	if err := w.becomes(quiet, time.Minute); err != nil {
		w.fault("06", where+": "+err.Error())
	}
}

func (w *walk) fault(check, what string) { w.Found[check] = append(w.Found[check], what) }

func (w *walk) note06(where string, v seen) {
	for what, list := range map[string][]string{"sticks out": v.Right, "is under 24 px": v.Small, "is under 44 px": v.Low, "is cut off": v.Clipped, "is where the skip link leads, and skips nothing": v.Astray} {
		for _, e := range list {
			w.fault("06", where+": "+e+" "+what)
		}
	}
}

// leftovers are errors on the console and requests to others since the last page.
func (w *walk) leftovers(where string, status int) {
	w.browser.mu.Lock()
	wrong := w.wrong
	w.wrong = nil
	w.browser.mu.Unlock()
	for _, what := range wrong {
		switch {
		case strings.HasPrefix(what, "request to "):
			w.fault("03", where+": "+what)
		case status != 0 && strings.Contains(what, strconv.Itoa(status)): // the console tells of the page itself
		default:
			w.fault("02", where+": "+what)
		}
	}
}

// ask lets axe judge.
func (w *walk) ask(where string) {
	// What happens to lie under a bar that stays in place can be scrolled away from it; axe would call it too small to hit.
	js[bool](w.browser, `document.querySelectorAll(".bar").forEach(e => { e.style.position = "static" }), true`)
	if !js[bool](w.browser, `!!window.axe`) {
		js[bool](w.browser, w.axe+";true")
	}
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[judged](judge, chromedp.EvalAwaitPromise))
	must(w.t, err)
	js[bool](w.browser, `document.querySelectorAll(".bar").forEach(e => { e.style.position = "" }), true`)
	for _, n := range v.Violations {
		w.fault("01", where+": "+strings.Join(n, " | "))
	}
	for _, n := range v.Incomplete {
		w.Incomplete[undecided(n[0], n[3], n[2])] = where + " " + n[2]
	}
	w.Judged++
}

// hidden looks for what the keyboard reaches and nobody sees (WCAG 2.4.11): all of it under a bar that stays in place.
func (w *walk) hidden(where string) {
	for _, e := range js[[]string](w.browser, underBars) {
		w.fault("06", where+": "+e+" has the focus and lies under a bar")
	}
}

// narrow looks whether the page fits another window.
func (w *walk) narrow(where string, width, height int64, scale float64) {
	call(w.browser, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale, Mobile: false})
	for _, e := range js[[]string](w.browser, stickingOut) {
		w.fault("06", fmt.Sprintf("%s at %d px: %s sticks out", where, width, e))
	}
	w.look.width = 0 // the next page sets it anew
}

// shot keeps a picture of the whole page.
func (w *walk) shot(name string) {
	dir := os.Getenv("HOLDOVER_SHOTS")
	if dir == "" {
		return
	}
	height := js[float64](w.browser, `Math.min(2400, Math.max(innerHeight, document.documentElement.scrollHeight))`)
	yes := true
	got, err := chromedp.Call(w.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{CaptureBeyondViewport: &yes,
		Clip: &page.Viewport{Width: float64(w.look.width), Height: height, Scale: 1}})
	must(w.t, err)
	must(w.t, os.MkdirAll(dir, 0o755))
	must(w.t, os.WriteFile(filepath.Join(dir, name+".png"), got.Data, 0o644))
}

// report fails a check with what the walk found for it.
func (w *walk) report(t *testing.T, check string) {
	t.Helper()
	list := slices.Clone(w.found[check])
	slices.Sort(list)
	for n, what := range slices.Compact(list) {
		if n == 60 {
			t.Errorf("and %d more", len(list)-n)
			break
		}
		t.Error(what)
	}
}
