package web

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

const fromOlivia = "From: Olivia Hartley <olivia@partner.example>\r\n" +
	"To: Katrin Wessel <k.wessel@holdover.example>, James Porter <james@holdover.example>\r\n" +
	"Cc: Purchasing <purchasing@partner.example>, katrin@holdover.example\r\n" +
	"Subject: Re: Delivery slot\r\nMessage-ID: <one@partner.example>\r\nDate: Mon, 23 Nov 2026 13:05:00 +0000\r\n\r\n" +
	"We can hold the lorry <b>until</b> 16:30.\r\n"

func TestReplyFormIsFilledAndStoresNothing(t *testing.T) {
	st := newComposeStage(t)
	with := func(field string) string { return strings.Replace(fromOlivia, "Subject:", field+"\r\nSubject:", 1) }
	own := strings.Replace(strings.Replace(fromOlivia, "Katrin Wessel <k.wessel@holdover.example>, ", "", 1), "From: Olivia Hartley <olivia@partner.example>", "From: Katrin Wessel <katrin@holdover.example>", 1)
	for n, c := range []struct{ name, octets, mode, to, cc, subject string }{
		{"reply", fromOlivia, "reply", "Olivia Hartley <olivia@partner.example>", "", "AW: Delivery slot"},
		{"reply all leaves own addresses out", fromOlivia, "all", "Olivia Hartley <olivia@partner.example>, James Porter <james@holdover.example>", "Purchasing <purchasing@partner.example>", "AW: Delivery slot"},
		{"forward", fromOlivia, "forward", "", "", "WG: Delivery slot"},
		{"reply-to", with("Reply-To: Desk <desk@partner.example>"), "reply", "Desk <desk@partner.example>", "", "AW: Delivery slot"},
		{"never sender", with("Sender: robot@partner.example"), "reply", "Olivia Hartley <olivia@partner.example>", "", "AW: Delivery slot"},
		{"own mail goes to its recipients", own, "reply", "James Porter <james@holdover.example>", "", "AW: Delivery slot"},
	} {
		t.Run(c.name, func(t *testing.T) {
			octets := strings.Replace(c.octets, "one@", fmt.Sprintf("m%d@", n), 1)
			id := st.arrive(employee, octets)
			page := st.Read(st.Get(employee, "/compose?mode="+c.mode+"&of="+string(id)), 200)
			f := filled(page)
			if f["to"] != c.to || !strings.HasPrefix(f["cc"], c.cc) || c.cc == "" && f["cc"] != "" || f["subject"] != c.subject {
				t.Errorf("to %q, cc %q, subject %q;\nwant %q, %q, %q", f["to"], f["cc"], f["subject"], c.to, c.cc, c.subject)
			}
			if strings.Contains(f["to"]+f["cc"], "katrin@") || strings.Contains(f["to"]+f["cc"], "k.wessel@") {
				t.Errorf("own address among the recipients: %q %q", f["to"], f["cc"])
			}
			if quote := page.Find("details.quote blockquote"); !strings.Contains(quote.Text(), "the lorry <b>until</b>") {
				t.Errorf("quote: %q", said(quote))
			}
		})
	}
	if rows := st.inFolder(employee, mailstore.Drafts); len(rows) > 0 {
		t.Errorf("looking at forms stored %d drafts", len(rows))
	}
	if w := st.Get(employee, "/compose?mode=answer&of="+string(st.arrive(employee, fromOlivia))); w.Code != http.StatusBadRequest {
		t.Errorf("an unknown mode: %d, want 400", w.Code)
	}
	if w := st.Get(employee, "/compose?mode=reply&of=nothing"); w.Code != http.StatusNotFound {
		t.Errorf("an unknown message: %d, want 404", w.Code)
	}
}

