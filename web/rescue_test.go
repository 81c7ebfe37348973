package web

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/mailstore"
	"holdover/web/webtest"
)

// backOf is the page that a sign-in leads back to.
func backOf(t *testing.T, w *httptest.ResponseRecorder) string {
	t.Helper()
	to, err := url.Parse(w.Header().Get("Location"))
	if err != nil || w.Code != http.StatusSeeOther || to.Path != "/" {
		t.Fatalf("answered %d, to %q: %.300s", w.Code, to, w.Body)
	}
	return to.Query().Get("back")
}

// written is a new form as somebody filled it.
func (st *stage) written(who string, pairs ...string) fields {
	st.T.Helper()
	return filled(st.Read(st.Get(who, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "cc", "x@partner.example", "bcc", "y@partner.example", "subject", "Kran", "text", "Mein Text").with(pairs...)
}

func (st *stage) sentNothing(what string) {
	st.T.Helper()
	for _, who := range []string{employee, "james@holdover.example"} {
		if rows, err := st.Mail.Submissions(st.T.Context(), st.Person(who).Mailbox, 9); err != nil || len(rows) > 0 {
			st.T.Errorf("%s: %d messages of %s were sent (%v)", what, len(rows), who, err)
		}
	}
}

// TestExpiredFormIsSaved: whatever was pressed, the form of a session that has ended becomes a draft of that person, once;
// nothing is sent and nothing of the mailbox is shown.
func TestExpiredFormIsSaved(t *testing.T) {
	for _, button := range []string{"send", "save", "attach", "send:sure", "template:0", "undo"} {
		st := newComposeStage(t)
		form := st.written(employee, "button", button)
		w := st.sendForm(webtest.Ended+employee, "/compose", form, file{"plan.txt", "the plan"})
		again := st.sendForm(webtest.Ended+employee, "/compose", form, file{"plan.txt", "the plan"}) // a double click
		if strings.Contains(w.Body.String(), "Kran") {
			t.Errorf("%s: the answer shows %s", button, w.Body)
		}
		back := backOf(t, w)
		if other := backOf(t, again); draftOf(other) != draftOf(back) {
			t.Errorf("%s: twice made two drafts", button)
		}
		page := st.Read(st.Get(employee, back), 200)
		f := filled(page)
		if f["to"] != form["to"] || f["cc"] != form["cc"] || f["bcc"] != form["bcc"] || f["subject"] != form["subject"] || strings.TrimSpace(f["text"]) != form["text"] || !strings.Contains(said(page.Find("#files")), "plan.txt") {
			t.Errorf("%s: came back as %v, files %q", button, f, said(page.Find("#files")))
		}
		if got := said(page.Find(".toast")); got != "Ihr Text ist gespeichert, gesendet wurde nichts." {
			t.Errorf("%s: it says %q", button, got)
		}
		if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 {
			t.Errorf("%s: %d drafts", button, len(drafts))
		}
		st.sentNothing(button)
		if w := st.Get("james@holdover.example", back); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Mein Text") {
			t.Errorf("%s: whoever signs in instead sees it: %d", button, w.Code)
		}
		st.Follow(employee, st.sendForm(employee, "/compose/"+draftOf(back), f.with("button", "send")))
		st.Clock.Pass(11 * time.Second)
		st.Mail.Release(t.Context())
		if got := st.textsOf("jan@holdover.example"); len(got) != 1 {
			t.Errorf("%s: sent after signing in, Jan has %d messages", button, len(got))
		}
	}
}

// TestExpiredOverwritesNothing: a draft that another window changed, discarded or sent meanwhile stays as it is.
func TestExpiredOverwritesNothing(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "first"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "save", "text", "from the other window")))
	late := form.with("button", "send", "text", "from the window whose session ended")
	back := backOf(t, st.sendForm(webtest.Ended+employee, path, late, file{"a.txt", "A"}))
	if other := backOf(t, st.sendForm(webtest.Ended+employee, path, late, file{"a.txt", "A"})); other != back {
		t.Errorf("twice led to %s and %s", back, other)
	}
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200))["text"]); got != "from the other window" {
		t.Errorf("the other window's text became %q", got)
	}
	page := st.Read(st.Get(employee, back), 200)
	if got := strings.TrimSpace(filled(page)["text"]); got != late["text"] || !strings.Contains(said(page.Find(".toast")), "als eigener Entwurf") || !strings.Contains(said(page.Find("#files")), "a.txt") {
		t.Errorf("kept beside is %q, said is %q", got, said(page.Find(".toast")))
	}
	st.sentNothing("a conflict")

	_, form, path = st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "gone soon"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "discard")))
	page = st.Read(st.Get(employee, backOf(t, st.sendForm(webtest.Ended+employee, path, form.with("button", "save", "text", "typed on")))), 200)
	if got := strings.TrimSpace(filled(page)["text"]); got != "typed on" || !strings.Contains(said(page.Find(".toast")), "gibt es nicht mehr") {
		t.Errorf("of a discarded draft is kept %q, said is %q", got, said(page.Find(".toast")))
	}

	_, form, path = st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "goes out"})
	before := len(st.inFolder(employee, mailstore.Drafts))
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "send")))
	same := backOf(t, st.sendForm(webtest.Ended+employee, path, form.with("button", "send")))
	if got := len(st.inFolder(employee, mailstore.Drafts)); got != before-1 {
		t.Errorf("sending twice left %d drafts more", got-before+1)
	}
	if page = st.Read(st.Get(employee, same), 200); !strings.Contains(said(page.Find("h1")), "gerade gesendet") {
		t.Errorf("the second half of a double click leads to %q", said(page.Find("h1")))
	}
	page = st.Read(st.Get(employee, backOf(t, st.sendForm(webtest.Ended+employee, path, form.with("button", "send", "text", "changed after sending")))), 200)
	if got := strings.TrimSpace(filled(page)["text"]); got != "changed after sending" || !strings.Contains(said(page.Find(".toast")), "war schon gesendet") {
		t.Errorf("a text changed after sending is %q, said is %q", got, said(page.Find(".toast")))
	}
	if rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 9); len(rows) != 1 {
		t.Errorf("%d messages sent, want 1", len(rows))
	}
}

