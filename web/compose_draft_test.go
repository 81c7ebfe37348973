package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/mailstore"
)

// newDraft saves a draft and answers its form and path.
func (st *stage) newDraft(f fields, files ...file) (page *goquery.Document, form fields, path string) {
	st.T.Helper()
	page, at := st.Follow(employee, st.sendForm(employee, "/compose", f.with("button", "save", "token", newToken()), files...))
	return page, filled(page), "/compose/" + draftOf(at)
}

// TestCheck10_TwoWindows: the second window is told, and both texts are kept.
func TestCheck10_TwoWindows(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "subject": "S", "text": "first"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "save", "text", "from window one")))
	page := st.Read(st.sendForm(employee, path, form.with("button", "send", "text", "from window two")), http.StatusConflict)
	if got := said(page.Find("#theirs")); !strings.Contains(got, "from window one") {
		t.Errorf("the other version is not shown: %q", got)
	}
	mine := filled(page)
	if strings.TrimSpace(mine["text"]) != "from window two" {
		t.Errorf("what was typed here is lost: %q", mine["text"])
	}
	if page.Find("[role=alert]").Length() == 0 || page.Find("button[value=send]").Length() > 0 {
		t.Error("the conflict must be told, and sending must wait for the answer")
	}
	if rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 9); len(rows) > 0 {
		t.Fatal("a conflict was sent")
	}
	_, at := st.Follow(employee, st.sendForm(employee, path, mine.with("button", "copy")))
	if draftOf(at) == strings.TrimPrefix(path, "/compose/") {
		t.Error("both were to be kept, and one was replaced")
	}
	_, again := st.Follow(employee, st.sendForm(employee, path, mine.with("button", "copy")))
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 2 || again != at {
		t.Errorf("keeping both twice made %d drafts", len(drafts))
	}
	page, _ = st.Follow(employee, st.sendForm(employee, path, mine.with("button", "save")))
	if got := strings.TrimSpace(filled(page)["text"]); got != "from window two" {
		t.Errorf("keeping mine kept %q", got)
	}
}

func TestSameTextIsNoConflict(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "text": "a\nb"}, file{"a.txt", "A"}, file{"b.txt", "B"})
	form = form.with("text", strings.ReplaceAll(form["text"], "\n", "\r\n")) // as browsers send it
	for range 2 {
		page, _ := st.Follow(employee, st.sendForm(employee, path, form.with("button", "remove:0")))
		if got := said(page.Find(".files")); strings.Contains(got, "a.txt") || !strings.Contains(got, "b.txt") {
			t.Fatalf("after removing the first file: %q", got)
		}
	}
	for range 2 {
		page, _ := st.Follow(employee, st.sendForm(employee, path, form.with("button", "attach"), file{"c.txt", "C"}))
		if n := page.Find(".files .file").Length(); n != 2 {
			t.Fatalf("after a double click on attach: %d files, want 2", n)
		}
	}
}

func TestGoneDraftKeepsTheText(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "text": "typed"})
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "discard")))
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "discard")))
	page := st.Read(st.sendForm(employee, path, form.with("button", "save", "text", "typed more")), http.StatusConflict)
	f := filled(page)
	if strings.TrimSpace(f["text"]) != "typed more" || f["to"] != "jan@holdover.example" {
		t.Errorf("lost: %v", f)
	}
	page, _ = st.Follow(employee, st.sendForm(employee, path, f.with("button", "copy")))
	if got := strings.TrimSpace(filled(page)["text"]); got != "typed more" {
		t.Errorf("kept as a new draft: %q", got)
	}
	if drafts := st.inFolder(employee, mailstore.Drafts); len(drafts) != 1 {
		t.Errorf("%d drafts, want 1", len(drafts))
	}
}

