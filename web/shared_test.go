package web

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/mailstore"
	"holdover/web/page"
)

const info = "info@ahrenfeld.example" // a shared mailbox

// share puts the shared mailbox into the directory, with these members and senders.
func (h *house) share(members, sendAs string) {
	h.t.Helper()
	head := strings.Replace(people3, "role,language", "role,language,send_as", 1)
	must(h.t, os.WriteFile(h.rooms.CSV, []byte(head+info+",Bürgerbüro,shared,kontakt@ahrenfeld.example,,"+members+",,de,"+sendAs+"\n"), 0o600))
	must(h.t, h.dir.Refresh(context.Background()))
	must(h.t, h.mail.EnsureMailbox(context.Background(), h.box(info), info))
}

// notThere are the shared routes that answer 404 to a member too, with what stands in their path below.
var notThere = map[string]bool{"GET /m/:id/image/:n": true, "POST /m/:id/answer": true, "POST /m/:id/images": true, "GET /m/:id/body": true, "POST /undo/:send": true, "GET /compose/:draft/picture/:cid": true}

// TestSharedAccess asks each route of a shared mailbox, with what really lies in it, as a member, as
// somebody who never was one, as somebody who is none any more, and as nobody. What is not open to a person
// looks as what is not there.
func TestSharedAccess(t *testing.T) {
	h := newHouse(t)
	h.share(katrin+" "+martha, "")
	id := h.deliver(info, letter{subject: "Sperrmüll", text: "Wann?"})
	file := h.deliver(info, letter{subject: "Plan", raw: strings.ReplaceAll("From: a@partner.example\nMessage-ID: <plan@x.example>\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b\nContent-Type: text/plain; name=a.txt\nContent-Disposition: attachment; filename=a.txt\n\ny\n--b--\n", "\n", "\r\n")})
	draft, _, err := h.mail.SaveDraft(context.Background(), h.box(info), "", 0, []byte("From: "+info+"\r\nSubject: E\r\nMessage-ID: <e@x.example>\r\n\r\nText\r\n"))
	must(t, err)
	thread := h.message(info, id).Thread
	s, err := newServer(h.opts)
	must(t, err)
	ask := func(who, box string, r page.Route) *httptest.ResponseRecorder {
		one := string(id)
		if strings.Contains(r.Path, ":n") || strings.HasSuffix(r.Path, "files.zip") {
			one = string(file)
		}
		path := strings.NewReplacer(":box", box, ":folder", "inbox", ":thread", string(thread), ":id", one, ":n", "1", ":draft", string(draft), ":send", "none").Replace(r.Path)
		form := url.Values{"action": {"flag"}, "pick": {string(thread)}, "button": {"save"}, "images": {"once"}, "answer": {"accepted"}, "name": {"Neu"}}
		if r.Method == http.MethodGet {
			form = nil
		}
		return h.as(who).do(r.Method, path, form)
	}
	routes := 0
	h.share(katrin, "") // martha was a member until now
	for _, r := range s.routes() {
		plain, ok := strings.CutPrefix(r.Path, "/shared/:box")
		if !ok {
			continue
		}
		routes++
		name := r.Method + " " + plain
		if matrix[name] != "ea" {
			t.Errorf("%s is open to %q in one's own mailbox", name, matrix[name])
		}
		nothing := ask(jens, "nirgends@ahrenfeld.example", r)
		for _, who := range []string{jens, martha} {
			w := ask(who, info, r)
			if w.Code != http.StatusNotFound {
				t.Errorf("%s as %s: %d, want 404", name, who, w.Code)
			}
			if who == jens && strings.ReplaceAll(w.Body.String(), info, "nirgends@ahrenfeld.example") != nothing.Body.String() {
				t.Errorf("%s shows that the mailbox exists", name)
			}
			if strings.Contains(w.Body.String(), "Sperrm") {
				t.Errorf("%s shows %s what lies there", name, who)
			}
		}
		if w := ask("", info, r); w.Code != http.StatusSeeOther || !strings.HasPrefix(w.Header().Get("Location"), "/?back=") {
			t.Errorf("%s as nobody: %d", name, w.Code)
		}
		for _, box := range []string{"alle@ahrenfeld.example", martha, jens, "%2e%2e"} { // no shared mailboxes
			if w := ask(jens, box, r); w.Code != http.StatusNotFound {
				t.Errorf("%s of %s: %d, want 404", name, box, w.Code)
			}
		}
	}
	for _, r := range s.routes() { // what changes something comes last
		plain, ok := strings.CutPrefix(r.Path, "/shared/:box")
		if !ok {
			continue
		}
		name := r.Method + " " + plain
		w := ask(katrin, info, r)
		if gone := w.Code == http.StatusNotFound; gone != notThere[name] || w.Code >= 500 {
			t.Errorf("%s as a member: %d", name, w.Code)
		}
	}
	if routes < 20 {
		t.Errorf("%d routes below a shared mailbox", routes)
	}
	// The same ids through one's own mailbox lead nowhere.
	for _, path := range []string{"/m/" + string(id) + "/source", "/m/" + string(id) + "/eml", "/mail/inbox/" + string(thread), "/compose?draft=" + string(draft), "/compose?mode=reply&of=" + string(id)} {
		if w := h.as(katrin).do("GET", path, nil); w.Code != http.StatusNotFound {
			t.Errorf("%s in one's own mailbox: %d, want 404", path, w.Code)
		}
	}
}

