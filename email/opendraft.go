package email

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// ErrNoDraft says that octets hold no message that could be edited.
var ErrNoDraft = errors.New("email: not a draft")

// OpenDraft reads back what Compose wrote, so that a draft can be edited again after any crash. A
// draft by another program is opened too: its readable text becomes Text, its files attachments.
// The error is ErrNoDraft for octets that have no header and no text.
func OpenDraft(octets []byte) (Draft, error) {
	m := read(octets)
	h := m.root.header
	if len(h) == 0 {
		return Draft{}, ErrNoDraft
	}
	d := Draft{
		MessageID:   firstOf(messageIDs(h.raw("Message-ID"))),
		To:          normalList(addressList(h.rawAll("To"), "utf-8")),
		Cc:          normalList(addressList(h.rawAll("Cc"), "utf-8")),
		Bcc:         normalList(addressList(h.rawAll("Bcc"), "utf-8")),
		Subject:     oneLine(decodeWords(h.raw("Subject"), "utf-8")),
		InReplyTo:   firstOf(messageIDs(h.raw("In-Reply-To"))),
		References:  cleanIDs(messageIDs(h.raw("References"))),
		ThreadTopic: decodeText(h.raw("Thread-Topic"), "utf-8"),
		ThreadIndex: strings.Join(strings.Fields(h.raw("Thread-Index")), ""),
		Date:        parseDate(h.raw("Date")),
	}
	if from := normalList(addressList(h.raw("From"), "utf-8")); len(from) > 0 {
		d.From = from[0]
	}
	m.openText(&d)
	_, ours := parseState(h.raw(stateField))
	for _, leaf := range append(slices.Clone(m.chosen.inline), m.chosen.files...) {
		content, _ := m.Content(leaf.index)
		p := leaf.part()
		if p.Type == "text/calendar" && p.Name == "" && p.Disposition == "" && d.Calendar == nil {
			d.Calendar = content
			continue
		}
		a := Attachment{Name: p.Name, Type: p.Type, Octets: content}
		if ours && p.Disposition == "inline" {
			a.CID = p.ContentID
		}
		d.Attachments = append(d.Attachments, a.normal())
	}
	d.fitPictures()
	return d, nil
}

// openText fills Text, QuoteLead, Quote and QuoteHTML.
func (m *Message) openText(d *Draft) {
	state, ok := parseState(m.root.header.raw(stateField))
	if ok && len(m.chosen.pieces) == 1 && m.chosen.pieces[0].text != nil {
		p := m.chosen.pieces[0]
		octets, _ := decodeTransfer(p.text.header.raw("Content-Transfer-Encoding"), p.text.body, 0)
		body := strings.TrimSuffix(strings.ReplaceAll(toUTF8("utf-8", octets), "\r\n", "\n"), "\n")
		d.Text, d.QuoteLead, d.Quote, ok = state.takeApart(strings.Split(body, "\n"))
		if ok {
			d.Text, d.QuoteLead, d.Quote = normalText(d.Text), normalText(d.QuoteLead), normalText(d.Quote)
			d.HTML = p.typedHTML(state.typed)
			if d.HTML != "" {
				d.Text = TypedText(d.HTML)
			}
			d.QuoteHTML = p.quotedHTML(*d)
			return
		}
	}
	d.Text = strings.TrimRight(m.Text(), "\n")
}

// typedHTML finds what was typed in the HTML that Compose wrote.
func (p piece) typedHTML(length int) string {
	inner, ok := strings.CutPrefix(p.markup(), htmlHead)
	if !ok || length <= 0 || length > len(inner) || !strings.HasPrefix(inner[length:], "</div>\n") {
		return ""
	}
	return normalTyped(inner[:length])
}

// markup is the HTML beside a text, with LF line ends; "" when there is none.
func (p piece) markup() string {
	if p.html == nil {
		return ""
	}
	octets, _ := decodeTransfer(p.html.header.raw("Content-Transfer-Encoding"), p.html.body, 0)
	return strings.ReplaceAll(toUTF8("utf-8", octets), "\r\n", "\n")
}

// quotedHTML finds the original in the HTML that Compose wrote. It passes the policy again: a
// message put into Drafts by somebody else is no more trusted than any other.
func (p piece) quotedHTML(d Draft) string {
	inner, ok := strings.CutPrefix(p.markup(), htmlBefore(d))
	if !ok {
		return ""
	}
	if inner, ok = strings.CutSuffix(inner, htmlAfter); !ok || inner == htmlLines(d.Quote) {
		return "" // the original was plain text
	}
	return quotePolicy.Sanitize(inner)
}

// WithoutDraftState takes off the private fields that Compose wrote into a draft or a sender's own
// copy, for what is given to Exchange. Octets without such fields come back unchanged.
func WithoutDraftState(octets []byte) []byte {
	return withoutFields(octets, privatePrefix)
}

// withoutFields leaves out the fields whose names begin with one of the prefixes, in lower case.
func withoutFields(octets []byte, prefixes ...string) []byte {
	head := bytes.ToLower(octets[:min(len(octets), maxHeader)])
	if !slices.ContainsFunc(prefixes, func(p string) bool { return bytes.Contains(head, []byte(p)) }) {
		return octets
	}
	begins := func(line []byte) func(string) bool {
		return func(p string) bool { return len(line) >= len(p) && strings.EqualFold(string(line[:len(p)]), p) }
	}
	out := make([]byte, 0, len(octets))
	dropping := false
	for pos := 0; pos < len(octets); {
		line, next := nextLine(octets, pos)
		if len(line) == 0 {
			return append(out, octets[pos:]...)
		}
		if line[0] != ' ' && line[0] != '\t' {
			dropping = slices.ContainsFunc(prefixes, begins(line))
		}
		if !dropping {
			out = append(out, octets[pos:next]...)
		}
		pos = next
	}
	return out
}
