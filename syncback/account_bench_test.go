package syncback

import (
	"fmt"
	"os"
	"testing"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// TestAccountOfManyIsQuick fills 1,000 mailboxes with 100,000 changes and prints what account, lists and
// cross-check take. HOLDOVER_ACCOUNT=1 runs it.
func TestAccountOfManyIsQuick(t *testing.T) {
	if os.Getenv("HOLDOVER_ACCOUNT") == "" {
		t.Skip("HOLDOVER_ACCOUNT is not set")
	}
	b := newBench(t)
	began := b.clock.now()
	for chunk := range 100 {
		b.must(b.db.Write(b.ctx, func(tx *database.Tx) error {
			for i := range 1000 {
				n := chunk*1000 + i
				r := row{mailbox: email.MailboxID(fmt.Sprintf("box%04d", n%1000)), seq: mailstore.Seq(n + 1), item: fmt.Sprintf("item%d", n/2), kind: mailstore.Arrived,
					op: []operation{deliver, flags}[n%2], state: byRank[5-n%50/45], at: millis(began) + int64(n), changed: millis(began) + int64(n), msgid: "x", words: "2.6.0 queued"}
				if err := insert(tx, r); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	timed := func(what string, f func()) {
		start := time.Now()
		f()
		t.Logf("%s: %v", what, time.Since(start).Round(time.Millisecond))
	}
	span := Span{Since: began}
	for range 2 {
		timed("report", func() { _, err := b.sync.Report(b.ctx, began, everyone); b.must(err) })
		timed("account", func() { _, err := b.sync.Account(b.ctx, span, everyone); b.must(err) })
		timed("list of messages", func() { _, _, err := b.sync.List(b.ctx, Filter{Span: span, Messages: true, Limit: 200}); b.must(err) })
		timed("list of changes", func() { _, _, err := b.sync.List(b.ctx, Filter{Span: span, Limit: 200}); b.must(err) })
		timed("list of parked", func() {
			_, _, err := b.sync.List(b.ctx, Filter{Span: span, States: []State{Parked}, Limit: 200})
			b.must(err)
		})
		timed("cross-check", func() { _, err := b.sync.Crosscheck(b.ctx, span, everyone); b.must(err) })
		timed("own", func() { _, err := b.sync.Own(b.ctx, "box0001", span); b.must(err) })
	}
}
