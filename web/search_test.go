package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"holdover/email"
	"holdover/search"
)

// TestSearchPage: hits over all folders with marks, conditions that can be taken away, and no error.
func TestSearchPage(t *testing.T) {
	h := newHouse(t)
	h.sample()
	page := h.found("/search?q=rotor+from:hartley", 2)
	if got := page.Find("li.row .subj mark").First().Text(); !strings.EqualFold(got, "rotor") {
		t.Errorf("marked: %q", got)
	}
	chips := page.Find("ul.chips li.chip")
	if chips.Length() != 2 || said(chips.Eq(1).Find("span").First()) != "Von: hartley" {
		t.Errorf("chips: %q", said(chips))
	}
	if href := chips.Eq(1).Find("a").AttrOr("href", ""); href != "/search?q=rotor" {
		t.Errorf("without it: %q", href)
	}
	if got := said(page.Find(".row .badge").First()); got != "Posteingang" {
		t.Errorf("folder: %q", got)
	}
	if got := said(page.Find("h1")); !strings.HasSuffix(got, " Treffer") {
		t.Errorf("count: %q", got)
	}
	none := h.as(katrin).page("/search?q=" + url.QueryEscape("xyzzy from:niemand"))
	if !strings.Contains(said(none.Find(".none")), "Nichts gefunden") || none.Find(".none a.chip").Length() != 2 {
		t.Errorf("nothing found says %q", said(none.Find(".none")))
	}
}

// found waits until the index has what was delivered.
func (h *house) found(path string, least int) *goquery.Document {
	h.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		doc := h.as(katrin).page(path)
		if doc.Find("li.row").Length() >= least {
			return doc
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%s: %d rows after 20 s", path, doc.Find("li.row").Length())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// TestCheck17_NeverWrong: whatever is typed gives a page.
func TestCheck17_NeverWrong(t *testing.T) {
	h := newHouse(t)
	h.deliver(katrin, letter{subject: "Rotor"})
	for _, query := range []string{`"`, `((((`, `from:`, `AND OR NOT`, `a* b* c*`, strings.Repeat("a* ", 200), `size:>>5`, `received:2026-13-45`, "\xff\xfe", `<script>alert(1)</script>`,
		strings.Repeat("(", 5000), `-`, `:`, `/[a-z]+/`, `*`, `from:"`, "a\x00b"} {
		for _, page := range []string{"", "&page=-1", "&page=x", "&page=99999999999999999999"} {
			w := h.as(katrin).do("GET", "/search?q="+url.QueryEscape(query)+page, nil)
			if w.Code != http.StatusOK {
				t.Errorf("%.40q%s: %d", query, page, w.Code)
			}
			if strings.Contains(w.Body.String(), "<script>alert") {
				t.Errorf("%q is in the page as markup", query)
			}
		}
	}
}

// TestSearchDown: an index that fails does not take the page with it; one that is behind says so.
func TestSearchDown(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Search = oddSearch{err: errors.New("broken")} })
	if page := h.as(katrin).page("/search?q=x"); !strings.Contains(said(page.Find(".none")), "Die Suche antwortet gerade nicht.") || page.Find("nav.folders a").Length() < 6 {
		t.Error("no word about the search being down")
	}
	h = newHouse(t, func(o *Options) {
		o.Search = oddSearch{result: search.Result{Partial: true, Hits: []search.Hit{{Message: "gone"}}, Total: 1}}
	})
	if page := h.as(katrin).page("/search?q=x"); !strings.Contains(said(page.Find(".note")), "vervollständigt") {
		t.Error("no word about the index being behind")
	}
}

type oddSearch struct {
	result search.Result
	err    error
}

func (o oddSearch) Search(context.Context, email.MailboxID, string, int, int) (search.Result, error) {
	return o.result, o.err
}

func (o oddSearch) Find(context.Context, email.MailboxID, string, int) ([]email.MessageID, int, bool, error) {
	return nil, 0, false, o.err
}

// TestManyHitsInWords: a number that is only known to be exceeded is said so, and there is a next page.
func TestManyHitsInWords(t *testing.T) {
	h := newHouse(t, func(o *Options) { o.Search = oddSearch{result: search.Result{Total: 1043, Open: true}} })
	if got := said(h.as(katrin).page("/search?q=x").Find("h1")); got != "Mehr als 1.000 Treffer" {
		t.Errorf("says %q", got)
	}
}

// TestSearchElsewhere: the same query in the other mailboxes that one may open, with the number of hits there; what
// has none, and what one may not open, is not mentioned.
func TestSearchElsewhere(t *testing.T) {
	h := newHouse(t)
	h.share(katrin, "")
	h.deliver(katrin, letter{subject: "Rotor"})
	h.deliver(info, letter{subject: "Rotor im Rathaus"})
	h.deliver(info, letter{subject: "Noch ein Rotor"})
	h.deliver(info, letter{subject: "Stator"})
	elsewhere := func(who, path string) (all []string) {
		h.as(who).page(path).Find("[data-elsewhere] a").Each(func(_ int, a *goquery.Selection) {
			all = append(all, said(a)+" "+a.AttrOr("href", ""))
		})
		return all
	}
	until := func(who, path string, want ...string) {
		t.Helper()
		var got []string
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			if got = elsewhere(who, path); slices.Equal(got, want) {
				return
			}
		}
		t.Errorf("%s: %q, want %q", path, got, want)
	}
	until(katrin, "/search?q=rotor", "2 in Bürgerbüro /shared/info@ahrenfeld.example/search?q=rotor")
	until(katrin, "/shared/"+info+"/search?q=rotor", "1 in Katrin Wessel /search?q=rotor")
	until(katrin, "/search?q=stator", "1 in Bürgerbüro /shared/info@ahrenfeld.example/search?q=stator")
	until(katrin, "/search?q=xylophon")
	until(martha, "/search?q=rotor")
	until(katrin, "/search?q=rotor&page=2")
}
