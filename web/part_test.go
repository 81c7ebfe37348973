package web

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// partsOf is what a window with this page says that it has.
func partsOf(t *testing.T, page string) string {
	t.Helper()
	m := regexp.MustCompile(`data-state="([0-9a-f]{16})" data-parts="([^"]+)"`).FindStringSubmatch(page)
	if m == nil {
		t.Fatalf("the page names no parts:\n%s", page)
	}
	return m[1] + m[2]
}

// TestWhatTheWindowHasIsLeftOut: an answer to a window has the rows that changed, says where the others stand, and names the
// same state and parts as the whole page. Without the header, and for whole pages, nothing is left out.
func TestWhatTheWindowHasIsLeftOut(t *testing.T) {
	h := newHouse(t)
	for i := range 5 {
		h.deliver(katrin, letter{subject: fmt.Sprint("Rotor <!--part x--> ", i), text: "<!--part abcdef--> &lt;", ago: time.Duration(i) * time.Minute})
	}
	h.deliver(katrin, letter{subject: "Altes", ago: 24 * time.Hour, seen: true})
	before := h.as(katrin).do("GET", "/mail/inbox", nil).Body.String()
	row := h.as(katrin).page("/mail/inbox").Find("li.row").Eq(2)
	id := strings.TrimPrefix(row.AttrOr("id", ""), "t-")
	h.as(katrin).post("/mail/inbox/act", "pick", id, "action", "flag")
	window := h.as(katrin).with("HX-Request", "true").with("Holdover-Parts", partsOf(t, before))
	cut, whole := window.do("GET", "/mail/inbox", nil).Body.String(), h.as(katrin).with("HX-Request", "true").do("GET", "/mail/inbox", nil).Body.String()
	if partsOf(t, cut) != partsOf(t, whole) {
		t.Error("the answer names other parts than the whole page")
	}
	if strings.Count(cut, `<li class="row`) != 1 || !strings.Contains(cut, "Rotor &lt;!--part x--&gt; 2") || strings.Contains(cut, "Altes") {
		t.Errorf("one row has changed:\n%s", cut)
	}
	if got := regexp.MustCompile(`<li id="t-[^"]+" data-same="(\d)">`).FindAllStringSubmatch(cut, -1); len(got) != 3 || got[0][1]+got[1][1]+got[2][1] != "221" {
		t.Errorf("two rows before it, two behind it and one of yesterday are the same: %v", got)
	}
	if !strings.Contains(cut, `data-base="`+partsOf(t, before)[:16]+`"`) || strings.Contains(whole, "data-same") || strings.Contains(whole, "data-base") || strings.Contains(cut+whole, "<!--part") {
		t.Error("an answer that leaves something out says to which page it belongs; others leave nothing out")
	}
	for _, v := range []*visitor{h.as(katrin).with("Holdover-Parts", partsOf(t, before)), window.with("HX-History-Restore-Request", "true"), window.with("Holdover-Parts", `0123456789abcdef"><script>`)} {
		if got := v.do("GET", "/mail/inbox", nil).Body.String(); strings.Contains(got, "data-same") || strings.Contains(got, "data-base") {
			t.Errorf("%v is answered in part", v.header)
		}
	}
}

// asLoaded compares the open page with the one that a reload would bring, element by element; what a reader sets himself does not count.
const asLoaded = `(async () => {
	const own = ["style", "open", "checked", "draggable", "data-base"];
	const shape = (main) => [...main.querySelectorAll("*"), main].map((e) => e.tagName + " " + [...e.attributes].filter((a) => !own.includes(a.name) && a.name + a.value !== "class").map((a) => a.name + "=" + a.value).sort().join(" ")
		+ " " + [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join(""));
	let wrong = "";
	for (const end = Date.now() + 60000; Date.now() < end; await new Promise((r) => setTimeout(r, 50))) {
		const html = await (await fetch(location.href, { headers: { "Holdover-Passive": "1" } })).text();
		const now = shape(document.getElementById("inhalt")), whole = shape(new DOMParser().parseFromString(html, "text/html").getElementById("inhalt"));
		const at = whole.findIndex((line, i) => line !== now[i]);
		if (at < 0 && now.length === whole.length) return "";
		wrong = now.length + ", not " + whole.length + ": " + now[at] + "\nnot " + whole[at];
	}
	return wrong;
})()`