func TestFaultsKeepTheFormAndSaveIt(t *testing.T) {
	st := newComposeStage(t)
	for name, c := range map[string]struct {
		with  []string
		field string
		says  string
	}{
		"nobody":         {[]string{}, "to", "mindestens einen Empfänger"},
		"half an addr":   {[]string{"to", "jan@holdover.example, kathr"}, "to", "„kathr“ ist keine vollständige Adresse"},
		"unknown inside": {[]string{"to", "jan@holdover.example", "cc", "niemand@holdover.example"}, "cc", "„niemand@holdover.example“ gibt es in Ihrer Organisation nicht"},
		"hidden fault":   {[]string{"to", "jan@holdover.example", "bcc", "<script>alert(1)</script>"}, "bcc", "<script>alert(1)</script>"},
		"foreign sender": {[]string{"to", "jan@holdover.example", "from", "anna@holdover.example"}, "from", "Von dieser Adresse dürfen Sie nicht senden"},
	} {
		t.Run(name, func(t *testing.T) {
			form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "subject", "S <i>", "text", "Mein Text").with(c.with...)
			page := st.Read(st.sendForm(employee, "/compose", form), http.StatusUnprocessableEntity)
			alert := page.Find("[role=alert]#summary")
			if got := said(alert); !strings.Contains(got, c.says) || !strings.Contains(got, "Noch nicht gesendet.") || !strings.Contains(got, "Ihr Text und Ihre Anhänge sind gespeichert.") {
				t.Errorf("summary: %q", got)
			}
			if alert.Find("a[href='#"+c.field+"']").Length() != 1 || page.Find("#"+c.field+"[aria-invalid=true]").Length() != 1 {
				t.Errorf("nothing leads to %s", c.field)
			}
			f := filled(page)
			for _, kept := range []string{"to", "cc", "bcc", "subject"} {
				if f[kept] != form[kept] {
					t.Errorf("%s is %q, typed was %q", kept, f[kept], form[kept])
				}
			}
			if page.Find("main script, main i").Not("svg").Length() > 0 {
				t.Error("typed text became markup")
			}
			path, _ := page.Find("#compose").Attr("action")
			stored := filled(st.Read(st.Get(employee, "/compose?draft="+strings.TrimPrefix(path, "/compose/")), 200))
			if stored["to"] != form["to"] || stored["bcc"] != form["bcc"] || strings.TrimSpace(stored["text"]) != "Mein Text" {
				t.Errorf("said to be saved, and is %v", stored)
			}
			if f["version"] != stored["version"] {
				t.Errorf("the form has version %s, the draft %s: the next save would conflict", f["version"], stored["version"])
			}
		})
	}
	if rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 9); len(rows) > 0 {
		t.Errorf("%d faulty messages were sent", len(rows))
	}
}

func TestMeantAddressIsOneClick(t *testing.T) {
	st := newComposeStage(t)
	form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "send", "to", "olivia@partner.example, James", "text", "x")
	page := st.Read(st.sendForm(employee, "/compose", form), http.StatusUnprocessableEntity)
	fix, _ := page.Find(".meant button").Attr("value")
	path, _ := page.Find("#compose").Attr("action")
	page, _ = st.Follow(employee, st.sendForm(employee, path, filled(page).with("button", fix)))
	if got := filled(page)["to"]; got != "olivia@partner.example, James Porter <james@holdover.example>" {
		t.Errorf("after the click: %q", got)
	}
}

func TestTooLargeUploadLosesNothing(t *testing.T) {
	st := newComposeStage(t)
	large := file{"Kranplan <b>.dwg", strings.Repeat("x", 1<<20+1)}
	form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "attach", "to", "jan@holdover.example", "text", "Der Text davor")
	page := st.Read(st.sendForm(employee, "/compose", form, file{"klein.txt", "passt"}, large, file{"auch.txt", "passt auch"}), http.StatusRequestEntityTooLarge)
	if got := said(page.Find("[role=alert]#summary")); !strings.Contains(got, "„Kranplan <b>.dwg“ ist mit 1,0 MB zu groß. Alle Anhänge zusammen dürfen höchstens 1 MB groß sein.") {
		t.Errorf("summary: %q", got)
	}
	if got := strings.TrimSpace(filled(page)["text"]); got != "Der Text davor" {
		t.Errorf("the text is lost: %q", got)
	}
	if got := said(page.Find(".files")); !strings.Contains(got, "klein.txt") || !strings.Contains(got, "auch.txt") {
		t.Errorf("the files that fit: %q", got)
	}
	if page.Find("#upload").Length() != 1 || !strings.Contains(said(page.Find("label[for=upload]")), "höchstens 1 MB") {
		t.Errorf("the limit does not stand beside the field: %d, %q", page.Find("#upload").Length(), said(page.Find("label[for=upload]")))
	}
	path, _ := page.Find("#compose").Attr("action")
	page = st.Read(st.sendForm(employee, path, filled(page).with("button", "send"), file{"rest.bin", strings.Repeat("y", 1<<20-4)}), http.StatusRequestEntityTooLarge)
	if rows, _ := st.Mail.Submissions(t.Context(), st.Person(employee).Mailbox, 9); len(rows) > 0 {
		t.Error("sent without the file that was refused")
	}
	if got := said(page.Find(".files")); !strings.Contains(got, "rest.bin") || !strings.Contains(got, "klein.txt") {
		t.Errorf("files after the second refusal: %q", got)
	}
}

