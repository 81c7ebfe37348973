package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/mailstore"
	"holdover/syncback"
)

// newReadOnly is a house where people work in Outlook while no event is on.
func newReadOnly(t *testing.T) *house {
	return newHouse(t, func(o *Options) { o.ReadOnly, o.Outlook = true, "https://outlook.example/mail/" })
}

func (h *house) end(e continuity.Event) {
	h.t.Helper()
	_, err := h.events.End(h.t.Context(), e.ID, jens, "Test")
	must(h.t, err)
}

// TestCheck20_HandBack is the employee's part of it: banner and rights follow the event, its end leads to
// reading only, what was begun is finished here or in Outlook, and the receipts are whole.
func TestCheck20_HandBack(t *testing.T) {
	h := newReadOnly(t)
	id := h.deliver(katrin, letter{subject: "Angebot", text: "x"})
	path := h.open(katrin, id)
	k := h.as(katrin)
	archive := func() int {
		form := url.Values{"action": {"archive"}, "pick": {strings.TrimPrefix(path, "/mail/inbox/")}}
		return k.do("POST", "/mail/inbox/act", form).Code
	}
	band := func() string { return said(h.as(katrin).page("/mail/inbox").Find("#band > p")) }
	changing := func() int {
		p := h.as(katrin).page(path)
		return p.Find("a[href^='/compose'], .list .tools, .conv-head form, .bar, [name=pick]").Length()
	}

	if got := band(); !strings.Contains(got, "Exchange läuft normal. Hier können Sie nachlesen.") || !strings.Contains(got, "Weiter in Outlook") {
		t.Errorf("before the event: %q", got)
	}
	if n := changing(); n != 0 {
		t.Errorf("%d ways to change something", n)
	}
	if code := archive(); code != http.StatusForbidden {
		t.Errorf("archiving: %d", code)
	}
	if w := k.do("GET", "/compose", nil); w.Code != http.StatusForbidden || !strings.Contains(w.Body.String(), "Bitte schreiben und ordnen Sie in Outlook") {
		t.Errorf("composing: %d %s", w.Code, w.Body)
	}

	e := h.start(continuity.Outage)
	if got := band(); !strings.Contains(got, "Notbetrieb") && !strings.Contains(got, "ausgefallen") {
		t.Errorf("in the event: %q", got)
	}
	if changing() == 0 {
		t.Error("nothing can be changed in the event")
	}
	draft := k.post("/compose", "button", "save", "token", "t1", "to", jens, "subject", "Begonnen", "text", "Guten Tag,")
	if strings.Contains(said(k.page(draft).Find("#compose")), "Exchange ist zurück") {
		t.Error("the form speaks of Outlook while Exchange is down")
	}

	h.end(e)
	h.sync.Sum.Counts = syncback.Counts{Total: 41, Verified: 38, Waiting: 3}
	if got := band(); !strings.Contains(got, "3 Ihrer Änderungen") {
		t.Errorf("after the event: %q", got)
	}
	if n := changing(); n != 0 {
		t.Errorf("after the event: %d ways to change something", n)
	}
	if code := archive(); code != http.StatusForbidden || h.message(katrin, id).Folder != mailstore.Inbox {
		t.Errorf("archiving after the event: %d", code)
	}
	form := k.page(draft).Find("#compose")
	if !strings.Contains(said(form), "Exchange ist zurück.") || form.Find("button[value='save:outlook']").Length() != 1 {
		t.Fatalf("the form says %s", said(form))
	}
	version := form.Find("[name=version]").AttrOr("value", "")
	action := form.AttrOr("action", "")
	kept := k.post(action, "button", "save:outlook", "token", "t2", "version", version, "to", jens, "subject", "Begonnen", "text", "Guten Tag, zu Ende.")
	page := k.page(kept)
	if !strings.Contains(said(page.Find(".toast")), "wird nach Outlook übertragen") {
		t.Errorf("kept: %s says %q", kept, said(page.Find(".toast")))
	}
	form = k.page(draft).Find("#compose")
	if text := form.Find("#text").Text(); !strings.Contains(text, "zu Ende.") {
		t.Errorf("the draft says %q", text)
	}
	sent := k.post(action, "button", "send:sure", "token", "t3", "version", form.Find("[name=version]").AttrOr("value", ""), "to", jens, "subject", "Begonnen", "text", "Guten Tag, zu Ende.")
	if !strings.Contains(sent, "done=sent") {
		t.Errorf("what was begun cannot be sent: %s", sent)
	}
	h.clock.Pass(30 * 24 * time.Hour)
	if got := band(); !strings.Contains(got, "Exchange läuft normal.") {
		t.Errorf("later: %q", got)
	}
}

// TestOpenAllTheTime: where the administrator did not ask for reading only, all stays possible.
func TestOpenAllTheTime(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Angebot", text: "x"})
	page := h.as(katrin).page("/mail/inbox")
	if page.Find("a[href='/compose']").Length() == 0 || page.Find(".list .tools").Length() != 1 || page.Find("#band > p").Length() != 0 {
		t.Error("writing is not offered")
	}
}

// TestCheck20_WhileWriting: an open form hears of the end of the event, says what can be done, and keeps what is typed
// and the caret's place.
func TestCheck20_WhileWriting(t *testing.T) {
	h := newHouse(t)
	e := h.start(continuity.Outage)
	b := newPatientBrowser(t, h, katrin, 3*time.Minute)
	b.open("/compose?to=olivia@northgate.example")
	b.until(`document.getElementById("band").textContent.includes("Notbetrieb") && !document.getElementById("handback").textContent.trim()`)
	b.until(`(() => { const t = document.getElementById("text"); t.focus(); t.value = "Halb fertig"; t.setSelectionRange(4, 4); return document.activeElement === t })()`)
	h.sync.Sum.Counts = syncback.Counts{Total: 41, Verified: 38, Waiting: 3}
	h.end(e)
	for _, what := range []string{`document.getElementById("band").textContent.includes("Exchange ist zurück")`, `document.querySelector("#handback [name=button]")?.value === "save:outlook"`} {
		if err := b.becomes(what, 60*time.Second); err != nil {
			t.Error(err)
		}
	}
	b.until(`document.activeElement.id === "text" && document.activeElement.value === "Halb fertig" && document.activeElement.selectionStart === 4`)
}
