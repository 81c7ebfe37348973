package syncback

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/exchange/exchangetest"
	"holdover/syncback/traffic"
)

// bed is the bench with the stand-in Exchange (demo/standin, a scripted double in a process of its
// own) on the same simulated clock, and one or more nodes over one store.
type bed struct {
	*bench
	rnd     *rand.Rand
	double  *exchangetest.Double
	profile traffic.Profile
	ews     bool // on-premises: EWS beside IMAP
	lanes   int  // deliveries at once
	nodes   []*node
	weather *weather
	planted faults
	plot    *plot
	kills   int // that happened
	frosts  int
	deeds   int    // of people in Exchange
	early   string // told while the gate was closed
	stuck   string // it never came to rest
}

// boxes are the mailboxes of a seed; a group has the first three.
func boxes() []email.MailboxID {
	return []email.MailboxID{anna, bert, "carlcccccccccccc", "doradddddddddddd", "emileeeeeeeeeeee"}
}

const campaignProbe = "probe@firma.test"

func newBed(t *testing.T, seed uint64, db *database.DB, workers int, planted faults) *bed {
	t.Helper()
	b := &bed{bench: newBenchOn(t, db), rnd: rand.New(rand.NewPCG(seed, 99)), planted: planted}
	var mailboxes []exchangetest.StandinMailbox
	for _, m := range boxes() {
		b.people[m] = string(m[:4]) + "@firma.test"
		b.must(b.store.EnsureMailbox(b.ctx, m, b.people[m]))
		mailboxes = append(mailboxes, exchangetest.StandinMailbox{Address: b.people[m]})
	}
	b.double = exchangetest.Standin(t, exchangetest.StandinOptions{Mailboxes: append(mailboxes, exchangetest.StandinMailbox{Address: campaignProbe})})
	b.double.Stand(true)
	b.clock.at = b.double.Now()
	b.lanes = 1 // so that a seed plays the same again
	if seed%5 == 4 {
		b.lanes = 4
	}
	switch seed % 3 {
	case 0:
		b.profile = traffic.ProfileOnPremises
	case 1:
		b.profile, b.ews = traffic.ProfileOnPremises, true
	case 2:
		b.profile = traffic.ProfileOnline
	}
	b.world = nil
	b.hold()
	b.weather = newWeather(b)
	for i := range workers {
		n := &node{bed: b, name: fmt.Sprint("node", i+1), freezes: make(chan frozen)}
		n.start()
		b.nodes = append(b.nodes, n)
	}
	return b
}

