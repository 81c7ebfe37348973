package email

import "strings"

// Caps on one list; the header keeps the rest.
const (
	maxAddresses = 2000
	maxEntries   = 10_000 // pieces between commas
	maxAngle     = 2000   // octets in angle brackets
)

// ParseAddresses reads the value of an address field (RFC 5322, 3.4) as tolerantly as mail programs
// do: groups are opened, comments serve as names, encoded words are decoded anywhere. An entry
// that has no address keeps its text as Name.
func ParseAddresses(value string) []Address {
	return addressList(value, "")
}

func addressList(value, hint string) []Address {
	var list []Address
	eachMailbox(value, func(m mailbox) bool {
		if a := m.address(hint); a != (Address{}) {
			list = append(list, a)
		}
		return len(list) < maxAddresses
	})
	return list
}

// mailbox is one entry as it stands in a list, not yet decoded.
type mailbox struct {
	source  string          // the piece as written
	phrase  strings.Builder // what stands outside of <> and comments, unquoted
	angle   string          // what stands in <>
	hasAddr bool            // there was a <
	comment string          // the last comment
	at      bool            // an @ was seen outside of quotes
}

// address decodes an entry.
func (m mailbox) address(hint string) Address {
	phrase := strings.Join(strings.Fields(m.phrase.String()), " ")
	if m.hasAddr {
		if !strings.Contains(phrase, "=?") {
			phrase = strings.Trim(phrase, `'" `) // quotes that some programs write twice
		}
		name := decodeText(phrase, hint)
		if name == "" {
			name = decodeText(m.comment, hint)
		}
		return Address{Name: name, Addr: cleanAddr(m.angle)}
	}
	if phrase == "" {
		return Address{}
	}
	if at := strings.IndexByte(phrase, '@'); at >= 0 {
		return bareAddress(phrase, decodeText(m.comment, hint))
	}
	if !strings.Contains(phrase, " ") && !strings.Contains(phrase, "=?") && m.comment == "" {
		return Address{Addr: cleanAddr(phrase)} // a local name, as in "root"
	}
	name := decodeText(phrase, hint)
	if m.comment != "" && !strings.Contains(phrase, " ") {
		return Address{Name: decodeText(m.comment, hint), Addr: cleanAddr(phrase)}
	}
	return Address{Name: name}
}

// bareAddress reads "name@example.org" and, without brackets, "Name name@example.org".
func bareAddress(phrase, name string) Address {
	addr := cleanAddr(phrase)
	at := strings.LastIndexByte(addr, ' ')
	if at < 0 {
		return Address{Name: name, Addr: addr}
	}
	if !strings.Contains(addr[at:], "@") || strings.Contains(addr[:at], "@") {
		return Address{Name: decodeText(phrase, "")}
	}
	if name == "" {
		name = decodeText(addr[:at], "")
	}
	return Address{Name: name, Addr: addr[at+1:]}
}

// cleanAddr drops an obsolete route, brackets, control characters, and white space around dots and
// the @ (RFC 5322, 4.4). Other spaces stay: without them it would be somebody else's address.
func cleanAddr(s string) string {
	s = strings.TrimSpace(oneLine(decodeWords(s, "")))
	if strings.HasPrefix(s, "@") {
		if _, after, ok := strings.Cut(s, ":"); ok {
			s = after
		}
	}
	s = strings.TrimPrefix(s, "mailto:")
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\u00a0' || r == '<' || r == '>' })
	var out strings.Builder
	for i, word := range words {
		if i > 0 && !strings.HasPrefix(word, "@") && !strings.HasPrefix(word, ".") &&
			!strings.HasSuffix(words[i-1], "@") && !strings.HasSuffix(words[i-1], ".") {
			out.WriteByte(' ')
		}
		out.WriteString(word)
	}
	return out.String()
}

// eachMailbox cuts a list at its commas and semicolons in one pass and hands over each entry until
// yield returns false.
func eachMailbox(s string, yield func(mailbox) bool) {
	var m mailbox
	begin, entries := 0, 0
	for i := 0; i <= len(s) && entries < maxEntries; {
		if i == len(s) || s[i] == ',' || s[i] == ';' {
			entries++
			m.source = strings.TrimSpace(s[begin:i])
			if (m.source != "" || m.hasAddr) && !yield(m) {
				return
			}
			m, begin = mailbox{}, i+1
			i++
			continue
		}
		switch c := s[i]; {
		case c == '"':
			value, rest := cutQuoted(s[i:])
			m.phrase.WriteString(value)
			i = len(s) - len(rest)
		case c == '(':
			m.comment, i = cutComment(s, i)
			m.phrase.WriteByte(' ')
		case c == '<':
			m.angle, i = cutAngle(s, i)
			m.hasAddr = true
		case c == ':' && !m.hasAddr && !m.at:
			m, begin = mailbox{}, i+1 // the name of a group
			i++
		case c == '=' && strings.HasPrefix(s[i:], "=?"):
			i = m.encodedWord(s, i)
		case c == '\\' && i+1 < len(s):
			m.phrase.WriteByte(s[i+1])
			i += 2
		case c == '>' && m.hasAddr:
			i++
		default:
			m.at = m.at || c == '@'
			m.phrase.WriteByte(c)
			i++
		}
	}
}

// encodedWord copies an encoded word whole: it may hold commas and colons.
func (m *mailbox) encodedWord(s string, i int) int {
	word := s[i:min(len(s), i+200)]
	if end := strings.IndexAny(word, " \t\"<"); end >= 0 {
		word = word[:end]
	}
	if _, _, rest, ok := cutWord(word); ok {
		word = word[:len(word)-len(rest)]
	} else {
		word = "=?"
	}
	m.phrase.WriteString(word)
	return i + len(word)
}

// cutAngle returns what stands in the angle brackets at i and where they end. A quoted local part
// may hold a ">"; a bracket that is never closed ends at the next comma.
func cutAngle(s string, i int) (inside string, next int) {
	quoted := false
	s = s[:min(len(s), i+maxAngle)]
	for j := i + 1; j < len(s); j++ {
		switch {
		case s[j] == '\\' && quoted:
			j++
		case s[j] == '"':
			quoted = !quoted
		case s[j] == '>' && !quoted:
			return s[i+1 : j], j + 1
		case s[j] == '<' && !quoted:
			i = j // "<<a@b>>"
		}
	}
	inside = s[i+1:]
	if j := strings.IndexAny(inside, ",;"); j >= 0 {
		inside = inside[:j]
	}
	return inside, i + 1 + len(inside)
}

// cutComment returns the comment at i, nested ones included, and where it ends (RFC 5322, 3.2.2).
func cutComment(s string, i int) (text string, next int) {
	depth := 0
	var out strings.Builder
	for j := i; j < len(s); j++ {
		switch c := s[j]; {
		case c == '\\' && j+1 < len(s):
			j++
			out.WriteByte(s[j])
		case c == '(':
			if depth++; depth > 1 {
				out.WriteByte(c)
			}
		case c == ')':
			if depth--; depth == 0 {
				return out.String(), j + 1
			}
			out.WriteByte(c)
		default:
			out.WriteByte(c)
		}
	}
	return out.String(), len(s)
}
