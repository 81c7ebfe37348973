package web

import (
	"errors"
	"fmt"

	"holdover/email"
	"holdover/mailstore"
)

// publicStates are pages of nobody in particular, before anything has happened.
var publicStates = []state{
	{name: "signin", path: "/"},
	{name: "signin-failed", path: "/sign-in", status: 503},
	{name: "signin-refused", path: "/sign-in/return", status: 403},
	{name: "signin-nomailbox", path: "/sign-in/return?code=1&nobox=1", status: 403},
	{name: "accessible", path: "/accessibility"},
	{name: "offline", path: "/offline"},
	{name: "lost-stranger", path: "/no-such-page", status: 404},
	{name: "session-over", path: "/mail/inbox"},
	{name: "session-over-writing", calm: true, status: 401, do: submit("/", "/compose", "button", "save", "token", "x", "version", "0", "to", "olivia@northgate.example", "cc", "", "bcc", "", "subject", "Angebot", "html", "", "text", "Mein Text")},
}

// calmStates are a person's pages with nothing in them.
var calmStates = []state{
	{name: "inbox-empty", who: martha, path: "/mail/inbox"},
	{name: "agenda-empty", who: martha, path: "/agenda"},
	{name: "waiting-empty", who: martha, path: "/waiting"},
	{name: "receipts-empty", who: martha, path: "/receipts"},
	{name: "compose", who: martha, path: "/compose"},
	{name: "folders-none", who: martha, path: "/folders"},
	{name: "folders", who: katrin, path: "/folders", do: func(w *walk) { w.folders(); w.open("/folders") }, then: opened},
	{name: "folders-faults", who: katrin, status: 422, do: submit("/folders", "/folders", "action", "create", "name", "Posteingang")},
	{name: "folders-named", who: katrin, calm: true, do: func(w *walk) {
		w.folders()
		submit("/folders", "/folders", "action", "rename", "folder", w.ids["folder"], "name", "Kundschaft")(w)
	}},
	{name: "folders-gone", who: katrin, calm: true, do: func(w *walk) {
		w.folders()
		id, err := w.h.mail.CreateFolder(w.ctx, mailstore.FromPortal, w.h.box(katrin), "", "Nur kurz")
		must(w.t, err)
		submit("/folders", "/folders", "action", "delete", "folder", string(id))(w)
	}},
	{name: "keys", who: katrin, path: "/keys"},
	{name: "notices", who: katrin, path: "/notices"},
	{name: "stay", who: katrin, path: "/stay", calm: true},
	{name: "stay-longer", who: katrin, do: submit("/stay", "/stay"), calm: true},
	{name: "accessible-inside", who: katrin, path: "/accessibility", calm: true},
}

