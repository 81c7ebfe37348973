package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"

	"holdover/email"
)

// TestCheck11_SessionExpiry: what was typed a moment before the session ended is there after signing in, with Cc, Bcc
// and files; saving by itself moves neither focus nor caret.
func TestCheck11_SessionExpiry(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.documentElement.classList.contains("js")`)
	plan := filepath.Join(t.TempDir(), "Plan.txt")
	must(t, os.WriteFile(plan, []byte("Inhalt"), 0o600))
	js[bool](b, `(document.querySelector(".more-to").open = true, document.getElementById("cc").focus(), true)`)
	b.typeInto("cc@northgate.example")
	js[bool](b, `(document.getElementById("bcc").focus(), true)`)
	b.typeInto("bcc@northgate.example")
	b.choose("#upload", plan)
	b.until(`document.querySelector("#files .name")?.textContent === "Plan.txt"`)
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Vor dem Ablauf.")
	js[bool](b, `(document.getElementById("text").setSelectionRange(4, 4), true)`)
	h.await("it saves itself", func() bool { return strings.Contains(h.draftOf(katrin).Text, "Vor dem Ablauf.") })
	b.until(`document.getElementById("saved").textContent.includes("gespeichert")`)
	if got := js[string](b, `document.activeElement.id + document.activeElement.selectionStart`); got != "text4" {
		t.Errorf("saving moved focus or caret: %s", got)
	}
	b.clean("before the end")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: "nobody", URL: b.site})
	call(b, network.SetCookie, network.SetCookieParams{Name: "ended", Value: katrin, URL: b.site})
	js[bool](b, `(document.getElementById("text").setSelectionRange(999, 999), true)`)
	b.typeInto(" Eine Sekunde davor.")
	js[bool](b, `(document.querySelector(".bar button[value=send]").click(), true)`)
	b.until(`location.pathname === "/" && location.search.startsWith("?back=")`)
	b.shows(".note[role=status] strong", "Ihr Text ist gespeichert, um 14:12 Uhr.")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: katrin, URL: b.site})
	b.open(js[string](b, `new URLSearchParams(location.search).get("back")`))
	b.until(`document.getElementById("text")?.value.includes("Vor dem Ablauf. Eine Sekunde davor.")`)
	if got := js[string](b, `["to", "cc", "bcc"].map((n) => document.getElementById(n).value).join("|") + "|" + document.querySelector("#files .name")?.textContent`); got != "olivia@northgate.example|cc@northgate.example|bcc@northgate.example|Plan.txt" {
		t.Errorf("came back with %s", got)
	}
	h.await("the server has it too", func() bool { return strings.Contains(h.draftOf(katrin).Text, "Eine Sekunde davor.") })
	b.until(`Object.keys(sessionStorage).every((k) => !k.startsWith("draft:"))`)
}

// TestCheck11_NoScript: without a script a form that is sent after the session has ended is saved as a draft with its
// recipients and its file; sent is nothing. Where nobody is known it comes back filled.
func TestCheck11_NoScript(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	call(b, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	plan := filepath.Join(t.TempDir(), "Plan.txt")
	must(t, os.WriteFile(plan, []byte("Inhalt"), 0o600))
	press := func(selector string) { js[bool](b, `(document.querySelector("`+selector+`").click(), true)`) } // after choosing a file the driver finds nothing by itself
	write := func(text string) {
		t.Helper()
		b.open("/compose?to=olivia@northgate.example")
		press(".more-to summary")
		for field, value := range map[string]string{"cc": "cc@northgate.example", "bcc": "bcc@northgate.example", "subject": "Ohne Skript", "text": text} {
			js[bool](b, `(document.getElementById("`+field+`").focus(), true)`)
			b.typeInto(value)
		}
		b.choose("#upload", plan)
	}
	write("Lange geschrieben.")
	if got := js[string](b, `document.querySelector("#session span").textContent`); got != "Angemeldet mindestens bis 14:42 Uhr. Auch danach geht Ihr Text nicht verloren." {
		t.Errorf("of the session it says %q", got)
	}
	b.picture("session-line")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: "nobody", URL: b.site})
	call(b, network.SetCookie, network.SetCookieParams{Name: "ended", Value: katrin, URL: b.site})
	press(".bar button[value=send]")
	b.says(`.note[role=status] strong`, "Ihr Text ist gespeichert, um 14:12 Uhr.")
	b.picture("rescued")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: katrin, URL: b.site})
	b.open(js[string](b, `new URLSearchParams(location.search).get("back")`))
	b.says(`.toast`, "Ihr Text ist gespeichert, gesendet wurde nichts.")
	b.says(`#text`, "Lange geschrieben.")
	b.picture("rescued-draft")
	if got := js[string](b, `["to", "cc", "bcc", "subject"].map((n) => document.getElementById(n).value).join("|") + "|" + document.querySelector("#files .name")?.textContent`); got != "olivia@northgate.example|cc@northgate.example|bcc@northgate.example|Ohne Skript|Plan.txt" {
		t.Errorf("came back with %s", got)
	}
	write("Niemand bekannt.")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: "nobody", URL: b.site})
	call(b, network.SetCookie, network.SetCookieParams{Name: "ended", Value: "nobody", URL: b.site})
	press(".bar button[value=send]")
	b.says(`#summary h2`, "Sie sind nicht angemeldet. Ihr Text ist noch da, gesendet wurde nichts.")
	b.says(`#text`, "Niemand bekannt.")
	b.picture("given-back")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: katrin, URL: b.site}) // in another window
	press(".bar button[value=save]")
	b.says(`#saved`, "Entwurf gespeichert 14:12")
	b.says(`#text`, "Niemand bekannt.")
	if got := h.draftOf(katrin); !strings.Contains(got.Text, "Niemand bekannt.") || len(got.Bcc) != 1 {
		t.Errorf("saved is %q, Bcc %v", got.Text, got.Bcc)
	}
	if rows, _ := h.mail.Submissions(t.Context(), h.box(katrin), 9); len(rows) > 0 {
		t.Error("something was sent")
	}
}

