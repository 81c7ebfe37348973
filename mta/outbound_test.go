package mta

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// queue is an outbound queue in memory whose reports can be made to fail; the real one is in
// store_test.go.
type queue struct {
	mu      sync.Mutex
	mails   map[mailstore.SendID]*queued
	reports []mailstore.Arrival
	lost    int // so many reports fail, as a crash before the commit would
	now     func() time.Time
}

type queued struct {
	mailstore.OutMessage
	octets []byte
	leased bool
}

func (q *queue) Release(context.Context) (time.Time, error) { return time.Time{}, nil }

func (q *queue) ClaimOutbound(_ context.Context, _ time.Duration, limit int) (claimed []mailstore.OutMessage, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.mails {
		due := m.OutMessage
		due.Recipients = nil
		for _, r := range m.Recipients {
			if r.State == "queued" && !r.Next.After(q.now()) {
				due.Recipients = append(due.Recipients, r)
			}
		}
		if !m.leased && len(due.Recipients) > 0 && len(claimed) < limit {
			m.leased = true
			claimed = append(claimed, due)
		}
	}
	return claimed, nil
}

func (q *queue) ReportOutbound(_ context.Context, m mailstore.OutMessage, results []mailstore.OutRecipient) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	mail := q.mails[m.ID]
	mail.leased = false
	if q.lost > 0 {
		q.lost--
		return errors.New("the process was killed here")
	}
	for _, result := range results {
		i := slices.IndexFunc(mail.Recipients, func(r mailstore.OutRecipient) bool { return r.Address == result.Address })
		mail.Recipients[i] = result
	}
	return nil
}

func (q *queue) SpoolOctets(_ context.Context, id mailstore.SendID) ([]byte, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.mails[id].octets, nil
}

func (q *queue) Deliver(_ context.Context, a mailstore.Arrival) (email.MessageID, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.reports = append(q.reports, a)
	return "m1", nil
}

func (q *queue) add(octets string, to ...string) mailstore.SendID {
	q.mu.Lock()
	defer q.mu.Unlock()
	id := mailstore.SendID(fmt.Sprintf("s%d", len(q.mails)))
	m := mailstore.OutMessage{ID: id, Mailbox: anna.ID, From: anna.Address, Created: q.now()}
	for _, address := range to {
		m.Recipients = append(m.Recipients, mailstore.OutRecipient{Address: address, State: "queued"})
	}
	q.mails[id] = &queued{OutMessage: m, octets: []byte(octets)}
	return id
}

// states is what became of a message's recipients, in order.
func (q *queue) states(id mailstore.SendID) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var states []string
	for _, r := range q.mails[id].Recipients {
		states = append(states, r.State)
	}
	return strings.Join(states, " ")
}

func (q *queue) words(id mailstore.SendID) string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.mails[id].Recipients[0].Words
}

