package web

import (
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
)

// TestSuggestionsGo: names are suggested while somebody types, and go when they write on in another field.
func TestSuggestionsGo(t *testing.T) {
	h := newHouse(t)
	b := newPatientBrowser(t, h, katrin, 2*time.Minute)
	b.open("/compose")
	call(b, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true}) // nobody sits before it: else no field ever loses the focus
	b.until(`document.documentElement.classList.contains("js") && window.htmx`)
	b.until(`(() => { const to = document.getElementById("to"); to.focus(); to.value = "peters"; to.dispatchEvent(new Event("input", { bubbles: true })); return true })()`)
	if err := b.becomes(`document.querySelector("#sug-to [data-take]")`, 60*time.Second); err != nil {
		t.Fatal(err)
	}
	b.until(`(() => { document.getElementById("subject").focus(); return document.activeElement.id === "subject" })()`)
	if err := b.becomes(`!document.getElementById("sug-to").textContent && document.getElementById("to").value === "peters"`, 60*time.Second); err != nil {
		t.Error(err)
	}
}
