package web

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
	"holdover/web/webtest"
)

func filesOf(page *goquery.Document) string { return said(page.Find("#files .name")) }

// arrived are the names of the files that came with somebody's only message.
func (st *stage) arrived(who string) string {
	st.T.Helper()
	st.Clock.Pass(11 * time.Second)
	if _, err := st.Mail.Release(st.T.Context()); err != nil {
		st.T.Fatal(err)
	}
	rows := st.inFolder(who, mailstore.Inbox)
	if len(rows) != 1 {
		st.T.Fatalf("%s has %d messages, want 1", who, len(rows))
	}
	octets, err := st.Mail.Raw(st.T.Context(), st.Person(who).Mailbox, rows[0].Latest.ID)
	if err != nil {
		st.T.Fatal(err)
	}
	var names []string
	for _, p := range email.Parse(octets).Attachments {
		names = append(names, p.Name)
	}
	return strings.Join(names, " ")
}

// TestFilesStayOverQuestions: whatever a form is answered with, a file chosen in it is there in the answer, can be
// taken off again, and goes with the message when the question is answered.
func TestFilesStayOverQuestions(t *testing.T) {
	plan := file{"plan.txt", "the plan"}
	for name, c := range map[string]struct {
		change       []string
		status       int
		mend, answer []string // what the person does about it
	}{
		"look-alike":  {[]string{"to", "jan@holdover.example, x@holdovr.example"}, http.StatusUnprocessableEntity, nil, []string{"button", "send:sure"}},
		"address":     {[]string{"to", "jan@holdover.example, kathr"}, http.StatusUnprocessableEntity, []string{"to", "jan@holdover.example"}, []string{"button", "send"}},
		"letters":     {[]string{"to", "jan@holdover.example, müller@partner.example"}, http.StatusUnprocessableEntity, []string{"to", "jan@holdover.example"}, []string{"button", "send"}},
		"nobody":      {[]string{"to", ""}, http.StatusUnprocessableEntity, []string{"to", "jan@holdover.example"}, []string{"button", "send"}},
		"too long":    {[]string{"text", strings.Repeat("x", maxText+1)}, http.StatusRequestEntityTooLarge, []string{"text", "kurz"}, []string{"button", "send"}},
		"list":        {[]string{"cc", strings.Repeat("someone@partner.example, ", 4000)}, http.StatusRequestEntityTooLarge, []string{"cc", ""}, []string{"button", "send"}},
		"501 persons": {[]string{"cc", strings.Join(many(501), "; ")}, http.StatusUnprocessableEntity, []string{"cc", ""}, []string{"button", "send"}},
	} {
		t.Run(name, func(t *testing.T) {
			st := newComposeStage(t)
			form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "subject", "S", "text", "Text").with(c.change...)
			page := st.Read(st.sendForm(employee, "/compose", form, plan, file{"weg.txt", "off again"}), c.status)
			if got := filesOf(page); got != "plan.txtweg.txt" && got != "plan.txt weg.txt" {
				t.Fatalf("files in the answer: %q", got)
			}
			if got := said(page.Find("#summary")); strings.Contains(got, "compose.err") || strings.Contains(got, "rescue.") {
				t.Errorf("it says %q", got)
			}
			path, _ := page.Find("#compose").Attr("action")
			remove, _ := page.Find("#files button").Last().Attr("value")
			page, _ = st.Follow(employee, st.sendForm(employee, path, filled(page).with(c.mend...).with("button", remove)))
			if got := filesOf(page); got != "plan.txt" {
				t.Fatalf("after taking one off: %q", got)
			}
			st.Follow(employee, st.sendForm(employee, path, filled(page).with(c.answer...)))
			if got := st.arrived("jan@holdover.example"); got != "plan.txt" {
				t.Errorf("arrived with %q", got)
			}
			if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) > 0 {
				t.Errorf("%d drafts remain", len(drafts))
			}
		})
	}
}

func many(n int) (list []string) {
	for i := range n {
		list = append(list, "someone"+strings.Repeat("x", i%7)+string(rune('a'+i%26))+string(rune('a'+i/26))+"@partner.example")
	}
	return list
}

