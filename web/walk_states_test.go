package web

import (
	"fmt"
	"os"
	"strings"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/webtest"
)

// part is a stretch of the walk: how the house stands, and the pages to see then.
type part struct {
	set    func(w *walk)
	states []state
}

// of is the conversation page of a message of the walk.
func of(name string) func(*walk) string {
	return func(w *walk) string { return w.h.open(katrin, email.MessageID(w.ids[name])) }
}

// on is a page about a message.
func on(path, name string) func(*walk) string {
	return func(w *walk) string { return fmt.Sprintf(path, w.ids[name]) }
}

// event is a page of the event at hand.
func event(path string) func(*walk) string {
	return func(w *walk) string { return "/desk/events/" + w.event + path }
}

// submit sends a form of the page at path, as its button does; fields come in pairs.
func submit(page, path string, fields ...string) func(*walk) {
	return func(w *walk) {
		w.open(page)
		js[bool](w.browser, fmt.Sprintf(`(() => { const f = document.createElement("form"), v = %s; f.method = "post"; f.action = %q; window.before = true;
			for (let i = 0; i < v.length; i += 2) { const t = document.createElement("textarea"); t.name = v[i]; t.value = v[i + 1]; f.append(t) }
			document.body.append(f); HTMLFormElement.prototype.submit.call(f); return true })()`, quoted(fields), path))
		w.until(`!window.before && document.readyState === "complete"`)
	}
}

// opened opens what is folded, so that it is looked at too.
const opened = `for (const d of document.querySelectorAll("main details:not(.menu)")) d.open = true`

// menus opens a menu.
func menus(selector string) string {
	return `for (const d of document.querySelectorAll("` + selector + `")) d.open = true`
}