// outbound runs a queue towards a sink.
func outbound(t *testing.T, s *sink, change ...func(*OutboundOptions)) (*Outbound, *queue) {
	t.Helper()
	q := &queue{mails: map[mailstore.SendID]*queued{}, now: time.Now}
	o := OutboundOptions{
		Host: host, SmartHost: s.addr, Security: Plain, Store: q, Postmaster: "postmaster@corp.example",
		Retries: []time.Duration{20 * time.Millisecond}, Poll: 5 * time.Millisecond, Pause: 5 * time.Millisecond,
		Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for _, f := range change {
		f(&o)
	}
	out, err := NewOutbound(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); out.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return out, q
}

const plainMail = "From: anna@corp.example\r\nSubject: x\r\n\r\ntext\r\n"

func TestSending(t *testing.T) {
	s := newSink(t)
	_, q := outbound(t, s)
	id := q.add(plainMail, "a@far.example", "b@far.example")
	until(t, "both sent", func() bool { return q.states(id) == "sent sent" })
	got := s.got()
	if len(got) != 1 || got[0].raw != plainMail || len(got[0].to) != 2 {
		t.Fatalf("the smart host has %+v", got)
	}
	if said := strings.Join(s.said(), "\n"); !strings.Contains(said, "EHLO "+host) || !strings.Contains(said, "MAIL FROM:<anna@corp.example>") || !strings.Contains(said, "QUIT") {
		t.Errorf("said %q", said)
	}
}

// The smart host gets CRLF only, and dots doubled, whatever the spool file holds.
func TestOctetsOut(t *testing.T) {
	for octets, want := range map[string]string{
		"A: b\r\n\r\n.\r\n..\r\n.x\r\n": "A: b\r\n\r\n..\r\n...\r\n..x\r\n",
		"A: b\n\nx\n.\ny":               "A: b\r\n\r\nx\r\n..\r\ny\r\n",
		"A: b\r\r.\r\n":                 "A: b\r\n\r\n..\r\n",
		"A: b\r\n\r\n" + strings.Repeat("l", 5000) + "\r\n": "A: b\r\n\r\n" + strings.Repeat("l", 5000) + "\r\n",
		"A: \xfc\r\n\r\n\xe4\r\n":                           "A: \xfc\r\n\r\n\xe4\r\n",
	} {
		s := newSink(t)
		_, q := outbound(t, s)
		id := q.add(octets, "a@far.example")
		until(t, "sent", func() bool { return q.states(id) == "sent" })
		if got := s.got()[0].raw; got != want {
			t.Errorf("%q went out as %q", octets, got)
		}
	}
}

// Each fault is met once, then the smart host answers as usual: temporary ones end in "sent".
func TestTemporaryFaults(t *testing.T) {
	for _, fault := range []string{
		"connect 421 4.3.2 busy", "connect 554 5.7.1 go away", "connect drop",
		"EHLO 421 4.3.2 busy", "MAIL 451 4.3.0 later", "MAIL 530 5.7.0 sign in", "MAIL drop",
		"RCPT 450 4.2.1 greylisted", "RCPT 501 5.5.4 no such parameter", "RCPT 421 4.3.2 closing", "RCPT 452 4.5.3 too many", "RCPT drop",
		"DATA 451 4.3.0 later", "DATA drop", ". 452 4.3.1 full", ". 421 4.3.2 closing", ". drop",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newSink(t)
			verb, answer, _ := strings.Cut(fault, " ")
			met := false
			s.script(func(command string) string {
				if strings.HasPrefix(command, verb) && !met {
					met = true
					return answer
				}
				return ""
			})
			_, q := outbound(t, s)
			id := q.add(plainMail, "a@far.example")
			until(t, "sent", func() bool { return q.states(id) == "sent" })
			if n := len(s.got()); n != 1 || !met {
				t.Errorf("%d copies at the smart host, fault met: %v", n, met)
			}
			if len(q.reports) > 0 {
				t.Error("the sender was told of a failure")
			}
		})
	}
}

// The answer after the final dot is lost: the same message goes again, with the same Message-ID.
func TestLostAnswer(t *testing.T) {
	s := newSink(t)
	met := false
	s.script(func(command string) string {
		if command == "." && !met {
			met = true
			return "drop after storing"
		}
		return ""
	})
	_, q := outbound(t, s)
	id := q.add(plainMail, "a@far.example")
	until(t, "sent", func() bool { return q.states(id) == "sent" })
	if got := s.got(); len(got) != 2 || got[0].raw != got[1].raw {
		t.Errorf("the smart host has %+v", got)
	}
}

func TestPermanentFaults(t *testing.T) {
	for _, fault := range []string{"MAIL 550 5.7.1 not you", "RCPT 550 5.1.1 nobody", "RCPT 501 5.1.3 bad address", "DATA 554 5.7.1 no", ". 552 5.3.4 too large"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			s := newSink(t)
			verb, answer, _ := strings.Cut(fault, " ")
			s.script(func(command string) string {
				if strings.HasPrefix(command, verb) {
					return answer
				}
				return ""
			})
			_, q := outbound(t, s)
			id := q.add(plainMail, "a@far.example", "b@far.example")
			until(t, "failed", func() bool { return q.states(id) == "failed failed" })
			wantReport(t, q, "a@far.example", answer[:9])
		})
	}
}

func wantReport(t *testing.T, q *queue, parts ...string) {
	t.Helper()
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.reports) != 1 {
		t.Fatalf("%d reports to the sender", len(q.reports))
	}
	r := q.reports[0]
	if r.From != "" || r.To[0].Mailbox != anna.ID {
		t.Errorf("the report goes from %q to %v", r.From, r.To)
	}
	for _, part := range append(parts, "Auto-Submitted: auto-replied") {
		if !strings.Contains(string(r.Octets), part) {
			t.Errorf("the report lacks %q: %s", part, r.Octets)
		}
	}
	if firstBare(r.Octets) >= 0 {
		t.Error("the report has bare line ends")
	}
}

