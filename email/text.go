package email

import "strings"

// Caps on what is decoded for showing. Beyond them a message is offered as source.
const (
	maxText = 4 << 20 // octets of one text part
	maxHTML = 2 << 20 // octets of one HTML part
)

// Text is the message as plain text in UTF-8 with LF line ends: the text/plain alternative
// (format=flowed unfolded, RFC 3676), else the HTML turned into text. For search, quoting and the
// text view. Above 4 MiB it is cut.
func (m *Message) Text() (text string) {
	m.work(func() { text = m.text() })
	return text
}

func (m *Message) text() string {
	var out strings.Builder
	for _, p := range m.chosen.pieces {
		text := p.asText(true, &m.meter)
		m.meter.hold(2 * len(text))
		if strings.TrimSpace(text) == "" {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte('\n')
		}
		out.WriteString(text)
		if !strings.HasSuffix(text, "\n") {
			out.WriteByte('\n')
		}
		if out.Len() > maxText {
			break
		}
	}
	return out.String()
}

// asText prefers the plain form, unless it is empty: some programs send an empty one.
func (p piece) asText(withLinks bool, budget *meter) string {
	if p.text != nil {
		text := p.text.plain(maxText)
		if p.html == nil || strings.TrimSpace(text) != "" {
			return text
		}
	}
	if p.html == nil {
		return ""
	}
	return htmlToTextWithin(p.html.markup(maxHTML), withLinks, budget)
}

// plain decodes a text part, at most limit octets of it.
func (n *node) plain(limit int) string {
	octets, _ := decodeTransfer(n.header.raw("Content-Transfer-Encoding"), n.body, limit)
	text := toUTF8(n.params["charset"], octets)
	if n.kind == "text/enriched" || n.kind == "text/richtext" {
		return htmlToText(text, false) // its marks look like tags (RFC 1896)
	}
	if strings.EqualFold(n.params["format"], "flowed") {
		return cleanText(unflow(text, strings.EqualFold(n.params["delsp"], "yes")))
	}
	return cleanText(text)
}

// markup decodes an HTML part, at most limit octets of it.
func (n *node) markup(limit int) string {
	octets, _ := decodeTransfer(n.header.raw("Content-Transfer-Encoding"), n.body, limit)
	set := n.params["charset"]
	if set == "" || strings.EqualFold(set, "us-ascii") {
		if named := htmlCharset(octets); named != "" && !strings.HasPrefix(named, "utf-16") {
			set = named
		}
	}
	return strings.ReplaceAll(toUTF8(set, octets), "\x00", "")
}

// cleanText gives LF line ends and drops control characters other than tab.
func cleanText(s string) string {
	dirty := false
	for i := 0; i < len(s) && !dirty; i++ {
		dirty = s[i] < ' ' && s[i] != '\n' && s[i] != '\t' || s[i] == 0x7f
	}
	if !dirty {
		return s
	}
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r < ' ' && r != '\n' && r != '\t', r == 0x7f:
			return -1
		}
		return r
	}, s)
}
