package exchange

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// groupServer answers MAIL, RCPT and DATA only when it has all three, as nobody could who waits for each answer.
type groupServer struct {
	mail, rcpt, data, dot string // answers; "" hangs up
	mu                    sync.Mutex
	connections           int
	dots                  int
	swallowed             int // commands taken for lines of a message
	text                  string
}

func (g *groupServer) listen(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.mu.Lock()
			g.connections++
			g.mu.Unlock()
			go g.serve(c)
		}
	}()
	return l.Addr().String()
}

func (g *groupServer) serve(c net.Conn) {
	defer c.Close()
	fmt.Fprint(c, "220 x\r\n")
	lines := bufio.NewScanner(c)
	for lines.Scan() {
		verb, _, _ := strings.Cut(lines.Text(), " ")
		switch verb {
		case "EHLO":
			fmt.Fprint(c, "250-x\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
		case "RSET":
			fmt.Fprint(c, "250 2.0.0 forgotten\r\n")
		case "DATA":
			if !g.group(c) {
				return
			}
			if strings.HasPrefix(g.data, "354") && !g.message(c, lines) {
				return
			}
		}
	}
}

// group answers the three commands; false hangs up.
func (g *groupServer) group(c net.Conn) bool {
	for _, answer := range []string{g.mail, g.rcpt, g.data} {
		if answer == "" {
			return false
		}
		fmt.Fprint(c, answer+"\r\n")
	}
	return true
}

func (g *groupServer) message(c net.Conn, lines *bufio.Scanner) bool {
	text := ""
	for lines.Scan() {
		if lines.Text() == "RSET" {
			g.mu.Lock()
			g.swallowed++
			g.mu.Unlock()
			return false
		}
		if lines.Text() != "." {
			text += strings.TrimPrefix(lines.Text(), ".") + "\n"
			continue
		}
		g.mu.Lock()
		g.dots, g.text = g.dots+1, text
		g.mu.Unlock()
		if g.dot == "" {
			return false
		}
		fmt.Fprint(c, g.dot+"\r\n")
		return true
	}
	return false
}

// TestDeliverTogether: the group's first refusal is the outcome, whatever was answered to the rest of it, and nothing is ended
// by a dot that nobody is to get.
func TestDeliverTogether(t *testing.T) {
	const yes, go354, done = "250 2.1.0 ok", "354 go on", "250 2.6.0 <1@exchange> Queued mail for delivery"
	for _, c := range []struct {
		name                  string
		mail, rcpt, data, dot string
		kind                  error
		dots, connections     int // after two deliveries
	}{
		{"taken", yes, yes, go354, done, nil, 2, 1},
		{"unknown mailbox", yes, "550 5.1.1 no such user", "503 5.5.1 no recipient", "", ErrUnknownMailbox, 0, 1},
		{"unknown mailbox, and the message is asked for all the same", yes, "550 5.1.1 no such user", go354, done, ErrUnknownMailbox, 0, 2},
		{"back pressure", "452 4.3.1 insufficient resources", "503 5.5.1 MAIL first", "503 5.5.1 MAIL first", "", ErrTemporary, 0, 1},
		{"sender refused, the rest taken", "550 5.7.1 no", yes, go354, done, ErrRefused, 0, 2},
		{"throttled", "451 4.7.500 server busy", "503 5.5.1 MAIL first", "503 5.5.1 MAIL first", "", ErrThrottled, 0, 1},
		{"refused at the end", yes, yes, go354, "554 5.6.0 bad content", ErrRefused, 2, 1},
		{"hung up in the group", yes, yes, "", "", ErrUnreachable, 0, 2},
		{"no answer to the dot", yes, yes, go354, "", ErrDoubt, 2, 2},
	} {
		g := &groupServer{mail: c.mail, rcpt: c.rcpt, data: c.data, dot: c.dot}
		box := newSMTP(t, SMTPOptions{Address: g.listen(t), Security: Security{Policy: None}, Command: 20 * time.Second})
		for range 2 {
			words, err := box.Deliver(contextOf(t), "a@b.test", []string{anna}, []byte("Message-ID: <g@x.test>\r\n\r\n.ein Punkt\r\nEnde\r\n"))
			if !errors.Is(err, c.kind) || c.kind == nil && words != strings.TrimPrefix(done, "250 ") {
				t.Errorf("%s: %q, %v, want %v", c.name, words, err, c.kind)
			}
		}
		g.mu.Lock()
		if g.swallowed > 0 {
			t.Errorf("%s: a command went where a message was waited for", c.name)
		}
		if g.dots != c.dots || g.connections != c.connections {
			t.Errorf("%s: %d messages ended over %d connections, want %d over %d", c.name, g.dots, g.connections, c.dots, c.connections)
		}
		if c.dots > 0 && g.text != "Message-ID: <g@x.test>\n\n.ein Punkt\nEnde\n" {
			t.Errorf("%s: the message is %q", c.name, g.text)
		}
		g.mu.Unlock()
	}
}
