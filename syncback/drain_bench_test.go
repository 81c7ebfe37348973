package syncback

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// drainBench is what bench/drain.py asks for.
type drainBench struct {
	IMAP     string   `json:"imap"` // host:port; mail from outside goes by IMAP then
	SMTP     string   `json:"smtp"` // host:port; then it goes by SMTP; without IMAP nothing can be looked up
	Password string   `json:"password"`
	Users    []string `json:"users"` // login names, whose mailboxes are filled
	N        int      `json:"n"`
	Corpus   string   `json:"corpus"` // a Maildir's cur
}

// TestDrainBench is driven by bench/drain.py: it fills a store on disk while the gate is closed, says
// "ready", and drains when it reads a line. No pace is set.
func TestDrainBench(t *testing.T) {
	var o drainBench
	if err := json.Unmarshal([]byte(os.Getenv("HOLDOVER_DRAIN_BENCH")), &o); err != nil {
		t.Skip("run by bench/drain.py")
	}
	b := newBench(t)
	b.clock.at = time.Now()
	b.o.Now, b.o.Deliveries, b.o.Limits = time.Now, 0, nil
	none := exchange.Security{Policy: exchange.None}
	imap, err := exchange.NewIMAP(exchange.IMAPOptions{Address: cmp.Or(o.IMAP, "127.0.0.1:9"), Security: none, User: "{local}", Password: o.Password})
	b.must(err)
	b.o.Ways = []traffic.Way{{Speaks: traffic.IMAP, At: traffic.OnPremises, Mail: imap}}
	over, done := traffic.IMAP, `state='verified'`
	if o.SMTP != "" {
		smtp, err := exchange.NewSMTP(exchange.SMTPOptions{Address: o.SMTP, Security: none})
		b.must(err)
		b.o.Ways = append(b.o.Ways, traffic.Way{Speaks: traffic.SMTP, At: traffic.OnPremises, SMTP: smtp})
		over = traffic.SMTP
		if o.IMAP == "" {
			done = `state IN ('verified','accepted')`
		}
	}
	b.o.Paths = traffic.Paths{traffic.InboundCargo: {over}}
	b.restart()
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	b.fillBench(o)
	stop := b.running()
	defer stop()
	count := func(where string) (n int) {
		b.must(b.db.Read(b.ctx, func(tx *database.Tx) error {
			return tx.QueryRow(`SELECT COUNT(*) FROM syncback_item WHERE ` + where).Scan(&n)
		}))
		return n
	}
	planned := 0
	for late := time.Now().Add(2 * time.Minute); planned < o.N; planned = count("1=1") {
		if time.Now().After(late) {
			t.Fatalf("%d of %d messages are in the ledger: are some alike? The store keeps one of each (L1)", planned, o.N)
		}
		time.Sleep(50 * time.Millisecond)
	}
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	began, cpu := time.Now(), cpuTime()
	b.end(e)
	var accepted float64 // seconds until Exchange had said yes to all
	for left := o.N; left > 0; left = o.N - count(done) {
		time.Sleep(20 * time.Millisecond)
		if accepted == 0 && count(`state IN ('verified','accepted')`) == o.N {
			accepted = time.Since(began).Seconds()
		}
		if time.Since(began) > 10*time.Minute {
			t.Fatalf("%d of %d are not there%s", left, o.N, b.ledger())
		}
	}
	took := time.Since(began).Seconds()
	line, _ := json.Marshal(map[string]any{"seconds": took, "accepted_s": cmp.Or(accepted, took), "per_s": float64(o.N) / took, "cpu_ms_per_message": (cpuTime() - cpu).Seconds() * 1000 / float64(o.N)})
	fmt.Println(string(line))
}

// fillBench delivers the corpus into the users' mailboxes in turns.
func (b *bench) fillBench(o drainBench) {
	b.t.Helper()
	var boxes []email.MailboxID
	for i, user := range o.Users {
		m := email.MailboxID("bench" + strings.Repeat("x", 9) + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		b.people[m] = user + "@bench.test"
		b.must(b.store.EnsureMailbox(b.ctx, m, b.people[m]))
		boxes = append(boxes, m)
	}
	files, err := filepath.Glob(o.Corpus + "/*")
	b.must(err)
	slices.Sort(files)
	work := make(chan int)
	failed := make(chan error, 16)
	for range 16 { // side by side, so that flushes are shared
		go func() {
			var err error
			for i := range work {
				raw, bad := os.ReadFile(files[i%len(files)])
				raw = bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
				m, id := boxes[i%len(boxes)], mailstore.NewID()
				if bad == nil {
					_, bad = b.store.Deliver(b.ctx, mailstore.Arrival{ID: id, From: "kunde@aussen.test", Origin: mailstore.FromOutside, Octets: raw, To: []mailstore.Recipient{{Mailbox: m, Address: b.people[m]}},
						Trace: []byte("Received: from aussen.test ([192.0.2.1]) by mx.firma.test with ESMTPS id " + string(id) + ";\r\n\tSat, 21 Nov 2026 09:00:00 +0000\r\n")})
				}
				if bad != nil {
					err = bad
				}
			}
			failed <- err
		}()
	}
	for i := range o.N {
		work <- i
	}
	close(work)
	for range 16 {
		b.must(<-failed)
	}
}

// running lets sync-back run until it is stopped.
func (b *bench) running() (stop func()) {
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(b.ctx)
	go func() { ended <- b.sync.Run(ctx) }()
	return func() { cancel(); <-ended }
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
