package syncback

import (
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// TestDryRun: what would go where with the first doubts, and not one call to Exchange.
func TestDryRun(t *testing.T) {
	b := held(t, withProbe())
	b.o.Checks = []Check{Policy{}}
	b.o.Ways[1].Largest = 2000
	b.restart()
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	id := b.arrive(anna, "m@x")
	b.arrive(bert, "n@x")
	b.flag(anna, id, true, false)
	b.colleague(anna, "intern@x")
	b.attached(bert, "exe@x", "setup.exe")
	b.deliver(anna, mailstore.Arrival{Origin: mailstore.FromPortal, From: "bert@firma.test", Octets: append(b.octets("gross@x"), make([]byte, 3000)...)})
	_, err := b.pass()
	b.must(err)
	delete(b.people, bert)
	everyone := func(email.MailboxID) bool { return true }
	told := 0
	d, err := b.sync.DryRun(b.ctx, everyone, true, func(Doubt) { told++ })
	b.must(err)
	reasons := map[string]int{}
	for _, doubt := range d.Doubts {
		reasons[doubt.Reason]++
	}
	if d.Items != 6 || told != 6 || d.Mailboxes != 2 || reasons[DoubtNoMailbox] != 2 || reasons[DoubtTooLarge] != 1 || len(d.Doubts) != 3 {
		t.Errorf("%+v\n%v", d, reasons)
	}
	flows := map[traffic.Cargo]Flow{}
	for _, f := range d.Flows {
		flows[f.Cargo] = f
	}
	if f := flows[traffic.InboundCargo]; f.Way != "smtp" || f.Items != 3 || f.Mailboxes != 2 || f.Octets == 0 {
		t.Errorf("inbound: %+v", f)
	}
	if f := flows[traffic.StateCargo]; f.Way != "imap" || f.Items != 1 || f.Octets != 0 {
		t.Errorf("state: %+v", f)
	}
	b.people[bert] = "bert@firma.test"
	if d, err = b.sync.DryRun(b.ctx, everyone, true, nil); err != nil || len(d.Doubts) != 2 {
		t.Errorf("with checks: %+v, %v", d.Doubts, err)
	}
	if d, err = b.sync.DryRun(b.ctx, everyone, false, nil); err != nil || len(d.Doubts) != 1 {
		t.Errorf("without checks: %+v, %v", d.Doubts, err)
	}
	if n := len(b.world.calls); n != 0 {
		t.Errorf("Exchange was called: %v", b.world.calls)
	}
	if records, _ := b.events.Records(b.ctx, e.ID); len(records) != 1 || b.clock.now().Sub(e.Started) > time.Minute {
		t.Error("the dry run left traces")
	}
}
