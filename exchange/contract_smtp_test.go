package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// The contract of delivery by SMTP: the same behaviours against Postfix and against the stand-in.

// office is a server that mail is delivered to, and a view of what arrived there.
type office struct {
	options SMTPOptions
	double  *exchangetest.Double // nil: a real server
	arrived func(t testing.TB, box string) [][]byte
}

// delivery is one behaviour of it being played; box is a mailbox of its own on the double.
type delivery struct {
	*testing.T
	*office
	box string
}

func newSMTP(t testing.TB, o SMTPOptions) *SMTP {
	t.Helper()
	c, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func offices() map[string]func(t *testing.T) *office {
	return map[string]func(t *testing.T) *office{
		"smtp@postfix": func(t *testing.T) *office {
			mail := exchangetest.Maildirs(t)
			return &office{
				options: SMTPOptions{Address: exchangetest.Postfix(t, mail), Hello: "holdover.example.test", Security: Security{Policy: None}},
				arrived: func(t testing.TB, _ string) [][]byte { return readMaildir(t, filepath.Join(mail, "anna", "Maildir")) },
			}
		},
		"smtp@double": func(t *testing.T) *office {
			certificate, caFile, _ := selfSigned(t)
			d := exchangetest.Standin(t, exchangetest.StandinOptions{Certificate: caFile, Key: keyFile(t, certificate)})
			return &office{
				options: SMTPOptions{Address: d.Addr("smtp"), Security: Security{Policy: Required, CAFile: caFile, Name: "exchange.test"}, Command: 20 * time.Second, Final: 20 * time.Second},
				double:  d,
				arrived: func(t testing.TB, box string) (all [][]byte) {
					for _, m := range d.Messages(box, "") {
						all = append(all, d.Octets(box, m.ID))
					}
					return all
				},
			}
		},
	}
}

type deliveryBehaviour struct {
	name   string
	double bool
	run    func(d *delivery) string
}

func deliveries() []deliveryBehaviour {
	rows := []deliveryBehaviour{
		{"octets arrive as they are, private fields taken off", false, deliverOctets},
		{"an unknown mailbox is told from all else, and asking delivers nothing", false, deliverUnknown},
		{"at most 5 sessions at once and 20 messages in each; one that died costs nothing", false, deliverSessions},
		{"an account signs in; a wrong password stops the route and no message", true, deliverAuth},
		{"equal Message-ID and Date within the window: taken, and stored once", true, deliverTwice},
		{"own domain without the connector's certificate; with it delivered", true, deliverConnector},
		{"MAIL answered after 10 to 55 s", true, deliverDelayed},
		{"no answer after the final dot until the caller's deadline", true, deliverHang},
		{"the connection is lost after the final dot, before storing", true, deliverLost("before", 0)},
		{"the connection is lost after the final dot, after storing", true, deliverLost("after", 1)},
		{"the connection is lost before DATA", true, deliverCut},
		{"this way down", true, deliverDown},
		{"mailbox over quota", true, deliverFate("full", ErrRefused)},
		{"mailbox being moved", true, deliverFate("moving", ErrTemporary)},
		{"mailbox's database down: taken, seen when it is up again", true, deliverUnavailable},
		{"taken with a yes and lost", true, deliverKept("lose", 0, 0)},
		{"taken with a yes and seen 1 to 45 minutes later", true, deliverKept("late", 0, 1)},
		{"taken with a yes and put into Junk", true, deliverKept("junk", 1, 1)},
	}
	for _, r := range replies() {
		rows = append(rows, deliveryBehaviour{fmt.Sprintf("%d %s at %s", r.code, strings.Fields(r.text)[0], strings.ToUpper(r.at)), true, r.play})
	}
	return rows
}

func deliverySection() *section {
	s := &section{heading: "Delivery", columns: []string{"smtp@postfix", "smtp@double"}}
	for _, b := range deliveries() {
		s.rows = append(s.rows, b.name)
	}
	return s
}

// TestDeliveryContract runs every behaviour of delivery on every server.
func TestDeliveryContract(t *testing.T) {
	results := deliverySection()
	t.Cleanup(func() { results.write(t) })
	for _, column := range results.columns {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			o := offices()[column](t)
			for i, b := range deliveries() {
				if b.double && o.double == nil {
					results.note(b.name, column, "–")
					continue
				}
				t.Run(b.name, func(t *testing.T) {
					d := &delivery{T: t, office: o, box: anna}
					if o.double != nil {
						d.box = fmt.Sprintf("d%d@example.test", i)
						o.double.AddMailbox(d.box)
						defer o.double.Normal()
					}
					if note := b.run(d); !t.Failed() {
						results.note(b.name, column, note)
					}
				})
			}
		})
	}
}

