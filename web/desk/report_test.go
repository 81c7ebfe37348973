package desk_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/web/webtest"
)

// TestMissingIsSaidLoudly: a message that the store has and no account contains stands above
// everything else, by name.
func TestMissingIsSaidLoudly(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	st.told.Sum.Counts = syncback.Counts{Total: 311, Verified: 311}
	st.told.Check = syncback.Crosscheck{Store: 312, Ledger: 311, Missing: []syncback.Orphan{{Mailbox: st.Person(employee).Mailbox, Message: "verloren1"}}}
	for _, path := range []string{"", "/report"} {
		page := st.Read(st.Get(admin, "/desk/events/"+e.ID+path), 200)
		if got := webtest.Words(page.Find(".say")); !strings.Contains(got, "Die Zahlen gehen nicht auf: 1 angenommene Nachricht steht in keiner Rechnung.") || strings.Contains(got, "Nichts fehlt") {
			t.Errorf("%q says %q", path, got)
		}
		if page.Find(".say.done").Length() > 0 {
			t.Errorf("%q calls it done", path)
		}
		if got := webtest.Words(page.Find("[role=alert]")); !strings.Contains(got, "katrin@holdover.example verloren1") || !strings.Contains(got, "312 Nachrichten") {
			t.Errorf("%q names %q", path, got)
		}
	}
}

