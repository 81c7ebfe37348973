package syncback

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/syncback/traffic"
)

// TestDraftReplacedOverEachWay: a draft that is in Exchange already and was edited in the portal is
// replaced, over each way, in the stand-in: what a way says of an untouched draft does not change
// between two looks, else two drafts would be kept. The stand-in is a scripted double, not Exchange.
func TestDraftReplacedOverEachWay(t *testing.T) {
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Mailboxes: []exchangetest.StandinMailbox{{Address: "anna@firma.test"}, {Address: "bert@firma.test"}}})
	security := exchange.Security{Policy: exchange.None}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(d.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: security})
	if err != nil {
		t.Fatal(err)
	}
	defer smtp.Close()
	for p, open := range map[traffic.Protocol]func() (traffic.Mailboxes, traffic.Location, error){
		traffic.IMAP: func() (traffic.Mailboxes, traffic.Location, error) {
			w, err := exchange.NewIMAP(exchange.IMAPOptions{Address: d.Addr("imap"), Security: security, Password: d.Secret})
			return w, traffic.OnPremises, err
		},
		traffic.EWS: func() (traffic.Mailboxes, traffic.Location, error) {
			w, err := exchange.NewEWS(exchange.EWSOptions{URL: "http://" + d.Addr("ews") + "/EWS/Exchange.asmx", Security: security, User: d.Service, Password: d.Secret, Auth: "basic"})
			return w, traffic.OnPremises, err
		},
		traffic.Graph: func() (traffic.Mailboxes, traffic.Location, error) {
			tokens, err := exchange.NewTokens(exchange.TokenOptions{URL: "http://" + d.Addr("token") + "/tenant/oauth2/v2.0/token", Security: security, ClientID: d.Service, SecretFile: secret})
			if err != nil {
				return nil, traffic.Online, err
			}
			w, err := exchange.NewGraph(exchange.GraphOptions{URL: "http://" + d.Addr("graph") + "/v1.0", Security: security, Tokens: tokens})
			return w, traffic.Online, err
		},
	} {
		t.Run(string(p), func(t *testing.T) {
			way, at, err := open()
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			b.o.Ways = []traffic.Way{{Speaks: traffic.SMTP, At: at, SMTP: smtp}, {Speaks: p, At: at, Mail: way}}
			b.o.Profile, b.o.Paths = traffic.Profile(at), traffic.Paths{traffic.InternalCargo: {p}}
			b.restart()
			id := "entwurf-" + string(p) + "@x"
			draft, version := b.draft(anna, "", 0, id, "eins")
			b.drain()
			e := b.start(continuity.Outage, continuity.Scope{All: true})
			b.draft(anna, draft, version, id, "zwei")
			b.end(e)
			b.drain()
			var found []string
			for _, m := range d.Messages("anna@firma.test", "") {
				if strings.Trim(m.MessageID, "<>") == id {
					found = append(found, strings.TrimSpace(string(d.Octets("anna@firma.test", m.ID)))+" in "+m.Folder)
				}
			}
			if len(found) != 1 || !strings.Contains(found[0], "zwei") || !strings.HasSuffix(found[0], "Entwürfe") {
				t.Errorf("%d drafts: %q%s", len(found), found, b.ledger())
			}
		})
	}
}
