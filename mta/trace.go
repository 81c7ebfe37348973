package mta

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"net/netip"
	"strings"
	"time"
)

const (
	mostHops    = 100 // RFC 5321, 6.3
	mostOwnHops = 10  // of them through this host: a loop between Exchange and us
	mostHeader  = 1 << 20
	rfc5322Date = "Mon, 02 Jan 2006 15:04:05 -0700"
)

// hop is what our Received line says (RFC 5321, 4.4).
type hop struct {
	helo string
	peer netip.Addr
	host string
	with string
	at   time.Time
}

// inspect refuses what must not be stored: NUL (L17) and mail that runs in circles.
func inspect(octets []byte, host string) error {
	if bytes.IndexByte(octets, 0) >= 0 {
		return refuse(550, 5, 6, 0, "the message has NUL octets")
	}
	hops, own := 0, 0
	for name, value := range fields(octets) {
		if !isNamed(name, "Received") {
			continue
		}
		hops++
		if receivedBy(value, host) {
			own++
		}
	}
	if hops > mostHops || own > mostOwnHops {
		return refuse(554, 5, 4, 6, "the message runs in circles: too many Received fields")
	}
	return nil
}

// receivedBy says whether a Received field was written by host.
func receivedBy(value []byte, host string) bool {
	words := bytes.Fields(value)
	for i := 1; i < len(words); i++ {
		if bytes.EqualFold(words[i-1], []byte("by")) {
			return bytes.EqualFold(bytes.TrimRight(words[i], ";"), []byte(host))
		}
	}
	return false
}

// traceBlock is what stands above the received octets: our Received line, and the Message-ID and
// Date that the message lacks. The id comes from the octets, so that a client's retry has the same
// one; without a Date that would make one message of two equal ones, so then it is the transaction's.
func traceBlock(octets []byte, id mailID, h hop) []byte {
	hasID, hasDate := false, false
	for name, value := range fields(octets) {
		filled := len(bytes.TrimSpace(value)) > 0
		hasID = hasID || filled && isNamed(name, "Message-ID")
		hasDate = hasDate || filled && isNamed(name, "Date")
	}
	date := h.at.UTC().Format(rfc5322Date)
	var out bytes.Buffer
	fmt.Fprintf(&out, "Received: from %s\r\n\t([%s])\r\n\tby %s\r\n\twith %s id %s;\r\n\t%s\r\n",
		sayable(h.helo), literal(h.peer), h.host, h.with, id, date)
	switch {
	case hasID:
	case hasDate:
		sum := sha256.Sum256(octets)
		fmt.Fprintf(&out, "Message-ID:\r\n\t<h.%s@%s>\r\n", hex.EncodeToString(sum[:16]), h.host)
	default:
		fmt.Fprintf(&out, "Message-ID:\r\n\t<t.%s@%s>\r\n", id, h.host)
	}
	if !hasDate {
		fmt.Fprintf(&out, "Date: %s\r\n", date)
	}
	return out.Bytes()
}

// protocol names what was spoken (RFC 3848).
func protocol(w *wire) string {
	switch {
	case !w.state.esmtp:
		return "SMTP"
	case w.encrypted():
		return "ESMTPS"
	}
	return "ESMTP"
}

// literal is an address as RFC 5321, 4.1.3 writes it between brackets.
func literal(a netip.Addr) string {
	if a.Is6() {
		return "IPv6:" + a.String()
	}
	return a.String()
}

// sayable makes what the client called itself safe in a header line, and short.
func sayable(helo string) string {
	if len(helo) > 60 {
		helo = helo[:60]
	}
	return strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || r == ':' || r == '_' || r == '[' || r == ']' ||
			r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '?'
	}, helo)
}

// fields reads a header tolerantly: a line without a colon is passed over. Values are unfolded as far
// as their white space goes on.
func fields(octets []byte) iter.Seq2[[]byte, []byte] {
	octets = octets[:min(len(octets), mostHeader)]
	return func(yield func(name, value []byte) bool) {
		for len(octets) > 0 {
			end := fieldEnd(octets)
			field := octets[:end]
			octets = octets[end:]
			if len(bytes.Trim(field, "\r\n")) == 0 {
				return
			}
			if name, value, ok := bytes.Cut(field, []byte{':'}); ok && !yield(bytes.TrimRight(name, " \t"), value) {
				return
			}
		}
	}
}

// fieldEnd is where the first field ends, its continuation lines included (RFC 5322, 2.2.3).
func fieldEnd(octets []byte) int {
	end := 0
	for {
		n := bytes.IndexByte(octets[end:], '\n') + 1
		if n == 0 {
			return len(octets)
		}
		blank := len(bytes.Trim(octets[end:end+n], "\r\n")) == 0
		end += n
		if blank || end == len(octets) || octets[end] != ' ' && octets[end] != '\t' {
			return end
		}
	}
}

func isNamed(name []byte, want string) bool { return strings.EqualFold(string(name), want) }