// TestFilesStayOverAConflict: they are kept beside the draft, until one of the versions is chosen.
func TestFilesStayOverAConflict(t *testing.T) {
	for _, choose := range []string{"save", "copy"} {
		st := newComposeStage(t)
		_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "first"}, file{"old.txt", "before"})
		st.Follow(employee, st.sendForm(employee, path, form.with("button", "save", "text", "theirs")))
		late := form.with("button", "send", "text", "mine")
		page := st.Read(st.sendForm(employee, path, late, file{"new.txt", "now"}, file{"weg.txt", "off"}), http.StatusConflict)
		page = st.Read(st.sendForm(employee, path, late), http.StatusConflict) // a double click forgets the files; the draft does not
		if got := filesOf(page); !strings.Contains(got, "old.txt") || !strings.Contains(got, "new.txt") {
			t.Fatalf("%s: files in the question: %q", choose, got)
		}
		remove, _ := page.Find("#files button").Last().Attr("value")
		page = st.Read(st.sendForm(employee, path, filled(page).with("button", remove)), http.StatusConflict)
		if got := filesOf(page); strings.Contains(got, "weg.txt") || !strings.Contains(got, "new.txt") {
			t.Fatalf("%s: after taking one off: %q", choose, got)
		}
		if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200))["text"]); got != "theirs" {
			t.Errorf("%s: the other version became %q before anything was chosen", choose, got)
		}
		asked := filled(page)
		for range 2 {
			page, _ = st.Follow(employee, st.sendForm(employee, path, asked.with("button", choose)))
			if got := filesOf(page); !strings.Contains(got, "new.txt") || strings.Contains(got, "weg.txt") || strings.TrimSpace(filled(page)["text"]) != "mine" {
				t.Errorf("%s: kept %q with %q", choose, filled(page)["text"], got)
			}
		}
		if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != map[string]int{"save": 1, "copy": 2}[choose] {
			t.Errorf("%s: %d drafts", choose, len(drafts))
		}
	}
}

// TestFilesStayWhenTheDraftIsGone: discarded in another window.
func TestFilesStayWhenTheDraftIsGone(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "first"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "discard")))
	page := st.Read(st.sendForm(employee, path, form.with("button", "send", "text", "more"), file{"new.txt", "now"}), http.StatusConflict)
	if got := filesOf(page); got != "new.txt" {
		t.Fatalf("files in the question: %q", got)
	}
	page, _ = st.Follow(employee, st.sendForm(employee, path, filled(page).with("button", "copy")))
	if got := filesOf(page); got != "new.txt" || strings.TrimSpace(filled(page)["text"]) != "more" {
		t.Errorf("kept %q with %q", filled(page)["text"], got)
	}
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 {
		t.Errorf("%d drafts", len(drafts))
	}
}

// TestFilesStayWhenSentBefore: a file that is added after sending, with each of the answers.
func TestFilesStayWhenSentBefore(t *testing.T) {
	for _, choose := range []string{"undo", "send", "save"} {
		st := newComposeStage(t)
		form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "subject", "S", "text", "Text")
		st.Follow(employee, st.sendForm(employee, "/compose", form))
		page := st.Read(st.sendForm(employee, "/compose", form, file{"new.txt", "forgotten"}), http.StatusConflict)
		if got := filesOf(page); got != "new.txt" {
			t.Fatalf("%s: files in the question: %q", choose, got)
		}
		page, at := st.Follow(employee, st.sendForm(employee, "/compose", filled(page).with("button", choose)))
		drafts := st.inFolder(employee, mailstore.Drafts)
		if want := map[string]int{"undo": 1, "send": 0, "save": 1}[choose]; len(drafts) != want {
			t.Errorf("%s: %d drafts, want %d", choose, len(drafts), want)
		}
		if choose == "send" {
			continue
		}
		if got := filesOf(page); got != "new.txt" {
			t.Errorf("%s: goes on with %q", choose, got)
		}
		if choose == "undo" {
			st.Follow(employee, st.sendForm(employee, "/compose/"+draftOf(at), filled(page).with("button", "send")))
			if got := st.arrived("jan@holdover.example"); got != "new.txt" {
				t.Errorf("arrived with %q", got)
			}
		}
	}
}