func (d *delivery) smtp() *SMTP { return newSMTP(d.T, d.options) }

func (d *delivery) send(c *SMTP, from, id string) error {
	_, err := c.Deliver(contextOf(d.T), from, []string{d.box}, mail(id))
	return err
}

// here counts what lies in the mailbox with an id.
func (d *delivery) here(id string) (n int) {
	for _, octets := range d.arrived(d.T, d.box) {
		if bytes.Contains(octets, []byte("<"+id+">")) {
			n++
		}
	}
	return n
}

// waitFor gives a server with a queue its time.
func (d *delivery) waitFor(id string, want int) {
	d.Helper()
	got := 0
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = d.here(id); got == want {
			return
		}
	}
	d.Fatalf("%s: %d arrived, want %d", id, got, want)
}

func (d *delivery) outcome(err error, allowed ...error) string {
	d.Helper()
	return (&play{T: d.T}).outcome(err, allowed...)
}

func deliverOctets(d *delivery) string {
	octets := []byte("Received: from x by mx.test with ESMTPS id abc; Fri, 20 Nov 2026 10:00:00 +0000\r\n" +
		"Message-ID: <smtp@x.test>\r\nX-MS-Exchange-Organization-SCL: -1\r\n folded\r\nX-MS-Exchange-Forest-Foo : 1\r\nX-MS-Other: stays\r\nFrom: a@b.test\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nSubject: x\r\n\r\n" +
		".leading dot\r\n..two\r\n" + strings.Repeat("long ", 180) + "\r\n\xff\xfe 8 bit\r\n")
	c := d.smtp()
	for _, from := range []string{"a@b.test", ""} {
		if words, err := c.Deliver(contextOf(d.T), from, []string{d.box}, octets); err != nil || words == "" {
			d.Fatalf("from %q: %q, %v", from, words, err)
		}
	}
	d.waitFor("smtp@x.test", 2)
	want := bytes.Replace(octets, []byte("X-MS-Exchange-Organization-SCL: -1\r\n folded\r\nX-MS-Exchange-Forest-Foo : 1\r\n"), nil, 1)
	senders := map[string]bool{}
	for _, got := range d.arrived(d.T, d.box) {
		if !bytes.HasSuffix(got, want) {
			d.Errorf("octets changed:\n%q\nwant at the end\n%q", got, want)
		}
		if _, rest, ok := strings.Cut(string(got), "Return-Path: <"); ok {
			sender, _, _ := strings.Cut(rest, ">")
			senders[sender] = true
		}
	}
	if d.double == nil && (!senders["a@b.test"] || !senders[""]) {
		d.Errorf("envelope senders were %v", senders)
	}
	return ""
}