// TestSharedMailbox: who is a member finds the mailbox beside the own one, and every link of its pages stays in it.
func TestSharedMailbox(t *testing.T) {
	h := newHouse(t)
	h.share(katrin, "")
	first := h.deliver(info, letter{subject: "Sperrmüll", text: "Wann kommt er?"})
	h.deliver(katrin, letter{subject: "Nur für Katrin"})
	own := h.as(katrin).page("/mail/inbox")
	head := own.Find(".folders details.box summary")
	if got := said(head); !strings.Contains(got, "Bürgerbüro") || !strings.Contains(got, "1") {
		t.Fatalf("the folder list says %q", got)
	}
	inbox, _ := own.Find(".folders details.box a").First().Attr("href")
	if inbox != "/shared/info@ahrenfeld.example/mail/inbox" {
		t.Fatalf("its inbox is at %q", inbox)
	}
	if h.as(martha).page("/mail/inbox").Find("details.box").Length() != 0 {
		t.Error("who is no member sees the mailbox")
	}
	list := h.as(katrin).page(inbox)
	if rows := said(list.Find(".list .rows")); !strings.Contains(rows, "Sperrmüll") || strings.Contains(rows, "Nur für") {
		t.Errorf("it shows %q", rows)
	}
	if got := list.Find(".folders a[aria-current]"); got.Length() != 1 || got.Parent().Is("nav") {
		t.Errorf("%d folders are marked as shown", got.Length())
	}
	row, _ := list.Find(".list .rows h3 a").Attr("href")
	page := h.as(katrin).page(row)
	for _, within := range []string{".list", ".read"} {
		page.Find(within + " a[href^='/'], " + within + " form[action], " + within + " [hx-get], " + within + " [hx-post], " + within + " iframe").Each(func(_ int, s *goquery.Selection) {
			for _, name := range []string{"href", "action", "hx-get", "hx-post", "src"} {
				at, ok := s.Attr(name)
				if ok && at != "/view" && s.Closest(".fold-s").Length() == 0 && !strings.HasPrefix(at, "/shared/info@ahrenfeld.example/") {
					t.Errorf("%s leads out of the mailbox: %s", name, at)
				}
			}
		})
	}
	h.as(katrin).post("/shared/"+info+"/mail/inbox/act", "action", "archive", "pick", string(h.message(info, first).Thread))
	if f := h.message(info, first).Folder; f != mailstore.Archive {
		t.Errorf("archived into %s", f)
	}
}

// TestSharedMailboxIsFolded: folding is remembered, and inside of the mailbox it is open.
func TestSharedMailboxIsFolded(t *testing.T) {
	h := newHouse(t)
	h.share(katrin, "")
	v := h.as(katrin)
	open := func(path string) bool { _, ok := v.page(path).Find(".folders details.box").Attr("open"); return ok }
	if !open("/mail/inbox") {
		t.Error("a single shared mailbox is folded at first")
	}
	for _, c := range []struct {
		sent string
		open bool
	}{{"", false}, {"1", true}, {"", false}} {
		if w := v.do("POST", "/view", url.Values{"box": {info}, "open": {c.sent}}); w.Code != http.StatusNoContent {
			t.Fatalf("folding: %d", w.Code)
		}
		if open("/mail/inbox") != c.open {
			t.Errorf("after open=%q it is open=%v", c.sent, !c.open)
		}
	}
	if !open("/shared/" + info + "/mail/inbox") {
		t.Error("folded inside of it")
	}
	if w := h.as(martha).do("POST", "/view", url.Values{"box": {info}, "open": {"1"}}); w.Code != http.StatusNotFound {
		t.Errorf("who is no member folds it: %d", w.Code)
	}
}