// fullDisk is a store that takes no draft while it is full.
type fullDisk struct {
	*mailstore.Store
	full atomic.Bool
}

func (f *fullDisk) SaveDraft(ctx context.Context, m email.MailboxID, id email.MessageID, version int, octets []byte) (email.MessageID, int, error) {
	if f.full.Load() {
		return "", 0, database.ErrFull
	}
	return f.Store.SaveDraft(ctx, m, id, version, octets)
}

// TestFilesThatCannotBeKept: the page says so and does not show them as attached: else the message would go without.
func TestFilesThatCannotBeKept(t *testing.T) {
	disk := &fullDisk{}
	st := newComposeStage(t, func(o *Options) {
		disk.Store = o.Mail.(*mailstore.Store)
		o.Mail = disk
	})
	form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "jan@holdover.example", "subject", "S", "text", "Text")
	disk.full.Store(true)
	page := st.Read(st.sendForm(employee, "/compose", form, file{"plan.txt", "the plan"}), http.StatusInsufficientStorage)
	if page.Find("#files [data-octets]").Length() > 0 || !strings.Contains(said(page.Find("#summary")), "wählen Sie sie noch einmal aus") || strings.TrimSpace(filled(page)["text"]) != "Text" {
		t.Errorf("a file that was not kept looks attached: %q", said(page.Find("#summary")))
	}
	for _, who := range []string{webtest.Ended + employee, ""} {
		w := st.sendForm(who, "/compose", form, file{"plan.txt", "the plan"})
		if w.Code < 400 || !strings.Contains(w.Body.String(), "Text</textarea>") {
			t.Errorf("as %q on a full disk: %d", who, w.Code)
		}
	}
}

// TestAnswerToWhatIsGone: an answer begun to a message that was deleted for good meanwhile is not lost; it is asked
// whether it may go without the quoted text.
func TestAnswerToWhatIsGone(t *testing.T) {
	st := newComposeStage(t)
	id := st.arrive(employee, fromOlivia)
	form := filled(st.Read(st.Get(employee, "/compose?mode=reply&of="+string(id)), 200)).with("button", "send", "to", "jan@holdover.example", "text", "Mein Text")
	form["of"] = "expired" // as an id that no message has any more
	page := st.Read(st.sendForm(employee, "/compose", form, file{"a.txt", "A"}), http.StatusUnprocessableEntity)
	if got := said(page.Find("#summary")); !strings.Contains(got, "endgültig gelöscht") || strings.TrimSpace(filled(page)["text"]) != "Mein Text" || filesOf(page) != "a.txt" {
		t.Fatalf("asked: %q", got)
	}
	path, _ := page.Find("#compose").Attr("action")
	st.Follow(employee, st.sendForm(employee, path, filled(page).with("button", "send:sure")))
	if got := st.arrived("jan@holdover.example"); got != "a.txt" {
		t.Errorf("arrived with %q", got)
	}
}

// TestDiscardIsUndone: with what was typed last.
func TestDiscardIsUndone(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "first"}, file{"a.txt", "A"})
	st.sendForm(employee, path, form.with("button", "discard", "text", "first and more"))
	page, _ := st.Follow(employee, st.sendForm(employee, path, form.with("button", "discard", "text", "first and more"))) // a double click
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 0 {
		t.Fatalf("%d drafts after discarding", len(drafts))
	}
	page, _ = st.Follow(employee, st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/"))) // Back
	undo := page.Find(".toast form")
	word, _ := undo.Find("input[name=word]").Attr("value")
	action, _ := undo.Attr("action")
	if w := st.Post("james@holdover.example", action, map[string][]string{"action": {"undo"}, "word": {word}}); w.Code == http.StatusSeeOther {
		t.Error("somebody else undid it")
	}
	st.Follow(employee, st.Post(employee, action, map[string][]string{"action": {"undo"}, "word": {word}}))
	page = st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200)
	if f := filled(page); strings.TrimSpace(f["text"]) != "first and more" || f["to"] != "jan@holdover.example" || filesOf(page) != "a.txt" {
		t.Errorf("came back as %v with %q", f, filesOf(page))
	}
}
