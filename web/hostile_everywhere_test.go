package web

import (
	"encoding/base64"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/web/page"
)

// everywhere is every place where a message, or a piece of it, is shown.
var everywhere = []string{"CONVERSATION", "CONVERSATION?m=ID", "/compose?mode=reply&of=ID", "/compose?mode=all&of=ID", "/compose?mode=forward&of=ID"}

// TestHostileEverywhere puts attacks into the names, the subject, the text, the HTML, a file's name and
// an attached message of a mail, and opens every page that shows any of it, to the draft of an answer.
func TestHostileEverywhere(t *testing.T) {
	attacks := append(payloads(t, "dompurify-vectors.json", 200), payloads(t, "mail-html-cases.json", 5)...)
	h := newHouse(t)
	for i := range attacks {
		if i%20 != 0 && i < 223 {
			continue
		}
		c := attacks[i]
		id := string(h.deliver(katrin, letter{raw: hostileMail(c.Payload)}))
		h.look(t, c.ID, id)
	}
	h.lists(t)
}

// lists judges what shows many messages at once.
func (h *house) lists(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); h.as(katrin).page("/search?q=Kennwort").Find("[data-partial]").Length() > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the index does not catch up")
		}
	}
	for _, path := range []string{"/mail/inbox", "/search?q=Kennwort", "/search?q=has:attachment", "/mail/drafts", "/waiting", "/agenda"} {
		h.judge(t, "all", path, foreign)
	}
	h.as(katrin).post("/view", "list", "single", "back", "/mail/inbox")
	h.judge(t, "all, one by one", "/mail/inbox", foreign)
}

// hostileMail carries a payload in each place of a mail.
func hostileMail(payload string) string {
	word := mime.BEncoding.Encode("utf-8", payload)
	inner := base64.StdEncoding.EncodeToString([]byte("From: " + word + " <i@x.example>\r\nSubject: " + word + "\r\nContent-Type: text/html\r\n\r\n" + payload))
	part := func(head, text string) string {
		return "--b\r\n" + head + "Content-Transfer-Encoding: base64\r\n\r\n" + base64.StdEncoding.EncodeToString([]byte(text)) + "\r\n"
	}
	return "From: " + word + " <evil@x.example>\r\nTo: " + word + " <" + katrin + ">\r\nCc: " + word + " <c@x.example>\r\nSubject: Kennwort " + word + "\r\nX-Evil: " + word + "\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		part("Content-Type: text/html; charset=utf-8\r\n", "<p>Kennwort</p>"+payload) + part("Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename=\""+word+"\"\r\n", payload) +
		part("Content-Type: message/rfc822\r\n", "") + "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + inner + "\r\n" +
		part("Content-Type: message/delivery-status\r\n", "Reporting-MTA: dns; x\r\n\r\nFinal-Recipient: rfc822; "+strings.NewReplacer("\r", " ", "\n", " ").Replace(payload)+"@x.example\r\nAction: failed\r\nStatus: 5.0.0\r\nDiagnostic-Code: smtp; "+strings.NewReplacer("\r", " ", "\n", " ").Replace(payload)+"\r\n") + "--b--\r\n"
}

// look opens every place and judges what is there.
func (h *house) look(t *testing.T, name, id string) {
	t.Helper()
	k := h.as(katrin)
	conversation := h.open(katrin, email.MessageID(id))
	for _, place := range everywhere {
		path := strings.NewReplacer("CONVERSATION", conversation, "ID", id).Replace(place)
		judge := foreign
		if strings.HasPrefix(path, "/compose") {
			judge = h.foreignInForm
		}
		h.judge(t, name, path, judge)
	}
	for _, path := range []string{"/m/" + id + "/print", conversation + "/print", "/m/" + id + "/body"} {
		if w := k.do(http.MethodGet, path, nil); w.Code == http.StatusOK {
			h.judge(t, name, path, foreignOnPaper)
		} else if !strings.HasSuffix(path, "/body") || w.Code != http.StatusNotFound {
			t.Errorf("%s: %s: %d", name, path, w.Code)
		}
	}
	k.page(conversation).Find(".attached iframe").Each(func(_ int, f *goquery.Selection) {
		h.judge(t, name, f.AttrOr("src", ""), foreignInBody)
	})
	for _, file := range []string{"/source", "/eml"} {
		w := k.do(http.MethodGet, "/m/"+id+file, nil)
		if w.Header().Get("Content-Security-Policy") != page.FilePolicy || strings.Contains(w.Header().Get("Content-Type"), "html") {
			t.Errorf("%s: %s has %v", name, file, w.Header())
		}
	}
	h.draft(t, name, id)
}