// TestWritingInASharedMailbox: with its address where the directory allows it, else with one's own and a
// word about it; the draft, the sent copy and who it was lie in the shared mailbox.
func TestWritingInASharedMailbox(t *testing.T) {
	for _, c := range []struct{ sendAs, from string }{{"*", info}, {"", katrin}} {
		h := newHouse(t)
		h.share(katrin+" "+martha, c.sendAs)
		asked := h.deliver(info, letter{subject: "Sperrmüll", to: info + ", " + katrin})
		v, base := h.as(katrin), "/shared/"+info
		form := v.page(base + "/compose?mode=all&of=" + string(asked))
		if sender, _ := form.Find("#from option[selected]").Attr("value"); sender != c.from {
			t.Errorf("send_as %q: the sender is %q", c.sendAs, sender)
		}
		if says := strings.Contains(said(form.Find("#compose")), "dürfen Sie nicht senden"); says != (c.sendAs == "") {
			t.Errorf("send_as %q: says that it may not: %v", c.sendAs, says)
		}
		token, _ := form.Find("input[name=token]").Attr("value")
		to, _ := form.Find("#to").Attr("value")
		cc, _ := form.Find("#cc").Attr("value")
		if strings.Contains(to+cc, "ahrenfeld") {
			t.Errorf("the answer to all goes to oneself: %s, %s", to, cc)
		}
		for _, forged := range []string{martha, jens} {
			w := v.do("POST", base+"/compose", url.Values{"token": {token + "x"}, "button": {"send"}, "from": {forged}, "to": {to}, "text": {"x"}})
			if w.Code != http.StatusUnprocessableEntity {
				t.Errorf("sent as %s: %d", forged, w.Code)
			}
		}
		at := v.post(base+"/compose", "token", token, "version", "0", "mode", "all", "of", string(asked), "button", "send", "from", c.from, "to", to, "subject", "AW: Sperrmüll", "text", "Am Freitag.")
		if !strings.HasPrefix(at, base+"/mail/inbox/") {
			t.Errorf("sending leads to %s", at)
		}
		if undo, _ := v.page(at).Find(".toast form").Attr("action"); !strings.HasPrefix(undo, base+"/undo/") {
			t.Errorf("undo is at %q", undo)
		}
		h.clock.Pass(11e9)
		_, err := h.mail.Release(t.Context())
		must(t, err)
		sent, _, err := h.mail.Threads(t.Context(), h.box(info), mailstore.Sent, mailstore.Before{}, 9)
		must(t, err)
		mine, _, err := h.mail.Threads(t.Context(), h.box(katrin), mailstore.Sent, mailstore.Before{}, 9)
		must(t, err)
		if len(sent) != 1 || len(mine) != 0 || sent[0].Latest.From[0].Addr != c.from {
			t.Fatalf("%d copies in the shared Sent, %d in one's own", len(sent), len(mine))
		}
		if !h.message(info, asked).Flags.Answered {
			t.Error("what was answered is not marked so")
		}
		deeds, err := h.mail.Deeds(t.Context(), h.box(info), []email.MessageID{asked, sent[0].Latest.ID})
		must(t, err)
		for id, what := range map[email.MessageID]string{asked: "answered", sent[0].Latest.ID: "sent"} {
			if d := deeds[id]; len(d) != 1 || d[0].What != what || d[0].Actor != h.box(katrin) {
				t.Errorf("noted as %s: %+v", what, d)
			}
		}
		read := said(h.as(martha).page(base + "/mail/inbox/" + string(h.message(info, asked).Thread)).Find(".msgs"))
		for _, words := range []string{"Answered by Katrin Wessel", "Sent by Katrin Wessel"} {
			if !strings.Contains(read, words) {
				t.Errorf("a colleague does not read %q in %q", words, read)
			}
		}
	}
}

// TestOwnMailSentAsShared: from the own mailbox the shared address can be chosen, and nothing else.
func TestOwnMailSentAsShared(t *testing.T) {
	h := newHouse(t)
	h.share(martha, katrin) // may write with its address and not open it
	var offered []string
	h.as(katrin).page("/compose").Find("#from option").Each(func(_ int, s *goquery.Selection) {
		value, _ := s.Attr("value")
		offered = append(offered, value)
	})
	if got := strings.Join(offered, " "); got != katrin+" wessel@ahrenfeld.example "+info {
		t.Errorf("offered: %s", got)
	}
	if n := h.as(martha).page("/compose").Find("#from option").Length(); n != 0 {
		t.Errorf("%d senders are offered to who may not", n)
	}
}

// TestSharedNews: the pages of a member hear of a shared mailbox's mail, and no longer once they are none.
func TestSharedNews(t *testing.T) {
	h := newHouse(t)
	h.share(katrin, "")
	s := &server{Options: h.opts}
	wants := s.opensTo(h.box(katrin))
	if !wants(h.box(info)) || !wants(h.box(katrin)) || wants(h.box(martha)) {
		t.Error("a member does not hear of it")
	}
	if s.opensTo(h.box(martha))(h.box(info)) {
		t.Error("who is no member hears of it")
	}
	h.share(martha, "")
	if wants(h.box(info)) {
		t.Error("who is no member any more still hears of it")
	}
}
