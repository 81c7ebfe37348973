package syncback

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/syncback/traffic"
)

// atDouble puts the bench before the stand-in for Exchange, a process of its own; both clocks stand and
// move together.
func atDouble(t *testing.T) (*bench, *exchangetest.Double) {
	t.Helper()
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Host: "firma.test",
		Mailboxes: []exchangetest.StandinMailbox{{Address: "anna@firma.test"}, {Address: "bert@firma.test"}}})
	d.Stand(true)
	plain := exchange.Security{Policy: exchange.None}
	imap, err := exchange.NewIMAP(exchange.IMAPOptions{Address: d.Addr("imap"), Security: plain, User: d.Service + `\{mailbox}`, Password: d.Secret})
	if err != nil {
		t.Fatal(err)
	}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: plain})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { imap.Close(); smtp.Close() })
	b := newBench(t)
	b.o.Ways = []traffic.Way{{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: smtp}, {Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: imap}}
	b.clock.at = d.Now()
	b.restart()
	return b, d
}

// drainAt is drain with the stand-in's clock.
func (b *bench) drainAt(d *exchangetest.Double) {
	b.t.Helper()
	for range 2000 {
		next, err := b.pass()
		switch {
		case err != nil:
			b.t.Fatal(err)
		case next.IsZero():
			return
		case next.After(b.clock.now()):
			by := next.Sub(b.clock.now())
			b.clock.move(by)
			d.Advance(by)
		}
	}
	b.t.Fatalf("it never comes to rest: %s", b.ledger())
}

// TestAcceptedThenLostByTheDouble: over real connections, the stand-in accepts everything, loses a part
// for good and shows the rest after 1 to 45 minutes. In the end everything is there once: the lost are
// found and sent again, the late are not. HOLDOVER_LOST sets how many messages; then 1 % are lost.
func TestAcceptedThenLostByTheDouble(t *testing.T) {
	n, percent := 80, 5.0
	if wish, _ := strconv.Atoi(os.Getenv("HOLDOVER_LOST")); wish > 0 {
		n, percent = wish, 1
	}
	b, d := atDouble(t)
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	for i := range n {
		b.arrive(anna, fmt.Sprintf("double%d@x", i))
	}
	for i := range few { // what goes by APPEND may get lost as well
		b.colleague(anna, fmt.Sprintf("intern%d@x", i))
	}
	d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "keep", Do: "lose", Times: 2})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "lose", Percent: percent, Seed: 7})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "keep", Do: "late", Delay: time.Minute, UpTo: 45 * time.Minute, Seed: 8})
	b.end(e)
	b.drainAt(d)
	times := map[string]int{}
	for _, m := range d.Messages("anna@firma.test", "") {
		times[m.MessageID]++
	}
	account, err := b.sync.Account(b.ctx, Span{Since: e.Started}, everyone)
	b.must(err)
	once := func(id string) {
		if got := times[id] + times["<"+id+">"]; got != 1 {
			t.Errorf("%s is there %d times", id, got)
		}
	}
	for i := range n {
		once(fmt.Sprintf("double%d@x", i))
	}
	for i := range few {
		once(fmt.Sprintf("intern%d@x", i))
	}
	if !account.Done() || account.Messages.Verified != n+few || account.Resent < 2 || account.Resent == 0 || account.Resent > n/5 {
		t.Errorf("%+v%s", account.Tally, b.ledger())
	}
	t.Logf("%d messages, %d lost and sent again", n, account.Resent)
}
