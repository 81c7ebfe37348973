package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// TestCheck10_ChangedTextIsAsked: Back, another text, Send. The text is never dropped and never sent unasked.
func TestCheck10_ChangedTextIsAsked(t *testing.T) {
	for _, autosaved := range []bool{false, true} { // the form made its draft itself, or the draft was there
		st := newComposeStage(t)
		reply := st.arrive(employee, fromOlivia)
		form := filled(st.Read(st.Get(employee, "/compose?mode=reply&of="+string(reply)), 200)).with("to", "jan@holdover.example", "subject", "AW: Delivery slot", "text", "Gate 3.")
		path := "/compose"
		if autosaved {
			page, at := st.Follow(employee, st.sendForm(employee, path, form.with("button", "save"), file{"plan.txt", "the plan"}))
			path, form = "/compose/"+draftOf(at), filled(page)
		}
		st.Follow(employee, st.sendForm(employee, path, form.with("button", "send"), file{"plan.txt", "the plan"}))
		page, at := st.Follow(employee, st.sendForm(employee, path, form.with("button", "send"))) // files are forgotten by Back
		if !strings.Contains(at, "/mail/inbox/") || page.Find(".toast form").Length() != 1 {
			t.Errorf("the same once more led to %s", at)
		}
		changed := form.with("button", "send", "text", "Gate 4!")
		page = st.Read(st.sendForm(employee, path, changed), http.StatusConflict)
		asked := filled(page)
		if strings.TrimSpace(asked["text"]) != "Gate 4!" || page.Find("#summary button[value=undo]").Length() != 1 || !strings.Contains(said(page.Find("#files")), "plan.txt") {
			t.Fatalf("asked with text %q, files %q: %s", asked["text"], said(page.Find("#files")), said(page.Find("#summary")))
		}
		for range 2 { // a double click
			page, at = st.Follow(employee, st.sendForm(employee, "/compose", asked.with("button", "undo")))
			if got := strings.TrimSpace(filled(page)["text"]); got != "Gate 4!" || !strings.Contains(said(page.Find("#files")), "plan.txt") {
				t.Errorf("taken back with %q and files %q", got, said(page.Find("#files")))
			}
		}
		if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 {
			t.Errorf("%d drafts after taking back, want 1", len(drafts))
		}
		final := filled(page)
		path = "/compose/" + draftOf(at)
		st.Follow(employee, st.sendForm(employee, path, final.with("button", "send")))
		st.Clock.Pass(11 * time.Second)
		st.Mail.Release(t.Context())
		if got := st.textsOf("jan@holdover.example"); len(got) != 1 || !strings.HasPrefix(got[0], "Gate 4!") {
			t.Fatalf("Jan got %q", got)
		}
		page = st.Read(st.sendForm(employee, path, final.with("button", "send", "text", "Gate 5?")), http.StatusConflict)
		if page.Find("button[value=undo]").Length() != 0 {
			t.Error("what is gone is offered to be taken back")
		}
		further := filled(page).with("button", "send")
		st.Follow(employee, st.sendForm(employee, "/compose", further))
		st.Follow(employee, st.sendForm(employee, "/compose", further))
		st.Clock.Pass(11 * time.Second)
		st.Mail.Release(t.Context())
		if got := st.textsOf("jan@holdover.example"); len(got) != 2 || !strings.HasPrefix(got[1], "Gate 5?") || !strings.Contains(got[1], "the lorry") {
			t.Errorf("Jan got %q", got)
		}
		if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 0 {
			t.Errorf("%d stray drafts", len(drafts))
		}
	}
}

// TestBackToASentDraft: the address of a draft that is on its way says so, with the way to undo.
func TestBackToASentDraft(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "typed"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "send")))
	at := "/compose?draft=" + strings.TrimPrefix(path, "/compose/")
	page := st.Read(st.Get(employee, at), 200)
	if action, _ := page.Find(".none form").Attr("action"); !strings.HasPrefix(action, "/undo/") || !strings.Contains(said(page.Find("h1")), "wird gerade gesendet") {
		t.Errorf("%s: %s", action, said(page.Find(".none")))
	}
	if w := st.Get("james@holdover.example", at); w.Code != http.StatusNotFound {
		t.Errorf("somebody else: %d", w.Code)
	}
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	page = st.Read(st.Get(employee, at), 200)
	anew, _ := page.Find(`.none a[href^="/compose?mode=again"]`).Attr("href")
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, anew), 200))["text"]); got != "typed" {
		t.Errorf("written anew: %q", got)
	}
	if w := st.Get("james@holdover.example", anew); w.Code != http.StatusNotFound {
		t.Errorf("somebody else reads what was sent: %d", w.Code)
	}
}

// textsOf are the texts in somebody's inbox, oldest first.
func (st *stage) textsOf(who string) (texts []string) {
	st.T.Helper()
	box := st.Person(who).Mailbox
	rows, _, err := st.Mail.Singles(st.T.Context(), box, mailstore.Inbox, mailstore.Before{}, 50)
	if err != nil {
		st.T.Fatal(err)
	}
	for _, row := range rows {
		octets, err := st.Mail.Raw(st.T.Context(), box, row.Latest.ID)
		if err != nil {
			st.T.Fatal(err)
		}
		texts = append([]string{email.Parse(octets).Text()}, texts...)
	}
	return texts
}