// hold makes ended events wait for their release, as in the product.
func (b *bed) hold() {
	b.t.Helper()
	var err error
	b.events, err = continuity.Open(b.ctx, continuity.Options{DB: b.db, Directory: b.people, Held: true, Now: b.clock.now, Log: slog.New(slog.DiscardHandler)})
	b.must(err)
	at := traffic.OnPremises
	if b.profile == traffic.ProfileOnline {
		at = traffic.Online
	}
	b.o = Options{Store: b.store, Gate: b.events, Release: b.events, Probe: Probe{Mailboxes: map[traffic.Location]string{at: campaignProbe}, Sender: "holdover@firma.test"},
		Directory: b.people, Profile: b.profile, Deliveries: b.lanes, Now: b.clock.now, Log: slog.New(slog.DiscardHandler), faults: b.planted}
	if os.Getenv("HOLDOVER_TEST_LOG") != "" {
		b.o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
}

// judge takes the end of a node's pass.
func (b *bed) judge(n *node, err error) {
	b.t.Helper()
	switch {
	case errors.Is(err, errKilled):
		b.kills++
		n.start()
	case err != nil:
		b.t.Fatalf("%s: %v", n.name, err)
	}
}

// drain lets all nodes pass until nothing is due any more, moving the clocks; between two rounds it
// lets the people do something.
func (b *bed) drain(meanwhile func()) {
	b.t.Helper()
	for range 3_000 {
		var next time.Time
		b.turns()
		for _, n := range b.nodes {
			at := n.next
			if n.frozen != nil { // the others look every now and then whether its lease is over
				at = b.clock.now().Add(5 * time.Minute)
			}
			if !at.IsZero() && (next.IsZero() || at.Before(next)) {
				next = at
			}
		}
		if meanwhile != nil {
			meanwhile()
		}
		left, err := b.sync.unfinished(b.ctx)
		b.must(err)
		switch now := b.clock.now(); {
		case next.IsZero() && len(left) == 0 && !b.opening():
			return
		case next.IsZero():
			b.move(time.Minute) // held by a node that is gone: its lease ends
		case next.After(now):
			b.move(next.Sub(now))
		}
	}
	b.stuck = fmt.Sprintf("it never comes to rest: %s%s", b.releases(), b.unverified())
}

// turns lets all nodes that are not frozen pass at the same time, and judges how each came out.
func (b *bed) turns() {
	b.t.Helper()
	ends := make([]error, len(b.nodes))
	var all sync.WaitGroup
	for i, n := range b.nodes {
		all.Go(func() { ends[i] = n.turn() })
	}
	all.Wait()
	for i, n := range b.nodes {
		b.judge(n, ends[i])
	}
}

// releases shows how far the release of each ended event is.
func (b *bed) releases() (text string) {
	events, err := b.events.Openings(b.ctx)
	b.must(err)
	for _, e := range events {
		r, err := b.sync.ReleaseOf(b.ctx, e)
		b.must(err)
		text += fmt.Sprintf("%+v", r)
	}
	return text
}

// opening says whether an event has ended and is not released.
func (b *bed) opening() bool {
	b.t.Helper()
	events, err := b.events.Openings(b.ctx)
	b.must(err)
	return len(events) > 0
}

// move moves both clocks.
func (b *bed) move(d time.Duration) {
	b.t.Helper()
	b.clock.move(d)
	b.double.Advance(d)
}

// ways connects to the double anew, as a process that starts.
func (b *bed) ways() (ways []traffic.Way, closeAll func()) {
	b.t.Helper()
	at, none := traffic.OnPremises, exchange.Security{Policy: exchange.None}
	smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: b.double.Addr("smtp"), Security: none})
	b.must(err)
	mapOptions := exchange.IMAPOptions{Address: b.double.Addr("imap"), Security: none, Service: b.double.Service, Password: b.double.Secret}
	closers := []func() error{smtp.Close}
	if b.profile == traffic.ProfileOnline {
		at = traffic.Online
		tokens := b.tokens()
		mapOptions.Auth, mapOptions.Tokens, mapOptions.Password = exchange.LoginXOAUTH2, tokens, ""
		graph, err := exchange.NewGraph(exchange.GraphOptions{URL: "http://" + b.double.Addr("graph") + "/v1.0", Security: none, Tokens: tokens, Now: b.clock.now})
		b.must(err)
		ways, closers = append(ways, traffic.Way{Speaks: traffic.Graph, At: traffic.Online, Mail: graph}), append(closers, func() error { graph.Close(); return nil })
	}
	imap, err := exchange.NewIMAP(mapOptions)
	b.must(err)
	closers = append(closers, imap.Close)
	ways = append(ways, traffic.Way{Speaks: traffic.SMTP, At: at, SMTP: smtp}, traffic.Way{Speaks: traffic.IMAP, At: at, Mail: imap})
	if b.ews {
		ews, err := exchange.NewEWS(exchange.EWSOptions{URL: "http://" + b.double.Addr("ews") + "/EWS/Exchange.asmx", Security: none, User: b.double.Service, Password: b.double.Secret, Auth: "basic", Now: b.clock.now})
		b.must(err)
		ways = append(ways, traffic.Way{Speaks: traffic.EWS, At: at, Mail: ews})
	}
	return ways, func() {
		for _, c := range closers {
			c()
		}
	}
}

func (b *bed) tokens() *exchange.Tokens {
	b.t.Helper()
	secret := filepath.Join(b.t.TempDir(), "secret")
	b.must(os.WriteFile(secret, []byte(b.double.Secret), 0o600))
	tokens, err := exchange.NewTokens(exchange.TokenOptions{URL: "http://" + b.double.Addr("token") + "/tenant/oauth2/v2.0/token",
		Security: exchange.Security{Policy: exchange.None}, ClientID: b.double.Service, SecretFile: secret, Now: b.clock.now})
	b.must(err)
	return tokens
}
