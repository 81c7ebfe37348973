package mta

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"
)

// nextCommand reads one command. It answers itself what go-smtp should not see, and leaves the rest
// in forward.
func (w *wire) nextCommand() error {
	line, err := w.readLine()
	if err != nil {
		return err
	}
	text, fault := vet(line)
	if fault != "" {
		w.state.began("?")
		w.say("500 5.5.2 %s", fault)
	} else if err := w.command(text); err != nil {
		return err
	}
	if w.state.flooding() {
		return w.hangUp("421 4.7.0 too many commands without mail, closing")
	}
	return nil
}

// readLine reads up to and with the next LF.
func (w *wire) readLine() ([]byte, error) {
	for {
		if n := bytes.IndexByte(w.buf[w.r:w.w], '\n') + 1; n > 0 && n <= longestCommand {
			line := w.buf[w.r : w.r+n]
			w.r += n
			return line, nil
		} else if n > 0 || w.w-w.r >= longestCommand {
			w.state.began("?")
			return nil, w.hangUp("500 5.5.2 the line is too long, closing")
		}
		w.w = copy(w.buf[:], w.buf[w.r:w.w])
		w.r = 0
		if err := w.fill(time.Time{}); err != nil {
			return nil, err
		}
	}
}

// vet takes the line end off a command, or says what is wrong with it.
func vet(line []byte) (text, fault string) {
	body, ok := bytes.CutSuffix(line, []byte("\r\n"))
	if !ok {
		return "", "a command ends with CR LF"
	}
	body = bytes.TrimRight(body, " \t") // RFC 5321, 4.1.1
	for _, c := range body {
		if c < ' ' || c == 0x7f {
			return "", "a command has no control characters"
		}
	}
	return string(body), ""
}

// command handles one command, or forwards it.
func (w *wire) command(text string) error {
	word, arg, _ := strings.Cut(text, " ")
	verb := strings.ToUpper(word)
	w.state.began(verb)
	switch verb {
	case "STARTTLS":
		if w.offersTLS() && arg == "" {
			return w.startTLS()
		}
		w.say("503 5.5.1 STARTTLS is not possible here")
		return nil
	case "AUTH":
		w.say("502 5.5.1 AUTH is not offered here")
		return nil
	case "BDAT":
		return w.chunk(arg)
	case "MAIL", "RCPT", "DATA":
		if !w.state.greeted {
			w.say("503 5.5.1 EHLO comes first")
			return nil
		}
		if w.state.chunks != noChunks {
			w.say("503 5.5.1 the message is being sent with BDAT")
			return nil
		}
	case "RSET", "EHLO", "HELO":
		w.dropLetter()
	}
	if verb == "RCPT" {
		text = w.barePostmaster(text)
	}
	w.forward = append(append(w.forward[:0], text...), "\r\n"...)
	return nil
}

// barePostmaster gives RCPT TO:<postmaster> our host as its domain: RFC 5321, 4.5.1 allows it
// without one, go-smtp does not.
func (w *wire) barePostmaster(text string) string {
	const path = "<postmaster>"
	at := strings.IndexByte(text, '<')
	if at < 0 || len(text) < at+len(path) || !strings.EqualFold(text[at:at+len(path)], path) {
		return text
	}
	return text[:at] + "<postmaster@" + w.in.o.Host + ">" + text[at+len(path):]
}

// chunk takes one BDAT with its octets (RFC 3030, 2). go-smtp's own would take a cut last chunk for
// a whole message and read a refused chunk's octets as commands.
func (w *wire) chunk(arg string) error {
	size, last, ok := parseChunk(arg)
	if !ok {
		return w.hangUp("501 5.5.4 BDAT needs a size, and then perhaps LAST") // nobody knows where the octets end
	}
	if !w.state.greeted || w.state.rcpts == 0 || w.state.chunks == badChunks {
		if err := w.readChunk(size, w.in.discard()); err != nil { // they follow all the same
			return err
		}
		w.say("503 5.5.1 BDAT comes after MAIL and RCPT, and RSET after a refused chunk")
		return nil
	}
	if w.letter == nil {
		w.letter = w.in.newBody()
	}
	w.state.chunks = someChunks
	if err := w.readChunk(size, w.letter); err != nil {
		return err
	}
	switch {
	case w.letter.fault != nil && !last:
		w.state.chunks = badChunks
		w.say("%s", line(w.letter.fault))
		w.dropLetter()
	case last:
		w.state.chunks = allChunks
		w.state.verb = "DATA"
		w.forward = append(w.forward[:0], "DATA\r\n"...)
	default:
		w.say("250 2.0.0 %d octets taken", size)
	}
	return nil
}

// parseChunk reads BDAT's arguments; a size is digits, and one that no message can have is no size.
func parseChunk(arg string) (size int64, last, ok bool) {
	fields := strings.Fields(arg)
	if len(fields) == 0 || len(fields) > 2 {
		return 0, false, false
	}
	if len(fields) == 2 {
		if last = strings.EqualFold(fields[1], "LAST"); !last {
			return 0, false, false
		}
	}
	n, err := strconv.ParseUint(fields[0], 10, 64)
	return int64(n), last, err == nil && n <= math.MaxInt32
}
