package mta

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// notOurs are cases that do not apply: go-smtp always offers CHUNKING.
var notOurs = map[string]bool{"bdat-not-offered": true}

// TestCases plays every case of the corpus's list against the server, by its id. A case without a
// test here is a failure.
func TestCases(t *testing.T) {
	list, err := os.ReadFile(filepath.Join(corpus(t), "smtp", "cases.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ ID, Send, Expect string }
	if err := json.Unmarshal(list, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			if notOurs[c.ID] {
				t.Skip("does not apply: CHUNKING is offered")
			}
			play := smtpCases[c.ID]
			if play == nil {
				t.Fatalf("no test for: %s; expected: %s", c.Send, c.Expect)
			}
			t.Parallel()
			play(t)
		})
	}
}

// notAnEnd sends an end of data that is none, a smuggled transaction, and the real end.
func notAnEnd(false string) func(*testing.T) {
	return func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.letter()
		smuggled := "MAIL FROM:<x@evil.example>\r\nRCPT TO:<bert@corp.example>\r\nDATA\r\nSubject: second\r\n"
		c.send("Subject: first\r\n\r\ntext" + false + smuggled + ".\r\n")
		c.want("250 2.6.0")
		c.do("QUIT", "221")
		got := s.only(t)
		if want := "Subject: first\r\n\r\ntext" + string(Normalise([]byte(false))) + smuggled; got != want {
			t.Errorf("stored %q\nwant   %q", got, want)
		}
	}
}

// one sends a single command after EHLO and wants its answer.
func one(command, prefix string) func(*testing.T) {
	return func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do(command, prefix)
		c.do("NOOP", "250")
	}
}

// toRecipient wants an answer to RCPT, and nothing delivered.
func toRecipient(path, prefix string) func(*testing.T) {
	return func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		c.do("RCPT TO:"+path, prefix)
		c.do("DATA", "503")
		c.do("QUIT", "221")
		if n := len(s.store.all()) + len(s.store.queued); n != 0 {
			t.Errorf("%d messages taken", n)
		}
	}
}