// TestExpiredHostile: what does not come from the person's own page stores nothing.
func TestExpiredHostile(t *testing.T) {
	st := newComposeStage(t)
	form := st.written(employee)
	_, theirs, path := st.newDraft(fields{"to": "jan@holdover.example", "text": "Katrins Entwurf"})
	count := func(what string, who string, want int) {
		t.Helper()
		if drafts := st.inFolder(who, mailstore.Drafts); len(drafts) != want {
			t.Errorf("%s: %d drafts of %s, want %d", what, len(drafts), who, want)
		}
	}
	type headers = http.Header
	foreign := headers{"Content-Type": {boundary}, "Sec-Fetch-Site": {"cross-site"}, "Origin": {"https://evil.example"}}
	for _, who := range []string{webtest.Ended + employee, ""} {
		if w := st.Ask(who, http.MethodPost, "/compose", foreign, multipartBody(form)); w.Code != http.StatusForbidden || strings.Contains(w.Body.String(), "Mein Text") {
			t.Errorf("from another website as %q: %d", who, w.Code)
		}
	}
	count("from another website", employee, 1)

	page := st.Read(st.sendForm(webtest.Ended+"james@holdover.example", "/compose", form), http.StatusUnauthorized) // Katrin's page, James's cookie
	if got := strings.TrimSpace(filled(page)["text"]); got != "Mein Text" {
		t.Errorf("given back with %q", got)
	}
	count("another person's ended session", "james@holdover.example", 0)
	page = st.Read(st.sendForm("james@holdover.example", "/compose", form), http.StatusConflict) // James has signed in meanwhile
	if got := strings.TrimSpace(filled(page)["text"]); got != "Mein Text" || !strings.Contains(said(page.Find("#summary")), "belongs to another account") {
		t.Errorf("under another account: %q", said(page.Find("#summary")))
	}
	if folders := page.Find(".folders").Length(); folders > 0 {
		t.Error("the page shows a mailbox")
	}
	count("another person signed in", "james@holdover.example", 0)
	st.sentNothing("another person signed in")

	w := st.sendForm(webtest.Ended+"james@holdover.example", path, theirs.with("owner", "", "button", "save", "text", "fremd"))
	if w.Code == http.StatusSeeOther && strings.Contains(w.Header().Get("Location"), strings.TrimPrefix(path, "/compose/")) {
		t.Errorf("somebody else's draft was taken: %q", w.Header().Get("Location"))
	}
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200))["text"]); got != "Katrins Entwurf" {
		t.Errorf("somebody else's draft became %q", got)
	}
	forged := form.with("token", theirs["token"], "button", "save") // a token that another form has
	back := backOf(t, st.sendForm(webtest.Ended+employee, "/compose", forged))
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200))["text"]); got != "Katrins Entwurf" {
		t.Errorf("a forged token changed %q into %q", path, got)
	}
	count("a forged token", employee, 2)
	if draftOf(back) == strings.TrimPrefix(path, "/compose/") {
		t.Error("a forged token leads to the other draft")
	}

	st.door.Spent.Store(true)
	page = st.Read(st.sendForm(webtest.Ended+employee, "/compose", st.written(employee)), http.StatusUnauthorized) // the flood's end
	st.door.Spent.Store(false)
	if got := strings.TrimSpace(filled(page)["text"]); got != "Mein Text" {
		t.Errorf("over the bounds the text is %q", got)
	}
	count("over the bounds", employee, 2)
	for _, path := range []string{"/shared/vertrieb@holdover.example/compose", "/shared/anna@holdover.example/compose"} {
		st.Read(st.sendForm(webtest.Ended+employee, path, form), http.StatusUnauthorized)
	}
	count("another mailbox", employee, 2)
}

