package mta

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

func TestFloodsEnd(t *testing.T) {
	for command, code := range map[string]string{
		"NOOP":                   "250",
		"VRFY anna@corp.example": "252",
		"EHLO again.example":     "250",
		"MAIL FROM:<a@@b>":       "5",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			c := serve(t).hello(t)
			for range mostChatter - 1 {
				c.do(command, code)
			}
			for range 2 { // the greeting's EHLO counts where EHLO does
				c.send(command + "\r\n")
				got, err := c.reply()
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(got, "421 4.7.0") {
					c.closed()
					return
				}
			}
			c.do(command, "421 4.7.0")
			c.closed()
		})
	}
}

func TestMailEndsNoSession(t *testing.T) { // the counts begin again with each message
	s := serve(t)
	c := s.hello(t)
	for range mostChatter + 10 {
		c.do("RSET", "250")
		c.letter()
		c.send("Subject: x\r\n\r\nx\r\n.\r\n")
		c.want("250")
	}
}

func TestWaitingEnds(t *testing.T) {
	for name, test := range map[string]struct {
		idle, session time.Duration
		play          func(c *client)
	}{
		"idle in a command": {50 * time.Millisecond, time.Minute, func(c *client) { c.send("NO") }},
		"idle in the body":  {50 * time.Millisecond, time.Minute, func(c *client) { c.letter(); c.send("Subject: x\r\n") }},
		"idle in a chunk": {50 * time.Millisecond, time.Minute, func(c *client) {
			c.send("MAIL FROM:<>\r\nRCPT TO:<anna@corp.example>\r\nBDAT 10 LAST\r\nabc")
			c.want("250")
			c.want("250")
		}},
		"whole session": {patient, 100 * time.Millisecond, func(c *client) { c.letter(); c.send("Subject: x\r\n") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, func(o *InboundOptions) { o.Idle, o.Session = test.idle, test.session })
			c := s.hello(t)
			test.play(c)
			c.want("421 4.4.2")
			c.closed()
			s.stop()
			if n := len(s.store.all()); n != 0 {
				t.Errorf("%d messages stored", n)
			}
		})
	}
}

// A client that sends an octet now and then is never idle, yet its body must come to an end.
func TestTrickleEnds(t *testing.T) {
	s := serve(t, func(o *InboundOptions) { o.Idle = 200 * time.Millisecond })
	c := s.hello(t)
	c.letter()
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		c.want("421 4.4.2")
	}()
	began := time.Now()
	for range int(patient / (20 * time.Millisecond)) {
		select {
		case <-answered:
			if took := time.Since(began); took > 20*time.Second {
				t.Errorf("it took %v", took)
			}
			return
		case <-time.After(20 * time.Millisecond):
			c.Conn.Write([]byte("x"))
		}
	}
	t.Error("the trickle went on")
}

func TestSessionsAreCounted(t *testing.T) {
	for name, change := range map[string]func(*InboundOptions){
		"in all":   func(o *InboundOptions) { o.MaxSessions = 2 },
		"per peer": func(o *InboundOptions) { o.MaxSessionsPerIP = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, change)
			first := s.hello(t)
			s.hello(t)
			third := s.dial(t)
			third.want("421 4.7.0")
			third.closed()
			first.do("QUIT", "221")
			until(t, "room for another", func() bool {
				c := s.dial(t)
				got, err := c.reply()
				return err == nil && strings.HasPrefix(got, "220")
			})
		})
	}
}

func TestBudgetOfBodies(t *testing.T) {
	s := serve(t, func(o *InboundOptions) { o.MaxSize, o.Budget = 100_000, 400_000 })
	s.store.hold = make(chan struct{})
	half := strings.Repeat(strings.Repeat("x", 98)+"\r\n", 1000)
	var waiting []*client
	for range 4 { // four bodies of the largest size take the whole budget
		c := s.hello(t)
		c.letter()
		c.send(half + ".\r\n")
		waiting = append(waiting, c)
	}
	until(t, "the budget to be taken", func() bool {
		free := s.budget.TryAcquire(1)
		if free {
			s.budget.Release(1)
		}
		return !free
	})
	c := s.hello(t)
	c.letter()
	c.send("Subject: x\r\n\r\nx\r\n.\r\n")
	c.want("452 4.3.1")
	close(s.store.hold)
	for _, c := range waiting {
		c.want("250 2.6.0")
	}
	c.letter()
	c.send("Subject: x\r\n\r\nx\r\n.\r\n")
	c.want("250 2.6.0")
}

// Chunks over the limit are read and refused, and leave the session in step.
func TestChunksOverSize(t *testing.T) {
	s := serve(t, func(o *InboundOptions) { o.MaxSize = 1000 })
	c := s.hello(t)
	envelope := func() {
		t.Helper()
		c.do("MAIL FROM:<>", "250")
		c.do("RCPT TO:<anna@corp.example>", "250")
	}
	big := strings.Repeat("QUIT\r\n", 200)
	envelope()
	c.send("BDAT 1200\r\n" + big)
	c.want("552 5.3.4")
	c.do("BDAT 0 LAST", "503") // only RSET helps: RFC 3030, 2
	c.do("DATA", "503")
	c.do("RSET", "250")
	envelope()
	c.send("BDAT 600\r\n" + big[:600] + "BDAT 600 LAST\r\n" + big[:600])
	c.want("250")
	c.want("552 5.3.4")
	envelope()
	c.send("BDAT 6 LAST\r\na: b\r\n")
	c.want("250 2.6.0")
	s.only(t)
}

// Bare line ends double on the way in; the copy must count too.
func TestBudgetCountsNormalising(t *testing.T) {
	b := serve(t, func(o *InboundOptions) { o.MaxSize, o.Budget = 100_000, 400_000 }).newBody()
	b.add([]byte(strings.Repeat("\n", 100_000)))
	b.normalise()
	if want := int64(cap(b.octets)); b.fault != nil || len(b.octets) != 200_000 || b.held < want {
		t.Errorf("%d octets, %d held, fault %v", len(b.octets), b.held, b.fault)
	}
	b.release()
}

func TestNeighbours(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7:25":           "192.0.2.7/32",
		"[::ffff:192.0.2.7]:25":  "192.0.2.7/32",
		"[2001:db8:1:2:3::4]:25": "2001:db8:1:2::/64",
		"[fe80::1%1]:25":         "fe80::/64",
	} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(neighbourhood(peerOf(from{tcp}))); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
}

// from is a connection that knows only where it comes from.
type from struct{ peer *net.TCPAddr }

func (f from) RemoteAddr() net.Addr             { return f.peer }
func (f from) LocalAddr() net.Addr              { return nil }
func (f from) Read([]byte) (int, error)         { return 0, errGone }
func (f from) Write([]byte) (int, error)        { return 0, errGone }
func (f from) Close() error                     { return nil }
func (f from) SetDeadline(time.Time) error      { return nil }
func (f from) SetReadDeadline(time.Time) error  { return nil }
func (f from) SetWriteDeadline(time.Time) error { return nil }
