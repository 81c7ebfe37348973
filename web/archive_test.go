package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"holdover/archive"
	"holdover/email"
)

// reports is an archive's account that the test sets.
type reports struct {
	counts archive.Counts
	open   []archive.Line
	said   []string
}

func (r *reports) Address() (string, archive.When) { return "journal@archiv.example", archive.OnReturn }
func (r *reports) Account(context.Context, time.Time, func(email.MailboxID) bool) (archive.Counts, error) {
	return r.counts, nil
}
func (r *reports) Open(context.Context, int) ([]archive.Line, error) { return r.open, nil }
func (r *reports) decide(what, id, by string) error {
	if len(r.open) == 0 || r.open[0].ID != id {
		return archive.ErrNotOpen
	}
	r.said = append(r.said, what+" "+id+" "+by)
	return nil
}
func (r *reports) Again(_ context.Context, id, by string) error { return r.decide("again", id, by) }
func (r *reports) There(_ context.Context, id, by string) error { return r.decide("there", id, by) }

// TestArchivePage: counts, what needs a person with both answers, and what Exchange's own journal sees.
func TestArchivePage(t *testing.T) {
	st := newDeskStage(t, &calmMail{})
	if got := words(st.read(st.get(admin, "/desk/archive"), 200).Find("main")); !strings.Contains(got, "Es ist kein Archiv eingerichtet.") ||
		!strings.Contains(got, "SMTP: 300 Nachrichten im Journal von Exchange") || !strings.Contains(got, "IMAP: 12 Nachrichten am Journal von Exchange vorbei") {
		t.Errorf("without an archive: %q", got)
	}
	if w := st.post(admin, "/desk/archive/a.1/again", url.Values{}); w.Code != http.StatusNotFound {
		t.Errorf("without an archive: %d", w.Code)
	}
	r := &reports{counts: archive.Counts{Total: 10, Sent: 9, InDoubt: 1},
		open: []archive.Line{{ID: "a.1", MessageID: "journal.a.1@mail.example", State: archive.InDoubt, At: st.clock.now(), Words: "<b>lost</b>"}}}
	st = newDeskStage(t, &calmMail{}, func(o *Options) { o.Archive = r })
	page := st.read(st.get(admin, "/desk/archive"), 200)
	if got := words(page.Find("main")); !strings.Contains(got, "journal@archiv.example, nach dem Ende des Ernstfalls") || !strings.Contains(got, "journal.a.1@mail.example") ||
		!strings.Contains(got, "<b>lost</b>") || page.Find("form").Length() < 2 {
		t.Errorf("the page says %q", got)
	}
	page, _ = st.follow(admin, st.post(admin, "/desk/archive/a.1/there", url.Values{}))
	if got := words(page.Find(".toast")); got != "Als angekommen vermerkt." || len(r.said) != 1 || r.said[0] != "there a.1 Anna Admin" {
		t.Errorf("%q %v", got, r.said)
	}
	page, _ = st.follow(admin, st.post(admin, "/desk/archive/b.1/again", url.Values{}))
	if got := words(page.Find(".toast")); got != "Dieser Bericht ist nicht mehr offen." {
		t.Errorf("%q", got)
	}
	e := st.ended()
	if got := words(st.read(st.get(admin, "/desk/events/"+e.ID), 200).Find("main")); !strings.Contains(got, "9 von 10 Journalberichten hat das Archiv angenommen. 1 brauchen Sie.") {
		t.Errorf("the event's page does not speak of the archive: %q", got)
	}
}
