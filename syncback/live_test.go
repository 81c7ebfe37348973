package syncback

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
)

// live is the bench on the wall clock, with Run going and real servers behind real connectors.
func live(t *testing.T) (b *bench, imap *exchange.IMAP) {
	t.Helper()
	mail := exchangetest.Maildirs(t)
	security := exchange.Security{Policy: exchange.None}
	imap, err := exchange.NewIMAP(exchange.IMAPOptions{Address: exchangetest.Dovecot(t, mail), Security: security, User: "{local}", Password: exchangetest.Password})
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: exchangetest.Postfix(t, mail), Security: security})
	if err != nil {
		t.Fatal(err)
	}
	b = newBench(t)
	b.people[anna], b.people[bert] = "anna@example.test", "bert@example.test"
	b.o.Ways, b.o.Now, b.o.Deliveries = onPremises(smtp, imap), time.Now, 0
	b.clock.at = time.Now()
	if os.Getenv("HOLDOVER_TEST_LOG") != "" {
		b.o.Log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	}
	b.restart()
	ctx, cancel := context.WithCancel(b.ctx)
	ended := make(chan error, 1)
	go func() { ended <- b.sync.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		imap.Close()
		smtp.Close()
	})
	return b, imap
}

// await waits until every row of the ledger is verified and n of them are there.
func (b *bench) await(n int, patience time.Duration) Report {
	b.t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		report, err := b.sync.Report(b.ctx, time.Time{}, func(email.MailboxID) bool { return true })
		b.must(err)
		if report.Total >= n && report.Done() {
			return report
		}
		if time.Now().After(end) {
			b.t.Fatalf("not there after %v: %+v, trouble %q%s", patience, report.Counts, report.Trouble, b.ledger())
		}
	}
}

// TestLive: with an open gate mail and changes are in Exchange within seconds, by the path that
// also drains; Postfix and Dovecot stand for Exchange.
func TestLive(t *testing.T) {
	b, imap := live(t)
	began := time.Now()
	id := b.arrive(anna, "live@x")
	b.await(1, 20*time.Second)
	t.Logf("arrived and verified after %v", time.Since(began).Round(time.Millisecond))
	b.flag(anna, id, true, false)
	b.move(anna, id, mailstore.Archive)
	b.colleague(anna, "intern@x")
	b.await(4, 20*time.Second)
	b.clock.at = time.Now()
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.arrive(anna, "wartet@x")
	b.end(e)
	b.await(5, 20*time.Second)
	copies, err := imap.Find(b.ctx, "anna@example.test", exchange.Query{MessageIDs: []string{"live@x", "intern@x", "wartet@x"}})
	if err != nil || len(copies) != 3 {
		t.Fatalf("%v, %v", copies, err)
	}
	for _, c := range copies {
		want := exchange.Copy{Role: exchange.Inbox}
		if c.MessageID == "live@x" {
			want = exchange.Copy{Role: exchange.Archive, Flags: exchange.Flags{Seen: true}}
		}
		if c.Role != want.Role || c.Flags != want.Flags {
			t.Errorf("%+v, want %s %+v", c, want.Role, want.Flags)
		}
	}
}

// TestDrainRate prints how fast an outage drains into Dovecot, ledger and look-ups included.
// HOLDOVER_DRAIN sets how many messages.
func TestDrainRate(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("HOLDOVER_DRAIN"))
	if n == 0 {
		n = 100
	}
	b, imap := live(t)
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	var ids []string
	for i := range n {
		id := fmt.Sprintf("rate%d@x", i)
		b.colleague([]email.MailboxID{anna, bert}[i%2], id)
		ids = append(ids, id)
	}
	began := time.Now()
	b.end(e)
	b.await(n, 5*time.Minute)
	took := time.Since(began)
	t.Logf("%d messages into 2 mailboxes, verified: %v, %.0f a second", n, took.Round(time.Millisecond), float64(n)/took.Seconds())
	seen := 0
	for _, address := range []string{"anna@example.test", "bert@example.test"} {
		copies, err := imap.Find(b.ctx, address, exchange.Query{MessageIDs: ids})
		b.must(err)
		seen += len(copies)
	}
	if seen != n {
		t.Errorf("%d of %d messages are in Dovecot", seen, n)
	}
}
