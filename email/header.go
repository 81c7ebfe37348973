package email

import (
	"bytes"
	"strings"
)

// Caps on what is parsed; the message itself is stored and offered whole.
const (
	maxHeader     = 1 << 20 // octets of one header section
	maxHeaderLine = 10_000  // octets of one physical header line
)

// field is a header field as received: value still folded and encoded.
type field struct {
	name  string
	value []byte
}

// header is a header section in the order received.
type header []field

// raw returns the unfolded value of the first field with this name, or "".
func (h header) raw(name string) string {
	for i := range h {
		if len(h[i].name) == len(name) && strings.EqualFold(h[i].name, name) {
			return unfold(h[i].value)
		}
	}
	return ""
}

// rawAll joins the values of all fields with this name: people are sometimes listed in several To fields.
func (h header) rawAll(name string) string {
	var values []string
	for i := range h {
		if len(h[i].name) == len(name) && strings.EqualFold(h[i].name, name) {
			values = append(values, unfold(h[i].value))
		}
	}
	return strings.Join(values, ", ")
}

func (h header) has(name string) bool {
	for i := range h {
		if strings.EqualFold(h[i].name, name) {
			return true
		}
	}
	return false
}

// unfold removes the line ends of a folded value (RFC 5322, 2.2.3) and NULs, keeping the white space after them.
func unfold(value []byte) string {
	value = bytes.TrimSpace(value)
	if bytes.IndexByte(value, '\n') < 0 && bytes.IndexByte(value, '\r') < 0 && bytes.IndexByte(value, 0) < 0 {
		return string(value)
	}
	out := make([]byte, 0, len(value))
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case '\r', '\n', 0:
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// headerReader collects fields from lines; broken lines are left out or taken up as body.
type headerReader struct {
	fields header
	sound  int // fields up to here have a name of the standard's form
	junk   int // offset of the first line of no form at all after the last sound one, or -1
	folded int // number of the field whose value is a copy
	size   int
	over   bool // a cap was met
}

// readHeader reads a header section at the start of octets as tolerantly as mail programs do: lines
// without a colon and an mbox From line are skipped, names may be followed by blanks. stop ends the
// section early at a boundary line; it may be nil. body is where the text begins.
func readHeader(octets []byte, stop func(line []byte) bool) (h header, body int, over bool) {
	r := headerReader{junk: -1}
	pos, blank := 0, false
	for pos < len(octets) && !blank {
		line, next := nextLine(octets, pos)
		if stop != nil && stop(line) {
			break
		}
		if blank = len(line) == 0; !blank {
			r.take(line, pos)
		}
		pos = next
	}
	return r.end(pos, blank && len(bytes.TrimSpace(octets[pos:])) > 0)
}

// end decides where the body begins. Lines of no form at the end of the section are text that was
// sent without the empty line, unless a MIME header says that the real body follows below, and it does.
func (r *headerReader) end(pos int, follows bool) (header, int, bool) {
	if r.junk < 0 {
		return r.fields, pos, r.over
	}
	r.fields = r.fields[:r.sound]
	if follows && r.sound > 0 && (r.fields.has("Content-Type") || r.fields.has("Content-Transfer-Encoding")) {
		return r.fields, pos, r.over
	}
	return r.fields, r.junk, r.over
}

func (r *headerReader) take(line []byte, pos int) {
	if r.size += len(line); r.size > maxHeader {
		r.over = true
		return
	}
	whole := line
	if len(line) > maxHeaderLine {
		line = line[:maxHeaderLine]
	}
	if line[0] == ' ' || line[0] == '\t' {
		r.continueField(line, pos)
		return
	}
	if pos == 0 && (bytes.HasPrefix(line, []byte("From ")) || bytes.HasPrefix(line, []byte(">From "))) {
		return // mbox separator
	}
	name, value, ok := bytes.Cut(line, []byte(":"))
	name = bytes.TrimRight(name, " \t")
	switch {
	case ok && isFieldName(name):
		r.fields = append(r.fields, field{string(name), value})
		r.sound, r.junk = len(r.fields), -1
	case ok && len(r.fields) > 0 && len(name) > 0 && len(name) < 80:
		// A name with a space in it, as Exchange has written them: shown, but no proof of a header.
		r.fields = append(r.fields, field{string(name), value})
		r.markJunk(pos)
	case len(whole) > 0:
		r.markJunk(pos)
	}
}

// continueField appends a folded line. The value is copied at its first fold and then grows on its own.
func (r *headerReader) continueField(line []byte, pos int) {
	if len(r.fields) == 0 {
		r.markJunk(pos)
		return
	}
	last := &r.fields[len(r.fields)-1]
	if r.folded != len(r.fields) {
		r.folded = len(r.fields)
		last.value = append(make([]byte, 0, 2*(len(last.value)+len(line))), last.value...)
	}
	last.value = append(last.value, line...)
}

func (r *headerReader) markJunk(pos int) {
	if r.junk < 0 {
		r.junk = pos
	}
}

// isFieldName checks for RFC 5322, 2.2: printable ASCII without colon and space.
func isFieldName(name []byte) bool {
	for _, c := range name {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return len(name) > 0 && len(name) < 200
}

// nextLine returns the line at pos without its end (CRLF or LF) and where the next begins.
func nextLine(octets []byte, pos int) (line []byte, next int) {
	i := bytes.IndexByte(octets[pos:], '\n')
	if i < 0 {
		line, next = octets[pos:], len(octets)
	} else {
		line, next = octets[pos:pos+i], pos+i+1
	}
	return bytes.TrimSuffix(line, []byte("\r")), next
}

// lineEnds gives octets with LF or CRLF line ends; a message that only knows CR is copied with LF.
func lineEnds(octets []byte) []byte {
	if bytes.IndexByte(octets, '\n') >= 0 || bytes.IndexByte(octets, '\r') < 0 {
		return octets
	}
	return bytes.ReplaceAll(octets, []byte("\r"), []byte("\n"))
}
