package mta

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"holdover/database"
	"holdover/mailstore"
)

// What the store says decides the answer; only what is proven is permanent.
func TestFaultsOfTheStore(t *testing.T) {
	for name, test := range map[string]struct {
		fault error
		want  string
	}{
		"full":      {fmt.Errorf("delivering: %w", mailstore.ErrFull), "452 4.3.1"},
		"locked":    {fmt.Errorf("delivering: %w", database.ErrBusy), "451 4.3.0"},
		"unhealthy": {fmt.Errorf("delivering: %w", mailstore.ErrUnhealthy), "451 4.3.0"},
		"unknown":   {errors.New("open /var/lib/secret: no such file"), "451 4.3.0"},
		"panic":     {errPlanned, "421"},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			s := serve(t, func(o *InboundOptions) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
			s.store.set(func(m *memory) { m.fault = test.fault })
			c := s.hello(t)
			c.letter()
			c.send("Subject: x\r\n\r\nx\r\n.\r\n")
			if got := c.want(test.want); strings.Contains(got, "secret") || strings.Contains(got, "planned") {
				t.Errorf("a stranger reads %q", got)
			}
			s.store.set(func(m *memory) { m.fault = nil })
			if name == "panic" {
				c.closed()
				c = s.hello(t)
			}
			c.letter()
			c.send("Subject: x\r\n\r\nx\r\n.\r\n")
			c.want("250 2.6.0")
			s.only(t)
			s.stop()
			if log.Len() == 0 || strings.Contains(log.String(), "Subject") {
				t.Errorf("logged: %q", log.String())
			}
		})
	}
}

func TestFullBeforeTheData(t *testing.T) { // D8
	s := serve(t)
	s.store.set(func(m *memory) { m.space = mailstore.ErrFull })
	c := s.hello(t)
	c.do("MAIL FROM:<a@b.example>", "452 4.3.1")
	s.store.set(func(m *memory) { m.space = nil })
	c.do("MAIL FROM:<a@b.example>", "250")
}

func TestGroups(t *testing.T) {
	s := serve(t)
	c := s.hello(t)
	c.do("MAIL FROM:<a@b.example>", "250")
	c.do("RCPT TO:<a.nna@corp.example>", "250")
	c.do("RCPT TO:<team@corp.example>", "250")
	c.do("RCPT TO:<team@corp.example>", "250")
	c.do("RCPT TO:<bert@corp.example>", "250")
	c.do("RCPT TO:<empty@corp.example>", "450 4.2.4")
	c.do("DATA", "354")
	c.send("Subject: x\r\n\r\nx\r\n.\r\n")
	c.want("250 2.6.0")
	s.only(t)
	to := s.store.all()[0].To
	want := []mailstore.Recipient{
		{Mailbox: anna.ID, Address: "a.nna@corp.example"}, {Mailbox: anna.ID, Address: "team@corp.example"},
		{Mailbox: bert.ID, Address: "team@corp.example"}, {Mailbox: bert.ID, Address: "bert@corp.example"},
	}
	if fmt.Sprint(to) != fmt.Sprint(want) {
		t.Errorf("delivered to %v, want %v", to, want)
	}
	if len(s.store.queued) != 1 || s.store.queued[0].Recipients[0].Address != "carl@far.example" {
		t.Errorf("queued for the member outside: %v", s.store.queued)
	}
	if s.store.queued[0].Mailbox != "" {
		t.Error("a stranger would get a bounce")
	}
}

// asker is an Exchange that knows some addresses, or is silent.
type asker struct {
	known map[string]bool
	err   error
}

func (a asker) Known(_ context.Context, address string) (bool, error) {
	return a.known[address], a.err
}

