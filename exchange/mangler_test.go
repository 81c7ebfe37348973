package exchange

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// mangler stands between a connector and the stand-in and, once it is told to, answers what no
// Exchange should: in its stead, or by spoiling what it said.
type mangler struct {
	t      testing.TB
	behind string
	face   string
	trap   string // another host, where nobody may turn up
	said   atomic.Int64

	mu   sync.Mutex
	mode string
	skip int // pieces that the client sends before it begins
	met  int // pieces that it spoilt
}

// manglings are what it can do. In the first four nothing reaches Exchange.
const (
	passing  = "pass"
	garbling = "garble"
	endless  = "endless"
	silent   = "silence"
	referral = "referral"
	slowly   = "slow"
	cutting  = "cut"
	swapping = "swap"
)

// mostSaid is more than any connector may read of one answer.
const mostSaid = 400 << 20

// set makes it do something from the piece after skip on.
func (m *mangler) set(mode string, skip int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.mode, m.skip, m.met = mode, skip, 0
}

// spoilt says whether anything came in its way since set.
func (m *mangler) spoilt() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.met > 0
}

// asked counts a piece that the client sent, and answers what to do with it.
func (m *mangler) asked() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.skip > 0 {
		m.skip--
		return passing
	}
	if m.mode != passing {
		m.met++
	}
	return m.mode
}

// now is what to do with an answer.
func (m *mangler) now() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.met == 0 {
		return passing
	}
	return m.mode
}

// listen answers where the mangler for an address listens.
func (m *mangler) listen(behind string) string {
	m.t.Helper()
	m.behind, m.mode = behind, passing
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go m.serve(c)
		}
	}()
	return l.Addr().String()
}

func (m *mangler) serve(client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", m.behind)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer client.Close()
		m.answers(server, client)
	}()
	chunk := make([]byte, 64<<10)
	for {
		n, err := client.Read(chunk)
		if err != nil {
			return
		}
		switch mode := m.asked(); mode {
		case garbling, endless:
			m.instead(client, chunk[:n])
			return
		case referral:
			m.instead(client, chunk[:n])
			if m.face == "ews" || m.face == "graph" { // the rest of this request is nobody's
				client.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
				io.Copy(io.Discard, client)
				return
			}
			continue
		case silent:
			io.Copy(io.Discard, client)
			return
		}
		if _, err := server.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// answers passes on what Exchange says, spoilt.
func (m *mangler) answers(server, client net.Conn) {
	chunk := make([]byte, 64<<10)
	for {
		n, err := server.Read(chunk)
		if err != nil {
			return
		}
		text := chunk[:n]
		switch m.now() {
		case swapping:
			text = bytes.ReplaceAll(text, []byte("mine@x.test"), []byte("your@x.test"))
		case cutting:
			client.Write(text[:n/2])
			client.(*net.TCPConn).SetLinger(0)
			return
		case slowly:
			for i := range text {
				if _, err := client.Write(text[i : i+1]); err != nil {
					return
				}
				time.Sleep(100 * time.Millisecond)
			}
		}
		if m.now() != slowly {
			client.Write(text)
		}
	}
}

// instead answers in Exchange's stead.
func (m *mangler) instead(client net.Conn, asked []byte) {
	tag, _, _ := strings.Cut(string(asked), " ")
	web := m.face == "ews" || m.face == "graph"
	switch m.now() {
	case garbling:
		noise := make([]byte, 4096)
		dice := rand.New(rand.NewPCG(1, 2))
		for i := range noise {
			noise[i] = byte(dice.UintN(256))
		}
		copy(noise[len(noise)-2:], "\r\n")
		if web {
			fmt.Fprintf(client, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", len(noise))
		}
		client.Write(noise)
	case referral:
		switch m.face {
		case "imap":
			fmt.Fprintf(client, "%s NO [REFERRAL imap://%s/] This mailbox moved to %s\r\n", tag, m.trap, m.trap)
		case "smtp":
			fmt.Fprintf(client, "551 5.1.6 User not local; please try <anna@%s>\r\n", m.trap)
		default:
			fmt.Fprintf(client, "HTTP/1.1 307 Temporary Redirect\r\nLocation: http://%s/EWS/Exchange.asmx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", m.trap)
		}
	case endless:
		piece := map[string]string{"imap": "* OK " + strings.Repeat("go on ", 1000) + "\r\n", "smtp": "250-go on\r\n"}[m.face]
		if web {
			io.WriteString(client, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n")
			piece = "<a>{\"value\":["
		}
		block := []byte(strings.Repeat(piece, 1+(64<<10)/len(piece)))
		for m.said.Load() < mostSaid {
			n, err := client.Write(block)
			if m.said.Add(int64(n)); err != nil {
				return
			}
		}
	}
}
