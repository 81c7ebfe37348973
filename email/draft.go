package email

import (
	"strings"
	"time"
)

// Draft is a message being written, in parts that a form can hold.
type Draft struct {
	MessageID   string // without brackets; set once, kept over all versions
	From        Address
	To, Cc, Bcc []Address
	Subject     string
	Text        string // what the person typed, LF line ends
	HTML        string // the same with emphasis, lists and links, in the editor's safe set; "": plain. Text is made of it
	Quote       string // original as plain text, sent below Text ("> " is added by Compose)
	QuoteHTML   string // original as safe HTML, sent in a blockquote; "" when the original was plain text
	QuoteLead   string // attribution above the quote, e.g. "Am 20.11.2026 schrieb Katrin Wessel:"
	InReplyTo   string
	References  []string
	ThreadTopic string // Outlook's conversation, kept in answers
	ThreadIndex string
	Attachments []Attachment
	Calendar    []byte // calendar object (RFC 6047) sent as another form of the text, e.g. an answer to an invitation; nil: none
	Date        time.Time
}

// Attachment is a file of a draft.
type Attachment struct {
	Name   string
	Type   string
	Octets []byte
	CID    string // Content-ID without brackets, of a picture that the HTML shows (RFC 2392); "": a file
}

// normal gives a draft the form in which it can be written and read back without change: clean line
// ends and names, known media types, whole seconds.
func (d Draft) normal() Draft {
	d.MessageID, d.InReplyTo = cleanID(d.MessageID), cleanID(d.InReplyTo)
	d.References = cleanIDs(d.References)
	d.From = d.From.normal()
	d.To, d.Cc, d.Bcc = normalList(d.To), normalList(d.Cc), normalList(d.Bcc)
	d.Subject = oneLine(d.Subject)
	d.Text, d.Quote, d.QuoteLead = normalText(d.Text), normalText(d.Quote), normalText(d.QuoteLead)
	var files []Attachment
	for _, a := range d.Attachments {
		files = append(files, a.normal())
	}
	d.Attachments = files
	d.HTML = normalTyped(d.HTML)
	if d.QuoteHTML != "" {
		d.QuoteHTML = quotePolicy.Sanitize(normalText(d.QuoteHTML))
	}
	d.fitPictures()
	if d.HTML != "" {
		d.Text = TypedText(d.HTML)
	}
	d.ThreadTopic = headerSafe(d.ThreadTopic)
	d.ThreadIndex = strings.Join(strings.Fields(d.ThreadIndex), "")
	if !d.Date.IsZero() {
		d.Date = d.Date.Truncate(time.Second)
	}
	return d
}

func (a Address) normal() Address {
	a = Address{Name: headerSafe(a.Name), Addr: cleanAddr(a.Addr)}
	if ascii, ok := sendable(a); ok && !isASCII(a.Addr) {
		return ascii
	}
	return a
}

func normalList(list []Address) []Address {
	var out []Address
	for _, a := range list {
		if a = a.normal(); a.Addr != "" && len(a.Addr) <= 320 {
			out = append(out, a)
		}
	}
	return out
}

func cleanIDs(ids []string) []string {
	var out []string
	for _, id := range ids {
		if id = cleanID(id); id != "" {
			out = append(out, id)
		}
	}
	return capChain(out)
}

func normalText(s string) string {
	return cleanText(strings.ToValidUTF8(strings.ReplaceAll(s, "\r\n", "\n"), "\uFFFD"))
}

func (a Attachment) normal() Attachment {
	kind, _ := mediaType(a.Type)
	if a.Type == "" || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") && !isCleanLines(a.Octets) ||
		kind == "text/plain" && !strings.HasPrefix(strings.ToLower(a.Type), "text/plain") {
		kind = "application/octet-stream" // RFC 2046, 5.2.1: a message part must not be encoded
	}
	name := cleanName(a.Name)
	if !cidValue.MatchString("cid:"+a.CID) || rasterType(a.Octets) == "" {
		a.CID = ""
	} else {
		kind = rasterType(a.Octets)
	}
	return Attachment{Name: name, Type: kind, Octets: a.Octets, CID: a.CID}
}

// isCleanLines says whether octets can be sent as they are: ASCII, CRLF, lines under 998 (RFC 5321, 4.5.3.1.6).
func isCleanLines(octets []byte) bool {
	length := 0
	for i, c := range octets {
		switch {
		case c == 0 || c >= 0x80:
			return false
		case c == '\n':
			if i == 0 || octets[i-1] != '\r' {
				return false
			}
			length = 0
			continue
		case i > 0 && octets[i-1] == '\r':
			return false
		}
		if length++; length > 997 {
			return false
		}
	}
	return len(octets) == 0 || octets[len(octets)-1] != '\r'
}
