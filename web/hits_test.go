package web

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/mailstore"
)

// TestActOnHits: what the search found is ticked and moved from wherever it lies, on this page or all of it, and the
// step is taken back; a deletion from here never is for good.
func TestActOnHits(t *testing.T) {
	h := newHouse(t)
	folders := []mailstore.FolderID{mailstore.Inbox, mailstore.Archive, mailstore.Trash}
	for i := range 90 {
		h.deliver(katrin, letter{subject: fmt.Sprintf("Rotor %d", i), text: "x", folder: folders[i%3], origin: mailstore.FromExchange, ago: time.Duration(i) * time.Minute})
	}
	h.deliver(katrin, letter{subject: "Anderes", text: "x"})
	const query = "/search?q=rotor"
	h.found(query, 50)
	k := h.as(katrin)
	count := func(f mailstore.FolderID) int {
		rows, _, err := h.mail.Threads(t.Context(), h.box(katrin), f, before0, 100)
		must(t, err)
		return len(rows)
	}
	page := k.page(query)
	form := page.Find("form[action='/search/act']")
	if form.Length() != 1 || form.Find("[name=pick]").Length() != 50 || !strings.Contains(said(form), "Alle 60 Treffer") {
		t.Fatalf("the form: %s", said(form))
	}
	at := form.Find("[name=at]").AttrOr("value", "")
	picks := url.Values{"action": {"archive"}, "at": {at}, "q": {"rotor"}}
	form.Find("[name=pick]").Slice(0, 4).Each(func(_ int, s *goquery.Selection) { picks.Add("pick", s.AttrOr("value", "")) })
	w := k.do("POST", "/search/act", picks)
	to := w.Header().Get("Location")
	if w.Code != http.StatusSeeOther || !strings.HasPrefix(to, "/search?") || count(mailstore.Archive) != 30+2 {
		t.Fatalf("%d %s, %d in Archive", w.Code, to, count(mailstore.Archive))
	}
	page = k.page(to)
	if got := said(page.Find(".toast")); !strings.Contains(got, "4 Nachrichten archiviert") {
		t.Errorf("the notice: %q", got)
	}
	undo := page.Find(".toast form")
	w = k.do("POST", undo.AttrOr("action", ""), url.Values{"action": {"undo"}, "word": {undo.Find("[name=word]").AttrOr("value", "")}, "at": {undo.Find("[name=at]").AttrOr("value", "")}})
	if to := w.Header().Get("Location"); !strings.HasPrefix(to, "/search?") || count(mailstore.Archive) != 30 || count(mailstore.Trash) != 30 {
		t.Errorf("undone: %s, %d in Archive, %d in Trash", to, count(mailstore.Archive), count(mailstore.Trash))
	}
	w = k.do("POST", "/search/act", url.Values{"action": {"delete"}, "at": {at}, "q": {"rotor"}, "all": {"1"}})
	if w.Code != http.StatusSeeOther || count(mailstore.Trash) != 90 || count(mailstore.Inbox) != 1 || count(mailstore.Archive) != 0 {
		t.Errorf("all: %d, %d in Trash, %d in Inbox", w.Code, count(mailstore.Trash), count(mailstore.Inbox))
	}
	w = k.do("POST", "/search/act", url.Values{"action": {"delete"}, "at": {at}, "q": {"rotor in:trash"}, "all": {"1"}, "sure": {"1"}})
	if w.Code != http.StatusSeeOther || count(mailstore.Trash) != 90 {
		t.Errorf("deleted for good from a search: %d left", count(mailstore.Trash))
	}
	for name, bad := range map[string]url.Values{"no action": {"pick": {"x"}}, "too many": {"action": {"read"}, "pick": make([]string, mostHits+1)}} {
		if w := k.do("POST", "/search/act", bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := k.do("POST", "/search/act", url.Values{"action": {"read"}}); w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/search" {
		t.Errorf("nothing ticked: %d %s", w.Code, w.Header().Get("Location"))
	}
	if w := k.do("POST", "/search/act", url.Values{"action": {"archive"}, "pick": {"x"}, "at": {"//evil.example/"}}); strings.Contains(w.Header().Get("Location"), "evil") {
		t.Errorf("leads to %s", w.Header().Get("Location"))
	}
}
