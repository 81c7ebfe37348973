package web

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// open is the page of the conversation that a message belongs to.
func (h *house) open(owner string, id email.MessageID) string {
	m := h.message(owner, id)
	return box{}.thread(m.Folder, m.Thread)
}

// TestConversation: own mail stands inside, oldest first, the newest and the unread ones are open.
func TestConversation(t *testing.T) {
	h := newHouse(t)
	h.sample()
	thread := ""
	inbox := h.as(katrin).page("/mail/inbox")
	rows := inbox.Find("li.row h3 a")
	for i := range rows.Length() {
		if strings.Contains(said(rows.Eq(i)), "Delivery slot") {
			thread = rows.Eq(i).AttrOr("href", "")
		}
	}
	page := h.as(katrin).page(thread)
	messages := page.Find("details.msg")
	var who []string
	for i := range messages.Length() {
		m := messages.Eq(i)
		_, open := m.Attr("open")
		who = append(who, said(m.Find("h2.by"))+map[bool]string{true: " open", false: ""}[open])
	}
	if got := strings.Join(who, "; "); got != "Olivia Hartley; Sie; Ungelesen: Olivia Hartley open; Sie open" {
		t.Errorf("messages: %s", got)
	}
	if got := said(page.Find("h1")); got != "Delivery slot for spare rotor, PO 45-00917" || page.Find("h1").Length() != 1 {
		t.Errorf("heading %q", got)
	}
	if got := said(messages.Eq(3).Find(".badge")); got != "wartet auf Exchange" || !messages.Eq(3).HasClass("mine") {
		t.Errorf("own message: %q", got)
	}
	if got := said(messages.Eq(2).Find(".badge").First()); got != "extern" {
		t.Errorf("Olivia is %q", got)
	}
	files := messages.Eq(2).Find("li.file")
	if files.Length() != 3 || said(files.First().Find(".name")) != "Delivery note DN-88213.pdf" || !strings.Contains(said(files.First()), "PDF, 32 KB") {
		t.Errorf("files: %q", said(files))
	}
	frame := messages.Eq(2).Find("iframe")
	if frame.AttrOr("sandbox", "") != "allow-popups allow-popups-to-escape-sandbox allow-same-origin" || !strings.HasSuffix(frame.AttrOr("src", ""), "/body") {
		t.Error("the frame has other rights")
	}
	if page.Find(".bar a").Length() != 3 || !strings.HasPrefix(page.Find(".bar a.btn-main").AttrOr("href", ""), "/compose?mode=") {
		t.Error("the ways to answer are missing")
	}
	if page.Find("main.only-read").Length() != 1 || page.Find("li.row.here").Length() != 1 {
		t.Error("the list beside it does not show where we are")
	}
}

// TestReadingMarksByPost: GET changes nothing; the form that the script sends does.
func TestReadingMarksByPost(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Rotor"})
	path := h.open(katrin, id)
	form := h.as(katrin).page(path).Find("form[id^=seen-]")
	if h.message(katrin, id).Flags.Seen {
		t.Fatal("a GET marked it read")
	}
	if !strings.Contains(form.AttrOr("hx-trigger", ""), "load") || form.Find("button").Length() != 1 {
		t.Error("neither script nor person can mark it read")
	}
	if to := h.as(katrin).post(form.AttrOr("action", ""), "action", "read", "pick", form.Find("[name=pick]").AttrOr("value", ""), "back", "here"); to != path {
		t.Errorf("leads to %q", to)
	}
	if !h.message(katrin, id).Flags.Seen || h.as(katrin).page(path).Find("form[id^=seen-]").Length() != 0 {
		t.Error("it is not marked read")
	}
}

// TestForgedSelf: mail from outside that claims one's own address is not shown as one's own.
func TestForgedSelf(t *testing.T) {
	h := newHouse(t)
	id := h.deliver(katrin, letter{from: "Katrin Wessel <" + katrin + ">", subject: "Ihr Postfach ist voll"})
	page := h.as(katrin).page(h.open(katrin, id))
	if page.Find(".msg.mine").Length() != 0 || said(page.Find(".msg h2.by")) == "Sie" {
		t.Error("a forged sender passes for oneself")
	}
	if got := said(h.as(katrin).page("/mail/inbox").Find(".row .who")); strings.Contains(got, "Sie") {
		t.Errorf("in the list it is %q", got)
	}
}

