package web

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// ended is an outage that is over.
func (st *deskStage) ended() continuity.Event {
	st.t.Helper()
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	e, err := st.events.End(st.t.Context(), e.ID, "Anna Admin", "wieder da")
	if err != nil {
		st.t.Fatal(err)
	}
	return e
}

// TestMissingIsSaidLoudly: a message that the store has and no account contains stands above
// everything else, by name.
func TestMissingIsSaidLoudly(t *testing.T) {
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	st.told.report.Counts = syncback.Counts{Total: 311, Verified: 311}
	st.told.check = syncback.Crosscheck{Store: 312, Ledger: 311, Missing: []syncback.Orphan{{Mailbox: st.person(employee).Mailbox, Message: "verloren1"}}}
	for _, path := range []string{"", "/report"} {
		page := st.read(st.get(admin, "/desk/events/"+e.ID+path), 200)
		if got := words(page.Find(".say")); !strings.Contains(got, "Die Zahlen gehen nicht auf: 1 angenommene Nachricht steht in keiner Rechnung.") || strings.Contains(got, "Nichts fehlt") {
			t.Errorf("%q says %q", path, got)
		}
		if page.Find(".say.done").Length() > 0 {
			t.Errorf("%q calls it done", path)
		}
		if got := words(page.Find("[role=alert]")); !strings.Contains(got, "katrin@holdover.example verloren1") || !strings.Contains(got, "312 Nachrichten") {
			t.Errorf("%q names %q", path, got)
		}
	}
}

// TestCalmWhenAllIsWell, and with the cross-check in words.
func TestCalmWhenAllIsWell(t *testing.T) {
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	st.told.tally = &syncback.Tally{Messages: syncback.Counts{Total: 312, Verified: 312}, Changes: syncback.Counts{Total: 540, Verified: 540},
		Notes: map[syncback.Note]int{syncback.Junk: 3}, Resent: 2}
	st.told.check = syncback.Crosscheck{Store: 312, Ledger: 312}
	page := st.read(st.get(admin, "/desk/events/"+e.ID), 200)
	if got := words(page.Find("#say-h")); got != "Alle 312 Nachrichten sind zurück. Nichts fehlt, nichts ist doppelt." {
		t.Errorf("says %q", got)
	}
	text := words(page.Find("main"))
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
	st.told.tally.Notes[syncback.Twice] = 1
	page = st.read(st.get(admin, "/desk/events/"+e.ID), 200)
	if got := words(page.Find("#say-h")); strings.Contains(got, "nichts ist doppelt") {
		t.Errorf("with a double it says %q", got)
	}
}

