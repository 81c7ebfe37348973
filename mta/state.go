package mta

import (
	"bytes"
	"strconv"
)

// state is where a session stands, told from its commands and replies.
type state struct {
	verb    string // the command that waits for its reply
	last    int    // the last reply's code
	greeted bool   // EHLO or HELO was accepted, since TLS if there is TLS
	esmtp   bool
	open    bool // MAIL was accepted
	rcpts   int  // recipients accepted
	chunks  chunkState
	tries   tries
}

// chunkState says what BDAT has done in this transaction (RFC 3030).
type chunkState int

const (
	noChunks   chunkState = iota
	someChunks            // chunks were taken, the last one is not among them
	allChunks             // the body is whole, and goes on to go-smtp as an empty DATA
	badChunks             // a chunk was refused: only RSET helps
)

// tries counts what a client does without bringing mail.
type tries struct{ commands, chatter, refusals int }

const (
	mostCommands = 5000 // of any kind between two messages
	mostChatter  = 100  // NOOP and the like
	mostRefusals = 100  // answers 5xx
)

// wantsBody says that go-smtp has answered 354 and reads the message.
func (s *state) wantsBody() bool { return s.verb == "DATA" && s.last == 354 }

// began notes a command that is about to be answered.
func (s *state) began(verb string) {
	s.verb, s.last = verb, 0
	s.tries.commands++
	switch verb {
	case "MAIL", "RCPT", "DATA", "BDAT":
	default:
		s.tries.chatter++
	}
}

// flooding says that the client only wastes our time.
func (s *state) flooding() bool {
	return s.tries.commands > mostCommands || s.tries.chatter > mostChatter || s.tries.refusals > mostRefusals
}

// replied adds reply lines to out, mended where go-smtp's would mislead, and notes their meaning.
func (s *state) replied(out, lines []byte, offerTLS bool) []byte {
	for len(lines) > 0 {
		n := bytes.IndexByte(lines, '\n') + 1
		if n == 0 {
			n = len(lines)
		}
		out = s.repliedLine(out, lines[:n], offerTLS)
		lines = lines[n:]
	}
	return out
}

func (s *state) repliedLine(out, line []byte, offerTLS bool) []byte {
	if len(line) < 4 {
		return append(out, line...)
	}
	code, _ := strconv.Atoi(string(line[:3]))
	first := s.last == 0
	if line[3] == ' ' {
		s.answered(code)
	}
	if code == 354 && s.chunks == allChunks {
		return out // the client sent its chunks and waits for no invitation
	}
	if code == 502 && (s.verb == "MAIL" || s.verb == "RCPT" || s.verb == "DATA") {
		line = append([]byte("503"), line[3:]...) // a known command out of place: RFC 5321, 4.2.2
	}
	out = append(out, line...)
	if s.verb == "EHLO" && line[3] == '-' && offerTLS && first {
		s.last = code
		out = append(out, "250-STARTTLS\r\n"...)
	}
	return out
}

// answered notes a complete reply.
func (s *state) answered(code int) {
	if s.verb == "DATA" && s.last == 354 {
		s.end()
	}
	s.last = code
	ok := code/100 == 2
	if code/100 == 5 {
		s.tries.refusals++
	}
	switch s.verb {
	case "EHLO", "HELO":
		if ok {
			s.end()
			s.greeted, s.esmtp = true, s.verb == "EHLO"
		}
	case "MAIL":
		s.open = s.open || ok
	case "RCPT":
		if ok {
			s.rcpts++
		}
	case "RSET":
		s.end()
	case "DATA":
		if ok {
			s.tries = tries{}
		}
	}
}

// end forgets the transaction.
func (s *state) end() { s.open, s.rcpts, s.chunks = false, 0, noChunks }

// afterTLS forgets all that was said in the clear (RFC 3207, 4.2). go-smtp forgets at the EHLO that
// has to follow.
func (s *state) afterTLS() {
	s.end()
	s.greeted = false
}