// says waits until an element, or a field, holds a text.
func (b *browser) says(selector, text string) {
	b.t.Helper()
	b.until(`((e) => e && (e.value ?? e.textContent).replace(/\s+/g, " ").trim())(document.querySelector("` + selector + `")) === "` + text + `"`)
}

// TestSessionWarning: the page keeps quiet while there is time, warns before the end and lets one stay; it goes nowhere
// when the end has come, and goes on after signing in elsewhere.
func TestSessionWarning(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	h.door.Minutes.Store(4)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.documentElement.classList.contains("js")`)
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Angefangen.")
	b.says(`#session .note p`, "Ihre Anmeldung endet um 14:16 Uhr, wenn Sie nichts tun.")
	b.picture("session-soon")
	h.door.Minutes.Store(30)
	js[bool](b, `(document.querySelector("#session button").click(), true)`)
	b.until(`document.querySelector("#session .note") === null && document.querySelector("#session span").textContent.includes("14:42")`)
	h.door.Minutes.Store(4)
	b.open("/compose?to=olivia@northgate.example")
	b.says(`#session .note p`, "Ihre Anmeldung endet um 14:16 Uhr, wenn Sie nichts tun.")
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Nach dem Ende.")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: "nobody", URL: b.site})
	js[bool](b, `(htmx.ajax("GET", "/stay?was=soon&lang=de", {target: "#session", swap: "outerHTML"}), true)`) // as its clock does
	b.until(`document.querySelector("#session .note p")?.textContent.startsWith("Sie sind nicht mehr angemeldet.") && document.getElementById("say").textContent.startsWith("Sie sind nicht mehr angemeldet.")`)
	b.picture("session-ended")
	if got := js[string](b, `location.pathname + document.getElementById("text").value`); !strings.HasPrefix(got, "/compose") || !strings.HasSuffix(got, "Nach dem Ende.") {
		t.Errorf("the page is at %s", got)
	}
	js[bool](b, `(document.getElementById("to").focus(), true)`)
	b.typeInto("ka") // suggestions lead nobody away
	b.until(`document.getElementById("saved").textContent.includes("nicht mehr angemeldet")`)
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: katrin, URL: b.site})
	h.door.Minutes.Store(30)
	h.await("it goes on saving by itself", func() bool { return strings.Contains(h.draftOf(katrin).Text, "Nach dem Ende.") })
	if got := js[string](b, `location.pathname`); got != "/compose" {
		t.Errorf("the page went to %s", got)
	}
}

// TestCheck11_TabClosed: what was typed right before a tab is closed is saved, long before the pause of saving by itself.
func TestCheck11_TabClosed(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.documentElement.classList.contains("js") && document.getElementById("text") !== null`)
	js[bool](b, `(document.getElementById("text").focus(), true)`)
	b.typeInto("Und gleich zu.")
	js[bool](b, `(location.href = "about:blank", true)`) // what is left runs the same events as what is closed
	h.await("it is saved", func() bool { return strings.Contains(h.draftOf(katrin).Text, "Und gleich zu.") })
}

// TestUploadThatFailed: Send waits for a file on its way, and does not go without one that did not arrive.
func TestUploadThatFailed(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	plan := filepath.Join(t.TempDir(), "Plan.txt")
	must(t, os.WriteFile(plan, []byte("Inhalt"), 0o600))
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.documentElement.classList.contains("js") && document.getElementById("text") !== null`)
	js[bool](b, `(XMLHttpRequest.prototype.send = function () { setTimeout(() => this.dispatchEvent(new ProgressEvent("loadend")), 1000); }, true)`) // the line is cut
	b.choose("#upload", plan)
	js[bool](b, `(document.querySelector(".bar button[value=send]").click(), true)`)
	b.until(`!document.getElementById("large").hidden && document.getElementById("large").textContent.includes("abgebrochen")`)
	if got := js[int](b, `document.getElementById("upload").files.length`); got != 1 {
		t.Errorf("%d files are still chosen, want 1", got)
	}
	if rows, _ := h.mail.Submissions(t.Context(), h.box(katrin), 9); len(rows) > 0 {
		t.Fatal("it was sent without its file")
	}
	js[bool](b, `(document.querySelector(".bar button[value=send]").click(), true)`)
	b.until(`location.search.includes("done=sent")`)
	rows, _ := h.mail.Submissions(t.Context(), h.box(katrin), 9)
	if len(rows) != 1 {
		t.Fatalf("%d messages sent", len(rows))
	}
	octets, err := h.mail.Raw(t.Context(), h.box(katrin), rows[0].Draft)
	must(t, err)
	if d, err := email.OpenDraft(octets); err != nil || len(d.Attachments) != 1 {
		t.Errorf("sent with %d files, %v", len(d.Attachments), err)
	}
}
