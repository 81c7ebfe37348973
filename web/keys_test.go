package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"

	"holdover/mailstore"
)

// press sends one key; what is the KeyboardEvent's key, with "Shift+" or "Control+" before it.
func (b *browser) press(what string) {
	b.t.Helper()
	modifiers := 0
	for prefix, bit := range map[string]int{"Control+": 2, "Shift+": 8} {
		if rest, ok := strings.CutPrefix(what, prefix); ok {
			what, modifiers = rest, modifiers|bit
		}
	}
	text := ""
	if len([]rune(what)) == 1 && modifiers&2 == 0 {
		text = what
	}
	codes := map[string]int64{"Tab": 9, "Enter": 13, "Escape": 27, "Delete": 46, "Insert": 45, "ArrowDown": 40, "ArrowUp": 38}
	if what == "Enter" {
		text = "\r"
	}
	call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyDown", Key: what, Text: text, WindowsVirtualKeyCode: codes[what], Modifiers: int64(modifiers)})
	call(b, input.DispatchKeyEvent, input.DispatchKeyEventParams{Type: "keyUp", Key: what, WindowsVirtualKeyCode: codes[what], Modifiers: int64(modifiers)})
}

// TestKeys: the keys press buttons of the page, never while somebody types, and can be switched off.
func TestKeys(t *testing.T) {
	h := newHouse(t)
	for i := range 6 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), text: "x", ago: time.Duration(10-i) * time.Minute})
	}
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	b.press("Control+.")
	b.until(`document.querySelector("h1")?.textContent === "Nummer 5"`)
	b.press("Control+.")
	b.until(`document.querySelector("h1")?.textContent === "Nummer 4"`)
	b.press("Control+,")
	b.until(`document.querySelector("h1")?.textContent === "Nummer 5"`)
	b.press("e")
	b.until(`document.querySelector(".toast")?.textContent.includes("archiviert")`)
	if rows, _, err := h.mail.Threads(t.Context(), h.box(katrin), mailstore.Archive, before0, 5); err != nil || len(rows) != 1 {
		t.Errorf("%d archived, %v", len(rows), err)
	}
	b.press("Control+z")
	b.shows(".toast", "Rückgängig gemacht.")
	b.press("/")
	b.until(`document.activeElement.matches(".find input")`)
	b.press("ArrowDown") // from the field to the first row
	b.until(`document.activeElement === document.querySelector(".row h3 a")`)
	b.press("/")
	b.until(`document.activeElement.id === "q"`)
	b.press("n")
	if js[string](b, `location.pathname + " " + document.getElementById("q").value`) != "/mail/inbox n" {
		t.Errorf("typing is taken for a shortcut: %s", js[string](b, `location.href`))
	}
	b.open("/mail/inbox")
	b.press("n")
	b.until(`location.pathname === "/compose"`)
	b.open("/keys")
	b.click(`button[value="off"]`)
	b.until(`document.body.dataset.keys === "off"`)
	b.open("/mail/inbox")
	b.press("n")
	b.press("?")
	time.Sleep(300 * time.Millisecond) // time enough for a page to change, were it to
	if js[string](b, `location.pathname`) != "/mail/inbox" {
		t.Error("keys that are off still act")
	}
	b.open("/keys")
	b.click(`button[value="gmail"]`)
	b.until(`document.body.dataset.keys === "gmail"`)
	b.open("/mail/inbox")
	b.press("j")
	b.until(`document.querySelector("h1")?.textContent === "Nummer 5"`)
	b.clean("keys")
}

// TestRangeAndDrag: Shift ticks a range; rows dragged to a folder go there, as by the menu.
func TestRangeAndDrag(t *testing.T) {
	h := newHouse(t)
	for i := range 6 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Nummer %d", i), text: "x", seen: true, ago: time.Duration(10-i) * time.Minute})
	}
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	ticked := js[int](b, `(() => { const all = document.querySelectorAll(".row input[name=pick]"); all[1].click();
		all[3].dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey: true })); return [...all].filter((o) => o.checked).length })()`)
	if ticked != 3 {
		t.Errorf("%d are ticked, not 3", ticked)
	}
	js[bool](b, `(() => { const row = document.querySelectorAll(".row")[2], to = document.querySelector(".folders a[href='/mail/archive']"), data = new DataTransfer();
		row.draggable = true; const fire = (e, kind) => e.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer: data }));
		fire(row, "dragstart"); fire(to, "dragover"); fire(to, "drop"); fire(row, "dragend"); return true })()`)
	b.until(`document.querySelector(".toast")?.textContent.includes("3 Unterhaltungen")`)
	if rows, _, err := h.mail.Threads(t.Context(), h.box(katrin), mailstore.Archive, before0, 5); err != nil || len(rows) != 3 {
		t.Errorf("%d moved, %v", len(rows), err)
	}
	b.clean("dragging")
}