// TestUnknownIsGivenBack: of nobody known nothing is stored, and nothing is lost but files, which are named.
func TestUnknownIsGivenBack(t *testing.T) {
	st := newComposeStage(t)
	form := st.written(employee, "text", "</textarea><script>alert(1)</script>", "to", `"><img src=x> <a@b.example>`)
	page := st.Read(st.sendForm("", "/compose", form, file{"plan <i>.txt", "the plan"}), http.StatusUnauthorized)
	f := filled(page)
	for name, value := range form {
		if name != "button" && name != "version" && strings.TrimSpace(f[name]) != strings.TrimSpace(value) {
			t.Errorf("%s came back as %q, typed was %q", name, f[name], value)
		}
	}
	if page.Find("main script, main img, main i").Not("svg").Length() > 0 {
		t.Error("what was typed became markup")
	}
	if got := said(page.Find("#files")); !strings.Contains(got, "plan <i>.txt") || page.Find("#files button").Length() > 0 {
		t.Errorf("files: %q", got)
	}
	for _, who := range []string{employee, "james@holdover.example", "anna@holdover.example"} {
		if drafts := st.inFolder(who, mailstore.Drafts); len(drafts) > 0 {
			t.Errorf("%s has %d drafts", who, len(drafts))
		}
	}
	action, _ := page.Find("#compose").Attr("action")
	st.Follow(employee, st.sendForm(employee, action, f.with("button", "save"))) // after signing in in another window
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 {
		t.Errorf("posted again: %d drafts", len(drafts))
	}
	huge := st.sendForm("", "/compose", form.with("text", strings.Repeat("x", maxText+5)), file{"big.bin", strings.Repeat("z", 9<<20)})
	if got := strings.TrimSpace(filled(st.Read(huge, http.StatusUnauthorized))["text"]); len(got) != maxText+5 {
		t.Errorf("a huge form came back with %d letters", len(got))
	}
	if w := st.sendForm("", "/compose", fields{"token": "x", "button": "send"}, file{"", ""}); w.Code != http.StatusSeeOther {
		t.Errorf("an empty form: %d", w.Code)
	}
	if w := st.sendForm(webtest.Ended+employee, "/compose", form.with("text", strings.Repeat("x", maxText+5))); w.Code != http.StatusRequestEntityTooLarge || w.Body.Len() < maxText {
		t.Errorf("more than a draft takes, of an ended session: %d", w.Code)
	}
	if w := st.Ask("", http.MethodPost, "/compose", http.Header{"Content-Type": {boundary}, "Accept": {"application/json"}}, multipartBody(form)); w.Code != http.StatusUnauthorized || !strings.Contains(w.Body.String(), "Sie sind nicht mehr angemeldet. Ihr Text bleibt in diesem Fenster.") {
		t.Errorf("the page's script hears %d %s", w.Code, w.Body)
	}
}