// mailStates are lists and messages in an outage.
var mailStates = []state{
	{name: "signin-down", path: "/"},
	{name: "inbox", who: katrin, path: "/mail/inbox"},
	{name: "inbox-menus", who: katrin, path: "/mail/inbox", then: menus(".me details.menu, .tools details.menu, .fold-s")},
	{name: "inbox-chosen", who: katrin, path: "/mail/inbox", then: `for (const c of document.querySelectorAll("[name=pick]")) c.click()`, calm: true},
	{name: "band-open", who: katrin, path: "/mail/inbox", then: menus("#band-more"), calm: true},
	{name: "inbox-undo", who: katrin, path: "/mail/inbox?done=archive&n=2&undo=x"},
	{name: "inbox-sent", who: katrin, at: on("/mail/inbox?done=sent&send=%s", "send1")},
	{name: "conversation", who: katrin, at: of("conversation")},
	{name: "conversation-open", who: katrin, at: of("conversation"), then: opened},
	{name: "conversation-menus", who: katrin, at: of("conversation"), then: menus(".msg[open] .msg-env details.menu"), calm: true},
	{name: "conversation-tools", who: katrin, at: of("conversation"), then: menus(".conv-head details.menu"), calm: true},
	{name: "single", who: katrin, at: func(w *walk) string { return of("conversation")(w) + "?m=" + w.ids["conversation"] }},
	{name: "text", who: katrin, at: of("text"), then: opened},
	{name: "bounce", who: katrin, at: of("bounce"), then: opened},
	{name: "signed", who: katrin, at: of("signed")},
	{name: "encrypted", who: katrin, at: of("secret")},
	{name: "fraud", who: katrin, at: of("fraud")},
	{name: "pictures", who: katrin, at: of("pictures")},
	{name: "names", who: katrin, at: of("names")},
	{name: "arabic", who: katrin, at: of("arabic")},
	{name: "sent", who: katrin, path: "/mail/sent"},
	{name: "drafts", who: katrin, path: "/mail/drafts"},
	{name: "trash", who: katrin, path: "/mail/trash"},
	{name: "archive", who: katrin, path: "/mail/archive", calm: true},
	{name: "forgood", who: katrin, do: func(w *walk) {
		submit("/mail/trash", "/mail/trash/act", "action", "delete", "pick", string(w.h.message(katrin, email.MessageID(w.ids["trash"])).Thread))(w)
	}},
	{name: "folder-empty", who: katrin, path: "/mail/junk"},
	{name: "category-ask", who: katrin, do: act("/mail/inbox", "text", "action", "newcategory"), calm: true},
	{name: "category-faults", who: katrin, status: 422, do: act("/mail/inbox", "text", "action", "newcategory", "category", "a,b"), calm: true},
	{name: "move-where", who: katrin, do: func(w *walk) {
		for _, name := range []string{"Bauhof Nord", "Bauhof Süd"} { // there are two that may be meant
			_, err := w.h.mail.CreateFolder(w.ctx, mailstore.FromPortal, w.h.box(katrin), "", name)
			if !errors.Is(err, mailstore.ErrFolderTaken) { // each look asks anew
				must(w.t, err)
			}
		}
		submit("/mail/inbox", "/mail/inbox/act", "action", "find", "find", "bauhof", "pick", "x")(w)
	}},
	{name: "move-none", who: katrin, do: act("/mail/inbox", "text", "action", "find", "find", "gibt es nicht"), calm: true},
	{name: "move-new", who: katrin, do: act("/mail/inbox", "text", "action", "move", "to", "new"), calm: true},
	{name: "move-faults", who: katrin, status: 422, do: act("/mail/inbox", "text", "action", "move", "to", "new", "name", "Posteingang"), calm: true},
	{name: "waiting", who: katrin, path: "/waiting"},
	{name: "receipts", who: katrin, path: "/receipts"},
	{name: "receipts-need", who: katrin, path: "/receipts?show=need", calm: true},
	{name: "print", who: katrin, at: on("/m/%s/print", "conversation"), then: opened},
	{name: "print-conversation", who: katrin, at: func(w *walk) string { return of("conversation")(w) + "/print" }},
}

// fileStates are files of a message and what is shown of them.
var fileStates = []state{
	{name: "files", who: katrin, at: of("offer")},
	{name: "preview", who: katrin, at: on("/m/%s/preview/1?page=2", "offer"), then: opened},
	{name: "preview-wide", who: katrin, at: on("/m/%s/preview/1?zoom=200", "offer"), calm: true},
	{name: "preview-locked", who: katrin, status: 422, at: on("/m/%s/preview/2", "offer"), calm: true},
	{name: "preview-table", who: katrin, at: on("/m/%s/preview/3", "offer")},
	{name: "preview-text", who: katrin, at: on("/m/%s/preview/4", "offer"), calm: true},
	{name: "preview-page", who: katrin, at: on("/m/%s/preview/5", "offer"), calm: true},
}

