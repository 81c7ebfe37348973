package web

import (
	"context"
	"fmt"
	"hash/fnv"
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
	who    string                 // address, "" nobody
	path   string                 // or
	at     func(w *walk) string   // where it is, known only now; or
	do     func(w *walk)          // how one gets there
	status int                    // when it is not 200: the console tells of it
	then   string                 // script that opens what is closed; may be empty
	calm   bool                   // looked at in one colour and width only
	pages  func(w *walk) []string // several pages of the same kind: /path
}

// look is how somebody looks at a page.
type look struct {
	width int
	dark  bool
	lang  string
}

func (l look) String() string {
	return fmt.Sprintf("%d-%s-%s", l.width, map[bool]string{true: "dark", false: "light"}[l.dark], l.lang)
}

// everyLook is the full product. HOLDOVER_WALK=all takes it for each state; otherwise each state is seen in two looks that
// together have both widths, both colours and both languages, turning from state to state, and axe judges one of them.
var everyLook = []look{{1280, false, "de"}, {390, true, "en"}, {1280, true, "en"}, {390, false, "de"}, {1280, false, "en"}, {390, true, "de"}, {1280, true, "de"}, {390, false, "en"}}

func looksOf(n int, s state) []look {
	if s.calm {
		return everyLook[2*(n%4) : 2*(n%4)+1]
	}
	if os.Getenv("HOLDOVER_WALK") == "all" || os.Getenv("HOLDOVER_SHOTS") != "" {
		return everyLook
	}
	return everyLook[2*(n%4) : 2*(n%4)+2]
}

// turn gives a state its looks by its name, so that another state beside it changes nothing.
func turn(name string) int {
	sum := fnv.New32a()
	sum.Write([]byte(name))
	return int(sum.Sum32() % 8)
}

// walk is a browser on its way through all pages, and what it found, by check.
type walk struct {
	*browser
	h       *house
	axe     string
	look    look
	who     string
	ids     map[string]string // messages and sends by the name that the walk gives them
	event   string            // the one at hand
	judging bool              // axe is asked too

	found      map[string][]string
	incomplete map[string]string // rule and markup that axe leaves to a person
	states     []string
	visits     int
	done       bool // all states were visited
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
	w.axe = axeSource(t)
	w.h = newWalkHouse(t)
	w.browser = newPatientBrowser(t, w.h, "", 15*time.Minute)
	w.ids = map[string]string{}
	w.found, w.incomplete = map[string][]string{}, map[string]string{}
	call(w.browser, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{
		Source: `document.addEventListener("securitypolicyviolation", e => console.error("policy: " + e.violatedDirective + " " + e.blockedURI))`})
	only := os.Getenv("HOLDOVER_WALK_ONLY")
	full := os.Getenv("HOLDOVER_WALK") == "all"
	for _, part := range walkParts {
		part.set(w)
		for _, s := range part.states {
			n := turn(s.name)
			if only != "" && !strings.Contains(","+only+",", ","+s.name+",") {
				continue
			}
			w.states = append(w.states, s.name)
			for i, l := range looksOf(n, s) { // axe takes most of the time: once for each state, by turns in each look
				w.judging = full || s.calm || i == n/4%2
				w.visit(s, l)
			}
		}
	}
	w.done = true
	t.Logf("%d states, %d visits", len(w.states), w.visits)
}

// visit looks at one state.
func (w *walk) visit(s state, l look) {
	w.visits++
	whole := w.ctx
	ctx, stop := context.WithTimeout(whole, 90*time.Second)
	defer func() { stop(); w.ctx = whole }()
	w.ctx = ctx
	if os.Getenv("HOLDOVER_WALK") != "" {
		t0 := time.Now()
		defer func() { fmt.Fprintln(os.Stderr, s.name, l, time.Since(t0).Round(time.Millisecond)) }()
	}
	w.dress(s.who, l)
	paths := []string{s.path}
	switch {
	case s.pages != nil:
		paths = s.pages(w)
	case s.at != nil:
		paths = []string{s.at(w)}
	}
	for n, path := range paths {
		where := s.name + "-" + l.String()
		if len(paths) > 1 {
			where += "-" + strconv.Itoa(n)
		}
		if s.do != nil {
			s.do(w)
		} else {
			w.open(path)
		}
		w.examine(where, s)
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

func (w *walk) cookie(name, value string) {
	call(w.browser, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: w.site})
}

// examine notes what is wrong with the open page.
func (w *walk) examine(where string, s state) {
	w.settled(where)
	if s.then != "" {
		js[bool](w.browser, `(() => { `+s.then+`; return true })()`)
	}
	v := js[seen](w.browser, eyes)
	w.note06(where, v)
	w.words(where, v.Text)
	w.leftovers(where, s.status)
	w.shot(where)
	if w.judging {
		w.ask(where)
	}
	if w.look.width == 390 {
		w.narrow(where, 320, 700, 1)
	} else {
		w.narrow(where, 640, 400, 2) // 1280 px at 200 %
	}
}

// settled waits for a page that is complete and asks for nothing more.
func (w *walk) settled(where string) {
	const quiet = `document.readyState === "complete" && !document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling, .htmx-added")`
	if err := w.becomes(quiet, time.Minute); err != nil {
		w.fault("06", where+": "+err.Error())
	}
}

func (w *walk) fault(check, what string) { w.found[check] = append(w.found[check], what) }

func (w *walk) note06(where string, v seen) {
	for what, list := range map[string][]string{"sticks out": v.Right, "is under 24 px": v.Small, "is under 44 px": v.Low, "is cut off": v.Clipped} {
		for _, e := range list {
			w.fault("06", where+": "+e+" "+what)
		}
	}
}

// leftovers are errors on the console and requests to others since the last page.
func (w *walk) leftovers(where string, status int) {
	w.mu.Lock()
	wrong := w.wrong
	w.wrong = nil
	w.mu.Unlock()
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
	js[bool](w.browser, w.axe+";true")
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[judged](judge, chromedp.EvalAwaitPromise))
	must(w.t, err)
	for _, n := range v.Violations {
		w.fault("01", where+": "+strings.Join(n, " | "))
	}
	for _, n := range v.Incomplete {
		w.incomplete[undecided(n[0], n[3], n[2])] = where + " " + n[2]
	}
}

// narrow looks whether the page fits another window.
func (w *walk) narrow(where string, width, height int64, scale float64) {
	mobile := scale == 1
	call(w.browser, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: width, Height: height, DeviceScaleFactor: scale, Mobile: false})
	for _, e := range js[[]string](w.browser, stickingOut) {
		w.fault("06", fmt.Sprintf("%s at %d px (phone %v): %s sticks out", where, width, mobile, e))
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
