package exchange

import (
	"bytes"
	"strings"
)

// asCRLF answers octets whose every line end is CRLF (RFC 5321, 2.3.8): what came in over SMTP is
// so already and is returned as it is; a file put into the Maildir by hand may not be.
func asCRLF(octets []byte) []byte {
	if wellEnded(octets) {
		return octets
	}
	out := make([]byte, 0, len(octets)+len(octets)/32)
	for i := 0; i < len(octets); i++ {
		switch c := octets[i]; c {
		case '\r':
			if i+1 < len(octets) && octets[i+1] == '\n' {
				i++
			}
			out = append(out, '\r', '\n')
		case '\n':
			out = append(out, '\r', '\n')
		default:
			out = append(out, c)
		}
	}
	return out
}

func wellEnded(octets []byte) bool {
	for i := 0; ; {
		n := bytes.IndexAny(octets[i:], "\r\n")
		if n < 0 {
			return true
		}
		if i += n; octets[i] != '\r' || i+1 >= len(octets) || octets[i+1] != '\n' {
			return false
		}
		i += 2
	}
}

// splitHeader cuts a message after its header; the blank line stays with the body.
func splitHeader(octets []byte) (header, body []byte) {
	if bytes.HasPrefix(octets, []byte("\r\n")) {
		return nil, octets
	}
	if i := bytes.Index(octets, []byte("\r\n\r\n")); i >= 0 {
		return octets[:i+2], octets[i+2:]
	}
	return octets, nil
}

// headerFields cuts a header into fields, each with its folded lines and line ends (RFC 5322, 2.2.3).
func headerFields(header []byte) [][]byte {
	var fields [][]byte
	for start, i := 0, 0; i < len(header); {
		end := bytes.Index(header[i:], []byte("\r\n"))
		if end < 0 {
			return append(fields, header[start:])
		}
		i += end + 2
		if i == len(header) || (header[i] != ' ' && header[i] != '\t') {
			fields = append(fields, header[start:i])
			start = i
		}
	}
	return fields
}

func fieldName(field []byte) string {
	name, _, _ := bytes.Cut(field, []byte(":"))
	return strings.ToLower(strings.TrimRight(string(name), " \t"))
}

// editHeader gives each field to edit and joins what it answers; untouched messages are not copied.
func editHeader(octets []byte, edit func(name string, field []byte) []byte) []byte {
	header, body := splitHeader(octets)
	var out []byte
	changed := false
	for _, field := range headerFields(header) {
		kept := edit(fieldName(field), field)
		if len(kept) != len(field) || (len(field) > 0 && len(kept) > 0 && &kept[0] != &field[0]) {
			changed = true
		}
		out = append(out, kept...)
	}
	if !changed {
		return octets
	}
	return append(out, body...)
}

// withoutPrivate takes out the fields by which Exchange talks to itself: the outside world could
// forge verdicts and routing with them. Everything else is left octet by octet.
func withoutPrivate(octets []byte) []byte {
	return editHeader(octets, func(name string, field []byte) []byte {
		if strings.HasPrefix(name, "x-ms-exchange-organization-") || strings.HasPrefix(name, "x-ms-exchange-forest-") {
			return nil
		}
		return field
	})
}
