package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"holdover/mailstore"
)

// typist has a keyboard and nothing else, and counts.
type typist struct {
	*browser
	pressed int
	blind   []string // what had the focus and did not show it
}

func (k *typist) key(name string) {
	k.t.Helper()
	k.press(name)
	k.pressed++
}

// visible says whether what has the focus shows it (WCAG 2.4.7) and is not hidden by what sticks (2.4.11).
const visible = `(() => { const e = document.activeElement; if (e === document.body || e.tagName === "IFRAME") return "";
	const s = getComputedStyle(e), around = e.closest("label, .row, .find"), o = around ? getComputedStyle(around) : s, r = e.getBoundingClientRect();
	const ring = [s, o].some(c => (c.outlineStyle !== "none" && parseFloat(c.outlineWidth) > 0) || c.boxShadow !== "none");
	return ring && r.bottom > 0 && r.top < innerHeight ? "" : e.outerHTML.slice(0, 120) })()`

// tab goes on until what has the focus is right.
func (k *typist) tab(right string) {
	k.t.Helper()
	for range 60 {
		if js[bool](k.browser, `!!(`+right+`)`) {
			return
		}
		k.key("Tab")
		if bad := js[string](k.browser, visible); bad != "" {
			k.blind = append(k.blind, bad)
		}
	}
	k.t.Fatalf("60 steps do not lead to %s", right)
}

// TestCheck05_Keyboard: from the inbox to a sent answer without a mouse; what has the focus shows it; after a deletion the
// next row has it; nothing holds it; no letter typed in a field is a shortcut, and none is one when they are off.
func TestCheck05_Keyboard(t *testing.T) {
	h := newHouse(t)
	for i := range 8 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), text: "Guten Tag,\nbitte um Antwort.", seen: true, ago: time.Duration(10-i) * time.Minute})
	}
	b := newPatientBrowser(t, h, katrin, 4*time.Minute)
	b.window(1280, false)
	k := &typist{browser: b}

	b.open("/mail/inbox")
	k.key("ArrowDown")
	k.key("ArrowDown")
	b.until(`document.activeElement.closest(".row")?.textContent.includes("Nummer 6")`)
	k.key("Enter")
	b.until(`document.activeElement.id === "t" && document.activeElement.textContent === "Nummer 6"`)
	k.tab(`document.activeElement.matches(".bar a[href*='mode=reply']")`)
	k.key("Enter")
	b.until(`location.pathname === "/compose" && document.activeElement.id === "text"`)
	t.Logf("%d keys from the inbox into the text of an answer, without shortcuts", k.pressed)
	if k.pressed > 25 {
		t.Errorf("%d keys from the inbox into the text of an answer, at most 25", k.pressed)
	}
	const typed = "Ja, gern. /?nreqzvjkx#"
	b.typeLetters(typed)
	if got := js[string](b, `location.pathname + document.getElementById("text").value`); !strings.Contains(got, "/compose"+typed) {
		t.Errorf("typed letters became %q", got)
	}
	k.tab(`document.activeElement.matches("button[value=send]")`)
	k.key("Enter")
	b.until(`location.search.includes("done=sent")`)

	b.open("/mail/inbox")
	b.until(`document.querySelectorAll("li.row").length === 8`)
	for range 3 {
		k.key("ArrowDown")
	}
	b.until(`document.activeElement.closest(".row")?.textContent.includes("Nummer 5")`)
	js[bool](b, `(window.region = document.getElementById("toasts"), region.role === "status" || region.getAttribute("role") === "status")`)
	k.key("Delete")
	b.until(`region.isConnected && region.textContent.includes("gelöscht") && document.activeElement.closest(".row")?.textContent.includes("Nummer 4")`)
	if rows, _, err := h.mail.Threads(t.Context(), h.box(katrin), mailstore.Trash, before0, 5); err != nil || len(rows) != 1 || rows[0].Latest.Subject != "Nummer 5" {
		t.Errorf("deleted: %d, %v", len(rows), err)
	}
	b.press("Control+z")
	b.until(`region.isConnected && region.textContent.includes("Rückgängig gemacht") && document.querySelectorAll("li.row").length === 8`) // said where it is known that something is said
	b.until(`document.activeElement.closest(".row") !== null`)
	if js[float64](b, `document.querySelectorAll("[role=status] [role=status], [role=status] [aria-live]").length`) != 0 {
		t.Error("something would be said twice")
	}

	k.around()
	b.open(h.open(katrin, h.deliver(katrin, letter{subject: "Falten", seen: true})))
	js[bool](b, `(document.getElementById("t").focus(), true)`)
	b.press("ArrowLeft")
	b.until(`!document.querySelector(".msg").open`)
	b.press("ArrowRight")
	b.until(`document.querySelector(".msg").open`)
	if len(k.blind) > 0 {
		t.Errorf("%d steps do not show the focus: %q", len(k.blind), k.blind[:min(5, len(k.blind))])
	}
	b.clean("keyboard")
}

// around goes through a whole page and must come back to its first link: nothing holds the focus.
func (k *typist) around() {
	k.t.Helper()
	k.open("/mail/inbox")
	k.key("Tab")
	if !js[bool](k.browser, `document.activeElement.matches(".skip")`) {
		k.t.Fatal("the first stop is not the way past the header")
	}
	k.key("Tab")
	for range 150 {
		if js[bool](k.browser, `document.activeElement.matches(".skip")`) {
			return
		}
		k.key("Tab")
	}
	k.t.Errorf("the focus does not come around: it stays at %s", js[string](k.browser, `document.activeElement.outerHTML.slice(0, 200)`))
}

// typeLetters presses one key for each letter, as fingers do.
func (b *browser) typeLetters(text string) {
	b.t.Helper()
	for _, r := range text {
		b.press(string(r))
	}
}
