package exchange

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"holdover/exchange/exchangetest"
)

// smtpDouble is an SMTP server in this process that keeps what it takes and answers as told.
type smtpDouble struct {
	mu       sync.Mutex
	sessions int
	mails    []taken
	accounts map[string]string
	onMail   error
	onRcpt   func(to string) error
	onData   func() error // after the last octet
}

type taken struct {
	from, to string
	octets   []byte
}

func (d *smtpDouble) NewSession(*smtp.Conn) (smtp.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sessions++
	return &doubleSession{d: d}, nil
}

type doubleSession struct {
	d *smtpDouble
	taken
}

func (s *doubleSession) Reset()        { s.taken = taken{} }
func (s *doubleSession) Logout() error { return nil }

func (s *doubleSession) AuthMechanisms() []string {
	if s.d.accounts == nil {
		return nil
	}
	return []string{sasl.Plain}
}

func (s *doubleSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if s.d.accounts[user] != password {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 3}, Message: "Authentication unsuccessful"}
		}
		return nil
	}), nil
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

func (s *doubleSession) Mail(from string, _ *smtp.MailOptions) error {
	s.from = from
	return s.d.onMail
}
func (s *doubleSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	if s.d.onRcpt != nil {
		return s.d.onRcpt(to)
	}
	if to != anna {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 10}, Message: "RESOLVER.ADR.RecipientNotFound; not found"}
	}
	return nil
}
func (s *doubleSession) Data(r io.Reader) error {
	octets, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.octets = octets
	s.d.mu.Lock()
	s.d.mails = append(s.d.mails, s.taken)
	s.d.mu.Unlock()
	if s.d.onData != nil {
		return s.d.onData()
	}
	return nil
}

func (d *smtpDouble) all() []taken {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]taken(nil), d.mails...)
}

func startSMTPDouble(t testing.TB) (*smtpDouble, SMTPOptions) {
	t.Helper()
	d := &smtpDouble{}
	server := smtp.NewServer(d)
	server.AllowInsecureAuth = true
	server.Domain, server.MaxLineLength, server.ReadTimeout = "double.test", 0, time.Minute
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return d, SMTPOptions{Address: l.Addr().String(), Security: Security{Policy: None}}
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

// TestSMTPContract: the envelope is the original one, the octets arrive as they are, an unknown
// mailbox is told from everything else, and asking delivers nothing.
func TestSMTPContract(t *testing.T) {
	t.Run("double", func(t *testing.T) {
		d, o := startSMTPDouble(t)
		contractSMTP(t, newSMTP(t, o), func() []taken { return d.all() })
	})
	t.Run("postfix", func(t *testing.T) {
		mail := exchangetest.Maildirs(t)
		o := SMTPOptions{Address: exchangetest.Postfix(t, mail), Hello: "holdover.example.test", Security: Security{Policy: None}}
		contractSMTP(t, newSMTP(t, o), func() []taken { return readMaildir(t, filepath.Join(mail, "anna", "Maildir")) })
	})
}

func contractSMTP(t *testing.T, c *SMTP, mails func() []taken) {
	ctx := contextOf(t)
	octets := []byte("Received: from x by mx.test with ESMTPS id abc; Fri, 20 Nov 2026 10:00:00 +0000\r\n" +
		"Message-ID: <smtp@x.test>\r\nX-MS-Exchange-Organization-SCL: -1\r\n folded\r\nX-MS-Exchange-Forest-Foo : 1\r\nX-MS-Other: stays\r\nFrom: a@b.test\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\nSubject: x\r\n\r\n" +
		".leading dot\r\n..two\r\n" + strings.Repeat("long ", 180) + "\r\n\xff\xfe 8 bit\r\n")
	for _, from := range []string{"a@b.test", ""} {
		words, err := c.Deliver(ctx, from, []string{anna}, octets)
		if err != nil || words == "" {
			t.Fatalf("from %q: %q, %v", from, words, err)
		}
	}
	var got []taken
	for end := time.Now().Add(20 * time.Second); len(got) < 2 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		got = mails()
	}
	if len(got) != 2 {
		t.Fatalf("%d mails arrived, want 2", len(got))
	}
	want := bytes.Replace(octets, []byte("X-MS-Exchange-Organization-SCL: -1\r\n folded\r\nX-MS-Exchange-Forest-Foo : 1\r\n"), nil, 1)
	senders := map[string]bool{}
	for _, m := range got {
		senders[m.from] = true
		if !bytes.HasSuffix(m.octets, want) {
			t.Errorf("octets changed:\n%q\nwant at the end\n%q", m.octets, want)
		}
	}
	if !senders["a@b.test"] || !senders[""] {
		t.Errorf("envelope senders were %v", senders)
	}
	_, err := c.Deliver(ctx, "a@b.test", []string{"nobody@example.test"}, octets)
	var f *Failure
	if !errors.Is(err, ErrUnknownMailbox) || !errors.As(err, &f) || !strings.HasPrefix(f.Code, "550 5.1.") || f.Words == "" || f.Remedy == "" {
		t.Errorf("unknown mailbox: %v", err)
	}
	for address, want := range map[string]bool{anna: true, "nobody@example.test": false} {
		if known, err := c.Known(ctx, address); known != want || err != nil {
			t.Errorf("%s: known %v, %v", address, known, err)
		}
	}
	// The session is still good after refusals and questions.
	if _, err := c.Deliver(ctx, "c@d.test", []string{anna}, octets); err != nil {
		t.Error(err)
	}
}

