package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-message"
)

// ErrNoSender says that a draft without a sender's address was to leave the house.
var ErrNoSender = errors.New("email: no sender address")

// Compose writes a draft as RFC 5322 octets with CRLF line ends: text/plain (format=flowed), with
// an HTML alternative when the original was HTML, multipart/mixed with attachments. withBcc keeps
// the Bcc field and the private fields that OpenDraft needs (drafts and the sender's own copy);
// what leaves the house has neither. Both forms have the same body octets, so the same body hash.
// Date is written only if set. The error is ErrNoSender or one of the writers'.
func Compose(d Draft, withBcc bool) ([]byte, error) {
	d = d.normal()
	if d.From.Addr == "" && !withBcc {
		return nil, ErrNoSender
	}
	if d.MessageID == "" {
		d.MessageID = NewMessageID(d.From.Domain())
	}
	c := composer{draft: d, text: layOut(d)}
	var out bytes.Buffer
	if err := c.write(&out, withBcc); err != nil {
		return nil, fmt.Errorf("email: compose %s: %w", d.MessageID, err)
	}
	return out.Bytes(), nil
}

// composer writes one draft. Boundaries come from a hash of its content: the same draft gives the
// same octets, and no text can contain the boundary it is cut by.
type composer struct {
	draft Draft
	text  layout
	seed  string
}

func (c *composer) write(w io.Writer, withBcc bool) error {
	c.seed = c.hash()
	top := newHeader(c.fields(withBcc))
	files := slices.DeleteFunc(slices.Clone(c.draft.Attachments), func(a Attachment) bool { return a.CID != "" })
	if len(files) == 0 {
		return c.writeRelated(top, func(h message.Header) (*message.Writer, error) { return message.CreateWriter(w, h) })
	}
	c.setMultipart(&top, "multipart/mixed", "m")
	mixed, err := message.CreateWriter(w, top)
	if err != nil {
		return err
	}
	if err := c.writeRelated(message.Header{}, mixed.CreatePart); err != nil {
		return err
	}
	for _, a := range files {
		if err := writeAttachment(mixed, a); err != nil {
			return err
		}
	}
	return mixed.Close()
}

func (c *composer) hash() string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %q %q", c.draft.MessageID, c.text.lines, c.draft.QuoteHTML, c.draft.HTML)
	if c.draft.Calendar != nil {
		fmt.Fprintf(sum, " %x", sha256.Sum256(c.draft.Calendar))
	}
	for _, a := range c.draft.Attachments {
		fmt.Fprintf(sum, " %q %q %x", a.Name, a.CID, sha256.Sum256(a.Octets))
	}
	return hex.EncodeToString(sum.Sum(nil)[:12])
}

func (c *composer) setMultipart(h *message.Header, kind, which string) {
	h.Set("Content-Type", mime.FormatMediaType(kind, map[string]string{"boundary": "=_" + which + c.seed}))
}

// writeBody writes the text, and beside it the HTML when the original was HTML, and the calendar object if there is one.
func (c *composer) writeBody(h message.Header, create func(message.Header) (*message.Writer, error)) error {
	plain := strings.Join(c.text.lines, "\r\n") + "\r\n"
	plainType := "text/plain; charset=utf-8; format=flowed"
	if !c.alternatives() {
		return writeText(h, create, plainType, plain)
	}
	c.setMultipart(&h, "multipart/alternative", "a")
	alternative, err := create(h)
	if err != nil {
		return err
	}
	if err := writeText(message.Header{}, alternative.CreatePart, plainType, plain); err != nil {
		return err
	}
	if c.draft.QuoteHTML != "" || c.draft.HTML != "" {
		markup := strings.ReplaceAll(htmlOf(c.draft), "\n", "\r\n")
		if err := writeText(message.Header{}, alternative.CreatePart, "text/html; charset=utf-8", markup); err != nil {
			return err
		}
	}
	if err := c.writeCalendar(alternative); err != nil {
		return err
	}
	return alternative.Close()
}

// alternatives says whether the text has other forms than the plain one.
func (c *composer) alternatives() bool {
	return c.draft.QuoteHTML != "" || c.draft.HTML != "" || c.draft.Calendar != nil
}

// calendarMethod is the method that a calendar object names.
var calendarMethod = regexp.MustCompile(`(?im)^METHOD:([A-Z]+)\s*$`)

// writeCalendar writes the calendar object last: the richest form (RFC 6047, 2.4 wants its method named).
func (c *composer) writeCalendar(alternative *message.Writer) error {
	if c.draft.Calendar == nil {
		return nil
	}
	kind := "text/calendar; charset=utf-8"
	if method := calendarMethod.FindSubmatch(c.draft.Calendar); method != nil {
		kind += "; method=" + strings.ToUpper(string(method[1]))
	}
	return writeText(message.Header{}, alternative.CreatePart, kind, string(c.draft.Calendar))
}

func writeText(h message.Header, create func(message.Header) (*message.Writer, error), kind, text string) error {
	h.Set("Content-Type", kind)
	h.Set("Content-Transfer-Encoding", textCoding(text))
	return writePart(h, create, []byte(text))
}

