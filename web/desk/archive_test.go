package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"holdover/archive"
	"holdover/web"
	"holdover/web/webtest"
)

// TestArchivePage: counts, what needs a person with both answers, and what Exchange's own journal sees.
func TestArchivePage(t *testing.T) {
	st := newStage(t)
	if got := webtest.Words(st.Read(st.Get(admin, "/desk/archive"), 200).Find("main")); !strings.Contains(got, "Es ist kein Archiv eingerichtet.") ||
		!strings.Contains(got, "SMTP: 300 Nachrichten im Journal von Exchange") || !strings.Contains(got, "IMAP: 12 Nachrichten am Journal von Exchange vorbei") {
		t.Errorf("without an archive: %q", got)
	}
	if w := st.Post(admin, "/desk/archive/a.1/again", url.Values{}); w.Code != http.StatusNotFound {
		t.Errorf("without an archive: %d", w.Code)
	}
	r := &webtest.Reports{Counts: archive.Counts{Total: 10, Sent: 9, InDoubt: 1},
		Waiting: []archive.Line{{ID: "a.1", MessageID: "journal.a.1@mail.example", State: archive.InDoubt, At: st.Clock.Now(), Words: "<b>lost</b>"}}}
	st = newStage(t, func(o *web.Options) { o.Archive = r })
	page := st.Read(st.Get(admin, "/desk/archive"), 200)
	if got := webtest.Words(page.Find("main")); !strings.Contains(got, "journal@archiv.example, nach dem Ende des Ernstfalls") || !strings.Contains(got, "journal.a.1@mail.example") ||
		!strings.Contains(got, "<b>lost</b>") || page.Find("form").Length() < 2 {
		t.Errorf("the page says %q", got)
	}
	page, _ = st.Follow(admin, st.Post(admin, "/desk/archive/a.1/there", url.Values{}))
	if got := webtest.Words(page.Find(".toast")); got != "Als angekommen vermerkt." || len(r.Said) != 1 || r.Said[0] != "there a.1 Anna Admin" {
		t.Errorf("%q %v", got, r.Said)
	}
	page, _ = st.Follow(admin, st.Post(admin, "/desk/archive/b.1/again", url.Values{}))
	if got := webtest.Words(page.Find(".toast")); got != "Dieser Bericht ist nicht mehr offen." {
		t.Errorf("%q", got)
	}
	e := st.ended()
	if got := webtest.Words(st.Read(st.Get(admin, "/desk/events/"+e.ID), 200).Find("main")); !strings.Contains(got, "9 von 10 Journalberichten hat das Archiv angenommen. 1 brauchen Sie.") {
		t.Errorf("the event's page does not speak of the archive: %q", got)
	}
}
