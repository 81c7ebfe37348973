package syncback

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// TestCalendarAnswersGoBack: an answer to an invitation (iMIP REPLY, RFC 6047) that was given in an outage
// lies in Sent once, with its calendar object untouched, over each way; the invitation is marked as
// answered. Graph cannot write it anew and hands it on; where there is nobody to hand it to a person
// is asked, and nothing is left lying. Answers of the first calls are lost.
func TestCalendarAnswersGoBack(t *testing.T) {
	d := exchangetest.Standin(t, exchangetest.StandinOptions{Mailboxes: []exchangetest.StandinMailbox{{Address: "anna@firma.test"}, {Address: "bert@firma.test"}}})
	security := exchange.Security{Policy: exchange.None}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: d.Addr("smtp"), Security: security})
	if err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(d.Secret), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := exchange.NewTokens(exchange.TokenOptions{URL: "http://" + d.Addr("token") + "/tenant/oauth2/v2.0/token", Security: security, ClientID: d.Service, SecretFile: secret})
	if err != nil {
		t.Fatal(err)
	}
	imap := func(o exchange.IMAPOptions) traffic.Mailboxes {
		o.Address, o.Security, o.Service = d.Addr("imap"), security, d.Service
		c, err := exchange.NewIMAP(o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	ews, err := exchange.NewEWS(exchange.EWSOptions{URL: "http://" + d.Addr("ews") + "/EWS/Exchange.asmx", Security: security, User: d.Service, Password: d.Secret})
	if err != nil {
		t.Fatal(err)
	}
	graph, err := exchange.NewGraph(exchange.GraphOptions{URL: "http://" + d.Addr("graph") + "/v1.0", Security: security, Tokens: tokens})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { smtp.Close(); ews.Close(); graph.Close() })
	online := imap(exchange.IMAPOptions{Auth: exchange.LoginXOAUTH2, Tokens: tokens})
	for name, c := range map[string]struct {
		profile traffic.Profile
		ways    []traffic.Way
		way     string // that carries it, "" none
	}{
		"by IMAP":                   {traffic.ProfileOnPremises, []traffic.Way{{Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: imap(exchange.IMAPOptions{Password: d.Secret})}}, "imap"},
		"by EWS":                    {traffic.ProfileOnPremises, []traffic.Way{{Speaks: traffic.EWS, At: traffic.OnPremises, Mail: ews}}, "ews"},
		"by IMAP with a token":      {traffic.ProfileOnline, []traffic.Way{{Speaks: traffic.IMAP, At: traffic.Online, Mail: online}}, "imap@online"},
		"by Graph, handed to IMAP":  {traffic.ProfileOnline, []traffic.Way{{Speaks: traffic.Graph, At: traffic.Online, Mail: graph}, {Speaks: traffic.IMAP, At: traffic.Online, Mail: online}}, "imap@online"},
		"by Graph, nobody to go on": {traffic.ProfileOnline, []traffic.Way{{Speaks: traffic.Graph, At: traffic.Online, Mail: graph}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if by := b.clock.now().Sub(d.Now()); by > 0 {
				d.Advance(by)
			}
			b.clock.at = d.Now()
			b.people[anna] = strings.NewReplacer(" ", "-", ",", "").Replace(strings.ToLower(name)) + "@firma.test"
			d.AddMailbox(b.people[anna])
			at := c.profile.Locations()[0]
			b.o.Profile, b.o.Ways, b.o.Paths = c.profile, append([]traffic.Way{{Speaks: traffic.SMTP, At: at, SMTP: smtp}}, c.ways...), traffic.Paths{}
			if len(c.ways) > 1 || c.way == "" {
				b.o.Paths[traffic.SentCargo] = []traffic.Protocol{traffic.Graph, traffic.IMAP}
			}
			if c.way == "" {
				b.o.Paths[traffic.InternalCargo] = []traffic.Protocol{traffic.Graph}
			}
			b.restart()
			b.answer(d, c.way)
		})
	}
}

// answer lets anna answer an invitation in an outage, and looks where the answer is afterwards.
func (b *bench) answer(d *exchangetest.Double, way string) {
	b.t.Helper()
	object := "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Firma//DE\r\nMETHOD:REPLY\r\nBEGIN:VEVENT\r\nUID:u1@aussen.test\r\nDTSTAMP:20261121T090000Z\r\n" +
		"ATTENDEE;PARTSTAT=ACCEPTED:mailto:anna@firma.test\r\nSUMMARY:Übergabe\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	invitation := b.arrive(anna, "invitation@aussen.test")
	reply := email.Draft{MessageID: "answer@firma.test", From: email.Address{Name: "Anna", Addr: b.people[anna]}, To: []email.Address{{Addr: "kunde@aussen.test"}},
		Subject: "Zugesagt: Übergabe", Text: "Anna hat zugesagt.", InReplyTo: "invitation@aussen.test", Calendar: []byte(object), Date: b.clock.now()}
	octets, err := email.Compose(reply, true)
	b.must(err)
	draft, version, err := b.store.SaveDraft(b.ctx, anna, "", 0, octets)
	b.must(err)
	_, err = b.store.Submit(b.ctx, mailstore.Submission{Mailbox: anna, Draft: draft, Version: version, Token: "answer", Own: octets, Out: octets,
		From: b.people[anna], Remote: []string{"kunde@aussen.test"}, Answers: invitation, Release: b.clock.now().Add(10 * time.Second)})
	b.must(err)
	b.release()
	d.Advance(11 * time.Second)
	for _, f := range []exchangetest.DoubleFault{{Face: "imap", Point: "appended", Do: "drop", Times: 2}, {Face: "ews", Point: "CreateItem done", Do: "drop", Times: 2}} {
		d.Fault(f)
	}
	defer d.NoFaults()
	b.end(e)
	b.drainAt(d)

	var sent, others int
	for _, m := range d.Messages(b.people[anna], "") {
		switch strings.Trim(m.MessageID, "<>") {
		case "answer@firma.test":
			sent++
			back, err := email.OpenDraft(d.Octets(b.people[anna], m.ID))
			if err != nil || string(back.Calendar) != object || m.Folder != "Gesendete Elemente" || m.Draft || !m.Seen {
				b.t.Errorf("in %s, draft %v, read %v, calendar %q, %v", m.Folder, m.Draft, m.Seen, back.Calendar, err)
			}
		case "invitation@aussen.test":
			if m.Folder != "INBOX" || !m.Answered {
				b.t.Errorf("the invitation is in %s, answered %v%s", m.Folder, m.Answered, b.ledger())
			}
		default:
			others++
		}
	}
	lines, err := b.sync.Lines(b.ctx, time.Time{}, anna, "", 100)
	b.must(err)
	for _, l := range lines {
		if l.Kind == mailstore.SentOut && (l.Way != way && way != "" || (l.State == Parked) != (way == "") || way == "" && l.Remedy == "") {
			b.t.Errorf("%+v", l)
		}
	}
	if want := map[bool]int{true: 0, false: 1}[way == ""]; sent != want || others > 0 {
		b.t.Errorf("the answer is there %d times, want %d; %d others lie about%s", sent, want, others, b.ledger())
	}
	if way != "" {
		b.check(nil)
	}
}