// TestReportStandsAlone: a whole page without scripts, with every mailbox and the open items first.
func TestReportStandsAlone(t *testing.T) {
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	katrin := st.person(employee).Mailbox
	st.told.report = syncback.Report{Counts: syncback.Counts{Total: 2, Verified: 1, Parked: 1},
		Mailboxes: []syncback.MailboxCounts{{Mailbox: katrin, Position: syncback.Open, Counts: syncback.Counts{Total: 2, Verified: 1, Parked: 1}}}}
	st.told.lines = []syncback.Line{{Mailbox: katrin, Seq: 4, Kind: mailstore.Arrived, State: syncback.Parked, At: st.clock.now(), Words: "552 <b>full</b>", Remedy: "The mailbox in Exchange is full: make room there, then retry."}}
	w := st.get(admin, "/desk/events/"+e.ID+"/report")
	if strings.Contains(w.Body.String(), "<script") || strings.Contains(w.Body.String(), "hx-") {
		t.Error("the report has scripts")
	}
	page := st.read(w, 200)
	text := words(page.Find("main"))
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
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	katrin := st.person(employee).Mailbox
	for n := range 2005 {
		st.told.lines = append(st.told.lines, syncback.Line{Mailbox: katrin, Seq: mailstore.Seq(n), Kind: mailstore.Arrived, State: syncback.Parked, At: st.clock.now(),
			Words: `=HYPERLINK("http://x";"y")`, Remedy: "Größe; prüfen\r\n=1"})
	}
	st.told.lines[0].Remedy = "Rename the folder."
	said := map[string]string{"de": "Benennen Sie den Ordner um.", "en": "Rename the folder."}
	for lang, comma := range map[string]rune{"de": ';', "en": ','} {
		w := st.ask(admin, "GET", "/desk/events/"+e.ID+"/report.csv?state=parked", http.Header{"Accept-Language": {lang}}, nil)
		body, ok := strings.CutPrefix(w.Body.String(), "\ufeff")
		if !ok || w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Fatalf("%s: %d %v", lang, w.Code, w.Header())
		}
		r := csv.NewReader(strings.NewReader(body))
		r.Comma = comma
		rows, err := r.ReadAll()
		if err != nil || len(rows) != len(st.told.lines)+1 {
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
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	katrin := st.person(employee).Mailbox
	for n := range maxLines + 3 {
		st.told.lines = append(st.told.lines, syncback.Line{Mailbox: katrin, Seq: mailstore.Seq(n), Kind: mailstore.Arrived, State: syncback.Parked, At: st.clock.now(), Note: syncback.Junk, Folder: "Junk"})
	}
	at := "/desk/events/" + e.ID + "/entries?what=messages&state=parked"
	page := st.read(st.get(admin, at), 200)
	next, _ := page.Find("a[rel=next]").Attr("href")
	if page.Find("tbody tr").Length() != maxLines || !strings.Contains(next, "state=parked") || !strings.Contains(next, "what=messages") {
		t.Fatalf("%d rows, next %q", page.Find("tbody tr").Length(), next)
	}
	page = st.read(st.get(admin, next), 200)
	if page.Find("tbody tr").Length() != 3 || page.Find("a[rel=next]").Length() > 0 || page.Find("nav.btns a").Length() != 1 {
		t.Errorf("second page: %d rows", page.Find("tbody tr").Length())
	}
	if got := words(page.Find("tbody tr").First()); !strings.Contains(got, "liegt im Junk-Ordner") {
		t.Errorf("no note of where: %q", got)
	}
	st.get(admin, at+"&q=wessel")
	if f := st.told.filters[len(st.told.filters)-1]; len(f.Mailboxes) != 1 || f.Mailboxes[0] != katrin || f.Words != "" || !f.Messages {
		t.Errorf("a name becomes %+v", f)
	}
	st.get(admin, at+"&q=mailbox+full")
	if f := st.told.filters[len(st.told.filters)-1]; f.Mailboxes != nil || f.Words != "mailbox full" {
		t.Errorf("words become %+v", f)
	}
	for _, bad := range []string{"?what=x", "?note=x", "?state=x"} {
		if w := st.get(admin, "/desk/events/"+e.ID+"/entries"+bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d", bad, w.Code)
		}
	}
	page, _ = st.follow(admin, st.post(admin, "/desk/events/"+e.ID+"/retry-all", url.Values{}))
	if got := words(page.Find(".toast")); len(st.told.retried) != maxLines+3 || got != "203 werden erneut versucht." {
		t.Errorf("retry all: %d, %q", len(st.told.retried), got)
	}
}

// TestManyMailboxes: a thousand mailboxes are all in the report, and the hundred with problems first
// on the page.
func TestManyMailboxes(t *testing.T) {
	st := newDeskStage(t, &calmMail{})
	e := st.ended()
	for n := range 1000 {
		c := syncback.Counts{Total: 3, Verified: 3}
		if n == 777 {
			c = syncback.Counts{Total: 3, Verified: 2, Parked: 1}
		}
		st.told.report.Mailboxes = append(st.told.report.Mailboxes, syncback.MailboxCounts{Mailbox: email.MailboxID(fmt.Sprintf("box%04d", n)), Position: syncback.Open, Counts: c})
		st.told.report.Total += 3
		st.told.report.Verified += c.Verified
		st.told.report.Parked += c.Parked
	}
	page := st.read(st.get(admin, "/desk/events/"+e.ID), 200)
	if rows := page.Find("section.frame tbody tr"); rows.Length() != 100 || !strings.Contains(words(rows.First()), "box0777") {
		t.Errorf("%d rows, first %q", rows.Length(), words(rows.First()))
	}
	if n := st.read(st.get(admin, "/desk/events/"+e.ID+"/report"), 200).Find("[aria-labelledby=rp-b] tbody tr").Length(); n != 1000 {
		t.Errorf("the report lists %d mailboxes", n)
	}
}

// TestReceipts: a person reads what went where, what did not and why; the same as a file.
func TestReceipts(t *testing.T) {
	h := newHouse(t)
	good, bad := h.deliver(katrin, letter{subject: "Angebot", ago: time.Minute}), h.deliver(katrin, letter{subject: "=SUMME(A1)", ago: time.Minute})
	box, err := h.dir.Resolve(katrin)
	must(t, err)
	mailbox := box.Mailboxes[0].ID
	page := h.as(katrin).page("/receipts")
	if got := said(page.Find(".read-in")); !strings.Contains(got, "nichts von Ihnen nach Exchange zu übertragen") || page.Find("table").Length() > 0 {
		t.Errorf("empty: %q", got)
	}
	h.sync.counts.Counts = syncback.Counts{Total: 2, Verified: 1, Parked: 1}
	h.sync.lines = []syncback.Line{{Mailbox: mailbox, Seq: 1, Message: good, Kind: mailstore.Arrived, State: syncback.Verified, At: h.clock.now(), Folder: "Posteingang"},
		{Mailbox: mailbox, Seq: 2, Message: bad, Kind: mailstore.Arrived, State: syncback.Parked, At: h.clock.now(), Words: "552 too large"}}
	page = h.as(katrin).page("/receipts")
	for _, want := range []string{"1 Nachricht konnte nicht übertragen werden.", "Angebot", "im Ordner „Posteingang“", "Exchange sagt: 552 too large"} {
		if !strings.Contains(said(page.Find(".read-in")), want) {
			t.Errorf("the receipts lack %q: %q", want, said(page.Find(".read-in")))
		}
	}
	if rows := h.as(katrin).page("/receipts?show=need").Find("tbody tr"); rows.Length() != 1 || !strings.Contains(said(rows), "SUMME") {
		t.Errorf("what needs somebody: %q", said(rows))
	}
	if w := h.as(katrin).do("GET", "/receipts?show=x", nil); w.Code != http.StatusBadRequest {
		t.Errorf("an invented choice: %d", w.Code)
	}
	file := h.as(katrin).do("GET", "/receipts.csv", nil).Body.String()
	if !strings.HasPrefix(file, "\ufeff\"Zeit\";") || !strings.Contains(file, `"'=SUMME(A1)"`) || !strings.Contains(file, `"Posteingang"`) {
		t.Errorf("file: %q", file)
	}
}

// TestReturnedBanner: once Exchange is back the banner counts the person's own changes and leads to the
// receipts; after some days it goes.
func TestReturnedBanner(t *testing.T) {
	h := newHouse(t)
	e := h.start(continuity.Outage)
	_, err := h.events.End(t.Context(), e.ID, jens, "Test")
	must(t, err)
	band := func() string { return said(h.as(katrin).page("/mail/inbox").Find("#band > p")) }
	h.sync.counts.Counts = syncback.Counts{Total: 41, Verified: 38, Waiting: 3}
	if got := band(); !strings.Contains(got, "Exchange ist zurück. 3 Ihrer Änderungen werden noch übertragen.") || !strings.Contains(got, "Belege ansehen") {
		t.Errorf("on the way: %q", got)
	}
	h.sync.counts.Counts = syncback.Counts{Total: 41, Verified: 41}
	if got := band(); !strings.Contains(got, "Alle 41 Änderungen sind übertragen.") {
		t.Errorf("back: %q", got)
	}
	h.clock.move(4 * 24 * time.Hour)
	if got := band(); got != "" {
		t.Errorf("days later: %q", got)
	}
}