// TestCheck12_NoStrayDraft: everybody gets it, and nothing is left in Drafts.
func TestCheck12_NoStrayDraft(t *testing.T) {
	st := newComposeStage(t)
	id := st.arrive(employee, fromOlivia)
	form := filled(st.Read(st.Get(employee, "/compose?mode=reply&of="+string(id)), 200))
	w := st.sendForm(employee, "/compose", form.with("button", "send", "to", form["to"]+", JAMES@holdover.example; vertrieb@holdover.example",
		"bcc", "jan@holdover.example, Olivia <olivia@PARTNER.example>", "text", "Yes.\r\nGate 3.\r\n"))
	page, at := st.Follow(employee, w)
	m, err := st.Mail.Message(t.Context(), st.Person(employee).Mailbox, id)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(at, box{}.thread(m.Folder, m.Thread)+"?") {
		t.Errorf("after sending at %s, want the conversation", at)
	}
	if action, _ := page.Find(".toast form").Attr("action"); !strings.HasPrefix(action, "/undo/") || !strings.Contains(said(page.Find(".toast")), "Wird gesendet an") {
		t.Errorf("no way to undo: %q %q", action, said(page.Find(".toast")))
	}
	rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 9)
	if len(rows) != 1 || !rows[0].Held {
		t.Fatalf("submissions: %+v", rows)
	}
	var to []string
	for _, r := range rows[0].Recipients {
		to = append(to, r.Address)
	}
	slices.Sort(to)
	if want := []string{"JAMES@holdover.example", "extern@partner.example", "jan@holdover.example", "katrin@holdover.example", "olivia@partner.example"}; !slices.Equal(to, want) {
		t.Errorf("goes to %q,\nwant     %q", to, want)
	}
	st.Clock.Pass(11 * time.Second)
	if _, err := st.Mail.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	sent := st.inFolder(employee, mailstore.Sent)
	if len(sent) != 1 || sent[0].ID != m.Thread {
		t.Errorf("the sent copy is not in the thread of what it answers: %+v", sent)
	}
	if m, _ = st.Mail.Message(t.Context(), m.Mailbox, id); !m.Flags.Answered {
		t.Error("the message is not marked as answered")
	}
	inbox := st.inFolder("jan@holdover.example", mailstore.Inbox)
	if len(inbox) != 1 {
		t.Fatalf("Jan has %d messages, want 1", len(inbox))
	}
	octets, err := st.Mail.Raw(t.Context(), st.Person("jan@holdover.example").Mailbox, inbox[0].Latest.ID)
	if err != nil {
		t.Fatal(err)
	}
	got := email.Parse(octets)
	if len(got.InReplyTo) != 1 || got.InReplyTo[0] != "one@partner.example" || len(got.Bcc) > 0 || strings.Contains(strings.ToLower(string(octets)), "bcc:") {
		t.Errorf("what Jan got: In-Reply-To %q, Bcc %q", got.InReplyTo, got.Bcc)
	}
	if text := got.Text(); !strings.HasPrefix(text, "Yes.\nGate 3.\n") || !strings.Contains(text, "> We can hold the lorry") {
		t.Errorf("text: %q", text)
	}
	if rows := st.inFolder(employee, mailstore.Drafts); len(rows) > 0 {
		t.Errorf("a stray draft remains: %+v", rows)
	}
}

// TestCheck10_ExactlyOne: the same form any number of times is one message (webmail.md 4.10). Two windows: TestCheck10_TwoWindows;
// changed text: TestCheck10_ChangedTextIsAsked; a kill between send and answer: demo/kills.
func TestCheck10_ExactlyOne(t *testing.T) {
	st := newComposeStage(t)
	box := st.Person(employee).Mailbox
	count := func(what string, want int) {
		t.Helper()
		rows, err := st.Mail.Submissions(t.Context(), box, 50)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d submissions, want %d (%v)", what, len(rows), want, err)
		}
		if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) > 0 {
			t.Errorf("%s: %d stray drafts", what, len(drafts))
		}
	}
	blank := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "subject", "Once", "text", "Once.")
	answers := make(chan string, 4)
	for range cap(answers) {
		go func() { answers <- st.sendForm(employee, "/compose", blank).Header().Get("Location") }()
	}
	first := <-answers
	for range cap(answers) - 1 {
		if other := <-answers; other == "" || other != first {
			t.Errorf("answers differ: %q and %q", first, other)
		}
	}
	count("four clicks at once", 1)
	st.Clock.Pass(11 * time.Second)
	if _, err := st.Mail.Release(t.Context()); err != nil {
		t.Fatal(err)
	}
	st.Follow(employee, st.sendForm(employee, "/compose", blank))
	count("Back and again after the release", 1)
	st.Read(st.sendForm(employee, "/compose", blank.with("button", "save")), http.StatusConflict)
	count("saving what was sent makes no stray draft", 1)

	_, at := st.Follow(employee, st.sendForm(employee, "/compose", fields{"token": newToken(), "button": "save", "to": "jan@holdover.example", "text": "Draft."}))
	form := filled(st.Read(st.Get(employee, at), 200)).with("button", "send")
	path := "/compose/" + draftOf(at)
	st.Follow(employee, st.sendForm(employee, path, form))
	st.Follow(employee, st.sendForm(employee, path, form))
	count("a draft sent twice", 2)
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	if rows := st.inFolder("jan@holdover.example", mailstore.Inbox); len(rows) != 2 {
		t.Errorf("Jan has %d messages, want 2", len(rows))
	}
	st.Follow(employee, st.sendForm(employee, path, form.with("token", newToken()))) // another window, the same text: that sending
	if w := st.sendForm(employee, path, form.with("token", newToken(), "text", "Other.")); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "schon gesendet") {
		t.Errorf("another form of a draft that is gone: %d, want 409", w.Code)
	}
	if rows, _ := st.Mail.Submissions(t.Context(), box, 50); len(rows) != 2 {
		t.Errorf("a form of a draft that is gone was sent: %d submissions", len(rows))
	}
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 || drafts[0].Latest.Snippet != "Other." {
		t.Errorf("what was asked about is not kept: %+v", drafts)
	}
}

