package web

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
	"holdover/syncback"
)

// drained plays an outage with n messages over the real rooms and gives it back into the stand-in for
// Exchange, which loses, delays and misplaces some of them and drops connections.
func drained(t *testing.T, n int) (*deskStage, continuity.Event) {
	t.Helper()
	addresses := []string{"anna@holdover.example", "katrin@holdover.example", "james@holdover.example"}
	var boxes []exchangetest.StandinMailbox
	for _, a := range addresses {
		boxes = append(boxes, exchangetest.StandinMailbox{Address: a})
	}
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Host: "holdover.example", Mailboxes: boxes})
	plain := exchange.Security{Policy: exchange.None}
	imap, err := exchange.NewIMAP(exchange.IMAPOptions{Address: d.Addr("imap"), Security: plain, User: d.Service + `\{mailbox}`, Password: d.Secret})
	must(t, err)
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: plain})
	must(t, err)
	t.Cleanup(func() { imap.Close(); smtp.Close() })
	var back *syncback.Syncback
	var store *mailstore.Store
	st := newDeskStage(t, nil, func(o *Options) {
		store = o.Mail.(*mailstore.Store)
		var err error
		back, err = syncback.New(t.Context(), syncback.Options{Store: store, Gate: o.Events.(*continuity.Continuity), Directory: o.Directory.(syncback.Directory),
			Ways:  []syncback.Way{{Speaks: syncback.SMTP, At: syncback.OnPremises, SMTP: smtp}, {Speaks: syncback.IMAP, At: syncback.OnPremises, Mail: imap}},
			Waits: []time.Duration{time.Second, 3 * time.Second}, Workers: 4, Now: o.Now, Log: o.Log})
		must(t, err)
		o.Syncback = back
	})
	st.clock.at = d.Now()
	e := st.begin(continuity.Outage, continuity.Scope{All: true})
	st.fill(store, addresses, n)
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "lose", Percent: 1.5, Seed: 3})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "junk", Percent: 2, Seed: 4})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "late", Percent: 10, Delay: time.Second, UpTo: 2 * time.Second, Seed: 5})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "after", Do: "drop", Percent: 2, Seed: 6})
	d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "appended", Do: "drop", Percent: 2, Seed: 7})
	st.clock.pass(time.Second)
	_, err = st.events.End(t.Context(), e.ID, "Anna Admin", "Exchange antwortet wieder")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { back.Run(ctx) })
	running.Go(func() { // the pages' clock goes with the wall's
		for last := time.Now(); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			now := time.Now()
			st.clock.pass(now.Sub(last))
			last = now
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	st.awaitBack(back, e)
	stop()
	running.Wait()
	e, err = st.events.Event(t.Context(), e.ID)
	must(t, err)
	return st, e
}

// fill lets mail arrive from outside and from colleagues.
func (st *deskStage) fill(store *mailstore.Store, addresses []string, n int) {
	st.t.Helper()
	work := make(chan int)
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			for i := range work {
				to := addresses[i%len(addresses)]
				id := mailstore.NewID()
				arrival := mailstore.Arrival{ID: id, From: "kunde@aussen.example", Origin: mailstore.FromOutside, To: []mailstore.Recipient{{Mailbox: st.person(to).Mailbox, Address: to}},
					Trace:  []byte("Received: from aussen.example by mx.holdover.example with ESMTPS id " + string(id) + ";\r\n\tMon, 23 Nov 2026 14:07:00 +0000\r\n"),
					Octets: []byte(fmt.Sprintf("Message-ID: <report%d@aussen.example>\r\nFrom: kunde@aussen.example\r\nTo: %s\r\nSubject: Auftrag %d\r\n\r\nText %d\r\n", i, to, i, i))}
				if i%5 == 4 {
					arrival.From, arrival.Origin, arrival.Trace = "anna@holdover.example", mailstore.FromPortal, nil
				}
				stored, err := store.Deliver(st.t.Context(), arrival)
				if err == nil && i%3 == 0 {
					seen := true
					err = store.SetFlags(st.t.Context(), mailstore.FromPortal, arrival.To[0].Mailbox, []email.MessageID{stored}, mailstore.FlagChange{Seen: &seen})
				}
				if err != nil {
					st.t.Error(err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	writers.Wait()
}

func (st *deskStage) awaitBack(back *syncback.Syncback, e continuity.Event) {
	st.t.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		a, err := back.Account(st.t.Context(), syncback.Span{Since: e.Started}, func(email.MailboxID) bool { return true })
		must(st.t, err)
		if a.Changes.Done() && a.Changes.Total > 0 {
			return
		}
		if time.Now().After(end) {
			lines, _, _ := back.List(st.t.Context(), syncback.Filter{States: []syncback.State{syncback.Parked, syncback.InDoubt, syncback.Accepted, syncback.Waiting}, Limit: 20})
			st.t.Fatalf("not back: %+v %+v", a.Tally, lines)
		}
	}
}

// TestReportOfADrain: after a drain with faults the pages, over the real rooms, say what is true:
// everything is back, nothing missing, nothing doubled. HOLDOVER_REPORT names the file for a picture of
// the report, then of 1,000 messages.
func TestReportOfADrain(t *testing.T) {
	n, shot := 40, os.Getenv("HOLDOVER_REPORT")
	if shot != "" {
		n = 1000
	}
	if wish, _ := strconv.Atoi(os.Getenv("HOLDOVER_REPORT_ITEMS")); wish > 0 {
		n = wish
	}
	st, e := drained(t, n)
	say := fmt.Sprintf("Alle %s Nachrichten sind zurück. Nichts fehlt, nichts ist doppelt.", map[bool]string{true: "1.000", false: strconv.Itoa(n)}[n == 1000])
	for _, path := range []string{"", "/report"} {
		page := st.read(st.get(admin, "/desk/events/"+e.ID+path), 200)
		if got := words(page.Find(".say").First()); !strings.Contains(got, say) {
			t.Errorf("%q says %q", path, got)
		}
		if page.Find("[role=alert]").Length() > 0 {
			t.Errorf("%q raises an alarm: %s", path, words(page.Find("[role=alert]")))
		}
	}
	lines := strings.Count(st.get(admin, "/desk/events/"+e.ID+"/report.csv?what=messages").Body.String(), "\r\n")
	if lines != n+1 {
		t.Errorf("the CSV has %d lines for %d messages", lines, n)
	}
	if shot != "" {
		st.shoot(e, shot)
	}
}

// shoot takes the picture.
func (st *deskStage) shoot(e continuity.Event, file string) {
	st.t.Helper()
	signedIn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		st.pages.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), personInRequest{}, st.person(admin))))
	})
	b := newBrowser(st.t, &house{t: st.t, pages: signedIn}, "")
	b.window(1280, false)
	b.run(chromedp.EmulateViewport(1280, 1500))
	b.open("/desk/events/" + e.ID + "/report")
	b.until(`document.querySelector(".sheet-report") && document.readyState === "complete"`)
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	must(st.t, err)
	must(st.t, os.WriteFile(file, png, 0o644))
	b.clean("report")
}
