package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
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
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// browser is a real one with the house's pages in it. It notes what must not happen: policy
// violations, errors on the console, requests to other hosts.
type browser struct {
	t    *testing.T
	ctx  context.Context
	site string
	cut  func() // takes the network away

	mu    sync.Mutex
	wrong []string
	boxes int // dialogs that a script opened
}

func newBrowser(t *testing.T, h *house, who string, more ...chromedp.ExecAllocatorOption) *browser {
	t.Helper()
	return newPatientBrowser(t, h, who, 2*time.Minute, more...)
}

// newPatientBrowser is for tests that take longer.
func newPatientBrowser(t *testing.T, h *house, who string, patience time.Duration, more ...chromedp.ExecAllocatorOption) *browser {
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
	flags = append(flags, more...)
	alloc, endAlloc := chromedp.NewExecAllocator(context.Background(), flags...)
	t.Cleanup(endAlloc)
	tab, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	b := &browser{t: t, site: server.URL, cut: func() { server.CloseClientConnections(); server.Listener.Close() }}
	must(t, chromedp.Listen(tab, b.note))
	ctx, stop := context.WithTimeout(tab, patience)
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
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, b.site) && !strings.HasPrefix(e.Request.URL, "data:") {
			what = "request to " + e.Request.URL
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError {
			what = e.Entry.Text
		}
	case *page.EventJavascriptDialogOpening:
		b.boxes++
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError {
			what = "console.error"
			for _, arg := range e.Args {
				what += " " + string(arg.Value) + arg.Description
			}
		}
	case *runtime.EventExceptionThrown:
		what = e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			what += ": " + thrown.Description
		}
	}
	if what != "" {
		b.wrong = append(b.wrong, what)
	}
}

func (b *browser) dialogs() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.boxes
}

// click presses the first element that matches, as a mouse does.
func (b *browser) click(selector string) {
	b.t.Helper()
	ctx, stop := context.WithTimeout(b.ctx, 10*time.Second)
	defer stop()
	if err := chromedp.Do(ctx, chromedp.Click(selector)); err != nil {
		b.t.Fatalf("click %s: %v", selector, err)
	}
}

// shows waits until the first element that matches says text.
func (b *browser) shows(selector, text string) {
	b.t.Helper()
	got := ""
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		ctx, stop := context.WithTimeout(b.ctx, time.Second)
		said, err := chromedp.Run(ctx, chromedp.TextContent(selector))
		stop()
		if got = strings.Join(strings.Fields(said), " "); err == nil && got == text {
			return
		}
	}
	b.t.Fatalf("%s says %q, not %q", selector, got, text)
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

// js evaluates an expression. A page that is being exchanged for the next one has no context to evaluate in
// for a moment; nothing ran then, so it is asked again.
func js[T any](b *browser, expression string) (value T) {
	b.t.Helper()
	value, err := evaluate[T](b, expression)
	must(b.t, err)
	return value
}

// promised evaluates an expression that is a promise.
func promised[T any](b *browser, expression string) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	must(b.t, err)
	return value
}

func evaluate[T any](b *browser, expression string) (value T, err error) {
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		value, err = chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
		if err == nil || !strings.Contains(err.Error(), "Cannot find context") || time.Now().After(deadline) {
			return value, err
		}
	}
}

// until waits for an expression to be true and answers how long that took.
func (b *browser) until(expression string) time.Duration {
	b.t.Helper()
	start := time.Now()
	if err := b.becomes(expression, 20*time.Second); err != nil {
		b.clean("waiting")
		b.t.Fatal(err)
	}
	return time.Since(start)
}

