package email

import (
	"strings"
	"unicode/utf8"
)

// decodeText turns an unfolded header value into one line for people: encoded words (RFC 2047)
// decoded also where they are not quite allowed, raw 8-bit text read in the hinted character set,
// no control characters. What cannot be decoded is shown as it stands.
func decodeText(s, hint string) string {
	return strings.TrimSpace(oneLine(decodeWords(s, hint)))
}

// decodeWords decodes without trimming or cleaning. One pass: each octet is looked at a constant number of times.
func decodeWords(s, hint string) string {
	if !strings.Contains(s, "=?") {
		return rawText(s, hint)
	}
	d := wordDecoder{hint: hint}
	for {
		i := strings.Index(s, "=?")
		if i < 0 || !strings.Contains(s[i:], "?=") {
			d.plain(s)
			break
		}
		set, octets, rest, ok := cutWord(s[i:])
		if !ok {
			d.plain(s[:i+2])
			s = s[i+2:]
			continue
		}
		d.plain(s[:i])
		d.word(set, octets)
		s = rest
	}
	d.flush()
	return d.out.String()
}

// wordDecoder joins neighbouring words of one set before decoding it: senders cut characters in two.
type wordDecoder struct {
	out     strings.Builder
	hint    string
	set     string
	pending []byte
	open    bool // a word has just ended
}

func (d *wordDecoder) plain(s string) {
	if d.open && strings.Trim(s, " \t\r\n") == "" {
		return // white space between encoded words does not count (RFC 2047, 6.2)
	}
	d.flush()
	d.out.WriteString(rawText(s, d.hint))
}

func (d *wordDecoder) word(set string, octets []byte) {
	if d.open && !strings.EqualFold(set, d.set) {
		d.flush()
	}
	d.set, d.open = set, true
	d.pending = append(d.pending, octets...)
}

func (d *wordDecoder) flush() {
	if d.open {
		d.out.WriteString(toUTF8(d.set, d.pending))
	}
	d.pending, d.open = d.pending[:0], false
}

// cutWord takes the encoded word at the start of s apart.
func cutWord(s string) (set string, octets []byte, rest string, ok bool) {
	head := s[2:min(len(s), 80)]
	set, head, ok = strings.Cut(head, "?")
	if !ok || set == "" || strings.ContainsAny(set, " \t=") || len(head) < 2 || head[1] != '?' {
		return "", nil, "", false
	}
	coding := head[0] | 0x20
	if coding != 'q' && coding != 'b' {
		return "", nil, "", false
	}
	text := s[2+len(set)+3:]
	end := strings.Index(text, "?=")
	if end < 0 {
		return "", nil, "", false
	}
	// "=?utf-8?q?a?==?utf-8?q?b?=": the first "?=" is the end; a Q text never holds a bare "?".
	set, _, _ = strings.Cut(set, "*") // language, RFC 2231, 5
	if coding == 'b' {
		octets, _ = decodeBase64([]byte(text[:end]))
	} else {
		octets, _ = appendUnquoted(nil, []byte(strings.ReplaceAll(text[:end], "_", " ")))
	}
	return set, octets, text[end+2:], true
}

// rawText reads text that stands unencoded in a header.
func rawText(s, hint string) string {
	if utf8.ValidString(s) {
		if hint != "" && strings.Contains(s, "\x1b") {
			return toUTF8(hint, []byte(s)) // ISO-2022-JP is ASCII to the eye
		}
		return s
	}
	if hint == "" || strings.EqualFold(hint, "utf-8") {
		return windows1252([]byte(s))
	}
	return toUTF8(hint, []byte(s))
}

// oneLine replaces control characters by spaces and drops those that turn the writing direction,
// with which names and file names are disguised.
func oneLine(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if clean {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ', r >= 0x7f && r < 0xa0, r == '\u2028', r == '\u2029':
			return ' '
		case r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069', r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