func deliverUnknown(d *delivery) string {
	c, ctx := d.smtp(), contextOf(d.T)
	_, err := c.Deliver(ctx, "a@b.test", []string{"nobody@example.test"}, mail("unknown@x.test"))
	var f *Failure
	if !errors.Is(err, ErrUnknownMailbox) || !errors.As(err, &f) || !strings.HasPrefix(f.Code, "550 5.1.") || f.Words == "" || f.Remedy == "" {
		d.Errorf("unknown mailbox: %v", err)
	}
	for address, want := range map[string]bool{d.box: true, "nobody@example.test": false} {
		if known, err := c.Known(ctx, address); known != want || err != nil {
			d.Errorf("%s: known %v, %v", address, known, err)
		}
	}
	// The session is still good after refusals and questions.
	if err := d.send(c, "c@d.test", "unknown2@x.test"); err != nil {
		d.Error(err)
	}
	d.waitFor("unknown2@x.test", 1)
	if n := d.here("unknown@x.test"); n != 0 {
		d.Errorf("%d arrived by asking", n)
	}
	return ""
}

// counted tells once when it is closed.
type counted struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (c *counted) Close() error {
	c.once.Do(c.closed)
	return c.Conn.Close()
}

func deliverSessions(d *delivery) string {
	var all, open, most atomic.Int64
	var last net.Conn
	o := d.options
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		all.Add(1)
		n := open.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		last = conn
		return &counted{Conn: conn, closed: func() { open.Add(-1) }}, err
	}
	c := newSMTP(d.T, o)
	for range 45 {
		if err := d.send(c, "a@b.test", "row@x.test"); err != nil {
			d.Fatal(err)
		}
	}
	if all.Load() != 3 {
		d.Errorf("45 messages took %d sessions, want 3", all.Load())
	}
	last.Close()
	if err := d.send(c, "a@b.test", "row@x.test"); err != nil {
		d.Errorf("after the rested session died: %v", err)
	}
	o.Dial = func(dial func(context.Context, string, string) (net.Conn, error), turn *sync.Mutex) func(context.Context, string, string) (net.Conn, error) {
		return func(ctx context.Context, network, address string) (net.Conn, error) {
			turn.Lock()
			defer turn.Unlock()
			return dial(ctx, network, address)
		}
	}(o.Dial, new(sync.Mutex))
	c = newSMTP(d.T, o)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() {
			if err := d.send(c, "a@b.test", "row@x.test"); err != nil {
				d.Error(err)
			}
		})
	}
	group.Wait()
	if most.Load() > 6 { // 5, and the one that still rests
		d.Errorf("%d sessions at once", most.Load())
	}
	d.waitFor("row@x.test", 86)
	return ""
}

// deliverAuth: the account is used, and no password goes over an unprotected connection.
func deliverAuth(d *delivery) string {
	o := d.options
	o.User, o.Password = d.double.Service, d.double.Secret
	if err := d.send(newSMTP(d.T, o), "a@b.test", "auth@x.test"); err != nil {
		d.Error(err)
	}
	o.Password = "wrong"
	err := d.send(newSMTP(d.T, o), "a@b.test", "auth@x.test")
	var f *Failure
	note := d.outcome(err, ErrUnreachable)
	if !errors.As(err, &f) || f.Code != "535 5.7.8" || f.Remedy == "" {
		d.Errorf("a wrong password: %v", err)
	}
	o.Password, o.Dial, o.Security.Policy = d.double.Secret, withoutTLS, Opportunistic
	if err := d.send(newSMTP(d.T, o), "a@b.test", "auth@x.test"); !errors.Is(err, ErrUnreachable) {
		d.Errorf("without TLS: %v", err)
	}
	if n := d.here("auth@x.test"); n != 1 {
		d.Errorf("%d messages, want 1", n)
	}
	return note
}

// withoutTLS dials a connection on which the offer of STARTTLS is struck out.
func withoutTLS(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return struck{c}, nil
}

type struck struct{ net.Conn }

func (s struck) Read(p []byte) (int, error) {
	n, err := s.Conn.Read(p)
	copy(p[:n], bytes.ReplaceAll(p[:n], []byte("STARTTLS"), []byte("STARTXXX")))
	return n, err
}