// TestCheck09_Undo: what is undone reaches nobody and comes back whole; what is not arrives once.
func TestCheck09_Undo(t *testing.T) {
	st := newComposeStage(t)
	blank := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "cc", "x@partner.example", "bcc", "y@partner.example", "subject", "Back", "text", "Text.")
	page, _ := st.Follow(employee, st.sendForm(employee, "/compose", blank, file{"plan.txt", "the plan"}))
	undo, _ := page.Find(".toast form").Attr("action")
	st.Clock.Pass(9 * time.Second)
	st.Mail.Release(t.Context())
	if w := st.Post("james@holdover.example", undo, nil); w.Code != http.StatusNotFound {
		t.Errorf("somebody else's undo: %d, want 404", w.Code)
	}
	page, at := st.Follow(employee, st.Post(employee, undo, nil))
	f := filled(page)
	if f["to"] != "jan@holdover.example" || f["cc"] != "x@partner.example" || f["bcc"] != "y@partner.example" || f["subject"] != "Back" || strings.TrimSpace(f["text"]) != "Text." {
		t.Errorf("the draft came back as %v", f)
	}
	if got := said(page.Find("#files")); !strings.Contains(got, "plan.txt") {
		t.Errorf("its file did not: %q", got)
	}
	if f["token"] == blank["token"] {
		t.Error("the form has the old token: sending again would be taken for the same sending")
	}
	for range 2 {
		st.Clock.Pass(time.Minute)
		st.Mail.Release(t.Context())
	}
	if rows := st.inFolder("jan@holdover.example", mailstore.Inbox); len(rows) > 0 {
		t.Fatal("an undone message arrived")
	}
	st.Follow(employee, st.sendForm(employee, "/compose/"+draftOf(at), f.with("button", "send")))
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	if rows := st.inFolder("jan@holdover.example", mailstore.Inbox); len(rows) != 1 {
		t.Fatalf("sent again after undo: %d messages, want 1", len(rows))
	}
	rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 1)
	late := st.Read(st.Post(employee, "/undo/"+string(rows[0].ID), nil), http.StatusConflict)
	if got := said(late.Find("h1")); got != "Diese Nachricht ist schon gesendet und lässt sich nicht mehr zurückholen." {
		t.Errorf("too late says %q", got)
	}
}

func TestCheck09_SendingAgainAfterUndo(t *testing.T) {
	st := newComposeStage(t)
	blank := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "subject", "Back", "text", "Text.")
	page, _ := st.Follow(employee, st.sendForm(employee, "/compose", blank))
	undo, _ := page.Find(".toast form").Attr("action")
	st.Follow(employee, st.Post(employee, undo, nil))
	st.Follow(employee, st.sendForm(employee, "/compose", blank)) // Back, Back, Send
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	if rows := st.inFolder("jan@holdover.example", mailstore.Inbox); len(rows) != 1 {
		t.Errorf("%d messages arrived, want 1: the person pressed Send after the undo", len(rows))
	}
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 0 {
		t.Errorf("%d drafts remain", len(drafts))
	}
}

// draftOf is the draft that an address of the form names.
func draftOf(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		return ""
	}
	return u.Query().Get("draft")
}
