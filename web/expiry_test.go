package web

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/network"
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
	b.shows("main", "Ihr Text ist gespeichert, um 14:12 Uhr. Gesendet wurde nichts.")
	call(b, network.SetCookie, network.SetCookieParams{Name: "who", Value: katrin, URL: b.site})
	b.open(js[string](b, `new URLSearchParams(location.search).get("back")`))
	b.until(`document.getElementById("text")?.value.includes("Vor dem Ablauf. Eine Sekunde davor.")`)
	if got := js[string](b, `["to", "cc", "bcc"].map((n) => document.getElementById(n).value).join("|") + "|" + document.querySelector("#files .name")?.textContent`); got != "olivia@northgate.example|cc@northgate.example|bcc@northgate.example|Plan.txt" {
		t.Errorf("came back with %s", got)
	}
	h.await("the server has it too", func() bool { return strings.Contains(h.draftOf(katrin).Text, "Eine Sekunde davor.") })
	b.until(`Object.keys(sessionStorage).every((k) => !k.startsWith("draft:"))`)
}
