package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/mailstore"
	"holdover/syncback"
)

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
	h.sync.Sum.Counts = syncback.Counts{Total: 2, Verified: 1, Parked: 1}
	h.sync.Entries = []syncback.Line{{Mailbox: mailbox, Seq: 1, Message: good, Kind: mailstore.Arrived, State: syncback.Verified, At: h.clock.Now(), Folder: "Posteingang"},
		{Mailbox: mailbox, Seq: 2, Message: bad, Kind: mailstore.Arrived, State: syncback.Parked, At: h.clock.Now(), Words: "552 too large"}}
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
	h.sync.Sum.Counts = syncback.Counts{Total: 41, Verified: 38, Waiting: 3}
	if got := band(); !strings.Contains(got, "Exchange ist zurück. 3 Ihrer Änderungen werden noch übertragen.") || !strings.Contains(got, "Belege ansehen") {
		t.Errorf("on the way: %q", got)
	}
	h.sync.Sum.Counts = syncback.Counts{Total: 41, Verified: 41}
	if got := band(); !strings.Contains(got, "Alle 41 Änderungen sind übertragen.") {
		t.Errorf("back: %q", got)
	}
	h.clock.Pass(4 * 24 * time.Hour)
	if got := band(); got != "" {
		t.Errorf("days later: %q", got)
	}
}
