package web

import (
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
)

// installs are what a browser fetches by itself, after the page, to offer the pages as an app.
var installs = []string{"/sw.js", "/offline", "/manifest", "icon-"}

// kB is a thousand octets, as in the budgets of webmail.md, section 4.
const kB = 1000

// TestCheck07_Budgets: what a browser fetches, counted at the server, packed and with its headers: the inbox cold, going from
// there to a message and to another folder, and writing with emphasis. HOLDOVER_BUDGETS=50000 for the large form.
func TestCheck07_Budgets(t *testing.T) {
	h := newHouse(t)
	h.crowd(size(t, 300))
	h.deliver(katrin, letter{subject: "Angebot 2026-1187", seen: true, head: "Content-Type: text/html; charset=utf-8\r\n", text: "<p>" + strings.Repeat("Sehr geehrte Frau Wessel, anbei unser Angebot mit der Bitte um Prüfung.</p><p>", 12)})
	s := h.weigh()
	b := newBrowser(t, h, katrin)
	b.window(1280, false)

	call(b, network.ClearBrowserCache, cdp.Empty{})
	b.open("/mail/inbox")
	b.until(`navigator.serviceWorker.controller !== null && document.querySelectorAll("li.row").length === 50`)
	cold := s.since(0)
	cold.log(t, "cold inbox")
	page, installing := cold.split(installs...)
	budget(t, "requests of the inbox", len(page), 6)
	budget(t, "requests for installing it as an app, once", len(installing), 4)
	budget(t, "octets of both", cold.octets(""), 60*kB)
	budget(t, "octets of scripts", cold.octets("app.js"), 25*kB)
	budget(t, "octets of the style sheet", cold.octets("app.css"), 12*kB)

	warm := func(what, press, there string) {
		t.Helper()
		n := s.count()
		js[bool](b, press+`.click(), true`)
		b.until(there)
		page, _ := s.since(n).split(installs...)
		page.log(t, what)
		budget(t, "octets of going to "+what, page.octets(""), 15*kB)
	}
	warm("a message", `document.querySelector("li.row:not(.unread) h3 a")`, `document.activeElement.id === "t" && [...document.querySelectorAll(".paper-frame")].every(f => f.offsetHeight > 10)`)
	n := s.count()
	b.click("li.row.unread h3 a")
	b.until(`document.activeElement.id === "t" && document.querySelector(".row.here") && !document.querySelector(".row.here.unread")`)
	unread := s.since(n)
	unread.log(t, "an unread message")
	budget(t, "octets of opening an unread message and marking it read", unread.octets(""), 15*kB)
	if unread.octets("/act") == 0 {
		t.Error("nothing was marked read: nothing was measured")
	}
	warm("older messages", `document.querySelector(".pages a.push")`, `location.search.startsWith("?before=") && document.querySelectorAll("li.row").length === 50`)
	warm("the Archive", `document.querySelector("nav.folders a[href='/mail/archive']")`, `location.pathname === "/mail/archive" && document.querySelectorAll("li.row").length > 10`)
	n = s.count()
	b.open("/mail/inbox")
	b.until(`document.querySelectorAll("li.row").length === 50`)
	again, _ := s.since(n).split(installs...)
	budget(t, "octets of the inbox again", again.octets(""), 15*kB)

	n = s.count()
	b.open("/compose")
	b.until(`document.querySelector("[data-rich=start]").offsetHeight > 0`)
	b.click("[data-rich=start]")
	b.until(`document.activeElement.id === "editor"`)
	writing := s.since(n)
	writing.log(t, "writing")
	budget(t, "octets that writing with emphasis adds", writing.octets("/static/"), 35*kB)
	if writing.octets("rich.js") == 0 {
		t.Error("the editor was not fetched: nothing was measured")
	}
	b.clean("budgets")
}

// budget fails when more is spent than allowed, and notes both.
func budget(t *testing.T, what string, got, most int) {
	t.Helper()
	t.Logf("%s: %d of %d", what, got, most)
	if got > most {
		t.Errorf("%s: %d, at most %d", what, got, most)
	}
}

// TestEchoIsEmpty: a window that asks for news and has everything already gets 204 and no page; with any change it gets the page.
func TestEchoIsEmpty(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Rotor"})
	state := h.as(katrin).page("/mail/inbox").Find("main").AttrOr("data-state", "")
	ask := func(state string) int {
		return h.as(katrin).with("HX-Request", "true").with("Holdover-State", state).do("GET", "/mail/inbox", nil).Code
	}
	if got := ask(state); got != 204 || len(state) != 16 {
		t.Errorf("nothing is new: %d, state %q", got, state)
	}
	if got := ask("0000000000000000"); got != 200 {
		t.Errorf("another state: %d", got)
	}
	h.deliver(katrin, letter{subject: "Stator"})
	if got := ask(state); got != 200 {
		t.Errorf("a new message: %d", got)
	}
	state = h.as(katrin).page("/mail/inbox").Find("main").AttrOr("data-state", "")
	h.start("outage")
	if got := ask(state); got != 200 {
		t.Errorf("an event: %d", got)
	}
}
