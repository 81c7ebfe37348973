package syncback

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// TestDrainByGraph drains an outage into Exchange Online with Graph alone beside SMTP, so that all but
// drafts is re-created, through lost answers, throttling and kills at any step: each thing is in its
// place once, and nothing is left of the drafts on the side. The stand-in is a scripted double, not Exchange.
func TestDrainByGraph(t *testing.T) {
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Mailboxes: []exchangetest.StandinMailbox{{Address: "anna@firma.test"}, {Address: "bert@firma.test"}}})
	b := newBench(t)
	d.Advance(b.clock.now().Sub(d.Now()))
	security := exchange.Security{Policy: exchange.None}
	secret := filepath.Join(t.TempDir(), "secret")
	b.must(os.WriteFile(secret, []byte(d.Secret), 0o600))
	tokens, err := exchange.NewTokens(exchange.TokenOptions{URL: "http://" + d.Addr("token") + "/tenant/oauth2/v2.0/token", Security: security, ClientID: d.Service, SecretFile: secret})
	b.must(err)
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: security})
	b.must(err)
	graph, err := exchange.NewGraph(exchange.GraphOptions{URL: "http://" + d.Addr("graph") + "/v1.0", Security: security, Tokens: tokens})
	b.must(err)
	t.Cleanup(func() { smtp.Close(); graph.Close() })
	b.o.Paths = traffic.Paths{"internal": {traffic.Graph}}
	b.o.Profile, b.o.Ways = traffic.ProfileOnline, []traffic.Way{{Speaks: traffic.SMTP, At: traffic.Online, SMTP: smtp}, {Speaks: traffic.Graph, At: traffic.Online, Mail: graph}}
	b.restart()

	e := b.start(continuity.Outage, continuity.Scope{All: true})
	wants := map[string]string{} // Message-ID -> folder
	for i := range 8 {
		id := fmt.Sprintf("in%d@x", i)
		b.move(anna, b.arrive(anna, id), mailstore.Archive)
		wants[id] = "Archiv"
		id = fmt.Sprintf("intern%d@x", i)
		b.colleague(anna, id)
		wants[id] = "INBOX"
		id = fmt.Sprintf("entwurf%d@x", i)
		draft, version := b.draft(anna, "", 0, id, "eins")
		draft, version = b.draft(anna, draft, version, id, "zwei")
		if wants[id] = "Entwürfe"; i%2 == 0 {
			b.send(anna, draft, version, id)
			wants[id] = "Gesendete Elemente"
		}
	}
	b.release()
	for i, f := range []exchangetest.DoubleFault{
		{Point: "created", Do: "drop", Percent: 15},
		{Point: "created", Do: "reply", Code: 504, Text: "UnknownError: gateway timeout", Percent: 15},
		{Point: "create", Do: "drop", Percent: 10},
		{Point: "get", Do: "drop", Percent: 5},
		{Point: "moved", Do: "drop", Percent: 20},
		{Point: "patched", Do: "drop", Percent: 20},
		{Point: "delete", Do: "drop", Percent: 20},
		{Point: "deleted", Do: "drop", Percent: 20},
		{Point: "request", Do: "reply", Code: 429, Text: "ApplicationThrottled: slow down", Percent: 2},
	} {
		f.Face, f.Seed = "graph", uint64(i+1)
		d.Fault(f)
	}
	dice, kills := rand.New(rand.NewPCG(3, 0)), 0
	b.o.at = func(point string, _ email.MailboxID) error {
		if kills < 40 && dice.Float64() < 0.08 || point == "step" && kills < 60 && dice.Float64() < 0.3 {
			kills++
			return errKilled
		}
		return nil
	}
	b.restart()
	b.end(e)
	b.drain()
	if d.FaultsMet() == 0 || kills < 20 {
		t.Errorf("%d faults, %d kills: too few", d.FaultsMet(), kills)
	}
	t.Logf("%d faults, %d kills", d.FaultsMet(), kills)
	seen := map[string]int{}
	for _, m := range d.Messages("anna@firma.test", "") {
		id := strings.Trim(m.MessageID, "<>")
		if seen[id]++; seen[id] > 1 || m.Folder != wants[id] || m.Draft != (m.Folder == "Entwürfe") {
			t.Errorf("%s: number %d, in %s, draft %t; want it in %q", id, seen[id], m.Folder, m.Draft, wants[id])
		}
		if m.Draft && !strings.Contains(string(d.Octets("anna@firma.test", m.ID)), "zwei") {
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