// readMaildir reads Postfix's deliveries; Return-Path tells the envelope sender.
func readMaildir(t *testing.T, dir string) []taken {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	var all []taken
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m := taken{octets: asCRLF(text)}
		if _, rest, ok := strings.Cut(string(text), "Return-Path: <"); ok {
			m.from, _, _ = strings.Cut(rest, ">")
		}
		all = append(all, m)
	}
	return all
}

// TestSMTPReplies: every reply has its outcome; the table is that of exchange.md, section 2.
func TestSMTPReplies(t *testing.T) {
	for _, c := range []struct {
		at    string
		code  int
		enh   smtp.EnhancedCode
		words string
		want  error
	}{
		{"mail", 451, smtp.EnhancedCode{4, 3, 2}, "Temporary server error", ErrTemporary},
		{"mail", 452, smtp.EnhancedCode{4, 3, 1}, "Insufficient system resources", ErrTemporary},
		{"mail", 451, smtp.EnhancedCode{4, 7, 500}, "Server busy", ErrThrottled},
		{"mail", 451, smtp.EnhancedCode{4, 7, 650}, "The mail server has been temporarily rate limited", ErrThrottled},
		{"mail", 421, smtp.EnhancedCode{4, 3, 2}, "Service not available", ErrUnreachable},
		{"mail", 550, smtp.EnhancedCode{5, 7, 68}, "TenantInboundAttribution; Direct Send not allowed", ErrRoute},
		{"mail", 550, smtp.EnhancedCode{5, 7, 64}, "TenantAttribution; Relay Access Denied", ErrRoute},
		{"rcpt", 550, smtp.EnhancedCode{5, 1, 1}, "no such user", ErrUnknownMailbox},
		{"rcpt", 550, smtp.EnhancedCode{5, 7, 1}, "not authorised", ErrRefused},
		{"rcpt", 450, smtp.EnhancedCode{4, 2, 1}, "mailbox busy", ErrTemporary},
		{"rcpt", 550, smtp.EnhancedCode{5, 7, 64}, "TenantAttribution", ErrRoute},
		{"data", 550, smtp.EnhancedCode{5, 7, 1}, "content rejected", ErrRefused},
		{"data", 550, smtp.EnhancedCode{5, 1, 1}, "late", ErrRefused},
		{"data", 451, smtp.EnhancedCode{4, 3, 0}, "later", ErrTemporary},
		{"data", 554, smtp.EnhancedCode{5, 6, 0}, "corrupt\x00\x1b[31m", ErrRefused},
	} {
		d, o := startSMTPDouble(t)
		answer := &smtp.SMTPError{Code: c.code, EnhancedCode: c.enh, Message: c.words}
		switch c.at {
		case "mail":
			d.onMail = answer
		case "rcpt":
			d.onRcpt = func(string) error { return answer }
		case "data":
			d.onData = func() error { return answer }
		}
		_, err := newSMTP(t, o).Deliver(contextOf(t), "a@b.test", []string{anna}, mail("r@x.test"))
		if !errors.Is(err, c.want) {
			t.Errorf("%s %d %v: %v, want %v", c.at, c.code, c.enh, err, c.want)
		}
		var f *Failure
		if errors.As(err, &f) && strings.ContainsAny(f.Words, "\x00\x1b\n") {
			t.Errorf("words are not one clean line: %q", f.Words)
		}
	}
}