// becomes waits for an expression to be true. One that throws, or whose page goes away under it, is not true yet.
func (b *browser) becomes(expression string, within time.Duration) error {
	for start := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		ctx, stop := context.WithTimeout(b.ctx, 5*time.Second)
		yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
		stop()
		if err == nil && yes {
			return nil
		}
		if time.Since(start) > within {
			return fmt.Errorf("%s: not so within %v (%v)", expression, within, err)
		}
	}
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
  return r.width > 0 && getComputedStyle(e).visibility !== "hidden" && !e.closest(".vh, p, .mail, .skip, h3") && !e.matches(".skip, .vh, .name, [type=checkbox], .opt > [type=radio]") && (r.width < 24 || r.height < 24) })
  .slice(0, 5).map(e => e.outerHTML.slice(0, 100))`

// TestCheck13_NewMail: new mail comes by itself, with ticks, scroll and focus where they were, and said once.
func TestCheck13_NewMail(t *testing.T) {
	h := newHouse(t)
	for i := range 60 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), ago: time.Duration(60-i) * time.Minute, seen: true})
	}
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	b.until(`document.documentElement.classList.contains("js")`)
	js[bool](b, `(() => { const list = document.querySelector(".list"), row = document.querySelectorAll("li.row")[20];
		row.querySelector("[name=pick]").checked = true; row.querySelector("h3 a").focus(); list.scrollTop = 700;
		window.kept = row.id; window.said = []; new MutationObserver(() => said.push(document.getElementById("say").textContent)).observe(document.getElementById("say"), {childList: true}); return true })()`)
	h.deliver(katrin, letter{subject: "Ganz neu & <wichtig>"})
	t.Logf("new mail was shown after %v", b.until(`document.querySelector("li.row .subj").textContent.trim() === "Ganz neu & <wichtig>"`))
	if got := js[string](b, `[...document.querySelectorAll("[name=pick]:checked")].map(c => c.closest("li").id + (c.closest("li").id === kept)).join()`); !strings.HasSuffix(got, "true") {
		t.Errorf("ticked: %q", got)
	}
	if !js[bool](b, `document.activeElement.closest("li") !== null && document.activeElement.closest("li").id === kept`) {
		t.Error("the focus has moved")
	}
	if got := js[float64](b, `document.querySelector(".list").scrollTop`); got < 600 {
		t.Errorf("the list has scrolled to %v", got)
	}
	b.until(`said.length > 0`)
	if got := js[string](b, `said.join("|")`); got != "Neue Nachricht von Olivia Hartley: Ganz neu & <wichtig>" {
		t.Errorf("said: %q", got)
	}
	if got := js[string](b, `document.title`); got != "Posteingang (1) – Stadtwerke Ahrenfeld" {
		t.Errorf("title: %q", got)
	}
	h.start("outage")
	b.until(`document.querySelector("#band strong")?.textContent === "Notbetrieb seit 14:12."`)
	b.clean("live inbox")
}

// TestReadingInBrowser: a click opens the message beside the list, which stays where it was; it is
// marked read by itself; the frame fits; archiving is undone.
func TestReadingInBrowser(t *testing.T) {
	h := newHouse(t)
	for i := range 40 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), ago: time.Duration(60-i) * time.Minute, seen: true})
	}
	id := h.deliver(katrin, letter{subject: "Mit Bild", head: "Content-Type: text/html\r\n", text: "<p>Hallo</p>" + strings.Repeat("<p>Zeile</p>", 60), ago: 35*time.Minute + 30*time.Second})
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	row := fmt.Sprintf(`document.getElementById("t-%s")`, h.message(katrin, id).Thread)
	js[bool](b, row+`.scrollIntoView({block: "center"}), window.at = document.querySelector(".list").scrollTop, `+row+`.querySelector("h3 a").click(), true`)
	b.until(`location.pathname.startsWith("/mail/inbox/") && document.getElementById("t") !== null && document.activeElement.id === "t"`)
	if !js[bool](b, `at > 100 && Math.abs(document.querySelector(".list").scrollTop - at) < 5`) {
		t.Error("the list has jumped")
	}
	b.until(`!` + row + `.classList.contains("unread")`)
	if !h.message(katrin, id).Flags.Seen {
		t.Error("the store does not know that it was read")
	}
	b.until(`document.querySelector(".paper-frame").offsetHeight > 1500`)
	js[bool](b, `document.querySelector(".conv-head button[value=archive]").click(), true`)
	b.until(`document.querySelector(".toast")?.textContent.includes("1 Unterhaltung archiviert.") && location.pathname === "/mail/inbox"`)
	if got := h.message(katrin, id).Folder; got != "archive" {
		t.Errorf("it lies in %s", got)
	}
	b.click(".toast button")
	b.shows(".toast", "Rückgängig gemacht.")
	if got := h.message(katrin, id).Folder; got != "inbox" {
		t.Errorf("it lies in %s", got)
	}
	b.run(chromedp.NavigateBack())
	b.until(`document.readyState === "complete"`)
	if got := js[string](b, `JSON.stringify([{...sessionStorage}, {...localStorage}])`); strings.Contains(got, "Nummer") || strings.Contains(got, "Mit Bild") || len(got) > 200 {
		t.Errorf("the browser keeps %s", got)
	}
	b.clean("reading")
}

// TestQuoteInFrame: the repeated text of an HTML mail is folded without a script, and its frame grows when it is opened.
func TestQuoteInFrame(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "AW: Kran", seen: true, head: "Content-Type: text/html\r\n", text: "<div><p>Ja, Montag passt.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'><p><b>Von:</b> Otto<br><b>Gesendet:</b> gestern<br><b>An:</b> Katrin<br><b>Betreff:</b> Kran</p></div>" +
		strings.Repeat("<p>Alte Zeile</p>", 40) + "</div>"})
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open(h.open(katrin, id))
	b.until(`document.querySelector(".paper-frame").contentDocument.querySelector("details summary")?.textContent === "Zitierten Text zeigen"`)
	b.until(`document.querySelector(".paper-frame").offsetHeight < 400`)
	b.picture("quote-folded")
	js[bool](b, `document.querySelector(".paper-frame").contentDocument.querySelector("summary").click(), true`)
	b.until(`document.querySelector(".paper-frame").offsetHeight > 800`)
	b.clean("quote")
}

// TestAttacksInBrowser: the corpus's hostile HTML runs nothing and fetches nothing, neither in its own
// document nor beside our list.
func TestAttacksInBrowser(t *testing.T) {
	attacks := corpusAttacks(t)
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	for name, payload := range attacks {
		id := h.deliver(katrin, letter{subject: name, seen: true, head: "Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n",
			text: base64.StdEncoding.EncodeToString([]byte("<p>" + name + "</p>" + payload + "<p>Ende</p>"))})
		b.open(h.open(katrin, id))
		b.until(`document.querySelector(".paper-frame").offsetHeight > 0`)
		b.open("/m/" + string(id) + "/body")
		if got := js[string](b, `location.pathname`); got != "/m/"+string(id)+"/body" {
			t.Errorf("%s: the page went to %s", name, got)
		}
		if b.dialogs() > 0 {
			t.Fatalf("%s: a script ran", name)
		}
		b.clean(name)
	}
	t.Logf("%d attacks opened", len(attacks))
}

// corpusAttacks are the corpus's own cases, all of them, and every eighth of the sanitiser's vectors.
func corpusAttacks(t *testing.T) map[string]string {
	t.Helper()
	root := os.Getenv("HOLDOVER_CORPUS")
	if root == "" {
		root = "../../shared/corpus"
	}
	attacks := map[string]string{}
	for name, step := range map[string]int{"mail-html-cases.json": 1, "dompurify-vectors.json": 8} {
		text, err := os.ReadFile(filepath.Join(root, "html-attacks", name))
		if err != nil && os.Getenv("CI") != "true" {
			t.Skipf("no corpus at %s; set HOLDOVER_CORPUS", root)
		}
		must(t, err)
		var cases []struct{ ID, Payload string }
		must(t, json.Unmarshal(text, &cases))
		for i := 0; i < len(cases); i += step {
			attacks[cases[i].ID] = cases[i].Payload
		}
	}
	if len(attacks) < 25 {
		t.Fatalf("only %d attacks found", len(attacks))
	}
	return attacks
}

// TestCheck04_Pages: without a script: reading, paging, searching, moving and undoing by links and forms alone.
func TestCheck04_Pages(t *testing.T) {
	h := newHouse(t)
	for i := range 55 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), text: "Rotor", ago: time.Duration(60-i) * time.Minute})
	}
	h.found("/search?q=rotor", 50)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	b.open("/mail/inbox")
	b.click(".pages a.push")
	b.shows(".row .subj", "Nummer 4")
	b.click(".row h3 a")
	b.shows("h1", "Nummer 4")
	b.click("form[id^=seen-] button")
	b.shows("h1", "Nummer 4")
	b.click(".conv-head button[value=archive]")
	b.shows(".toast", "1 Unterhaltung archiviert. Rückgängig")
	b.click(".toast button")
	b.shows(".toast", "Rückgängig gemacht.")
	b.click(".row .pick")
	b.click(".tools button[value=flag]")
	b.shows(".toast", "1 Unterhaltung gekennzeichnet. Rückgängig")
	b.open("/search?q=rotor")
	b.shows("h1", "55 Treffer")
	b.open("/mail/inbox")
	b.click(".me summary")
	b.click(".me button[value=en]")
	b.clean("without script")
}

// TestSignInPageInBrowser: name, banner and no password field, in every size and colour; open menus fit.
func TestSignInPageInBrowser(t *testing.T) {
	h := newHouse(t)
	h.sample()
	b := newBrowser(t, h, "nobody")
	for _, width := range []int{1280, 390, 320} {
		for _, dark := range []bool{false, true} {
			b.window(width, dark)
			b.open("/")
			where := fmt.Sprintf("signin-%d-%v", width, dark)
			b.picture(where)
			if got := js[[]string](b, overflow); len(got) > 0 {
				t.Errorf("%s sticks out: %q", where, got)
			}
			if js[bool](b, `document.querySelector("[type=password]") !== null || document.querySelectorAll(".org-name").length !== 1`) {
				t.Errorf("%s: a password field, or no name", where)
			}
			b.shows("h1", "E-mail emergency service") // as the browser asks
			b.clean(where)
		}
	}
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: jens, URL: b.site})
	for _, width := range []int{1280, 390, 320} {
		b.window(width, width == 390)
		h.deliver(jens, letter{subject: "Rotor"})
		b.open("/mail/inbox")
		for _, menu := range []string{".me details.menu", ".tools details.menu", "#band-more", ".fold-s"} {
			js[bool](b, `document.querySelectorAll("details[open]").forEach(d => d.open = false), document.querySelector("`+menu+`").open = true`)
			where := fmt.Sprintf("menu-%d-%s", width, strings.Trim(strings.ReplaceAll(menu, " ", ""), ".#"))
			b.picture(where)
			if got := js[[]string](b, strings.Replace(overflow, `&& s.position !== "absolute" && !e.closest(".vh, [hidden], .menu > div")`, `&& !e.closest(".vh, [hidden]")`, 1)); len(got) > 0 {
				t.Errorf("%s sticks out: %q", where, got)
			}
			if js[bool](b, `[...document.querySelectorAll("details[open] > div")].some(e => e.getBoundingClientRect().left < -1)`) {
				t.Errorf("%s sticks out to the left", where)
			}
		}
		b.clean("menus")
	}
}
