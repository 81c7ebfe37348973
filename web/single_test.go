package web

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/mailstore"
)

// TestCheck16_Singles: twelve messages over three folders are one conversation in order, a hijack
// with its own subject stays apart, and the switch shows single messages, remembered, without a script.
func TestCheck16_Singles(t *testing.T) {
	h := newHouse(t)
	first := ""
	for i := range 12 {
		l := letter{id: "m" + string(rune('a'+i)) + "@northgate.example", answers: first, subject: "Re: Kühlturm", text: "Text Absatz " + string(rune('A'+i)), seen: i != 11, ago: time.Duration(60-i) * time.Minute}
		if i%3 == 1 {
			l.from, l.to, l.folder, l.origin = katrin, "olivia@northgate.example", mailstore.Sent, mailstore.FromExchange
		}
		if i%3 == 2 {
			l.folder = mailstore.Archive
		}
		h.deliver(katrin, l)
		if first == "" {
			first = l.id
		}
	}
	h.deliver(katrin, letter{subject: "Ganz anderes", answers: first, text: "Text Entführt"})
	k := h.as(katrin)
	page := k.page("/mail/inbox")
	if n := page.Find("li.row").Length(); n != 2 {
		t.Fatalf("%d conversations", n)
	}
	path, _ := page.Find("li.row h3 a").Last().Attr("href")
	whole := k.page(path).Find("details.msg")
	if whole.Length() != 12 {
		t.Errorf("the conversation has %d messages", whole.Length())
	}
	for i := range 12 { // over Inbox, Sent and Archive, in the order of their time
		if !strings.Contains(said(whole.Eq(i)), "Absatz "+string(rune('A'+i))) {
			t.Errorf("message %d of the conversation is %q", i, said(whole.Eq(i)))
		}
	}
	if strings.Contains(said(whole), "Entführt") {
		t.Error("an answer with another subject is in the conversation")
	}
	if to := k.post("/view", "list", "single", "back", "/mail/inbox?before=x"); to != "/mail/inbox" {
		t.Errorf("leads to %s", to)
	}
	page = h.as(katrin).page("/mail/inbox")
	if n := page.Find("li.row").Length(); n != 5 {
		t.Fatalf("%d single messages", n)
	}
	if h.as(jens).page("/mail/inbox").Find("button[value=single]").Length() != 1 {
		t.Error("another person's lists have changed")
	}
	path, _ = page.Find("li.row h3 a").Eq(1).Attr("href")
	one := k.page(path)
	if n := one.Find("details.msg").Length(); n != 1 || !strings.Contains(said(one.Find(".read-in")), "Ganze Unterhaltung (12 Nachrichten)") {
		t.Errorf("alone it shows %d messages: %s", n, said(one.Find(".read-in")))
	}
	if one.Find("li.row.here").Length() != 1 {
		t.Error("the list does not say which one is open")
	}
	form := one.Find(".conv-head form.btns")
	pick, single := form.Find("[name=pick]").AttrOr("value", ""), form.Find("[name=single]").AttrOr("value", "")
	to := k.post("/mail/inbox/act", "action", "archive", "pick", pick, "single", single)
	page = k.page(to)
	if n := page.Find("li.row").Length(); n != 4 || !strings.Contains(said(page.Find(".toast")), "1 Nachricht archiviert.") {
		t.Errorf("after archiving one: %d rows, %q", n, said(page.Find(".toast")))
	}
	left := page.Find("li.row [name=pick]").First().AttrOr("value", "")
	if back := k.post("/mail/inbox/act", "action", "read", "pick", left, "single", "1", "back", "here"); !strings.HasSuffix(back, "?m="+left) {
		t.Errorf("leads to %s", back)
	}
	if got := k.page("/search?q=Text").Find("li.row h3 a").First().AttrOr("href", ""); !strings.Contains(got, "?m=") && got != "" {
		t.Errorf("a hit leads to %s", got)
	}
	for _, bad := range []string{path + "x", "/mail/inbox/none?m=x"} {
		if w := k.do("GET", bad, nil); w.Code != 404 {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	k.post("/view", "list", "thread", "back", "//evil.example/")
	if n := k.page("/mail/inbox").Find("li.row").Length(); n != 2 {
		t.Errorf("back to conversations: %d rows", n)
	}
}

// What a search found is open when its conversation is opened, also far up in a long one.
func TestFoundIsOpen(t *testing.T) {
	h := newHouse(t)
	var first letter
	for i := range threadSize + 2 {
		l := letter{id: fmt.Sprintf("n%d@northgate.example", i), answers: first.id, subject: "Re: Kühlturm", text: fmt.Sprintf("Absatz %d.", i), seen: true, ago: time.Duration(60-i) * time.Minute}
		h.deliver(katrin, l)
		if first.id == "" {
			first = l
		}
	}
	k := h.as(katrin)
	list := k.page("/search?q=" + url.QueryEscape(`"Absatz 0"`))
	path, fragment, _ := strings.Cut(list.Find("li.row h3 a").AttrOr("href", ""), "#")
	open := k.page(path).Find("details.msg[open]")
	if open.Length() != 2 || open.First().AttrOr("id", "") != fragment || !strings.Contains(said(open.First()), "Absatz 0.") {
		t.Errorf("%s opens %d messages: %q", path, open.Length(), said(open.First()))
	}
}