// TestSMTPLostAnswer: a connection that ends before the final dot has delivered nothing; after it
// the delivery is in doubt, whichever side of storing it broke.
func TestSMTPLostAnswer(t *testing.T) {
	d, o := startSMTPDouble(t)
	var conn net.Conn
	o.Dial = dialKeeping(&conn)
	c := newSMTP(t, o)
	d.onData = func() error { conn.Close(); return nil } // the message is stored, the answer lost
	if _, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("lost@x.test")); !errors.Is(err, ErrDoubt) {
		t.Errorf("answer lost after storing: %v", err)
	}
	if len(d.all()) != 1 {
		t.Error("the double did not store it")
	}
	d.onData = nil
	d.onRcpt = func(string) error { conn.Close(); return nil }
	if _, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("cut@x.test")); !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrDoubt) {
		t.Errorf("cut before DATA: %v", err)
	}
}

// TestSMTPSessions: at most 5 at once, at most 20 messages in each, and a rested session that died
// costs nothing.
func TestSMTPSessions(t *testing.T) {
	d, o := startSMTPDouble(t)
	var conn net.Conn
	o.Dial = dialKeeping(&conn)
	c := newSMTP(t, o)
	for range 45 {
		if _, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("s@x.test")); err != nil {
			t.Fatal(err)
		}
	}
	if d.sessions != 3 {
		t.Errorf("45 messages took %d sessions, want 3", d.sessions)
	}
	conn.Close()
	if _, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("s@x.test")); err != nil {
		t.Errorf("after the rested session died: %v", err)
	}
	var open, most atomic.Int64
	o.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		n := open.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return &counted{Conn: conn, closed: func() { open.Add(-1) }}, err
	}
	c = newSMTP(t, o)
	var group sync.WaitGroup
	for range 40 {
		group.Go(func() { c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("s@x.test")) })
	}
	group.Wait()
	if most.Load() > 5 {
		t.Errorf("%d sessions at once", most.Load())
	}
	if n := len(d.all()); n != 86 {
		t.Errorf("%d messages arrived, want 86", n)
	}
}

// TestSMTPAuth: the account is used, a wrong password stops the route and no message, and no
// password goes over an unprotected connection.
func TestSMTPAuth(t *testing.T) {
	d, o := startSMTPDouble(t)
	d.accounts = map[string]string{"holdover": "secret"}
	o.User, o.Password = "holdover", "secret"
	if _, err := newSMTP(t, o).Deliver(contextOf(t), "a@b.test", []string{anna}, mail("auth@x.test")); err != nil {
		t.Error(err)
	}
	o.Password = "wrong"
	var f *Failure
	if _, err := newSMTP(t, o).Deliver(contextOf(t), "a@b.test", []string{anna}, mail("auth@x.test")); !errors.Is(err, ErrUnreachable) || !errors.As(err, &f) || f.Code != "535 5.7.3" || f.Remedy == "" {
		t.Errorf("a wrong password: %v", err)
	}
	o.Security.Policy = Opportunistic
	if _, err := newSMTP(t, o).Deliver(contextOf(t), "a@b.test", []string{anna}, mail("auth@x.test")); !errors.Is(err, ErrUnreachable) {
		t.Errorf("without TLS: %v", err)
	}
	if n := len(d.all()); n != 1 {
		t.Errorf("%d messages, want 1", n)
	}
}
