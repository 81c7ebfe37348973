package syncback

import (
	"fmt"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// TestDrainByEWS drains an outage into Exchange on-premises, mail from outside by SMTP and all else by
// EWS, through the faults of exchange.md, section 7: each thing is in its place once, with its
// state, and no draft is left lying. The stand-in is a scripted double, not Exchange.
func TestDrainByEWS(t *testing.T) {
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Mailboxes: []exchangetest.StandinMailbox{{Address: "anna@firma.test"}, {Address: "bert@firma.test"}}})
	b := newBench(t)
	d.Advance(b.clock.now().Sub(d.Now()))
	security := exchange.Security{Policy: exchange.None}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: security})
	b.must(err)
	ews, err := exchange.NewEWS(exchange.EWSOptions{URL: "http://" + d.Addr("ews") + "/EWS/Exchange.asmx", Security: security, User: d.Service, Password: d.Secret})
	b.must(err)
	t.Cleanup(func() { smtp.Close(); ews.Close() })
	b.o.Ways = []traffic.Way{{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: smtp}, {Speaks: traffic.EWS, At: traffic.OnPremises, Mail: ews}}
	b.restart()

	e := b.start(continuity.Outage, continuity.Scope{All: true})
	type place struct {
		folder  string
		seen    bool
		flagged bool
		draft   bool
	}
	wants := map[string]place{}
	for i := range 12 {
		id := fmt.Sprintf("in%d@x", i)
		message := b.arrive(anna, id)
		wants[id] = place{folder: "INBOX"}
		switch i % 4 {
		case 1:
			b.flag(anna, message, true, true)
			wants[id] = place{folder: "INBOX", seen: true, flagged: true}
		case 2:
			b.move(anna, message, mailstore.Archive)
			wants[id] = place{folder: "Archiv"}
		case 3:
			b.move(anna, message, mailstore.Trash)
			wants[id] = place{folder: "Gelöschte Elemente"}
		}
		id = fmt.Sprintf("intern%d@x", i)
		b.colleague(anna, id)
		wants[id] = place{folder: "INBOX"}
		id = fmt.Sprintf("entwurf%d@x", i)
		draft, version := b.draft(anna, "", 0, id, "eins")
		draft, version = b.draft(anna, draft, version, id, "zwei")
		wants[id] = place{folder: "Entwürfe", seen: true, draft: true}
		if i%2 == 0 {
			b.send(anna, draft, version, id)
			wants[id] = place{folder: "Gesendete Elemente", seen: true}
		}
	}
	b.release()
	for i, f := range []exchangetest.DoubleFault{
		{Point: "CreateItem done", Do: "drop", Percent: 15},
		{Point: "CreateItem done", Do: "reply", Code: 200, Text: "ErrorTimeoutExpired", Percent: 15},
		{Point: "CreateItem", Do: "reply", Code: 500, Text: "ErrorServerBusy 30000", Percent: 15},
		{Point: "CreateItem", Do: "drop", Percent: 10},
		{Point: "UpdateItem", Do: "reply", Code: 200, Text: "ErrorIrresolvableConflict", Percent: 30},
		{Point: "MoveItem done", Do: "drop", Percent: 20},
		{Point: "DeleteItem done", Do: "drop", Percent: 20},
		{Point: "FindItem", Do: "reply", Code: 200, Text: "ErrorInternalServerError ErrorServerBusy 5000", Percent: 5},
		{Point: "GetItem item", Do: "reply", Text: "ErrorMailboxStoreUnavailable", Percent: 5},
		{Point: "page", Do: "reply", Text: "2", Percent: 50},
	} {
		f.Face, f.Seed = "ews", uint64(i+1)
		d.Fault(f)
	}
	b.end(e)
	b.drain()
	if d.FaultsMet() == 0 {
		t.Error("no fault was met")
	}
	seen := map[string]int{}
	for _, m := range d.Messages("anna@firma.test", "") {
		id := strings.Trim(m.MessageID, "<>")
		want, known := wants[id]
		if seen[id]++; !known || seen[id] > 1 || (place{m.Folder, m.Seen, m.Flagged, m.Draft}) != want {
			t.Errorf("%s: number %d, in %s, read %t, flagged %t, draft %t; want %+v", id, seen[id], m.Folder, m.Seen, m.Flagged, m.Draft, want)
		}
		if want.draft && !strings.Contains(string(d.Octets("anna@firma.test", m.ID)), "zwei") {
			t.Errorf("%s is not the last version", id)
		}
	}
	for id := range wants {
		if seen[id] == 0 {
			t.Errorf("%s is not there", id)
		}
	}
	b.check(nil)
	if t.Failed() {
		t.Log(b.ledger())
	}
}