// TestPartsMakeTheWholePage: whatever a reader does and whatever comes in, the window shows what a reload would.
func TestPartsMakeTheWholePage(t *testing.T) {
	h := newHouse(t)
	for i := range 60 {
		h.deliver(katrin, letter{subject: fmt.Sprint("Vorgang ", i), text: "Text", seen: i%3 > 0, ago: time.Duration(i) * 7 * time.Hour})
	}
	thread := h.deliver(katrin, letter{subject: "Rotor", id: "rotor@x", text: "Erste", ago: time.Hour})
	b := newBrowser(t, h, katrin)
	b.window(1280, false)
	b.open("/mail/inbox")
	js[bool](b, `window.cut = 0, addEventListener("htmx:beforeSwap", (e) => { cut += e.detail.serverResponse.includes("data-same"); }), true`)
	same := func(what string) {
		t.Helper()
		if wrong := promised[string](b, asLoaded); wrong != "" {
			t.Fatalf("%s: the window shows %s", what, wrong)
		}
	}
	at := func(subject string) {
		t.Helper()
		b.until(`document.querySelector("h1")?.textContent === ` + quotedText(subject) + ` && !document.querySelector(".row.here.unread")`)
	}
	b.click("li.row.unread h3 a")
	at("Vorgang 0")
	same("an unread message")
	js[bool](b, `[...document.querySelectorAll("li.row h3 a")].find((a) => a.textContent.includes("Rotor")).click(), true`)
	at("Rotor")
	same("another one")
	h.deliver(katrin, letter{subject: "Re: Rotor", answers: "rotor@x", text: "Zweite"})
	b.until(`document.querySelectorAll(".msg").length === 2`)
	same("an answer to it")
	must(t, h.mail.SetFlags(t.Context(), mailstore.FromPortal, h.box(katrin), []email.MessageID{thread}, mailstore.FlagChange{Flagged: yes(true)}))
	b.until(`document.querySelector(".row.here .flag")`)
	same("flagged elsewhere")
	js[bool](b, `document.querySelectorAll("li.row .pick input")[3].click(), true`)
	b.click(`.tools button[value=archive]`)
	b.until(`document.querySelector(".toast")`)
	same("one archived")
	b.click(".pages a.push")
	b.until(`location.search.startsWith("?before=")`)
	same("older messages")
	b.click("nav.folders a[href='/mail/archive']")
	b.until(`location.pathname === "/mail/archive"`)
	same("the Archive")
	if got := js[int](b, `cut`); got < 4 {
		t.Errorf("only %d answers left something out: nothing was tried", got)
	}
	b.clean("parts")
}

// TestLateAnswerIsDropped: the pages of two messages come when the reader has gone on to a third, and change nothing.
func TestLateAnswerIsDropped(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Dritte", text: "x", seen: true, ago: 3 * time.Minute})
	second := h.message(katrin, h.deliver(katrin, letter{subject: "Zweite", text: "x", seen: true, ago: 2 * time.Minute}))
	first := h.message(katrin, h.deliver(katrin, letter{subject: "Erste", text: "x", seen: true, ago: time.Minute}))
	pages, hold := h.pages, make(chan struct{})
	h.pages = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, string(first.Thread)) || strings.HasSuffix(r.URL.Path, string(second.Thread)) {
			<-hold
		}
		pages.ServeHTTP(w, r)
	})
	letGo := sync.OnceFunc(func() { close(hold) })
	b := newBrowser(t, h, katrin)
	t.Cleanup(letGo)
	b.window(1280, false)
	b.open("/mail/inbox")
	js[bool](b, `window.came = [], addEventListener("htmx:beforeSwap", (e) => came.push(e.detail.shouldSwap)), document.querySelectorAll(".row h3 a").forEach((a) => a.click()), true`)
	b.until(`document.querySelector("h1")?.textContent === "Dritte"`)
	letGo()
	b.until(`came.length === 3`)
	if wrong := promised[string](b, asLoaded); wrong != "" || js[string](b, `document.querySelector("h1").textContent`) != "Dritte" {
		t.Errorf("the late answer changed the page: %s", wrong)
	}
	b.clean("late")
}