func TestBadges(t *testing.T) {
	h := newHouse(t)
	own := h.deliver(katrin, letter{from: "Katrin <" + katrin + ">", folder: mailstore.Sent, origin: mailstore.FromPortal, subject: "eigene", seen: true})
	for state, words := range map[syncback.State]string{syncback.Waiting: "wartet auf Exchange", syncback.Trying: "wird nach Exchange übertragen", syncback.InDoubt: "wird nach Exchange übertragen",
		syncback.Accepted: "wird nach Exchange übertragen", syncback.Verified: "in Exchange", syncback.Parked: "braucht die IT"} {
		h.sync.ByID = map[email.MessageID]syncback.State{own: state}
		if got := said(h.as(katrin).page(h.open(katrin, own)).Find(".msg .badge").First()); got != words {
			t.Errorf("%s is shown as %q", state, got)
		}
	}
}

// TestLinks: addresses of web pages become links without what belongs to the sentence.
func TestLinks(t *testing.T) {
	for text, want := range map[string]string{
		"siehe https://a.example/x.": "https://a.example/x", "(https://a.example/x)": "https://a.example/x", "https://a.example/w_(b)": "https://a.example/w_(b)",
		"javascript:alert(1)": "", "<https://a.example/?q=1&r=2>": "https://a.example/?q=1&r=2", "http://": "", "https://a.example/\"onclick=x": "https://a.example/",
	} {
		got, all := "", ""
		for _, r := range linked(text) {
			all += r.Text
			if r.URL != "" {
				got = r.URL
			}
		}
		if got != want || all != text {
			t.Errorf("%q links %q, shows %q", text, got, all)
		}
	}
	long := linked(strings.Repeat("ä", mostText))
	if n := len(long[0].Text); n > mostText+10 {
		t.Errorf("%d octets of text are shown", n)
	}
}

// TestParts: files come as files; a picture is one by its contents, not by its name.
func TestParts(t *testing.T) {
	h := newHouse(t)
	png, err := base64.StdEncoding.DecodeString(pixel)
	must(t, err)
	raw := "From: a@b.example\r\nSubject: Teile\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" +
		fileOf("b", "image/png", `../../Bild "eins".png`, string(png)) + fileOf("b", "image/png", "falsch.png", "<script>alert(1)</script>") +
		fileOf("b", "text/html", "seite.html", "<script>alert(1)</script>") + fileOf("b", "image/svg+xml", "bild.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>") + "--b--\r\n"
	id := string(h.deliver(katrin, letter{raw: raw}))
	for n, c := range []struct{ kind, show, name string }{
		{"image/png", "inline", "Bild eins.png"}, {"application/octet-stream", "attachment", "falsch.png"},
		{"application/octet-stream", "attachment", "seite.html"}, {"application/octet-stream", "attachment", "bild.svg"},
	} {
		w := h.as(katrin).do("GET", box{}.part(id, below("", n)), nil)
		if w.Code != 200 || w.Header().Get("Content-Type") != c.kind || !strings.HasPrefix(w.Header().Get("Content-Disposition"), c.show) {
			t.Errorf("part %d: %d %q %q", n, w.Code, w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition"))
		}
		if strings.ContainsAny(w.Header().Get("Content-Disposition"), "/\\") || !strings.HasPrefix(w.Header().Get("Content-Security-Policy"), "sandbox;") {
			t.Errorf("part %d: %q %q", n, w.Header().Get("Content-Disposition"), w.Header().Get("Content-Security-Policy"))
		}
	}
	if w := h.as(katrin).do("GET", box{}.part(id, "0")+"?save=1", nil); !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") || !bytes.Equal(w.Body.Bytes(), png) {
		t.Error("saving a picture changes it or shows it")
	}
	for _, n := range []string{"99", "-1", "x", "0x1", "99999999999999999999"} {
		if w := h.as(katrin).do("GET", "/m/"+id+"/part/"+n, nil); w.Code != http.StatusNotFound {
			t.Errorf("part %s: %d", n, w.Code)
		}
	}
	if w := h.as(katrin).do("GET", "/m/"+id+"/source", nil); !strings.Contains(w.Body.String(), raw) || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") {
		t.Error("the source is not the message")
	}
}

