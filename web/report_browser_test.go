package web

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"holdover/archive"
	"holdover/mailstore"
	"holdover/syncback"
)

// TestReportPagesInBrowser looks at the pages of account, lists, report, archive and receipts at three
// widths: nothing sticks out, nothing is hard to hit, no policy is broken.
func TestReportPagesInBrowser(t *testing.T) {
	reports := &reports{counts: archive.Counts{Total: 10, Sent: 9, InDoubt: 1}, open: []archive.Line{{ID: "a.1", MessageID: "journal.0123456789abcdef01234567.1@mail.holdover.example",
		State: archive.InDoubt, At: time.Date(2026, 11, 23, 14, 7, 0, 0, time.UTC), Words: "connection reset by peer", Remedy: "Look in the archive for the report's Message-ID, then say that it is there or send it again."}}}
	st := newDeskStage(t, &calmMail{}, func(o *Options) {
		o.Archive, o.Refills = reports, &refillDouble{state: syncback.RefillLooked, wish: syncback.RefillWish{By: "Anna Admin", Reason: "Server neu aufgebaut"}}
	})
	e := st.ended()
	c := syncback.Counts{Total: 312, Verified: 290, Accepted: 12, InDoubt: 1, Parked: 3, Waiting: 6}
	st.told.report = syncback.Report{Counts: c, Rate: 240, Left: 3 * time.Minute, Mailboxes: []syncback.MailboxCounts{
		{Mailbox: st.person(employee).Mailbox, Position: syncback.Draining, Counts: c}, {Mailbox: st.person(admin).Mailbox, Position: syncback.Open, Counts: syncback.Counts{Total: 3, Verified: 3}}}}
	st.told.tally = &syncback.Tally{Messages: c, Changes: c,
		Notes: map[syncback.Note]int{syncback.Junk: 4, syncback.Moved: 2}, Resent: 3, Hints: 1}
	st.told.report.Mailboxes[0].Total -= 3
	st.told.report.Mailboxes[0].Verified -= 3
	for n, state := range []syncback.State{syncback.Parked, syncback.Verified, syncback.Accepted, syncback.InDoubt} {
		st.told.lines = append(st.told.lines, syncback.Line{Mailbox: st.person(employee).Mailbox, Seq: mailstore.Seq(n + 1), Kind: mailstore.Arrived, State: state, At: st.clock.now(),
			Words: "552 5.2.2 RESOLVER.RST.RecipSizeLimit; message too large for this recipient", Remedy: "Raise the limit at the mailbox, then retry.", Attempts: 3, Note: syncback.Moved,
			Folder: "Rechnungen/2026/Eingang", Resent: 1, Changes: 3})
	}
	pages := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.pages.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personInRequest{}, st.person(admin))))
	})
	b := newBrowser(t, &house{t: t, pages: pages}, "")
	for name, path := range map[string]string{"event": "", "entries": "/entries?what=messages&state=parked", "report": "/report"} {
		b.look(name, "/desk/events/"+e.ID+path)
	}
	b.look("archive", "/desk/archive")
	b.look("refills", "/desk/refills")
	b.look("refill", "/desk/refills/r1")
	h := newHouse(t)
	id := h.deliver(katrin, letter{subject: "Angebot für Bürostühle", ago: time.Minute})
	h.sync.counts.Counts = syncback.Counts{Total: 2, Verified: 1, Parked: 1}
	h.sync.lines = []syncback.Line{{Mailbox: h.box(katrin), Message: id, Kind: mailstore.Arrived, State: syncback.Verified, At: h.clock.now(), Folder: "Posteingang"},
		{Mailbox: h.box(katrin), Kind: mailstore.SentOut, State: syncback.Parked, At: h.clock.now(), Words: "552 5.2.2 message too large"}}
	newBrowser(t, h, katrin).look("receipts", "/receipts")
}

// look opens a page at three widths, light and dark.
func (b *browser) look(name, path string) {
	b.t.Helper()
	for _, width := range []int{1280, 390, 320} {
		dark := width == 390
		where := fmt.Sprintf("%s-%d", name, width)
		b.window(width, dark)
		b.open(path)
		b.picture(where)
		// The desk's navigation is a strip that scrolls inside itself on phones.
		if got := js[[]string](b, strings.Replace(overflow, `e.closest(".vh,`, `e.closest(".desk-nav, .vh,`, 1)); len(got) > 0 {
			b.t.Errorf("%s sticks out: %q", where, got)
		}
		if got := js[[]string](b, small); len(got) > 0 {
			b.t.Errorf("%s is hard to hit: %q", where, got)
		}
		b.clean(where)
	}
}