// searchStates are questions with many hits, few, none and bad ones.
var searchStates = []state{
	{name: "search", who: katrin, path: "/search?q=rotor+from:hartley"},
	{name: "search-many", who: katrin, path: "/search?q=Zählerstand", calm: true},
	{name: "search-all", who: katrin, path: "/search?q=Zählerstand", then: `document.querySelector("[name=all]").click()`, calm: true},
	{name: "search-done", who: katrin, path: "/search?q=rotor&done=archive&n=60&undo=x", calm: true},
	{name: "search-category", who: katrin, do: hits("action", "newcategory", "q", "rotor"), calm: true},
	{name: "search-none", who: katrin, path: "/search?q=from:nobody+xyzzy"},
	{name: "search-ask", who: katrin, path: "/search"},
	{name: "search-failed", who: katrin, path: "/search?q=kaputt"},
	{name: "search-hostile", who: katrin, path: "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E+%22%29%28+OR+from%3A"},
}

// calendarStates are invitations and what is made of them.
var calendarStates = []state{
	{name: "meeting", who: katrin, at: of("meeting"), then: opened},
	{name: "meeting-accepted", who: katrin, at: of("accepted"), then: opened, calm: true},
	{name: "meeting-declined", who: katrin, at: of("declined"), then: opened, calm: true},
	{name: "meeting-replaced", who: katrin, at: of("replaced"), then: opened, calm: true},
	{name: "meeting-updated", who: katrin, at: of("updated"), then: opened, calm: true},
	{name: "meeting-weekly", who: katrin, at: of("weekly"), then: opened, calm: true},
	{name: "meeting-answer", who: katrin, at: of("answer"), then: opened, calm: true},
	{name: "cancelled", who: katrin, at: of("cancelled")},
	{name: "answer-bad", who: katrin, status: 400, calm: true, do: func(w *walk) {
		submit("/agenda", "/m/"+w.ids["meeting"]+"/answer", "answer", "perhaps")(w)
	}},
	{name: "agenda", who: katrin, path: "/agenda"},
}

// composeStates are the form and what it answers.
var composeStates = []state{
	{name: "reply", who: katrin, at: on("/compose?mode=all&of=%s", "conversation"), then: opened},
	{name: "forward", who: katrin, at: on("/compose?mode=forward&of=%s", "pictures")},
	{name: "draft", who: katrin, at: on("/compose?draft=%s", "draft"), then: opened},
	{name: "compose-faults", who: katrin, status: 422, do: submit("/compose", "/compose", "button", "send", "token", "walk-faults", "to", "olivia@northgate, jens, x", "subject", "S <i>", "text", "Mein Text")},
	{name: "compose-doubts", who: katrin, status: 422, do: submit("/compose", "/compose", "button", "send", "token", "walk-doubts", "to", "olivia@northgate.example", "text", "Im Anhang finden Sie den Plan.")},
	{name: "compose-conflict", who: katrin, status: 409, do: func(w *walk) {
		submit("/compose", "/compose/"+w.ids["draft"], "button", "save", "token", "t", "version", "99", "to", "olivia@northgate.example", "subject", "Angebot", "text", "Mein anderer Text")(w)
	}, then: opened},
	{name: "resent-held", who: katrin, status: 409, do: submit("/compose", "/compose", "button", "send", "token", "walk1", "to", "olivia@northgate.example", "subject", "Angebot", "text", "Nun anders"), calm: true},
	{name: "resent-gone", who: katrin, status: 409, do: submit("/compose", "/compose", "button", "send", "token", "walk0", "to", "olivia@northgate.example", "subject", "Angebot", "text", "Nun anders"), calm: true},
	{name: "draft-gone", who: katrin, status: 409, do: submit("/compose", "/compose/gone", "button", "save", "token", "t", "version", "1", "text", "Mein Text")},
	{name: "undo-late", who: katrin, status: 409, do: func(w *walk) { submit("/mail/inbox", "/undo/"+w.ids["send0"])(w) }},
	{name: "suggestions", who: katrin, path: "/addresses?q=pet"},
	{name: "too-large", who: katrin, status: 413, do: func(w *walk) {
		w.open("/compose")
		js[bool](w.browser, fmt.Sprintf(`(() => { const d = new DataTransfer(), f = document.getElementById("compose"), t = f.querySelector("[name=to]"); d.items.add(new File(["x".repeat(1.5 * 1048576)], "Plan.pdf"));
				t.value = "olivia@northgate.example"; f.querySelector("[type=file]").files = d.files; f.querySelector("[name=token]").value = %q; window.before = true;
				const b = document.createElement("input"); b.type = "hidden"; b.name = "button"; b.value = "attach"; f.append(b); HTMLFormElement.prototype.submit.call(f); return true })()`, "walk-large-"+w.look.String()))
		w.until(`!window.before && document.readyState === "complete"`)
	}},
	{name: "compose-refused", who: katrin, calm: true, do: func(w *walk) { // by the script, before it is sent
		w.open("/compose")
		js[bool](w.browser, `(() => { const d = new DataTransfer(), i = document.getElementById("upload"); d.items.add(new File(["x".repeat(1.5 * 1048576)], "Plan.pdf"));
				i.files = d.files; i.dispatchEvent(new Event("change", {bubbles: true})); return true })()`)
		w.until(`document.getElementById("large").textContent.includes("Plan.pdf")`)
	}},
}

