package mta

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

const (
	host    = "mx.holdover.example"
	patient = 10 * time.Second // how long a test waits for what must happen
)

// memory is a store that fails on demand; the real one is in store_test.go.
type memory struct {
	mu       sync.Mutex
	arrivals []mailstore.Arrival
	queued   []mailstore.OutMessage
	octets   [][]byte
	space    error
	fault    error
	hold     chan struct{} // Deliver waits for it
}

func (m *memory) SpaceLeft(int64) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.space
}

func (m *memory) Deliver(_ context.Context, a mailstore.Arrival) (email.MessageID, error) {
	if m.hold != nil {
		<-m.hold
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.fault != nil {
		if m.fault == errPlanned {
			panic("planned by the test")
		}
		return "", m.fault
	}
	a.Octets = append([]byte(nil), a.Octets...)
	m.arrivals = append(m.arrivals, a)
	return a.ID, nil
}

func (m *memory) Enqueue(_ context.Context, box email.MailboxID, from string, to []string, octets []byte) (mailstore.SendID, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	out := mailstore.OutMessage{Mailbox: box, From: from}
	for _, a := range to {
		out.Recipients = append(out.Recipients, mailstore.OutRecipient{Address: a})
	}
	m.queued = append(m.queued, out)
	m.octets = append(m.octets, append([]byte(nil), octets...))
	return "s1", m.fault
}

func (m *memory) set(f func(*memory)) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f(m)
}

func (m *memory) all() []mailstore.Arrival {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]mailstore.Arrival(nil), m.arrivals...)
}

var errPlanned = errors.New("panic in the store")

// book is a small directory: corp.example with Anna (two addresses), Bert, a group of both and one outside.
type book struct {
	open bool // not declared complete
	err  error
}

var (
	anna = directory.Mailbox{ID: "annaaaaaaaaaaaaa", Address: "anna@corp.example"}
	bert = directory.Mailbox{ID: "bertbbbbbbbbbbbb", Address: "bert@corp.example"}
)

func (b book) Resolve(address string) (directory.Target, error) {
	if b.err != nil {
		return directory.Target{}, b.err
	}
	switch strings.ToLower(address) {
	case "anna@corp.example", "a.nna@corp.example":
		return directory.Target{Mailboxes: []directory.Mailbox{anna}}, nil
	case "bert@corp.example":
		return directory.Target{Mailboxes: []directory.Mailbox{bert}}, nil
	case "team@corp.example":
		return directory.Target{Mailboxes: []directory.Mailbox{anna, bert}, Group: &directory.Group{Name: "team", Outside: []string{"carl@far.example"}}}, nil
	case "empty@corp.example":
		return directory.Target{Group: &directory.Group{Name: "empty"}}, nil
	}
	return directory.Target{}, fmt.Errorf("looking up: %w", directory.ErrUnknown)
}

func (b book) Final() bool { return !b.open }

func (b book) Local(address string) bool {
	return strings.HasSuffix(strings.ToLower(address), "@corp.example")
}

type server struct {
	*Inbound
	store *memory
	addr  string
	stop  func() // ends Run and waits for it
}

// serve starts a server on 127.0.0.1 with a memory behind it, as changed by the options.
func serve(t testing.TB, change ...func(*InboundOptions)) *server {
	t.Helper()
	s := &server{store: &memory{}}
	o := InboundOptions{
		Addresses: []string{"127.0.0.1:0"}, Host: host, Postmaster: "bert@corp.example",
		Directory: book{}, Store: s.store, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Idle: patient, Session: time.Minute,
	}
	for _, f := range change {
		f(&o)
	}
	in, err := NewInbound(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Inbound, s.addr = in, in.Addrs()[0].String()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- in.Run(ctx) }()
	s.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(s.stop)
	t.Cleanup(func() {
		s.stop()
		if !in.budget.TryAcquire(in.o.Budget) {
			t.Error("octets of the budget were not given back")
		}
	})
	return s
}

// client speaks SMTP by hand.
type client struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func (s *server) dial(t testing.TB) *client {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &client{t, conn, bufio.NewReader(conn)}
	return c
}

// hello dials and gets through greeting and EHLO.
func (s *server) hello(t testing.TB) *client {
	t.Helper()
	c := s.dial(t)
	c.want("220")
	c.do("EHLO mx.kunde.example", "250")
	return c
}

func (c *client) send(text string) {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(patient))
	if _, err := io.WriteString(c.Conn, text); err != nil {
		c.t.Fatalf("sending %.40q: %v", text, err)
	}
}

// reply reads one whole reply, lines joined by LF.
func (c *client) reply() (string, error) {
	c.SetDeadline(time.Now().Add(patient))
	var all strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return all.String() + line, err
		}
		if !strings.HasSuffix(line, "\r\n") {
			return "", fmt.Errorf("reply line %q does not end in CRLF", line)
		}
		all.WriteString(line[:len(line)-2])
		if len(line) > 5 && line[3] == ' ' {
			return all.String(), nil
		}
		all.WriteByte('\n')
	}
}

// want reads a reply whose last line begins with prefix.
func (c *client) want(prefix string) string {
	c.t.Helper()
	got, err := c.reply()
	if err != nil {
		c.t.Fatalf("wanted %q, got %q and %v", prefix, got, err)
	}
	if last := got[strings.LastIndexByte(got, '\n')+1:]; !strings.HasPrefix(last, prefix) {
		c.t.Fatalf("wanted %q, got %q", prefix, got)
	}
	return got
}

func (c *client) do(command, prefix string) string {
	c.t.Helper()
	c.send(command + "\r\n")
	got := c.want(prefix)
	return got
}

// letter goes up to 354 with one sender and Anna as recipient.
func (c *client) letter() {
	c.t.Helper()
	c.do("MAIL FROM:<einkauf@kunde.example>", "250")
	c.do("RCPT TO:<anna@corp.example>", "250")
	c.do("DATA", "354")
}

// closed wants the server to end the connection.
func (c *client) closed() {
	c.t.Helper()
	c.SetDeadline(time.Now().Add(patient))
	if rest, err := io.ReadAll(c.r); isTimeout(err) {
		c.t.Fatalf("the connection stays open; got %q", rest)
	}
}

// secure goes over to TLS.
func (c *client) secure(config *tls.Config) {
	c.t.Helper()
	c.do("STARTTLS", "220")
	secure := tls.Client(c.Conn, config)
	if err := secure.Handshake(); err != nil {
		c.t.Fatal(err)
	}
	c.Conn, c.r = secure, bufio.NewReader(secure)
}

// only is the one message that came, as its received octets.
func (s *server) only(t *testing.T) string {
	t.Helper()
	got := s.store.all()
	if len(got) != 1 {
		t.Fatalf("%d messages delivered, want 1", len(got))
	}
	return string(got[0].Octets)
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patient); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// certificates are a server's configuration with a fresh certificate for host and loopback, and a
// client's that trusts it.
func certificates(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
		&tls.Config{RootCAs: roots, ServerName: host}
}

// corpus is the folder of sample messages; tests that need it skip without it.
func corpus(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("HOLDOVER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(dir); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the corpus is missing: %v", err)
		}
		t.Skip("the corpus is missing: set HOLDOVER_CORPUS to its folder")
	}
	return dir
}