func (h *house) judge(t *testing.T, name, path string, judge func(*goquery.Document) []string) {
	t.Helper()
	for _, wrong := range judge(h.as(katrin).page(path)) {
		t.Errorf("%s: %s holds %s", name, path, wrong)
	}
}

// foreignOnPaper is foreignInBody but for our own classes.
func foreignOnPaper(doc *goquery.Document) []string {
	doc.Find(".holdover-print, .holdover-org, .holdover-note, .holdover-text, .holdover-screen").RemoveAttr("class")
	return foreignInBody(doc)
}

// draft saves an answer with its quote and opens it again.
func (h *house) draft(t *testing.T, name, id string) {
	t.Helper()
	form := h.as(katrin).page("/compose?mode=all&of=" + id).Find("form[action^='/compose']").First()
	values := []string{"button", "save"}
	form.Find("input[name], textarea[name], select[name]").Each(func(_ int, f *goquery.Selection) {
		if kind := f.AttrOr("type", ""); kind == "file" || kind == "checkbox" || kind == "radio" {
			return
		}
		value := f.AttrOr("value", "")
		if goquery.NodeName(f) == "textarea" {
			value = f.Text()
		}
		values = append(values, f.AttrOr("name", ""), value)
	})
	w := h.as(katrin).do(http.MethodPost, form.AttrOr("action", "/compose"), formPairs(values))
	saved := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.Contains(saved, "draft=") {
		t.Errorf("%s: saving the draft of an answer: %d", name, w.Code)
		return
	}
	h.judge(t, name, saved, h.foreignInForm)
	h.judge(t, name, h.as(katrin).page("/mail/drafts").Find("li.row h3 a").First().AttrOr("href", ""), foreign)
}

// foreignInForm is foreign without what the form for an answer to a harmless mail holds as well.
func (h *house) foreignInForm(doc *goquery.Document) []string {
	if h.ownInForm == nil {
		harmless := h.deliver(katrin, letter{subject: "Guten Tag", text: "Guten Tag"})
		h.ownInForm = map[string]bool{}
		for _, what := range foreign(h.as(katrin).page("/compose?mode=all&of=" + string(harmless))) {
			h.ownInForm[what] = true
		}
	}
	return slices.DeleteFunc(foreign(doc), func(what string) bool { return h.ownInForm[what] || strings.HasPrefix(what, "<form data-draft=") })
}

func formPairs(pairs []string) map[string][]string {
	form := map[string][]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form[pairs[i]] = append(form[pairs[i]], pairs[i+1])
	}
	return form
}

// TestHostileFilesEverywhere answers and forwards every hostile file of the corpus; TestCorpusPages reads them.
func TestHostileFilesEverywhere(t *testing.T) {
	names, err := filepath.Glob(filepath.Join(corpusDir(t), "mime", "hostile", "*"))
	must(t, err)
	if len(names) < 20 {
		t.Fatalf("%d hostile files", len(names))
	}
	h := newHouse(t)
	for _, name := range names {
		octets, err := os.ReadFile(name)
		must(t, err)
		id := string(h.deliver(katrin, letter{raw: string(lineEnds.ReplaceAll(octets, []byte("\r\n")))}))
		h.judge(t, filepath.Base(name), "/compose?mode=forward&of="+id, h.foreignInForm)
		h.draft(t, filepath.Base(name), id)
	}
	h.lists(t)
}

// TestTooDear: a message that is too much to show says so, in its place and in its own document, and offers its source.
func TestTooDear(t *testing.T) {
	h := newHouse(t)
	id := string(h.deliver(katrin, letter{subject: "Viel", head: "Content-Type: text/html\r\n", text: "<p>Guten Tag</p>" + strings.Repeat("<p onclick=x style=color:red>x\n", 80_000)}))
	page := h.as(katrin).page(h.open(katrin, email.MessageID(id)))
	if got := said(page.Find(".msg .note")); !strings.Contains(got, "lässt sich nicht anzeigen") || page.Find(".msg .note a[href$='/source']").Length() != 1 || page.Find(".msg .note a[href$='/eml']").Length() != 1 {
		t.Errorf("%q", got)
	}
	if w := h.as(katrin).do("GET", "/m/"+id+"/body", nil); w.Code != 404 && !strings.Contains(w.Body.String(), "lässt sich nicht anzeigen") {
		t.Errorf("its document: %d", w.Code)
	}
	if got := said(h.as(katrin).page("/m/" + id + "/print").Find("article")); !strings.Contains(got, "lässt sich nicht anzeigen") {
		t.Errorf("on paper: %.100q", got)
	}
	if got := h.as(katrin).do("GET", "/m/"+id+"/eml", nil).Body.Len(); got < 80_000*20 {
		t.Errorf("the file has %d octets", got)
	}
}
