package web

import (
	"context"
	"fmt"
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
	"holdover/syncback/traffic"
)

const admin = "anna@holdover.example" // of the office

// drained plays an outage with n messages over the real rooms and gives it back into the stand-in for
// Exchange, which loses, delays and misplaces some of them and drops connections.
func drained(t *testing.T, n int) (*stage, continuity.Event) {
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
	st := newComposeStage(t, func(o *Options) {
		store = o.Mail.(*mailstore.Store)
		var err error
		back, err = syncback.New(t.Context(), syncback.Options{Store: store, Gate: o.Events.(*continuity.Continuity), Directory: o.Directory.(syncback.Directory),
			Ways:  []traffic.Way{{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: smtp}, {Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: imap}},
			Waits: []time.Duration{time.Second, 3 * time.Second}, Workers: 4, Now: o.Now, Log: o.Log})
		must(t, err)
		o.Syncback = back
	})
	st.Clock.Set(d.Now())
	e, err := st.Events.Start(t.Context(), continuity.Start{Kind: continuity.Outage, Scope: continuity.Scope{All: true}, Reason: "Ticket 7", By: "Anna Admin"})
	must(t, err)
	st.fill(store, addresses, n)
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "lose", Percent: 1.5, Seed: 3})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "junk", Percent: 2, Seed: 4})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "late", Percent: 10, Delay: time.Second, UpTo: 2 * time.Second, Seed: 5})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "after", Do: "drop", Percent: 2, Seed: 6})
	d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "appended", Do: "drop", Percent: 2, Seed: 7})
	st.Clock.Pass(time.Second)
	_, err = st.Events.End(t.Context(), e.ID, "Anna Admin", "Exchange antwortet wieder")
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { back.Run(ctx) })
	running.Go(func() { // the pages' clock goes with the wall's
		for last := time.Now(); ctx.Err() == nil; time.Sleep(20 * time.Millisecond) {
			now := time.Now()
			st.Clock.Pass(now.Sub(last))
			last = now
		}
	})
	t.Cleanup(func() { stop(); running.Wait() })
	st.awaitBack(back, e)
	stop()
	running.Wait()
	e, err = st.Events.Event(t.Context(), e.ID)
	must(t, err)
	return st, e
}

// fill lets mail arrive from outside and from colleagues.
func (st *stage) fill(store *mailstore.Store, addresses []string, n int) {
	st.T.Helper()
	work := make(chan int)
	var writers sync.WaitGroup
	for range 16 {
		writers.Go(func() {
			for i := range work {
				to := addresses[i%len(addresses)]
				id := mailstore.NewID()
				arrival := mailstore.Arrival{ID: id, From: "kunde@aussen.example", Origin: mailstore.FromOutside, To: []mailstore.Recipient{{Mailbox: st.Person(to).Mailbox, Address: to}},
					Trace:  []byte("Received: from aussen.example by mx.holdover.example with ESMTPS id " + string(id) + ";\r\n\tMon, 23 Nov 2026 14:07:00 +0000\r\n"),
					Octets: []byte(fmt.Sprintf("Message-ID: <report%d@aussen.example>\r\nFrom: kunde@aussen.example\r\nTo: %s\r\nSubject: Auftrag %d\r\n\r\nText %d\r\n", i, to, i, i))}
				if i%5 == 4 {
					arrival.From, arrival.Origin, arrival.Trace = "anna@holdover.example", mailstore.FromPortal, nil
				}
				stored, err := store.Deliver(st.T.Context(), arrival)
				if err == nil && i%3 == 0 {
					seen := true
					err = store.SetFlags(st.T.Context(), mailstore.FromPortal, arrival.To[0].Mailbox, []email.MessageID{stored}, mailstore.FlagChange{Seen: &seen})
				}
				if err != nil {
					st.T.Error(err)
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

func (st *stage) awaitBack(back *syncback.Syncback, e continuity.Event) {
	st.T.Helper()
	for end := time.Now().Add(5 * time.Minute); ; time.Sleep(100 * time.Millisecond) {
		a, err := back.Account(st.T.Context(), syncback.Span{Since: e.Started}, func(email.MailboxID) bool { return true })
		must(st.T, err)
		if a.Changes.Done() && a.Changes.Total > 0 {
			return
		}
		if time.Now().After(end) {
			lines, _, _ := back.List(st.T.Context(), syncback.Filter{States: []syncback.State{syncback.Parked, syncback.InDoubt, syncback.Accepted, syncback.Waiting}, Limit: 20})
			st.T.Fatalf("not back: %+v %+v", a.Tally, lines)
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
		page := st.Read(st.Get(admin, "/desk/events/"+e.ID+path), 200)
		if got := said(page.Find(".say").First()); !strings.Contains(got, say) {
			t.Errorf("%q says %q", path, got)
		}
		if page.Find("[role=alert]").Length() > 0 {
			t.Errorf("%q raises an alarm: %s", path, said(page.Find("[role=alert]")))
		}
	}
	lines := strings.Count(st.Get(admin, "/desk/events/"+e.ID+"/report.csv?what=messages").Body.String(), "\r\n")
	if lines != n+1 {
		t.Errorf("the CSV has %d lines for %d messages", lines, n)
	}
	if shot != "" {
		st.shoot(t, e, shot)
	}
}

// shoot takes the picture.
func (st *stage) shoot(t *testing.T, e continuity.Event, file string) {
	st.T.Helper()
	b := newBrowser(t, &house{t: t, pages: st.Pages}, admin)
	b.window(1280, false)
	b.run(chromedp.EmulateViewport(1280, 1500))
	b.open("/desk/events/" + e.ID + "/report")
	b.until(`document.querySelector(".sheet-report") && document.readyState === "complete"`)
	png, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	must(st.T, err)
	must(st.T, os.WriteFile(file, png, 0o644))
	b.clean("report")
}