// sharedStates are a shared mailbox.
var sharedStates = []state{
	{name: "shared-inbox", who: katrin, path: sharedBase + "/mail/inbox"},
	{name: "shared-conversation", who: katrin, at: sharedThread("inbox", "shared", ""), then: opened},
	{name: "shared-html", who: katrin, at: sharedThread("inbox", "shared-html", ""), calm: true},
	{name: "shared-preview", who: katrin, at: on(sharedBase+"/m/%s/preview/1", "shared-offer"), calm: true},
	{name: "shared-print", who: katrin, at: on(sharedBase+"/m/%s/print", "shared"), calm: true},
	{name: "shared-print-all", who: katrin, at: sharedThread("inbox", "shared", "/print"), calm: true},
	{name: "shared-reply", who: katrin, at: on(sharedBase+"/compose?mode=reply&of=%s", "shared"), then: opened},
	{name: "shared-compose", who: katrin, path: sharedBase + "/compose", calm: true},
	{name: "shared-from", who: katrin, path: "/compose", then: `document.querySelector("[name=from]").value = "` + info + `"`, calm: true},
	{name: "shared-faults", who: katrin, status: 422, calm: true, do: submit(sharedBase+"/compose", sharedBase+"/compose", "button", "send", "token", "walk-shared", "to", "x", "text", "Mein Text")},
	{name: "shared-draft-gone", who: katrin, status: 409, calm: true, do: submit(sharedBase+"/compose", sharedBase+"/compose/gone", "button", "save", "token", "t", "version", "1", "text", "Mein Text")},
	{name: "shared-undo-lost", who: katrin, status: 404, calm: true, do: submit(sharedBase+"/mail/inbox", sharedBase+"/undo/gone")},
	{name: "shared-category", who: katrin, calm: true, do: func(w *walk) {
		submit(sharedBase+"/mail/inbox", sharedBase+"/mail/inbox/act", "action", "newcategory", "pick", string(w.h.message(info, email.MessageID(w.ids["shared"])).Thread))(w)
	}},
	{name: "shared-search", who: katrin, path: sharedBase + "/search?q=Wagen", calm: true},
	{name: "shared-search-category", who: katrin, calm: true, do: func(w *walk) {
		submit(sharedBase+"/search?q=Wagen", sharedBase+"/search/act", "action", "newcategory", "q", "Wagen", "pick", w.ids["shared"])(w)
	}},
	{name: "shared-receipts", who: katrin, path: sharedBase + "/receipts", calm: true},
	{name: "shared-waiting", who: katrin, path: sharedBase + "/waiting", calm: true},
	{name: "shared-agenda", who: katrin, path: sharedBase + "/agenda", calm: true},
	{name: "shared-answer-bad", who: katrin, status: 400, calm: true, do: func(w *walk) {
		submit(sharedBase+"/agenda", sharedBase+"/m/"+w.ids["shared"]+"/answer", "answer", "perhaps")(w)
	}},
	{name: "shared-folders", who: katrin, path: sharedBase + "/folders", then: opened, calm: true},
	{name: "shared-folders-faults", who: katrin, status: 422, calm: true, do: submit(sharedBase+"/folders", sharedBase+"/folders", "action", "create", "name", "Posteingang")},
	{name: "shared-refused", who: jens, path: sharedBase + "/mail/inbox", status: 404, calm: true},
}

