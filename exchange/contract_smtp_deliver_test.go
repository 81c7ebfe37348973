package exchange

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

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