func deliverTwice(d *delivery) string {
	d.double.SetWindow(time.Hour)
	defer d.double.SetWindow(0)
	c := d.smtp()
	for range 2 {
		if err := d.send(c, "a@b.test", "twice@x.test"); err != nil {
			d.Fatal(err)
		}
	}
	if n := d.here("twice@x.test"); n != 1 {
		d.Errorf("%d within the window", n)
	}
	d.double.Advance(2 * time.Hour)
	if err := d.send(c, "a@b.test", "twice@x.test"); err != nil || d.here("twice@x.test") != 2 {
		d.Errorf("after the window: %v, %d", err, d.here("twice@x.test"))
	}
	return ""
}

func deliverConnector(d *delivery) string {
	certificate, chain, _ := selfSigned(d.T) // names exchange.test
	d.double.SetConnector(exchangetest.StandinConnector{Certificate: "exchange.test", Domains: []string{"example.test"}})
	defer d.double.SetConnector(exchangetest.StandinConnector{})
	note := d.outcome(d.send(d.smtp(), "bea@example.test", "own@x.test"), ErrRoute)
	if err := d.send(d.smtp(), "a@b.test", "other@x.test"); err != nil {
		d.Errorf("from outside: %v", err)
	}
	o := d.options
	o.Security.Certificate, o.Security.Key = chain, keyFile(d.T, certificate)
	if err := d.send(newSMTP(d.T, o), "bea@example.test", "own@x.test"); err != nil {
		d.Errorf("with the certificate: %v", err)
	}
	if n := d.here("own@x.test"); n != 1 {
		d.Errorf("%d arrived", n)
	}
	return note
}

func (d *delivery) fault(point, do string, change func(*exchangetest.DoubleFault)) {
	d.Helper()
	rule := exchangetest.DoubleFault{Face: "smtp", Point: point, Do: do, Times: 1}
	if change != nil {
		change(&rule)
	}
	d.double.Fault(rule)
}

func deliverDelayed(d *delivery) string {
	d.double.Stand(true)
	d.fault("mail", "delay", func(f *exchangetest.DoubleFault) { f.Delay, f.UpTo = 10*time.Second, 55*time.Second })
	done := make(chan error, 1)
	go func() { done <- d.send(d.smtp(), "a@b.test", "delay@x.test") }()
	for end := time.Now().Add(30 * time.Second); d.double.FaultsMet() == 0 && time.Now().Before(end); {
		time.Sleep(5 * time.Millisecond)
	}
	if d.double.Advance(9 * time.Second); d.here("delay@x.test") != 0 {
		d.Error("it arrived before its time")
	}
	for {
		select {
		case err := <-done:
			if err != nil || d.here("delay@x.test") != 1 {
				d.Errorf("%v, %d arrived", err, d.here("delay@x.test"))
			}
			return ""
		case <-time.After(5 * time.Millisecond):
			d.double.Advance(10 * time.Second)
		}
	}
}

func deliverHang(d *delivery) string {
	d.fault("before", "hang", nil)
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	_, err := d.smtp().Deliver(ctx, "a@b.test", []string{d.box}, mail("hang@x.test"))
	return d.outcome(err, ErrDoubt)
}

func deliverLost(point string, stored int) func(*delivery) string {
	return func(d *delivery) string {
		d.fault(point, "drop", nil)
		note := d.outcome(d.send(d.smtp(), "a@b.test", "lost@x.test"), ErrDoubt)
		if n := d.here("lost@x.test"); n != stored {
			d.Errorf("%d are stored, want %d", n, stored)
		}
		return note
	}
}

func deliverCut(d *delivery) string {
	d.fault("rcpt", "drop", nil)
	note := d.outcome(d.send(d.smtp(), "a@b.test", "cut@x.test"), ErrUnreachable)
	if n := d.here("cut@x.test"); n != 0 {
		d.Errorf("%d are stored", n)
	}
	return note
}

func deliverDown(d *delivery) string {
	d.double.Cut("smtp")
	return d.outcome(d.send(d.smtp(), "a@b.test", "down@x.test"), ErrUnreachable)
}