const sharedBase = "/shared/" + info

// sharedThread is a conversation of the shared mailbox.
func sharedThread(folder, name, then string) func(*walk) string {
	return func(w *walk) string {
		return sharedBase + "/mail/" + folder + "/" + string(w.h.message(info, email.MessageID(w.ids[name])).Thread) + then
	}
}

// errorStates are the pages of what cannot be had.
var errorStates = []state{
	{name: "lost", who: katrin, path: "/mail/inbox/lost", status: 404},
	{name: "forbidden", who: katrin, path: "/desk", status: 403},
	{name: "failed", who: katrin, path: "/m/fails/print", status: 500},
	{name: "full", who: katrin, path: "/m/full/print", status: 507},
	{name: "busy", who: katrin, path: "/m/busy/print", status: 503},
	{name: "too-much", who: katrin, path: "/m/large/print", status: 413, calm: true},
	{name: "too-many", who: katrin, path: "/m/many/print", status: 429, calm: true},
	{name: "bad", who: katrin, path: "/receipts?show=nonsense", status: 400, calm: true},
	{name: "conflict", who: katrin, path: "/m/conflict/print", status: 409, calm: true},
	{name: "refused-cross", status: 403, calm: true, do: func(w *walk) { // a form on another website
		w.navigate("data:text/html,<form method=post action='" + w.site + "/language'><input name=language value=de></form><script>document.forms[0].submit()</script>")
		w.until(`location.protocol === "http:" && document.readyState === "complete"`)
	}},
}

// readOnlyStates are those when people work in Outlook again.
var readOnlyStates = []state{
	{name: "readonly-inbox", who: katrin, path: "/mail/inbox"},
	{name: "readonly-conversation", who: katrin, at: of("conversation"), calm: true},
	{name: "readonly-draft", who: katrin, at: of("draft"), calm: true},
	{name: "readonly-drafts", who: katrin, path: "/mail/drafts", calm: true},
	{name: "readonly-meeting", who: katrin, at: of("meeting"), calm: true},
	{name: "readonly-search", who: katrin, path: "/search?q=rotor", calm: true},
	{name: "readonly-folders", who: katrin, path: "/folders", calm: true},
	{name: "readonly-compose", who: katrin, path: "/compose", status: 403, calm: true},
	{name: "readonly-shared", who: katrin, path: sharedBase + "/mail/inbox", calm: true},
	{name: "readonly-refused", who: katrin, status: 403, calm: true, do: submit("/mail/inbox", "/mail/inbox/act", "action", "archive", "pick", "x")},
}

// act does something to a message of the walk in a folder's list, hits to one in the list of hits.
func act(list, name string, fields ...string) func(*walk) {
	return func(w *walk) {
		submit(list, list+"/act", append([]string{"pick", string(w.h.message(katrin, email.MessageID(w.ids[name])).Thread)}, fields...)...)(w)
	}
}

func hits(fields ...string) func(*walk) {
	return func(w *walk) {
		submit("/search?q=rotor", "/search/act", append([]string{"pick", w.ids["conversation"]}, fields...)...)(w)
	}
}