// TestCalmWhenAllIsWell, and with the cross-check in words.
func TestCalmWhenAllIsWell(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	st.told.Tally = &syncback.Tally{Messages: syncback.Counts{Total: 312, Verified: 312}, Changes: syncback.Counts{Total: 540, Verified: 540},
		Notes: map[syncback.Note]int{syncback.Junk: 3}, Resent: 2}
	st.told.Check = syncback.Crosscheck{Store: 312, Ledger: 312}
	page := st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
	if got := webtest.Words(page.Find("#say-h")); got != "Alle 312 Nachrichten sind zurück. Nichts fehlt, nichts ist doppelt." {
		t.Errorf("says %q", got)
	}
	text := webtest.Words(page.Find("main"))
	for _, want := range []string{"312 Nachrichten, 540 Änderungen.", "3 im Junk-Ordner", "2 erneut gesendet", "Gegenprobe: Der Speicher hat 312 Nachrichten angenommen oder gesendet"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if page.Find("[role=alert]").Length() > 0 {
		t.Error("an alarm although all is well")
	}
	if href, _ := page.Find("a:contains('im Junk-Ordner')").Attr("href"); !strings.Contains(href, "note=junk") || !strings.Contains(href, "what=messages") {
		t.Errorf("the number of messages in Junk leads to %q", href)
	}
	st.told.Tally.Notes[syncback.Twice] = 1
	page = st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
	if got := webtest.Words(page.Find("#say-h")); strings.Contains(got, "nichts ist doppelt") {
		t.Errorf("with a double it says %q", got)
	}
}

// TestReportStandsAlone: a whole page without scripts, with every mailbox and the open items first.
func TestReportStandsAlone(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	katrin := st.Person(employee).Mailbox
	st.told.Sum = syncback.Report{Counts: syncback.Counts{Total: 2, Verified: 1, Parked: 1},
		Mailboxes: []syncback.MailboxCounts{{Mailbox: katrin, Position: syncback.Open, Counts: syncback.Counts{Total: 2, Verified: 1, Parked: 1}}}}
	st.told.Entries = []syncback.Line{{Mailbox: katrin, Seq: 4, Kind: mailstore.Arrived, State: syncback.Parked, At: st.Clock.Now(), Words: "552 <b>full</b>", Remedy: "The mailbox in Exchange is full: make room there, then retry."}}
	w := st.Get(admin, "/desk/events/"+e.ID+"/report")
	if strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "hx-") {
		t.Error("the report has scripts")
	}
	page := st.Read(w, 200)
	text := webtest.Words(page.Find("main"))
	for _, want := range []string{"Bericht: Ausfall", "Ticket 7", "wieder da", "552 <b>full</b>", "Das Postfach in Exchange ist voll: Schaffen Sie dort Platz und versuchen Sie es erneut.", "Katrin Wessel", "Was die Wörter bedeuten"} {
		if !strings.Contains(text, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	if page.Find("form").Length() > 0 {
		t.Error("the report has forms")
	}
	if strings.Index(text, "552 <b>full</b>") > strings.Index(text, "Der Ernstfall") {
		t.Error("what is open does not come first")
	}
}

// TestCSV: Excel reads it, in both languages, and takes nothing in it for a formula.
func TestCSV(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	katrin := st.Person(employee).Mailbox
	for n := range 2005 {
		st.told.Entries = append(st.told.Entries, syncback.Line{Mailbox: katrin, Seq: mailstore.Seq(n), Kind: mailstore.Arrived, State: syncback.Parked, At: st.Clock.Now(),
			Words: `=HYPERLINK("http://x";"y")`, Remedy: "Größe; prüfen\r\n=1"})
	}
	st.told.Entries[0].Remedy = "Rename the folder."
	said := map[string]string{"de": "Benennen Sie den Ordner um.", "en": "Rename the folder."}
	for lang, comma := range map[string]rune{"de": ';', "en": ','} {
		w := st.Ask(admin, "GET", "/desk/events/"+e.ID+"/report.csv?state=parked", http.Header{"Cookie": {"speaks=" + lang}}, nil)
		body, ok := strings.CutPrefix(w.Body.String(), "\ufeff")
		if !ok || w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %v", lang, w.Code, w.Header())
		}
		r := csv.NewReader(strings.NewReader(body))
		r.Comma = comma
		rows, err := r.ReadAll()
		if err != nil || len(rows) != len(st.told.Entries)+1 {
			t.Fatalf("%s: %d rows, %v", lang, len(rows), err)
		}
		if !slices.ContainsFunc(rows, func(row []string) bool { return row[11] == said[lang] }) {
			t.Errorf("%s: no row has the remedy in that language", lang)
		}
		if last := rows[len(rows)-1]; last[10] != `'=HYPERLINK("http://x";"y")` || last[11] != "Größe; prüfen  =1" || last[0] != "katrin@holdover.example" {
			t.Errorf("%s: %q", lang, last)
		}
	}
}

// TestEntriesPages: a long list goes on, back to its start, keeps its filter, and finds a mailbox by
// name or else Exchange's words.
func TestEntriesPages(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	katrin := st.Person(employee).Mailbox
	for n := range 203 {
		st.told.Entries = append(st.told.Entries, syncback.Line{Mailbox: katrin, Seq: mailstore.Seq(n), Kind: mailstore.Arrived, State: syncback.Parked, At: st.Clock.Now(), Note: syncback.Junk, Folder: "Junk"})
	}
	at := "/desk/events/" + e.ID + "/entries?what=messages&state=parked"
	page := st.Read(st.Get(admin, at), 200)
	next, _ := page.Find("a[rel=next]").Attr("href")
	if page.Find("tbody tr").Length() != 200 || !strings.Contains(next, "state=parked") || !strings.Contains(next, "what=messages") {
		t.Fatalf("%d rows, next %q", page.Find("tbody tr").Length(), next)
	}
	page = st.Read(st.Get(admin, next), 200)
	if page.Find("tbody tr").Length() != 3 || page.Find("a[rel=next]").Length() > 0 || page.Find("nav.btns a").Length() != 1 {
		t.Errorf("second page: %d rows", page.Find("tbody tr").Length())
	}
	if got := webtest.Words(page.Find("tbody tr").First()); !strings.Contains(got, "liegt im Junk-Ordner") {
		t.Errorf("no note of where: %q", got)
	}
	st.Get(admin, at+"&q=wessel")
	if f := st.told.Asked(); len(f.Mailboxes) != 1 || f.Mailboxes[0] != katrin || f.Words != "" || !f.Messages {
		t.Errorf("a name becomes %+v", f)
	}
	st.Get(admin, at+"&q=mailbox+full")
	if f := st.told.Asked(); f.Mailboxes != nil || f.Words != "mailbox full" {
		t.Errorf("words become %+v", f)
	}
	for _, bad := range []string{"?what=x", "?note=x", "?state=x"} {
		if w := st.Get(admin, "/desk/events/"+e.ID+"/entries"+bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	page, _ = st.Follow(admin, st.Post(admin, "/desk/events/"+e.ID+"/retry-all", url.Values{}))
	if got := webtest.Words(page.Find(".toast")); len(st.told.Retried()) != 203 || got != "203 werden erneut versucht." {
		t.Errorf("retry all: %d, %q", len(st.told.Retried()), got)
	}
}

// TestManyMailboxes: a thousand mailboxes are all in the report, and the hundred with problems first
// on the page.
func TestManyMailboxes(t *testing.T) {
	st := newStage(t)
	e := st.ended()
	for n := range 1000 {
		c := syncback.Counts{Total: 3, Verified: 3}
		if n == 777 {
			c = syncback.Counts{Total: 3, Verified: 2, Parked: 1}
		}
		st.told.Sum.Mailboxes = append(st.told.Sum.Mailboxes, syncback.MailboxCounts{Mailbox: email.MailboxID(fmt.Sprintf("box%04d", n)), Position: syncback.Open, Counts: c})
		st.told.Sum.Total += 3
		st.told.Sum.Verified += c.Verified
		st.told.Sum.Parked += c.Parked
	}
	page := st.Read(st.Get(admin, "/desk/events/"+e.ID), 200)
	if rows := page.Find("section.frame tbody tr"); rows.Length() != 100 || !strings.Contains(webtest.Words(rows.First()), "box0777") {
		t.Errorf("%d rows, first %q", rows.Length(), webtest.Words(rows.First()))
	}
	if n := st.Read(st.Get(admin, "/desk/events/"+e.ID+"/report"), 200).Find("[aria-labelledby=rp-b] tbody tr").Length(); n != 1000 {
		t.Errorf("the report lists %d mailboxes", n)
	}
}