func writePart(h message.Header, create func(message.Header) (*message.Writer, error), octets []byte) error {
	w, err := create(h)
	if err != nil {
		return err
	}
	if _, err := w.Write(octets); err != nil {
		return err
	}
	return w.Close()
}

// textCoding keeps ASCII readable on the wire and picks the shorter coding for the rest.
func textCoding(text string) string {
	if isCleanLines([]byte(text)) {
		return "7bit"
	}
	wide := 0
	for i := 0; i < len(text); i++ {
		if text[i] >= 0x80 {
			wide++
		}
	}
	if wide > len(text)/3 {
		return "base64"
	}
	return "quoted-printable"
}

func writeAttachment(mixed *message.Writer, a Attachment) error {
	var h message.Header
	names := map[string]string{}
	if a.Name != "" {
		names["name"] = a.Name
	}
	h.Set("Content-Type", mime.FormatMediaType(a.Type, names)) // RFC 2231 for non-ASCII names
	h.Set("Content-Transfer-Encoding", "base64")
	if strings.HasPrefix(a.Type, "message/") {
		h.Set("Content-Transfer-Encoding", "7bit")
	}
	if a.Name != "" {
		names = map[string]string{"filename": a.Name}
	}
	show := "attachment"
	if a.CID != "" {
		show = "inline"
		h.Set("Content-ID", "<"+a.CID+">")
	}
	h.Set("Content-Disposition", mime.FormatMediaType(show, names))
	return writePart(h, mixed.CreatePart, a.Octets)
}

// fields are the header of the message, in order.
func (c *composer) fields(withBcc bool) []Field {
	d := c.draft
	fields := []Field{{"MIME-Version", "1.0"}, {"Message-ID", "<" + d.MessageID + ">"}}
	add := func(name, value string) {
		if value != "" {
			fields = append(fields, Field{name, value})
		}
	}
	if !d.Date.IsZero() {
		add("Date", d.Date.Format(time.RFC1123Z))
	}
	if d.From.Addr != "" {
		add("From", d.From.String())
	}
	add("To", joinAddresses(d.To))
	add("Cc", joinAddresses(d.Cc))
	if withBcc {
		add("Bcc", joinAddresses(d.Bcc))
	}
	add("Subject", encodeSubject(d.Subject))
	if d.InReplyTo != "" {
		add("In-Reply-To", "<"+d.InReplyTo+">")
	}
	if len(d.References) > 0 {
		add("References", "<"+strings.Join(d.References, "> <")+">")
	}
	add("Thread-Topic", encodeSubject(d.ThreadTopic))
	add("Thread-Index", d.ThreadIndex)
	if withBcc {
		add(stateField, c.text.state(len(c.draft.HTML)))
	}
	return fields
}

// newHeader gives the fields to go-message; no value brings a line end of its own.
func newHeader(fields []Field) message.Header {
	var h message.Header
	for i := len(fields) - 1; i >= 0; i-- { // Add puts a field on top
		h.Add(fields[i].Name, oneLine(fields[i].Value))
	}
	return h
}

func joinAddresses(list []Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = a.String()
	}
	return strings.Join(names, ", ")
}

// encodeSubject leaves plain text as it is and encodes what folding or reading would change.
func encodeSubject(s string) string {
	run := 0
	for i := 0; i < len(s); i++ {
		if run++; s[i] == ' ' {
			run = 0
		}
		if s[i] >= 0x7f || run > 400 {
			return encodeWords(s)
		}
	}
	if strings.Contains(s, "=?") || strings.Contains(s, "  ") || strings.TrimSpace(s) != s {
		return encodeWords(s)
	}
	return s
}

// The frame of the HTML that Compose writes. OpenDraft takes it apart again.
const (
	htmlHead    = "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"></head><body>\n<div>"
	htmlQuoting = "<blockquote type=\"cite\" style=\"margin:0 0 0 0.8em;border-left:2px solid #cccccc;padding-left:0.8em\">\n"
	htmlAfter   = "\n</blockquote>\n</body></html>\n"
	htmlEnd     = "</body></html>\n"
)

// htmlOf is the HTML of a draft: what was typed, and the original below it if there is one.
func htmlOf(d Draft) string {
	quote := d.QuoteHTML
	if quote == "" && d.Quote != "" {
		quote = htmlLines(d.Quote)
	}
	if quote == "" {
		return htmlHead + d.HTML + "</div>\n" + htmlEnd
	}
	return htmlBefore(d) + quote + htmlAfter
}

// htmlBefore is the HTML of a draft up to the original.
func htmlBefore(d Draft) string {
	typed, lead := d.HTML, ""
	if typed == "" {
		typed = htmlLines(d.Text)
	}
	if d.QuoteLead != "" {
		lead = "<div><br>" + htmlLines(d.QuoteLead) + "</div>\n"
	}
	return htmlHead + typed + "</div>\n" + lead + htmlQuoting
}

// htmlLines escapes text and keeps its lines and indentation, also in Word's rendering.
func htmlLines(text string) string {
	text = html.EscapeString(text)
	text = strings.ReplaceAll(text, "\t", "    ")
	text = strings.ReplaceAll(text, "  ", "&nbsp; ")
	return strings.ReplaceAll(text, "\n", "<br>\n")
}
