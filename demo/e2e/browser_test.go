package e2e_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

const step = 20 * time.Second

// browser is one Chromium; each window has a cookie jar of its own.
type browser struct {
	ctx   context.Context
	hosts map[string]bool // everything else is a foreign request

	mu       sync.Mutex
	troubles []string
}

func startBrowser(t *testing.T, allowed ...string) *browser {
	t.Helper()
	b := &browser{hosts: map[string]bool{}}
	for _, address := range allowed {
		u, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		b.hosts[u.Host] = true
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.Flag("no-sandbox", os.Getuid() == 0), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("lang", "de"), chromedp.Flag("hide-scrollbars", false))
	alloc, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, end := chromedp.NewContext(alloc)
	t.Cleanup(end)
	if err := chromedp.Do(ctx); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Chromium does not start: %v", err)
		}
		t.Skipf("Chromium does not start (scripts/install.sh test): %v", err)
	}
	b.ctx = ctx
	t.Cleanup(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if len(b.troubles) > 0 {
			t.Errorf("%d errors on the console, violations of the policy or foreign requests:\n%s", len(b.troubles), strings.Join(b.troubles, "\n"))
		}
	})
	return b
}

func (b *browser) trouble(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, fmt.Sprintf(format, args...))
}

// window is one tab with its own cookies.
type window struct {
	t   *testing.T
	b   *browser
	ctx context.Context
}

// how a window shows pages.
type how struct {
	width, height int64
	dark, plain   bool // plain: JavaScript is off
	language      string
}

func (b *browser) window(t *testing.T, h how) *window {
	t.Helper()
	if h.width == 0 {
		h.width, h.height = 1280, 800
	}
	if h.language == "" {
		h.language = "de"
	}
	ctx, close := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	t.Cleanup(close)
	w := &window{t: t, b: b, ctx: ctx}
	if err := chromedp.Listen(ctx, w.listen); err != nil {
		t.Fatal(err)
	}
	w.run("open a window", command(network.Enable, network.EnableParams{}), command(cdplog.Enable, cdp.Empty{}), w.look(h),
		command(emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: h.plain}),
		command(network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": h.language}}))
	return w
}

type action = chromedp.Action[chromedp.Void]

// command is a step that sends one command of the protocol and drops its answer.
func command[P, R any](c cdp.Command[P, R], params P) action {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, c, params)
		return chromedp.Void{}, err
	}
}

// look sets size and colours.
func (w *window) look(h how) action {
	scheme := "light"
	if h.dark {
		scheme = "dark"
	}
	return chromedp.Steps(
		chromedp.EmulateViewport(h.width, h.height),
		command(emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}}),
	)
}

// listen gathers what must not happen: errors on the console, policy violations (Chromium logs them
// as errors), exceptions, requests to other hosts.
func (w *window) listen(event any) {
	switch e := event.(type) {
	case *cdplog.EventEntryAdded:
		if e.Entry.Level == cdplog.EntryLevelError {
			w.b.trouble("log: %s %s (%s)", e.Entry.Source, e.Entry.Text, e.Entry.URL)
		}
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeAssert {
			w.b.trouble("console: %v", e.Args)
		}
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if thrown := e.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
		w.b.trouble("exception: %s (%s)", text, e.ExceptionDetails.URL)
	case *network.EventRequestWillBeSent:
		u, err := url.Parse(e.Request.URL)
		if err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "ws") && !w.b.hosts[u.Host] {
			w.b.trouble("foreign request: %s from %s", e.Request.URL, e.DocumentURL)
		}
	}
}

// run does actions, or fails the test with a picture of the page.
func (w *window) run(what string, actions ...action) {
	w.t.Helper()
	err := within(w.ctx, step, func(ctx context.Context) error { return chromedp.Do(ctx, actions...) })
	if err != nil {
		w.t.Fatalf("%s: %v\n%s", what, err, w.state())
	}
}

// state says where the window is; for failures.
func (w *window) state() string {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	at, err := chromedp.Run(ctx, chromedp.Evaluate[string]("location.href"))
	if err != nil {
		return "and the page cannot be read: " + err.Error()
	}
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
	picture, _ := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	path := filepath.Join(os.TempDir(), fmt.Sprintf("holdover-e2e-%d.png", time.Now().UnixNano()))
	os.WriteFile(path, picture, 0o600)
	return fmt.Sprintf("at %s, picture %s, page:\n%.2000s", at, path, text)
}

func (w *window) open(address string) {
	w.t.Helper()
	w.run("open "+address, chromedp.Navigate(address))
}

// click presses the first visible element and waits for nothing: wait for what comes next.
func (w *window) click(selector string) {
	w.t.Helper()
	w.run("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
	w.holds(fmt.Sprintf(`(document.querySelector(%q).scrollIntoView({block: "center"}), true)`, selector)) // out from under a sticky bar, as people do
	w.run("click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// see waits until the first element that matches is visible.
func (w *window) see(selector string) {
	w.t.Helper()
	w.run("see "+selector, chromedp.WaitVisible(chromedp.CSS(selector)))
}

// until waits until a JavaScript expression, evaluated by us and not by the page, is true.
func (w *window) until(what, expression string) {
	w.t.Helper()
	deadline := time.Now().Add(step)
	for {
		if w.holds(expression) {
			return
		}
		if time.Now().After(deadline) {
			w.t.Fatalf("waited %v for: %s\n%s", step, what, w.state())
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// holds is false, too, while a page is being replaced.
func (w *window) holds(expression string) bool {
	ctx, cancel := context.WithTimeout(w.ctx, 5*time.Second)
	defer cancel()
	yes, err := chromedp.Run(ctx, chromedp.Evaluate[bool]("!!("+expression+")"))
	return err == nil && yes
}

// text reads the value of an expression.
func (w *window) text(expression string) string {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, step)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("String("+expression+")"))
	if err != nil {
		w.t.Fatalf("read %s: %v\n%s", expression, err, w.state())
	}
	return text
}

func (w *window) fill(selector, value string) {
	w.t.Helper()
	field := chromedp.CSS(selector)
	w.run("fill "+selector, chromedp.WaitVisible(field), chromedp.Clear(field), chromedp.SendKeys(field, value))
}

// signIn goes through the identity provider's page.
func (w *window) signIn(web, address, password string) {
	w.t.Helper()
	w.open(web + "/")
	w.click(`a[href^="/sign-in"]`)
	w.fill("#login", address)
	w.fill("#password", password)
	w.click("#submit-login")
	w.see("#list .rows")
}

// picture saves what the window shows. Only the size of the window is taken, as a person sees it.
func (w *window) picture(path string) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.ctx, step)
	defer cancel()
	octets, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		w.t.Fatalf("picture %s: %v", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, octets, 0o644); err != nil {
		w.t.Fatal(err)
	}
}
