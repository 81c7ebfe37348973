package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holdover/mailstore"
)

// TestHeldMessageStandsInItsThread: at once, with the way to take it back; then how far it got, and in the
// server's words who did not get it.
func TestHeldMessageStandsInItsThread(t *testing.T) {
	st := newComposeStage(t)
	id := st.arrive(employee, fromOlivia)
	form := filled(st.Read(st.Get(employee, "/compose?mode=reply&of="+string(id)), 200)).with("button", "send", "text", "Gate 3.")
	_, at := st.Follow(employee, st.sendForm(employee, "/compose", form))
	at, _, _ = strings.Cut(at, "?")
	page := st.Read(st.Get(employee, at), 200) // without the bar
	own := page.Find("details.msg.mine")
	if !strings.Contains(said(own), "wird gesendet") || !strings.Contains(said(own), "Gate 3.") || own.Find(`form[action^="/undo/"]`).Length() != 1 || page.Find(`a[href^="/compose?draft="]`).Length() > 0 {
		t.Fatalf("in its thread: %s", said(own))
	}
	undo, _ := own.Find("form[action^='/undo/']").Attr("action")
	page, draft := st.Follow(employee, st.Post(employee, undo, nil))
	if got := said(st.Read(st.Get(employee, at), 200).Find(".msgs")); strings.Contains(got, "wird gesendet") {
		t.Errorf("after undo: %s", got)
	}
	st.Follow(employee, st.sendForm(employee, "/compose/"+draftOf(draft), filled(page).with("button", "send")))
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	page = st.Read(st.Get(employee, at), 200)
	if n := page.Find("details.msg.mine").Length(); n != 1 || page.Find("form[action^='/undo/']").Length() != 0 {
		t.Errorf("%d own messages after the release: %s", n, said(page.Find(".msgs")))
	}
	out, err := st.Mail.ClaimOutbound(t.Context(), time.Minute, 5)
	if err != nil || len(out) != 1 {
		t.Fatalf("%v %v", out, err)
	}
	say := func(state, words string) string {
		t.Helper()
		for i := range out[0].Recipients {
			out[0].Recipients[i].State, out[0].Recipients[i].Words = state, words
		}
		if err := st.Mail.ReportOutbound(t.Context(), out[0], out[0].Recipients); err != nil {
			t.Fatal(err)
		}
		return said(st.Read(st.Get(employee, at), 200).Find("details.msg.mine"))
	}
	if got := say("queued", "450 4.2.1 later <b>please</b>"); !strings.Contains(got, "Noch nicht zugestellt") || !strings.Contains(got, "olivia@partner.example") || !strings.Contains(got, "450 4.2.1 later <b>please</b>") {
		t.Errorf("while it is tried: %s", got)
	}
	if out, err = st.Mail.ClaimOutbound(t.Context(), time.Minute, 5); err != nil || len(out) != 1 {
		t.Fatalf("%v %v", out, err)
	}
	if got := say("failed", "550 5.1.1 no such user"); !strings.Contains(got, "nicht zugestellt") || !strings.Contains(got, "550 5.1.1 no such user") {
		t.Errorf("after the failure: %s", got)
	}
	if w := st.Get("james@holdover.example", at); w.Code != http.StatusNotFound {
		t.Errorf("somebody else: %d", w.Code)
	}
}

// TestCheck15_ListAndFile: the explicit buttons, and the warning that the sender wished the answer elsewhere.
func TestCheck15_ListAndFile(t *testing.T) {
	st := newComposeStage(t)
	many := strings.Repeat("x@partner.example, ", 1)
	for _, n := range []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"} {
		many += n + "@partner.example, "
	}
	octets := strings.Replace(fromOlivia, "Cc: ", "List-Post: <mailto:list@lists.example>\r\nReply-To: desk@partner.example\r\nCc: "+many, 1)
	id := st.arrive(employee, octets)
	m, err := st.Mail.Message(t.Context(), st.Person(employee).Mailbox, id)
	if err != nil {
		t.Fatal(err)
	}
	page := st.Read(st.Get(employee, box{}.thread(mailstore.Inbox, m.Thread)), 200)
	if page.Find(`a[href^="/compose?mode=list"]`).Length() != 1 || page.Find(`.bar a[href*="mode=list"]`).Length() != 0 {
		t.Error("answering the list is offered in the menu, and never as the main way")
	}
	if f := filled(st.Read(st.Get(employee, "/compose?mode=list&of="+string(id)), 200)); f["to"] != "list@lists.example" || f["cc"] != "" {
		t.Errorf("to the list: %q %q", f["to"], f["cc"])
	}
	if got := said(st.Read(st.Get(employee, "/compose?mode=all&of="+string(id)), 200).Find("#replyto")); !strings.Contains(got, "desk@partner.example") {
		t.Errorf("no warning: %q", got)
	}
	if st.Read(st.Get(employee, "/compose?mode=reply&of="+string(id)), 200).Find("#replyto").Length() > 0 {
		t.Error("a warning where nobody else is written to")
	}
	page = st.Read(st.Get(employee, "/compose?mode=attach&of="+string(id)), 200)
	_, at := st.Follow(employee, st.sendForm(employee, "/compose", filled(page).with("button", "save", "to", "jan@holdover.example")))
	if got := said(st.Read(st.Get(employee, at), 200).Find("#files")); !strings.Contains(got, "Delivery slot.eml") {
		t.Errorf("files: %q", got)
	}
}