var smtpCases = map[string]func(*testing.T){
	"eod-lf-dot-lf":   notAnEnd("\n.\n"),
	"eod-lf-dot-crlf": notAnEnd("\n.\r\n"),
	"eod-crlf-dot-lf": func(t *testing.T) { // the dot is first in its line, so it is taken off: RFC 5321, 4.5.2
		s := serve(t)
		c := s.hello(t)
		c.letter()
		c.send("Subject: x\r\n\r\ntext\r\n.\nMAIL FROM:<x@evil.example>\r\n.\r\n")
		c.want("250")
		if got := s.only(t); got != "Subject: x\r\n\r\ntext\r\n\r\nMAIL FROM:<x@evil.example>\r\n" {
			t.Errorf("stored %q", got)
		}
	},
	"eod-cr-dot-cr": notAnEnd("\r.\r"),
	"eod-split": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.letter()
		c.send("Subject: x\r\n\r\ntext")
		for _, octet := range "\r\n.\r\n" {
			c.send(string(octet))
			time.Sleep(5 * time.Millisecond) // so that each is a packet of its own
		}
		c.want("250")
		if got := s.only(t); got != "Subject: x\r\n\r\ntext\r\n" {
			t.Errorf("stored %q", got)
		}
	},
	"dot-stuffing": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.letter()
		c.send("..y: z\r\n\r\n..x\r\n...\r\n.\r.x\r\na.\r\n.\r\n")
		c.want("250")
		if got := s.only(t); got != ".y: z\r\n\r\n.x\r\n..\r\n\r\n.x\r\na.\r\n" {
			t.Errorf("stored %q", got)
		}
	},
	"starttls-inject": func(t *testing.T) {
		server, _ := certificates(t)
		s := serve(t, func(o *InboundOptions) { o.TLS = server })
		c := s.hello(t)
		c.send("STARTTLS\r\nEHLO x\r\n")
		c.want("501")
		c.closed()
	},
	"starttls-reset": func(t *testing.T) {
		server, trust := certificates(t)
		s := serve(t, func(o *InboundOptions) { o.TLS = server })
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		c.secure(trust)
		c.do("RCPT TO:<anna@corp.example>", "503")
		c.do("EHLO x", "250")
		c.do("RCPT TO:<anna@corp.example>", "503")
		c.do("DATA", "503")
	},
	"auth-before-tls": func(t *testing.T) {
		server, trust := certificates(t)
		s := serve(t, func(o *InboundOptions) { o.TLS = server })
		c := s.hello(t)
		refused := func() {
			t.Helper()
			if got := c.do("EHLO x", "250"); strings.Contains(got, "AUTH") {
				t.Errorf("AUTH is offered: %q", got)
			}
			c.do("AUTH PLAIN AGEAYg==", "502")
		}
		refused()
		c.secure(trust)
		refused()
	},
	"pipelining": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.send("MAIL FROM:<a@b.example>\r\nRCPT TO:<anna@corp.example>\r\nRCPT TO:<nobody@corp.example>\r\nDATA\r\n")
		for _, code := range []string{"250", "250", "550 5.1.1", "354"} {
			c.want(code)
		}
		c.send("Subject: x\r\n\r\nx\r\n.\r\nMAIL FROM:<>\r\nRSET\r\nQUIT\r\n")
		for _, code := range []string{"250 2.6.0", "250", "250", "221"} {
			c.want(code)
		}
		s.only(t)
	},
	"bdat-data-mix": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		c.do("RCPT TO:<anna@corp.example>", "250")
		c.send("BDAT 5\r\nA: b\r")
		c.want("250")
		c.do("DATA", "503")
		c.do("MAIL FROM:<a@b.example>", "503")
		c.send("BDAT 6 LAST\r\n\n\r\nx\r\n")
		c.want("250 2.6.0")
		if got := s.only(t); got != "A: b\r\n\r\nx\r\n" {
			t.Errorf("stored %q", got)
		}
	},
	"bdat-huge": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		c.do("RCPT TO:<anna@corp.example>", "250")
		c.do("BDAT 18446744073709551615 LAST", "501")
		c.closed()
	},
	"size-over": func(t *testing.T) {
		s := serve(t, func(o *InboundOptions) { o.MaxSize = 100_000 })
		c := s.hello(t)
		if got := c.do("EHLO x", "250"); !strings.Contains(got, "SIZE 100000") {
			t.Errorf("the limit is not told: %q", got)
		}
		c.do("MAIL FROM:<a@b.example> SIZE=100001", "552")
		c.do("MAIL FROM:<a@b.example> SIZE=100000", "250")
	},
	"data-over": func(t *testing.T) {
		s := serve(t, func(o *InboundOptions) { o.MaxSize = 100_000 })
		c := s.hello(t)
		c.letter()
		c.send(strings.Repeat(strings.Repeat("x", 98)+"\r\n", 1001) + ".\r\n")
		c.want("552 5.3.4")
		c.letter()
		c.send(strings.Repeat(strings.Repeat("x", 98)+"\r\n", 1000) + ".\r\n")
		c.want("250 2.6.0")
		if got := s.only(t); len(got) != 100_000 {
			t.Errorf("stored %d octets", len(got))
		}
	},
	"8bit-header": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.letter()
		mail := "Subject: Gr\xfc\xdfe\r\nX-\xff\xfe: \xe9\r\n\r\n\x80\r\n"
		c.send(mail + ".\r\n")
		c.want("250")
		if got := s.only(t); got != mail {
			t.Errorf("stored %q", got)
		}
	},
	"smtputf8-off": func(t *testing.T) {
		one("MAIL FROM:<jürgen@x.example>", "553 5.6.7")(t)
		one("MAIL FROM:<a@x.example> SMTPUTF8", "5")(t)
		toRecipient("<jürgen@corp.example>", "553")(t)
	},
	"line-998+": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		for _, size := range []int{5000, 1 << 20} {
			c.letter()
			c.send("Subject: x\r\n\r\n" + strings.Repeat("l", size) + "\r\n.\r\n")
			c.want("250")
			got := s.store.all()
			if body := string(got[len(got)-1].Octets); len(body) != size+16 {
				t.Errorf("a line of %d octets became %d", size, len(body))
			}
		}
	},
	"command-long": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.send("MAIL FROM:<" + strings.Repeat("a", 64<<10))
		c.want("500")
		c.closed()
	},
	"nul-in-command": one("MAIL FROM:<a\x00b@x.example>", "500"),
	"rcpt-flood": func(t *testing.T) {
		s := serve(t, func(o *InboundOptions) { o.MaxRecipients = 3 })
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		for i := range 1000 {
			switch {
			case i == 0:
				c.do("RCPT TO:<anna@corp.example>", "250")
			case i < 3:
				c.do("RCPT TO:<bert@corp.example>", "250")
			default:
				c.do("RCPT TO:<bert@corp.example>", "452")
			}
		}
		c.do("DATA", "354")
		c.send("Subject: x\r\n\r\nx\r\n.\r\n")
		c.want("250")
		s.only(t)
		if to := s.store.all()[0].To; len(to) != 2 { // the third RCPT was a second one for Bert
			t.Errorf("delivered to %v", to)
		}
	},
	"rcpt-unknown": toRecipient("<nobody@corp.example>", "550 5.1.1"),
	"relay":        toRecipient("<carl@far.example>", "550 5.7.1"),
	"percent-hack": toRecipient("<x%other.example@corp.example>", "550 5.7.1"),
	"vrfy": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		if known, unknown := c.do("VRFY anna@corp.example", "252"), c.do("VRFY nobody@corp.example", "252"); known != unknown {
			t.Errorf("known: %q, unknown: %q", known, unknown)
		}
	},
	"bad-commands": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		for range 200 {
			if _, err := io.WriteString(c, "FROB\r\n"); err != nil {
				return
			}
			if _, err := c.reply(); err != nil {
				return
			}
		}
		t.Error("200 unknown commands and still open")
	},
	"idle": func(t *testing.T) {
		s := serve(t, func(o *InboundOptions) { o.Idle = 50 * time.Millisecond })
		c := s.hello(t)
		c.want("421 4.4.2")
		c.closed()
	},
	"reset": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do("MAIL FROM:<a@b.example>", "250")
		c.do("RCPT TO:<anna@corp.example>", "250")
		c.do("RSET", "250")
		c.do("DATA", "503")
		c.do("RCPT TO:<anna@corp.example>", "503")
	},
	"quit-in-data": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.letter()
		c.send("Subject: x\r\n\r\nQUIT\r\n.\r")
		c.Close()
		s.stop()
		if n := len(s.store.all()); n != 0 {
			t.Errorf("%d messages delivered", n)
		}
	},
	"drop-after-dot": func(t *testing.T) { // at least once; the store's identity makes one of the retry (L1)
		s := serve(t)
		for range 2 {
			c := s.hello(t)
			c.letter()
			c.send("Date: Sat, 21 Nov 2026 22:00:00 +0000\r\nSubject: no id\r\n\r\nx\r\n.\r\n")
			c.Close()
		}
		until(t, "both deliveries", func() bool { return len(s.store.all()) == 2 })
		got := s.store.all()
		if a, b := messageIDIn(got[0].Trace), messageIDIn(got[1].Trace); a == "" || a != b {
			t.Errorf("the retry got another Message-ID: %q, then %q", a, b)
		}
	},
	"loop": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		for hops, code := range map[int]string{100: "250", 101: "554 5.4.6"} {
			c.letter()
			var mail strings.Builder
			for i := range hops {
				fmt.Fprintf(&mail, "Received: from a\r\n\tby host%d.example; x\r\n", i)
			}
			c.send(mail.String() + "\r\nx\r\n.\r\n")
			c.want(code)
		}
	},
	"null-sender": func(t *testing.T) {
		s := serve(t)
		c := s.hello(t)
		c.do("MAIL FROM:<>", "250")
		c.do("RCPT TO:<anna@corp.example>", "250")
		c.do("DATA", "354")
		c.send("Subject: x\r\n\r\nx\r\n.\r\n")
		c.want("250")
		s.only(t)
		if from := s.store.all()[0].From; from != "" {
			t.Errorf("sender %q", from)
		}
	},
}

func messageIDIn(trace []byte) string {
	for name, value := range fields(trace) {
		if isNamed(name, "Message-ID") {
			return strings.TrimSpace(string(value))
		}
	}
	return ""
}
