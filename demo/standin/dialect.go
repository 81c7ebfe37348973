package standin

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"net"
	"strings"
	"sync"
)

// dialect rewrites the few lines of the IMAP server that Exchange says in other words: greeting,
// capability lists and the answer to a login.
type dialect struct {
	net.Conn
	mu      sync.Mutex
	greeted bool
	partial []byte // a line whose end has not been written yet
	literal int64  // octets of a literal still to pass untouched
	errors  int    // refusals so far
	over    bool   // what is written now is the last
}

// mostErrors is how many refusals a connection gets before Exchange hangs up.
const mostErrors = 10

const (
	capsBefore = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
	capsAfter  = "IMAP4 IMAP4rev1 AUTH=PLAIN AUTH=XOAUTH2 SASL-IR UIDPLUS MOVE UNSELECT CHILDREN IDLE NAMESPACE LITERAL+"
)

// Write holds a line back until its end is there, and lets literals pass.
func (d *dialect) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	var out bytes.Buffer
	for rest := p; len(rest) > 0; {
		if d.literal > 0 {
			n := min(d.literal, int64(len(rest)))
			out.Write(rest[:n])
			rest, d.literal = rest[n:], d.literal-n
			continue
		}
		piece, after := cutLine(rest)
		d.partial, rest = append(d.partial, piece...), after
		if bytes.HasSuffix(d.partial, []byte("\n")) {
			out.WriteString(d.line(string(d.partial)))
			d.literal = literalSize(d.partial)
			d.partial = d.partial[:0]
		}
	}
	if _, err := d.Conn.Write(out.Bytes()); err != nil {
		return 0, err
	}
	if d.over {
		d.Conn.Close()
	}
	return len(p), nil
}

// line answers Exchange's words for one line of the server's.
func (d *dialect) line(text string) string {
	switch {
	case !d.greeted && strings.HasPrefix(text, "* OK "):
		d.greeted = true
		return "* OK The Microsoft Exchange IMAP4 service is ready. [" + cookie() + "]\r\n"
	case strings.HasPrefix(text, "* CAPABILITY "):
		if strings.Contains(text, " MOVE") {
			return "* CAPABILITY " + capsAfter + "\r\n"
		}
		return "* CAPABILITY " + capsBefore + "\r\n"
	}
	tag, rest, _ := strings.Cut(text, " ")
	if strings.HasPrefix(rest, "OK [CAPABILITY ") { // the answer to LOGIN or AUTHENTICATE
		return tag + " OK LOGIN completed.\r\n"
	}
	if !strings.HasPrefix(rest, "NO ") && !strings.HasPrefix(rest, "BAD ") || tag == "*" {
		return text
	}
	d.errors++
	if d.errors == mostErrors {
		text += "* BYE Connection closed. 14\r\n"
	}
	d.over = d.over || d.errors >= mostErrors || strings.Contains(rest, "Request is throttled.")
	return text
}

// literalSize reads "{123}" at the end of a line; 0: no literal follows.
func literalSize(line []byte) (n int64) {
	text := bytes.TrimSuffix(line, []byte("\r\n"))
	open := bytes.LastIndexByte(text, '{')
	if open < 0 || text[len(text)-1] != '}' {
		return 0
	}
	for _, digit := range text[open+1 : len(text)-1] {
		if digit < '0' || digit > '9' {
			return 0
		}
		n = 10*n + int64(digit-'0')
	}
	return n
}

// cookie is the odd base64 that stands in Exchange's greeting.
func cookie() string {
	var raw [18]byte
	rand.Read(raw[:])
	return base64.StdEncoding.EncodeToString(raw[:])
}