func TestUnknownAddresses(t *testing.T) { // L15
	exchange := asker{known: map[string]bool{"new@corp.example": true}}
	for name, test := range map[string]struct {
		book  book
		asker Asker
		to    string
		want  string
	}{
		"complete":                  {book{}, exchange, "new", "550 5.1.1"},
		"no Exchange":               {book{open: true}, nil, "nobody", "450 4.1.1"},
		"silent Exchange":           {book{open: true}, asker{err: io.ErrUnexpectedEOF}, "nobody", "450 4.1.1"},
		"Exchange does not know it": {book{open: true}, exchange, "nobody", "550 5.1.1"},
		"Exchange knows it":         {book{open: true}, exchange, "new", "450 4.1.1"},
		"directory fails":           {book{err: io.ErrUnexpectedEOF}, exchange, "anna", "451 4.3.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(o *InboundOptions) { o.Directory, o.Asker = test.book, test.asker })
			c := s.hello(t)
			c.do("MAIL FROM:<>", "250")
			c.do("RCPT TO:<"+test.to+"@corp.example>", test.want)
		})
	}
}

// TestOpenRelay tries to reach the outside from a stranger's address: no form may be taken.
func TestOpenRelay(t *testing.T) {
	forms := []string{
		"<victim@far.example>", "victim@far.example", "<victim@[192.0.2.1]>", "<victim@[IPv6:2001:db8::1]>",
		"<victim%far.example@corp.example>", "<far.example!victim@corp.example>", "<victim@far.example@corp.example>",
		`<"victim@far.example"@corp.example>`, `<"victim%far.example"@corp.example>`, `<"far.example!victim"@corp.example>`,
		"<@corp.example:victim@far.example>", "<@corp.example,@x.example:victim@far.example>",
		"<victim@corp.example@far.example>", "<anna@corp.example,victim@far.example>", "<anna@corp.example>,<victim@far.example>",
		"<victim@far.example.corp.example>", "<victim@corp.example.far.example>", "<victim@far.example\\@corp.example>",
		"<victim@xcorp.example>", "<victim@corp.example.>", "<victim@127.0.0.1>", "<victim@localhost>", "<victim@" + host + ">",
		"<victim@[127.0.0.1]>", "<@far.example:anna@xcorp.example>", "<victim@>", "<@corp.example>", "<>", "<victim>", "< victim@far.example>",
		"<postmaster@far.example>", "<postmaster%far.example@corp.example>", `<"postmaster"@far.example>`,
		"<victim@far.example> ORCPT=rfc822;anna@corp.example", "<victim@far.example> NOTIFY=NEVER",
		"<anna+victim=far.example@corp.example>", "<anna@corp.example\x00victim@far.example>", "<anna@corp.example\rvictim@far.example>",
		"<uucp!anna@corp.example@far.example>", "<victim@far.example;anna@corp.example>", "<victim@far.example|anna@corp.example>",
		"<|/bin/sh@corp.example>", "<../../etc/passwd@corp.example>", "<anna@corp.example/../far.example>", "<:include:x@corp.example>",
	}
	senders := []string{"<>", "<anna@corp.example>", "<a@b.example>"}
	s := serve(t, func(o *InboundOptions) { o.Trusted = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24")} })
	tried := 0
	for _, from := range senders {
		for _, to := range forms {
			tried++
			c := s.hello(t)
			c.do("MAIL FROM:"+from, "250")
			c.send("RCPT TO:" + to + "\r\n")
			if got, err := c.reply(); err != nil || got[0] != '5' {
				t.Errorf("from %s to %q: %q %v", from, to, got, err)
			}
			c.Close()
		}
	}
	if s.stop(); len(s.store.all())+len(s.store.queued) > 0 {
		t.Error("something was taken")
	}
	t.Logf("%d cases, none relayed", tried)
}

func TestTrustedPeersRelay(t *testing.T) {
	s := serve(t, func(o *InboundOptions) { o.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	c := s.hello(t)
	c.do("MAIL FROM:<anna@corp.example>", "250")
	c.do("RCPT TO:<carl@far.example>", "250")
	c.do("RCPT TO:<Carl@FAR.example>", "250")
	c.do("DATA", "354")
	c.send("Subject: x\r\n\r\nx\r\n.\r\n")
	c.want("250 2.6.0")
	if len(s.store.queued) != 1 || len(s.store.queued[0].Recipients) != 1 || s.store.queued[0].Mailbox != anna.ID {
		t.Fatalf("queued %+v", s.store.queued)
	}
	if octets := string(s.store.octets[0]); !strings.HasPrefix(octets, "Received: from mx.kunde.example") || !strings.HasSuffix(octets, "\r\n\r\nx\r\n") {
		t.Errorf("queued octets %q", octets)
	}
}

func TestEncrypted(t *testing.T) {
	config, trust := certificates(t)
	config.MinVersion = tls.VersionTLS10
	s := serve(t, func(o *InboundOptions) { o.TLS = config })
	c := s.hello(t)
	if got := c.do("EHLO x", "250"); !strings.Contains(got, "250-STARTTLS\n") {
		t.Fatalf("STARTTLS is not offered: %q", got)
	}
	c.secure(trust)
	if got := c.do("EHLO inside.kunde.example", "250"); strings.Contains(got, "STARTTLS") {
		t.Errorf("STARTTLS is offered again: %q", got)
	}
	c.letter()
	c.send("Subject: x\r\n\r\nx\r\n.\r\n")
	c.want("250 2.6.0")
	s.only(t)
	if trace := string(s.store.all()[0].Trace); !strings.Contains(trace, "from inside.kunde.example") || !strings.Contains(trace, "with ESMTPS id ") {
		t.Errorf("trace %q", trace)
	}
	c.do("STARTTLS", "503")
	c.do("QUIT", "221")
	c.closed()

	old := s.hello(t)
	old.do("STARTTLS", "220")
	trust.MaxVersion = tls.VersionTLS11
	if err := tls.Client(old.Conn, trust).Handshake(); err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

func TestBothFamilies(t *testing.T) {
	s := serve(t, func(o *InboundOptions) { o.Addresses = []string{"127.0.0.1:0", "[::1]:0"} })
	for i, a := range s.Addrs() {
		s.addr = a.String()
		c := s.hello(t)
		c.letter()
		c.send("Subject: x\r\n\r\nx\r\n.\r\n")
		c.want("250 2.6.0")
		want := []string{"([127.0.0.1])", "([IPv6:::1])"}[i]
		if trace := string(s.store.all()[i].Trace); !strings.Contains(trace, want) {
			t.Errorf("trace %q lacks %s", trace, want)
		}
	}
}

// A session in a transaction may finish it when the server is told to stop; others get 421.
func TestGoingDown(t *testing.T) {
	s := serve(t)
	waiting, writing := s.hello(t), s.hello(t)
	writing.letter()
	stopped := make(chan struct{})
	go func() { s.stop(); close(stopped) }()
	waiting.want("421 4.3.2")
	waiting.closed()
	writing.send("Subject: x\r\n\r\nx\r\n.\r\n")
	writing.want("250 2.6.0")
	writing.want("421 4.3.2")
	select {
	case <-stopped:
	case <-time.After(patient):
		t.Fatal("Run does not end")
	}
	s.only(t)
}

func TestBadOptions(t *testing.T) {
	for name, change := range map[string]func(*InboundOptions){
		"no address":   func(o *InboundOptions) { o.Addresses = nil },
		"no host":      func(o *InboundOptions) { o.Host = "two words" },
		"no such port": func(o *InboundOptions) { o.Addresses = []string{"127.0.0.1:0", "127.0.0.1:99999"} },
		"no store":     func(o *InboundOptions) { o.Store = nil },
	} {
		o := InboundOptions{Addresses: []string{"127.0.0.1:0"}, Host: host, Directory: book{}, Store: &memory{}, Log: slog.Default()}
		change(&o)
		if _, err := NewInbound(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
