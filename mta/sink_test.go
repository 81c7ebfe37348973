package mta

import (
	"bufio"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
)

// sink is a smart host that answers by script. answer gets each command, and "." for the end of
// data; "" is the usual answer, "drop" cuts the connection.
type sink struct {
	addr   string
	config *tls.Config // offers STARTTLS

	mu       sync.Mutex
	answer   func(command string) string
	mails    []sunk
	sessions int
	commands []string
}

// sunk is a mail as it came over the wire, dots still doubled.
type sunk struct {
	from string
	to   []string
	raw  string
}

func newSink(t *testing.T) *sink {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &sink{addr: l.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { c.Close() })
			open.Go(func() { s.session(c) })
		}
	})
	t.Cleanup(func() { l.Close() })
	return s
}

func (s *sink) script(answer func(string) string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

func (s *sink) got() []sunk {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sunk(nil), s.mails...)
}

func (s *sink) said() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.commands...)
}

func (s *sink) next(command string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.commands = append(s.commands, command)
	if s.answer != nil {
		if a := s.answer(command); a != "" {
			return a
		}
	}
	switch verb, _, _ := strings.Cut(command, " "); verb {
	case "EHLO":
		if s.config != nil {
			return "250-sink\r\n250-STARTTLS\r\n250-AUTH PLAIN\r\n250 8BITMIME"
		}
		return "250-sink\r\n250-SIZE 1000000\r\n250 8BITMIME"
	case "connect", "STARTTLS":
		return "220 sink"
	case "DATA":
		return "354 go on"
	case "QUIT":
		return "221 bye"
	case "AUTH":
		return "235 hello"
	}
	return "250 fine"
}

func (s *sink) session(c net.Conn) {
	defer func() { c.Close() }()
	r := bufio.NewReader(c)
	var mail sunk
	command := "connect"
	for {
		answer := s.next(command)
		if command == "." && strings.HasPrefix(answer, "250") || answer == "drop after storing" {
			s.mu.Lock()
			s.mails = append(s.mails, mail)
			s.mu.Unlock()
		}
		if strings.HasPrefix(answer, "drop") {
			return
		}
		if _, err := c.Write([]byte(answer + "\r\n")); err != nil {
			return
		}
		ok := answer[0] == '2'
		switch verb, arg, _ := strings.Cut(command, " "); {
		case verb == "STARTTLS" && ok:
			secure := tls.Server(c, s.config)
			c, r = secure, bufio.NewReader(secure)
		case verb == "MAIL" && ok:
			mail = sunk{from: arg}
		case verb == "RCPT" && ok:
			mail.to = append(mail.to, arg)
		case verb == "DATA" && answer[0] == '3':
			var raw strings.Builder
			for !strings.HasSuffix("\r\n"+raw.String(), "\r\n.\r\n") {
				b, err := r.ReadByte()
				if err != nil {
					return
				}
				raw.WriteByte(b)
			}
			mail.raw = strings.TrimSuffix(raw.String(), ".\r\n")
			command = "."
			continue
		}
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		command = strings.TrimRight(line, "\r\n")
	}
}