// TestCorpus shows every message of the corpus: a readable page or a clear way to the source, never
// a failure, and never its markup in our page.
func TestCorpus(t *testing.T) {
	root := os.Getenv("HOLDOVER_CORPUS")
	if root == "" {
		root = "../../shared/corpus"
	}
	var names []string
	err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".eml") {
			names = append(names, path)
		}
		return err
	})
	if err != nil || len(names) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is missing at %s: %v", root, err)
		}
		t.Skipf("no corpus at %s; set HOLDOVER_CORPUS", root)
	}
	h, twice := newHouse(t), 0
	for i, name := range names {
		octets, err := os.ReadFile(name)
		must(t, err)
		raw := strings.ReplaceAll(strings.ReplaceAll(string(octets), "\r\n", "\n"), "\n", "\r\n")
		id := h.deliver(katrin, letter{raw: raw, ago: time.Duration(i) * time.Second})
		if _, err := h.mail.Message(t.Context(), h.box(katrin), id); errors.Is(err, mailstore.ErrNotFound) {
			twice++ // the same message lies in the corpus in two files; the store keeps one
			continue
		}
		start := time.Now()
		w := h.as(katrin).do("GET", h.open(katrin, id), nil)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d", name, w.Code)
			continue
		}
		if spent := time.Since(start); spent > 30*time.Second {
			t.Errorf("%s: shown after %v", name, spent)
		}
		page := document(t, w)
		m := page.Find("#m-" + string(id))
		if m.Find(".text, .note, iframe, .soft, li.file").Length() == 0 {
			t.Errorf("%s: nothing to read and no way to the source", name)
		}
		if bad := page.Find("main script, main style, main object, main img, main [onerror], main [onload], main form:not([action^='/'])"); bad.Length() > 0 {
			t.Errorf("%s: its markup is in our page", name)
		}
		for _, what := range []string{"source", "eml", "part/0"} {
			if w := h.as(katrin).do("GET", "/m/"+string(id)+"/"+what, nil); w.Code >= 500 {
				t.Errorf("%s %s: %d", name, what, w.Code)
			}
		}
		if body := h.as(katrin).do("GET", "/m/"+string(id)+"/body", nil); body.Code >= 500 {
			t.Errorf("%s body: %d", name, body.Code)
		}
	}
	t.Logf("%d messages shown", len(names)-twice)
	if twice > len(names)/5 {
		t.Errorf("%d of %d were not shown", twice, len(names))
	}
}

// TestManyRecipients: a long list is cut in the line and whole, with addresses, where it is unfolded.
func TestManyRecipients(t *testing.T) {
	h := newHouse(t)
	cc := ""
	for i := range 20 {
		cc += fmt.Sprintf("Name %d <n%d@northgate.example>,\r\n ", i, i)
	}
	few := h.deliver(katrin, letter{head: "Cc: Name 1 <n1@northgate.example>\r\n"})
	many := h.deliver(katrin, letter{head: "Cc: " + strings.TrimSuffix(cc, ",\r\n ") + "\r\n"})
	page := h.as(katrin).page(h.open(katrin, many))
	if all := page.Find(".everyone li"); all.Length() != 21 || all.Last().Text() != "Name 19 <n19@northgate.example>" || !strings.Contains(said(page.Find(".msg-env")), "Alle 21 Empfänger zeigen") {
		t.Errorf("%d recipients, the last %q: %s", all.Length(), all.Last().Text(), said(page.Find(".msg-env")))
	}
	if n := h.as(katrin).page(h.open(katrin, few)).Find(".everyone").Length(); n != 0 {
		t.Error("two recipients are listed twice")
	}
}