func deliverFate(fate string, want error) func(*delivery) string {
	return func(d *delivery) string {
		d.double.SetMailbox(d.box, map[string]string{"fate": fate})
		return d.outcome(d.send(d.smtp(), "a@b.test", "fate@x.test"), want)
	}
}

func deliverUnavailable(d *delivery) string {
	d.double.SetMailbox(d.box, map[string]string{"fate": "unavailable"})
	if err := d.send(d.smtp(), "a@b.test", "up@x.test"); err != nil || d.here("up@x.test") != 0 {
		d.Errorf("%v, %d arrived", err, d.here("up@x.test"))
	}
	d.double.SetMailbox(d.box, map[string]string{"fate": ""})
	if n := d.here("up@x.test"); n != 1 {
		d.Errorf("%d when it is up", n)
	}
	return ""
}

func deliverKept(do string, now, later int) func(*delivery) string {
	return func(d *delivery) string {
		d.double.Stand(true)
		d.fault("keep", do, func(f *exchangetest.DoubleFault) { f.Delay, f.UpTo = time.Minute, 45*time.Minute })
		if err := d.send(d.smtp(), "a@b.test", "kept@x.test"); err != nil || d.here("kept@x.test") != now {
			d.Errorf("%v, %d arrived", err, d.here("kept@x.test"))
		}
		d.double.Advance(46 * time.Minute)
		if n := d.here("kept@x.test"); n != later {
			d.Errorf("%d later, want %d", n, later)
		}
		return ""
	}
}

// wording is a reply of Exchange and what it means; the table is that of exchange.md, section 2.
type wording struct {
	at   string // mail, rcpt or data
	code int
	text string
	want error
}

func replies() []wording {
	return []wording{
		{"mail", 451, "4.3.2 Temporary server error", ErrTemporary},
		{"mail", 452, "4.3.1 Insufficient system resources", ErrTemporary},
		{"mail", 451, "4.7.500 Server busy", ErrThrottled},
		{"mail", 451, "4.7.650 The mail server has been temporarily rate limited", ErrThrottled},
		{"mail", 421, "4.3.2 Service not available", ErrUnreachable},
		{"mail", 550, "5.7.68 TenantInboundAttribution; Direct Send not allowed", ErrRoute},
		{"mail", 550, "5.7.64 TenantAttribution; Relay Access Denied", ErrRoute},
		{"rcpt", 550, "5.1.1 no such user", ErrUnknownMailbox},
		{"rcpt", 550, "5.7.1 not authorised", ErrRefused},
		{"rcpt", 450, "4.2.1 mailbox busy", ErrTemporary},
		{"rcpt", 550, "5.7.64 TenantAttribution", ErrRoute},
		{"data", 550, "5.7.1 content rejected", ErrRefused},
		{"data", 550, "5.1.1 late", ErrRefused},
		{"data", 451, "4.3.0 later", ErrTemporary},
		{"data", 554, "5.6.0 corrupt\x1b[31m", ErrRefused},
	}
}

func (r wording) play(d *delivery) string {
	point := r.at
	if point == "data" {
		point = "before"
	}
	d.fault(point, "reply", func(f *exchangetest.DoubleFault) { f.Code, f.Text = r.code, r.text })
	err := d.send(d.smtp(), "a@b.test", "reply@x.test")
	note := d.outcome(err, r.want)
	var f *Failure
	if errors.As(err, &f) && strings.ContainsAny(f.Words, "\x00\x1b\n") {
		d.Errorf("words are not one clean line: %q", f.Words)
	}
	if n := d.here("reply@x.test"); n != 0 {
		d.Errorf("%d arrived", n)
	}
	return note
}

// readMaildir reads Postfix's deliveries.
func readMaildir(t testing.TB, dir string) (all [][]byte) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, asCRLF(text))
	}
	return all
}

func keyFile(t testing.TB, c tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