var walkParts = []part{
	{set: func(w *walk) {}, states: []state{
		{name: "signin", path: "/"},
		{name: "signin-failed", path: "/sign-in", status: 503},
		{name: "signin-refused", path: "/sign-in/return", status: 403},
		{name: "signin-nomailbox", path: "/sign-in/return?code=1&nobox=1", status: 403},
		{name: "accessible", path: "/accessibility"},
		{name: "offline", path: "/offline"},
		{name: "lost-stranger", path: "/no-such-page", status: 404},
		{name: "session-over", path: "/mail/inbox"},
		{name: "inbox-empty", who: martha, path: "/mail/inbox"},
		{name: "agenda-empty", who: martha, path: "/agenda"},
		{name: "waiting-empty", who: martha, path: "/waiting"},
		{name: "receipts-empty", who: martha, path: "/receipts"},
		{name: "compose", who: martha, path: "/compose"},
		{name: "folders-none", who: martha, path: "/folders"},
		{name: "folders", who: katrin, path: "/folders", do: func(w *walk) { w.folders(); w.open("/folders") }, then: opened},
		{name: "folders-faults", who: katrin, status: 422, do: submit("/folders", "/folders", "action", "create", "name", "Posteingang")},
		{name: "keys", who: katrin, path: "/keys"},
		{name: "notices", who: katrin, path: "/notices"},
		{name: "accessible-inside", who: katrin, path: "/accessibility", calm: true},
		{name: "desk-calm", who: jens, path: "/desk"},
		{name: "desk-start", who: jens, path: "/desk/events/new", then: opened},
		{name: "desk-start-faults", who: jens, status: 422, do: submit("/desk/events/new", "/desk/events", "kind", "outage", "scope", "mailboxes", "mailboxes", "niemand@ahrenfeld.example")},
		{name: "desk-exchange", who: jens, path: "/desk/exchange"},
		{name: "desk-exchange-look", who: jens, path: "/desk/exchange?look=1"},
		{name: "desk-exchange-faults", who: jens, status: 422, do: submit("/desk/exchange", "/desk/exchange", "switch", "stopped", "on", "1")},
		{name: "desk-refills", who: jens, path: "/desk/refills"},
		{name: "desk-refills-faults", who: jens, status: 422, do: submit("/desk/refills", "/desk/refills", "scope", "mailboxes", "mailboxes", "niemand@ahrenfeld.example", "from", "gestern")},
		{name: "desk-refill", who: jens, path: "/desk/refills/r1"},
		{name: "desk-archive", who: jens, path: "/desk/archive"},
	}},
	{set: func(w *walk) {}, states: storyStates()},
	{set: func(w *walk) { w.fill(); w.counts(false); w.ledger().Gate = syncback.Closed }, states: []state{
		{name: "signin-down", path: "/"},
		{name: "inbox", who: katrin, path: "/mail/inbox"},
		{name: "inbox-menus", who: katrin, path: "/mail/inbox", then: menus(".me details.menu, .tools details.menu, .fold-s")},
		{name: "band-open", who: katrin, path: "/mail/inbox", then: menus("#band-more"), calm: true},
		{name: "inbox-undo", who: katrin, path: "/mail/inbox?done=archive&n=2&undo=x"},
		{name: "inbox-sent", who: katrin, at: on("/mail/inbox?done=sent&send=%s", "send1")},
		{name: "conversation", who: katrin, at: of("conversation")},
		{name: "conversation-open", who: katrin, at: of("conversation"), then: opened},
		{name: "conversation-menus", who: katrin, at: of("conversation"), then: menus(".msg[open] .msg-env details.menu"), calm: true},
		{name: "single", who: katrin, at: func(w *walk) string { return of("conversation")(w) + "?m=" + w.ids["conversation"] }},
		{name: "text", who: katrin, at: of("text"), then: opened},
		{name: "bounce", who: katrin, at: of("bounce"), then: opened},
		{name: "signed", who: katrin, at: of("signed")},
		{name: "encrypted", who: katrin, at: of("secret")},
		{name: "fraud", who: katrin, at: of("fraud")},
		{name: "pictures", who: katrin, at: of("pictures")},
		{name: "names", who: katrin, at: of("names")},
		{name: "arabic", who: katrin, at: of("arabic")},
		{name: "meeting", who: katrin, at: of("meeting"), then: opened},
		{name: "cancelled", who: katrin, at: of("cancelled")},
		{name: "files", who: katrin, at: of("offer")},
		{name: "preview", who: katrin, at: on("/m/%s/preview/1?page=2", "offer"), then: opened},
		{name: "preview-wide", who: katrin, at: on("/m/%s/preview/1?zoom=200", "offer"), calm: true},
		{name: "preview-locked", who: katrin, status: 422, at: on("/m/%s/preview/2", "offer"), calm: true},
		{name: "preview-table", who: katrin, at: on("/m/%s/preview/3", "offer")},
		{name: "preview-text", who: katrin, at: on("/m/%s/preview/4", "offer"), calm: true},
		{name: "preview-page", who: katrin, at: on("/m/%s/preview/5", "offer"), calm: true},
		{name: "sent", who: katrin, path: "/mail/sent"},
		{name: "drafts", who: katrin, path: "/mail/drafts"},
		{name: "trash", who: katrin, path: "/mail/trash"},
		{name: "forgood", who: katrin, do: func(w *walk) {
			submit("/mail/trash", "/mail/trash/act", "action", "delete", "pick", string(w.h.message(katrin, email.MessageID(w.ids["trash"])).Thread))(w)
		}},
		{name: "folder-empty", who: katrin, path: "/mail/junk"},
		{name: "search", who: katrin, path: "/search?q=rotor+from:hartley"},
		{name: "search-none", who: katrin, path: "/search?q=from:nobody+xyzzy"},
		{name: "search-ask", who: katrin, path: "/search"},
		{name: "search-failed", who: katrin, path: "/search?q=kaputt"},
		{name: "search-hostile", who: katrin, path: "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E+%22%29%28+OR+from%3A"},
		{name: "reply", who: katrin, at: on("/compose?mode=all&of=%s", "conversation"), then: opened},
		{name: "forward", who: katrin, at: on("/compose?mode=forward&of=%s", "pictures")},
		{name: "draft", who: katrin, at: on("/compose?draft=%s", "draft"), then: opened},
		{name: "compose-faults", who: katrin, status: 422, do: submit("/compose", "/compose", "button", "send", "token", "walk-faults", "to", "olivia@northgate, jens, x", "subject", "S <i>", "text", "Mein Text")},
		{name: "compose-doubts", who: katrin, status: 422, do: submit("/compose", "/compose", "button", "send", "token", "walk-doubts", "to", "olivia@northgate.example", "text", "Im Anhang finden Sie den Plan.")},
		{name: "compose-conflict", who: katrin, status: 409, do: func(w *walk) {
			submit("/compose", "/compose/"+w.ids["draft"], "button", "save", "token", "t", "version", "99", "to", "olivia@northgate.example", "subject", "Angebot", "text", "Mein anderer Text")(w)
		}, then: opened},
		{name: "draft-gone", who: katrin, status: 409, do: submit("/compose", "/compose/gone", "button", "save", "token", "t", "version", "1", "text", "Mein Text")},
		{name: "undo-late", who: katrin, status: 409, do: func(w *walk) { submit("/mail/inbox", "/undo/"+w.ids["send0"])(w) }},
		{name: "suggestions", who: katrin, path: "/addresses?q=pet"},
		{name: "agenda", who: katrin, path: "/agenda"},
		{name: "waiting", who: katrin, path: "/waiting"},
		{name: "move-where", who: katrin, status: 200, do: submit("/mail/inbox", "/mail/inbox/act", "action", "find", "find", "n", "pick", "x")},
		{name: "shared-inbox", who: katrin, path: "/shared/" + info + "/mail/inbox"},
		{name: "shared-conversation", who: katrin, at: func(w *walk) string {
			return "/shared/" + info + "/mail/inbox/" + string(w.h.message(info, email.MessageID(w.ids["shared"])).Thread)
		}, then: opened},
		{name: "receipts", who: katrin, path: "/receipts"},
		{name: "lost", who: katrin, path: "/mail/inbox/lost", status: 404},
		{name: "forbidden", who: katrin, path: "/desk", status: 403},
		{name: "too-large", who: katrin, status: 413, do: func(w *walk) {
			w.open("/compose")
			js[bool](w.browser, `(() => { const d = new DataTransfer(), f = document.getElementById("compose"), t = f.querySelector("[name=to]"); d.items.add(new File(["x".repeat(1.5 * 1048576)], "Plan.pdf"));
				t.value = "olivia@northgate.example"; f.querySelector("[type=file]").files = d.files; f.querySelector("[name=token]").value = "walk-large"; window.before = true;
				const b = document.createElement("input"); b.type = "hidden"; b.name = "button"; b.value = "attach"; f.append(b); HTMLFormElement.prototype.submit.call(f); return true })()`)
			w.until(`!window.before && document.readyState === "complete"`)
		}},
		{name: "failed", who: katrin, path: "/m/fails/print", status: 500},
		{name: "full", who: katrin, path: "/m/full/print", status: 507},
		{name: "busy", who: katrin, path: "/m/busy/print", status: 503},
		{name: "print", who: katrin, at: on("/m/%s/print", "conversation"), then: opened},
		{name: "print-conversation", who: katrin, at: func(w *walk) string { return of("conversation")(w) + "/print" }},
		{name: "desk", who: jens, path: "/desk"},
		{name: "event", who: jens, at: event(""), then: opened},
		{name: "desk-start-again", who: jens, path: "/desk/events/new", calm: true},
		{name: "entries", who: jens, at: event("/entries?what=messages&state=parked")},
		{name: "dry-run", who: jens, at: event("/dry-run")},
	}},
	{set: func(w *walk) { w.end(false) }, states: []state{
		{name: "event-opening", who: jens, at: event("")},
		{name: "release", who: jens, at: event("/release")},
		{name: "release-faults", who: jens, status: 422, do: func(w *walk) {
			at := event("/release")(w)
			submit(at, at, "button", "without", "reason", " ")(w)
		}},
		{name: "signin-opening", path: "/", calm: true},
	}},
	{set: func(w *walk) {
		_, err := w.h.events.Release(w.ctx, w.event, "Jens Petersen", "von Hand geprüft")
		must(w.h.t, err)
		w.ledger().Gate = syncback.Draining
	}, states: []state{
		{name: "inbox-return", who: katrin, path: "/mail/inbox"},
		{name: "event-draining", who: jens, at: event(""), then: opened},
		{name: "desk-draining", who: jens, path: "/desk"},
		{name: "report", who: jens, at: event("/report")},
		{name: "receipts-return", who: katrin, path: "/receipts"},
	}},
	{set: func(w *walk) { w.counts(true); w.ledger().Gate = syncback.Open }, states: []state{
		{name: "inbox-returned", who: katrin, path: "/mail/inbox"},
		{name: "event-done", who: jens, at: event("")},
		{name: "report-done", who: jens, at: event("/report")},
		{name: "desk-done", who: jens, path: "/desk"},
	}},
	{set: func(w *walk) { w.begin(continuity.Maintenance) }, states: []state{{name: "band-maintenance", who: katrin, path: "/mail/archive", then: menus("#band-more")}}},
	{set: func(w *walk) { w.end(true); w.begin(continuity.Drill) }, states: []state{{name: "band-drill", who: katrin, path: "/mail/archive", then: menus("#band-more")}}},
	{set: func(w *walk) {
		w.end(true)
		for _, one := range w.h.opts.Gate.(*webtest.Gate).Shown {
			one.Identity.Pin = "aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11aa11"
			must(w.h.t, w.h.events.Remember(w.ctx, one.Identity))
		}
		w.h.clock.Pass(time.Hour)
		w.begin(continuity.Lockdown)
	}, states: []state{
		{name: "band-lockdown", who: katrin, path: "/mail/archive", then: menus("#band-more")},
		{name: "event-lockdown", who: jens, at: event("")},
	}},
	{set: func(w *walk) {
		w.end(false)
		w.h.opts.Gate.(*webtest.Gate).Report = syncback.ReleaseReport{Probe: true, Blocked: syncback.BlockIdentity}
	}, states: []state{
		{name: "release-locked", who: jens, at: event("/release")},
		{name: "release-identity", who: jens, at: event("/release?look=1")},
	}},
}

// storyStates are components of the storybook: whole pages with words four tenths longer, which is where buttons would
// cut them off, and, on the full walk, every component in every mood.
func storyStates() (all []state) {
	full := os.Getenv("HOLDOVER_WALK") == "all"
	for _, name := range views.Stories() {
		for _, mood := range views.Moods() {
			if full || mood == "wide" && strings.HasSuffix(name, "Page") {
				all = append(all, state{name: "story-" + name + "-" + mood, who: katrin, path: "/storybook/" + name + "?mood=" + mood, calm: true})
			}
		}
	}
	return append(all, state{name: "storybook", path: "/storybook", calm: true})
}
