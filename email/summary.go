package email

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	snippetLength = 160      // characters
	snippetFirst  = 2 << 10  // octets of a text part looked at first; what begins with a quote is read further
	snippetText   = 8 << 10  // octets of a text part looked at
	snippetHTML   = 96 << 10 // Outlook and newsletters begin with long style sheets
)

// Summarize reads what it can of a message; it never fails. It is on the path of every delivery:
// under 0.2 ms for an ordinary 10 KB message, bounded for hostile ones.
func Summarize(octets []byte) Summary {
	return summarize(octets, read(octets))
}

func summarize(octets []byte, m *Message) Summary {
	h := m.root.header
	hint := m.root.params["charset"]
	s := Summary{
		MessageID:   firstOf(messageIDs(h.raw("Message-ID"))),
		InReplyTo:   capChain(messageIDs(h.raw("In-Reply-To"))),
		References:  capChain(messageIDs(h.raw("References"))),
		From:        addressList(h.raw("From"), hint),
		ReplyTo:     addressList(h.rawAll("Reply-To"), hint),
		To:          addressList(h.rawAll("To"), hint),
		Cc:          addressList(h.rawAll("Cc"), hint),
		Bcc:         addressList(h.rawAll("Bcc"), hint),
		Subject:     cutRunes(decodeText(h.raw("Subject"), hint), maxSubject),
		Date:        parseDate(h.raw("Date")),
		ThreadIndex: strings.Join(strings.Fields(h.raw("Thread-Index")), ""),
		ThreadTopic: cutRunes(decodeText(h.raw("Thread-Topic"), hint), maxSubject),
		Snippet:     m.snippet(),
		Attachments: len(m.chosen.files),
		Automatic:   isAutomatic(h),
	}
	if sender := addressList(h.raw("Sender"), hint); len(sender) > 0 {
		s.Sender = sender[0]
	}
	if s.MessageID == "" {
		s.MessageID = cleanID(h.raw("Message-ID"))
	}
	s.BaseSubject = baseSubject(s.Subject)
	sum := sha256.Sum256(octets[m.root.start:])
	s.BodyHash = hex.EncodeToString(sum[:])
	return s
}

func firstOf(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// isAutomatic says that no person wrote a message (RFC 3834, 5; the older Precedence).
func isAutomatic(h header) bool {
	auto := strings.ToLower(strings.TrimSpace(stripComment(h.raw("Auto-Submitted"))))
	if auto != "" && auto != "no" {
		return true
	}
	switch strings.ToLower(h.raw("Precedence")) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return false
}

// snippet is the first readable new text, without quote and signature, on one line.
func (m *Message) snippet() string {
	for _, p := range m.chosen.pieces {
		if p.text != nil {
			for _, limit := range []int{snippetFirst, snippetText} {
				if s := shorten(p.text.plain(limit)); s != "" {
					return s
				}
			}
		}
		if p.html != nil {
			if s := shorten(htmlToText(p.html.markup(snippetHTML), false)); s != "" {
				return s
			}
		}
	}
	return ""
}

func shorten(text string) string {
	text, _ = Fold(text)
	if i := strings.Index(text, "\n-- \n"); i > 0 {
		text = text[:i]
	}
	var out strings.Builder
	n := 0
	for _, word := range strings.Fields(unquoted(text)) {
		if strings.Trim(word, "-_=*~>.#|") == "" {
			continue // rules and quote marks
		}
		length := len([]rune(word))
		if n+length+1 > snippetLength {
			if n == 0 {
				return cutRunes(word, snippetLength)
			}
			break
		}
		if n > 0 {
			out.WriteByte(' ')
			n++
		}
		out.WriteString(word)
		n += length
	}
	return out.String()
}

// unquoted leaves out quotes among new text, with the lines that introduce them.
func unquoted(text string) string {
	if !strings.Contains(text, "\n>") && !strings.HasPrefix(text, ">") {
		return text
	}
	lines := strings.SplitAfter(text, "\n")
	var out strings.Builder
	for i, line := range lines {
		introduces := i+1 < len(lines) && strings.HasPrefix(lines[i+1], ">") && attributes(strings.ToLower(strings.TrimSpace(line)), true)
		if !introduces && !strings.HasPrefix(line, ">") {
			out.WriteString(line)
		}
	}
	return out.String()
}