// Each recipient has its own fate; those who were refused are reported together, once, also when the
// process dies before each record.
func TestMixedFates(t *testing.T) {
	for lost := range 4 {
		s := newSink(t)
		s.script(func(command string) string {
			switch {
			case strings.Contains(command, "no1@") || strings.Contains(command, "no2@"):
				return "550 5.1.1 nobody of that name"
			case strings.Contains(command, "later@") && len(s.mails) == 0:
				return "450 4.2.1 greylisted"
			}
			return ""
		})
		_, q := outbound(t, s)
		q.lost = lost
		id := q.add(plainMail, "no1@far.example", "yes@far.example", "later@far.example", "no2@far.example")
		until(t, "all settled", func() bool { return q.states(id) == "failed sent sent failed" })
		q.mu.Lock()
		reports := q.reports
		q.mu.Unlock()
		if len(reports) == 0 {
			t.Fatal("the sender was not told")
		}
		for _, r := range reports { // more than one only after a death, and then the same: the store keeps one (L1)
			if string(r.Octets) != string(reports[0].Octets) {
				t.Errorf("after %d deaths the reports differ: %s\n%s", lost, r.Octets, reports[0].Octets)
			}
		}
		if lost == 0 {
			wantReport(t, q, "no1@far.example", "no2@far.example", "5.1.1")
		}
	}
}

func TestTooOld(t *testing.T) {
	s := newSink(t)
	s.script(func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "450 4.2.1 full for days"
		}
		return ""
	})
	_, q := outbound(t, s, func(o *OutboundOptions) { o.MaxAge = 50 * time.Millisecond })
	id := q.add(plainMail, "a@far.example")
	until(t, "given up", func() bool { return q.states(id) == "failed" })
	wantReport(t, q, "4.4.7", "450 4.2.1 full for days")
}

// While the smart host is away nobody's attempts are counted and nobody grows too old.
func TestSmartHostAway(t *testing.T) {
	s := newSink(t)
	away := true
	s.script(func(command string) string {
		if command == "connect" && away {
			return "421 4.3.2 maintenance"
		}
		return ""
	})
	_, q := outbound(t, s, func(o *OutboundOptions) { o.MaxAge = time.Millisecond })
	id := q.add(plainMail, "a@far.example")
	connects := func() (n int) {
		for _, c := range s.said() {
			if c == "connect" {
				n++
			}
		}
		return n
	}
	until(t, "three attempts", func() bool { return connects() >= 3 })
	s.mu.Lock()
	away = false
	s.mu.Unlock()
	until(t, "sent", func() bool { return q.states(id) == "sent" })
	if q.mails[id].Recipients[0].Attempts != 1 || len(q.reports) > 0 {
		t.Errorf("%+v, %d reports", q.mails[id].Recipients, len(q.reports))
	}
}

// Nobody outside is ever sent a bounce.
func TestNoBackscatter(t *testing.T) {
	s := newSink(t)
	s.script(func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "550 5.1.1 nobody"
		}
		return ""
	})
	_, q := outbound(t, s)
	stranger, null := q.add(plainMail, "a@far.example"), q.add(plainMail, "b@far.example")
	q.mu.Lock()
	q.mails[stranger].Mailbox, q.mails[stranger].From = "", "stranger@kunde.example"
	q.mails[null].From = ""
	q.mu.Unlock()
	until(t, "both failed", func() bool { return q.states(stranger)+q.states(null) == "failedfailed" })
	if len(q.reports) > 0 || len(s.got()) > 0 {
		t.Errorf("%d reports, %d mails", len(q.reports), len(s.got()))
	}
}

func TestEncryptedSmartHost(t *testing.T) {
	config, trust := certificates(t)
	s := newSink(t)
	s.config = config
	trust.ServerName = ""
	secure := func(o *OutboundOptions) {
		o.Security, o.TLS, o.User, o.Password = StartTLS, trust, "holdover", "geheim"
	}
	_, q := outbound(t, s, secure)
	id := q.add(plainMail, "a@far.example")
	until(t, "sent", func() bool { return q.states(id) == "sent" })
	said := s.said()
	if start, auth := slices.Index(said, "STARTTLS"), slices.IndexFunc(said, func(c string) bool { return strings.HasPrefix(c, "AUTH PLAIN ") }); start < 0 || auth < start {
		t.Errorf("said %q", said)
	}
}