func TestCutUploadKeepsTheText(t *testing.T) {
	st := newComposeStage(t)
	whole := multipartBody(fields{"token": newToken(), "button": "attach", "to": "jan@holdover.example", "text": "vorher"}, file{"a.bin", strings.Repeat("z", 5000)}).Bytes()
	w := st.Ask(employee, http.MethodPost, "/compose", http.Header{"Content-Type": {boundary}}, strings.NewReader(string(whole[:len(whole)-3000])))
	page := st.Read(w, http.StatusBadRequest)
	if got := strings.TrimSpace(filled(page)["text"]); got != "vorher" || !strings.Contains(said(page.Find("#summary")), "Das Hochladen ist abgebrochen") {
		t.Errorf("text %q, summary %q", got, said(page.Find("#summary")))
	}
	if n := page.Find(".files .file").Length(); n > 0 {
		t.Error("half a file was attached")
	}
}

func TestHostileNamesAreText(t *testing.T) {
	st := newComposeStage(t)
	page, form, path := st.newDraft(fields{"to": `"<img src=x onerror=alert(1)>" <a@partner.example>`, "subject": "x\r\nBcc: thief@partner.example", "text": "</textarea><script>alert(1)</script>"},
		file{`..\..\etc\"><script>alert(2)</script>.txt`, "x"}, file{strings.Repeat("ü", 400) + ".pdf", "y"}, file{"\u202egnp.exe", "z"})
	if page.Find("main script, main img").Length() > 0 {
		t.Fatal("a name became markup")
	}
	if got := strings.TrimSpace(form["text"]); got != "</textarea><script>alert(1)</script>" {
		t.Errorf("text: %q", got)
	}
	if names := said(page.Find(".files .name")); strings.Contains(names, "\u202e") || strings.Contains(names, "..") || strings.Contains(names, `\`) {
		t.Errorf("a path is left: %q", names)
	}
	st.Follow(employee, st.sendForm(employee, path, form.with("button", "send", "subject", "x\r\nBcc: thief@partner.example")))
	st.Clock.Pass(11 * time.Second)
	st.Mail.Release(t.Context())
	sent := st.inFolder(employee, mailstore.Sent)
	if len(sent) != 1 {
		t.Fatalf("%d sent", len(sent))
	}
	octets, _ := st.Mail.Raw(t.Context(), st.Person(employee).Mailbox, sent[0].Latest.ID)
	if m := email.Parse(octets); len(m.Bcc) > 0 || !strings.Contains(m.Subject, "Bcc: thief@partner.example") {
		t.Errorf("the subject made a header line: Bcc %v, subject %q", m.Bcc, m.Subject)
	}
	if claims, err := st.Mail.ClaimOutbound(t.Context(), time.Minute, 9); err != nil || len(claims) != 1 || len(claims[0].Recipients) != 1 {
		t.Errorf("goes outside to %+v %v, want one", claims, err)
	}
}

func TestAutosaveSpeaksJSON(t *testing.T) {
	st := newComposeStage(t)
	save := func(path string, f fields) (int, draftAnswer) {
		t.Helper()
		w := st.Ask(employee, http.MethodPost, path, http.Header{"Content-Type": {boundary}, "Accept": {"application/json"}}, multipartBody(f))
		var a draftAnswer
		if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
			t.Fatalf("%d without JSON: %.300s", w.Code, w.Body)
		}
		return w.Code, a
	}
	form := filled(st.Read(st.Get(employee, "/compose"), 200)).with("button", "save", "to", "jan", "text", "one")
	status, a := save("/compose", form)
	if status != 200 || a.Draft == "" || a.Version != 1 || a.Text != "Entwurf gespeichert 14:12" {
		t.Fatalf("first save: %d %+v", status, a)
	}
	if status, again := save("/compose", form); status != 200 || again.Draft != a.Draft {
		t.Errorf("the same first save again made another draft: %d %+v", status, again)
	}
	_, b := save("/compose/"+string(a.Draft), form.with("version", "1", "text", "two"))
	if b.Draft != a.Draft || b.Version <= a.Version {
		t.Errorf("second save: %+v", b)
	}
	if status, c := save("/compose/"+string(a.Draft), form.with("version", "1", "text", "three")); status != http.StatusConflict || !c.Conflict || c.Text == "" {
		t.Errorf("a save from an old version: %d %+v, want 409 and a conflict", status, c)
	}
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+string(a.Draft)), 200))["text"]); got != "two" {
		t.Errorf("stored: %q", got)
	}
	if w := st.Ask("", http.MethodPost, "/compose", http.Header{"Content-Type": {boundary}, "Accept": {"application/json"}}, multipartBody(form)); w.Code == 200 {
		t.Error("nobody's draft was saved")
	}
}

func TestDraftsArePrivate(t *testing.T) {
	st := newComposeStage(t)
	_, form, path := st.newDraft(fields{"to": "jan@holdover.example", "text": "geheim"})
	id := strings.TrimPrefix(path, "/compose/")
	if w := st.Get("james@holdover.example", "/compose?draft="+id); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "geheim") {
		t.Errorf("somebody else reads the draft: %d", w.Code)
	}
	for _, button := range []string{"save", "send", "discard", "copy"} {
		st.sendForm("james@holdover.example", path, form.with("button", button, "text", "fremd"))
	}
	if got := strings.TrimSpace(filled(st.Read(st.Get(employee, "/compose?draft="+id), 200))["text"]); got != "geheim" {
		t.Errorf("somebody else changed the draft: %q", got)
	}
	id2 := st.arrive(employee, fromOlivia)
	if w := st.Get(employee, "/compose?draft="+string(id2)); w.Code != http.StatusNotFound {
		t.Errorf("a received message opened as a draft: %d, want 404", w.Code)
	}
}

func TestAddressesSuggestsColleagues(t *testing.T) {
	st := newComposeStage(t)
	w := st.Ask(employee, "GET", "/addresses?to=x@y.example,+jam", http.Header{"Hx-Request": {"true"}}, nil)
	page := st.Read(w, 200)
	if take, _ := page.Find("button").Attr("data-take"); take != "James Porter <james@holdover.example>" {
		t.Errorf("suggested %q", take)
	}
	w = st.Ask(employee, "GET", "/addresses?q=M%C3%BCller", http.Header{"Accept": {"application/json"}}, nil)
	if body := w.Body.String(); w.Code != 200 || !strings.Contains(body, "jan@holdover.example") || strings.Contains(body, "<b>") {
		t.Errorf("JSON: %d %s", w.Code, body)
	}
	if w := st.Ask(employee, "GET", "/addresses?q=j", http.Header{"Accept": {"application/json"}}, nil); strings.TrimSpace(w.Body.String()) != "[]" {
		t.Errorf("one letter lists the house: %s", w.Body)
	}
}

// TestOwnCorrespondents: whom a person wrote to is offered to that person, most and latest first, until they
// say no; and to nobody else.
func TestOwnCorrespondents(t *testing.T) {
	st := newComposeStage(t)
	send := func(who, to string) {
		t.Helper()
		st.Follow(who, st.sendForm(who, "/compose", fields{"token": newToken(), "button": "send", "to": to, "subject": "x", "text": "x"}))
		st.Clock.Pass(11 * time.Second)
		if _, err := st.Mail.Release(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	offered := func(who, typed string) (list []string) {
		t.Helper()
		w := st.Ask(who, "GET", "/addresses?to="+typed, http.Header{"Hx-Request": {"true"}}, nil)
		st.Read(w, 200).Find("[data-take]").Each(func(_ int, b *goquery.Selection) { list = append(list, b.AttrOr("data-take", "")) })
		return list
	}
	send(employee, "Olga Rare <olga@partner.example>")
	for range 3 {
		send(employee, "Olivia Hartley <olivia@partner.example>, james@holdover.example")
	}
	send("james@holdover.example", "oliver@secret.example")
	if got := offered(employee, "ol"); len(got) != 2 || got[0] != "Olivia Hartley <olivia@partner.example>" || got[1] != "Olga Rare <olga@partner.example>" {
		t.Errorf("offered: %q", got)
	}
	if got := offered(employee, "jam"); len(got) != 1 {
		t.Errorf("a colleague twice: %q", got)
	}
	st.Clock.Pass(200 * 24 * time.Hour)
	send(employee, "olga@partner.example")
	if got := offered(employee, "ol"); len(got) != 2 || got[0] != "Olga Rare <olga@partner.example>" {
		t.Errorf("the latest does not count more: %q", got)
	}
	st.Post("james@holdover.example", "/addresses/forget", map[string][]string{"address": {"olga@partner.example"}}) // not his
	st.Post(employee, "/addresses/forget", map[string][]string{"address": {"Olivia@partner.example"}})
	send(employee, "olivia@partner.example")
	if got := offered(employee, "ol"); len(got) != 1 || !strings.Contains(got[0], "olga@") {
		t.Errorf("after the no: %q", got)
	}
}
