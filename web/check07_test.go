package web

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"

	"holdover/mailstore"
)

// installs are what a browser fetches by itself, after the page, to offer the pages as an app.
var installs = []string{"/sw.js", "/offline", "/manifest", "icon-"}

// kB is a thousand octets, as in the budgets of webmail.md, section 4.
const kB = 1000

// TestCheck07_Budgets: what a browser fetches, counted at the server, packed and with its headers: the inbox cold, going from
// there to a message and to another folder, and writing with emphasis. HOLDOVER_BUDGETS=50000 for the large form.
func TestCheck07_Budgets(t *testing.T) {
	h := largeHouse(t, 300)
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
	h.deliver(katrin, letter{subject: "Soeben angekommen", text: "Text"})
	b.until(`document.querySelector("li.row .subj").textContent.includes("Soeben angekommen")`)
	budget(t, "octets of a new message in the open inbox", s.since(n).octets(""), 8*kB)

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

// TestCheck07_Pages: every page asked for alone, as a reload does it, its style and scripts being there already: 15 KB; a long
// conversation, whose texts are what weighs: 40 KB (webmail.md, 2.2).
func TestCheck07_Pages(t *testing.T) {
	h := newHouse(t)
	h.crowd(300)
	last := h.conversation07(30)
	h.indexed()
	s := h.weigh()
	for _, c := range []struct {
		who, path string
		most      int
	}{
		{katrin, "/mail/inbox", 15 * kB}, {katrin, "/mail/sent", 15 * kB}, {katrin, "/mail/archive", 15 * kB},
		{katrin, "/mail/inbox/" + string(last.Thread), 40 * kB}, {katrin, "/search?q=Angebot", 15 * kB}, {katrin, "/search?q=is:unread", 15 * kB},
		{katrin, "/compose", 15 * kB}, {katrin, "/compose?mode=all&of=" + string(last.ID), 15 * kB},
		{katrin, "/waiting", 15 * kB}, {katrin, "/agenda", 15 * kB}, {katrin, "/folders", 15 * kB}, {katrin, "/keys", 15 * kB}, {katrin, "/addresses", 15 * kB},
		{jens, "/desk", 15 * kB}, {jens, "/desk/events/new", 15 * kB}, {jens, "/desk/exchange", 15 * kB},
	} {
		n := s.count()
		if got := h.as(c.who).with("Accept-Encoding", "gzip").do("GET", c.path, nil); got.Code != 200 || got.Header().Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %d", c.path, got.Code)
		}
		budget(t, "octets of "+c.path, s.since(n).octets(""), c.most)
	}
}

// conversation07 is one of n business letters of 2,000 letters each, every answer with the one before it quoted below, and
// answers the newest.
func (h *house) conversation07(n int) (last mailstore.Message) {
	words := strings.Fields("anbei die Unterlagen zur Pumpe im Werk Nord Lieferung Termin Angebot bitte prüfen Rechnung Montage Freitag Prüfung Zähler Netz Leitung offene Punkte Vertrag")
	text, quoted := "", ""
	for i := range n {
		var letter30 strings.Builder
		for j := 0; letter30.Len() < 2000; j++ {
			letter30.WriteString(words[(i*31+j*j*7+j)%len(words)] + " " + strconv.Itoa((i*97+j*13)%89) + " ")
		}
		text, quoted = letter30.String(), "> "+strings.ReplaceAll(text, ". ", ".\r\n> ")
		l := letter{subject: "Pumpe Werk Nord", id: fmt.Sprintf("pumpe%d@x", i), text: text + "\r\n\r\nAm Montag schrieb Olivia Hartley:\r\n" + quoted}
		if i > 0 {
			l.subject, l.answers = "Re: Pumpe Werk Nord", fmt.Sprintf("pumpe%d@x", i-1)
		}
		last = h.message(katrin, h.deliver(katrin, l))
	}
	return last
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
	empty := h.as(katrin).with("HX-Request", "true").with("Holdover-State", state).do("GET", "/mail/inbox", nil).Header()
	if empty.Get("Content-Security-Policy") != "" || empty.Get("Cache-Control") != "no-store" || empty.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("what guards documents is sent without one: %v", empty)
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