// What somebody on the path says before the handshake is forgotten (RFC 3207, 6).
func TestNothingSurvivesStartTLS(t *testing.T) {
	config, trust := certificates(t)
	s := newSink(t)
	s.config = config
	s.script(func(command string) string {
		if command == "STARTTLS" {
			return "220 go ahead\r\n250-evil\r\n250 SIZE 1"
		}
		return ""
	})
	trust.ServerName = ""
	_, q := outbound(t, s, func(o *OutboundOptions) { o.Security, o.TLS = StartTLS, trust })
	id := q.add(plainMail, "a@far.example")
	until(t, "sent", func() bool { return q.states(id) == "sent" })
	said := s.said()
	start := slices.Index(said, "STARTTLS")
	if start < 0 || said[start+1] != "EHLO "+host {
		t.Errorf("said %q", said)
	}
}

// A smart host that cannot prove its name, or has lost its TLS, gets neither mail nor password.
func TestNoTLSNoMail(t *testing.T) {
	config, _ := certificates(t)
	for name, change := range map[string]func(*sink){
		"foreign certificate": func(s *sink) { s.config = config },
		"STARTTLS is gone":    func(*sink) {},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSink(t)
			change(s)
			_, q := outbound(t, s, func(o *OutboundOptions) { o.Security, o.User, o.Password = StartTLS, "holdover", "geheim" })
			id := q.add(plainMail, "a@far.example")
			until(t, "two attempts", func() bool { return strings.Count(strings.Join(s.said(), "\n"), "connect") >= 2 })
			for _, command := range s.said() {
				if strings.HasPrefix(command, "AUTH") || strings.HasPrefix(command, "MAIL") {
					t.Errorf("said %q", command)
				}
			}
			if q.states(id) != "queued" {
				t.Errorf("state %s", q.states(id))
			}
		})
	}
}

func TestUnsayableAddress(t *testing.T) {
	s := newSink(t)
	_, q := outbound(t, s)
	id := q.add(plainMail, "jürgen@far.example", "a@far.example")
	until(t, "settled", func() bool { return q.states(id) == "failed sent" })
}

func TestWake(t *testing.T) {
	s := newSink(t)
	out, q := outbound(t, s, func(o *OutboundOptions) { o.Poll = time.Hour })
	until(t, "the first look", func() bool { return len(out.wake) == 0 })
	id := q.add(plainMail, "a@far.example")
	out.Wake()
	until(t, "sent", func() bool { return q.states(id) == "sent" })
}

func TestBadOutboundOptions(t *testing.T) {
	for name, change := range map[string]func(*OutboundOptions){
		"no port":              func(o *OutboundOptions) { o.SmartHost = "relay.example" },
		"no security":          func(o *OutboundOptions) { o.Security = "" },
		"password in the open": func(o *OutboundOptions) { o.User = "x" },
		"no postmaster":        func(o *OutboundOptions) { o.Postmaster = "postmaster" },
		"no store":             func(o *OutboundOptions) { o.Store = nil },
		"no host":              func(o *OutboundOptions) { o.Host = "" },
	} {
		o := OutboundOptions{Host: host, SmartHost: "127.0.0.1:25", Security: Plain, Store: &queue{}, Postmaster: "p@corp.example", Log: slog.Default()}
		change(&o)
		if _, err := NewOutbound(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestWordsAreOneLine(t *testing.T) {
	s := newSink(t)
	s.script(func(command string) string {
		if strings.HasPrefix(command, "RCPT") {
			return "450-4.2.1 first\r\n450-4.2.1 \x1b[31mred\x00\r\n450 4.2.1 " + strings.Repeat("long ", 300)
		}
		return ""
	})
	_, q := outbound(t, s)
	id := q.add(plainMail, "a@far.example")
	until(t, "an answer", func() bool { return q.words(id) != "" })
	words := q.words(id)
	if !strings.HasPrefix(words, "450 4.2.1 first [31mred long") || len(words) > 500 || strings.ContainsAny(words, "\r\n\x1b\x00") {
		t.Errorf("words %q", words)
	}
}
