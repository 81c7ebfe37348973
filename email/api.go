package email

import (
	"io"
	"time"
)

// Summarize reads what it can of a message; it never fails. It is on the path of every delivery:
// under 0.2 ms for an ordinary 10 KB message, bounded for hostile ones.
func Summarize(octets []byte) Summary { panic("unbuilt") }

// Part is one leaf of a message: a body or an attachment.
type Part struct {
	Index       int    // position among the leaves in reading order, stable for the same octets; the :n of /m/:id/part/:n
	Type        string // media type in lower case, e.g. "text/html"
	Charset     string
	Name        string // decoded file name, path and control characters removed; may be empty
	Disposition string // "inline", "attachment" or ""
	ContentID   string // without angle brackets
	Size        int64  // decoded octets, as far as known
}

// Message is a parsed message. Problem says in one word why it is shown as source only
// ("too-deep", "too-many-parts", "over-budget", ""), for the page to put into a sentence.
type Message struct {
	Summary
	Fields      []Field // the header as read tolerantly, in order, decoded
	Parts       []Part  // all leaves
	Attachments []Part  // those shown as files
	Problem     string
	// helpers of the email room add unexported fields
}

// Field is one header field, decoded for showing.
type Field struct{ Name, Value string }

// Parse reads a message within the caps of the guide (depth 50, 1,000 parts, 1 MiB header). It never fails.
func Parse(octets []byte) *Message { panic("unbuilt") }

// Content returns a leaf's decoded octets; text is not recoded. io.ErrUnexpectedEOF tells damaged coding, with what was readable.
func (m *Message) Content(index int) ([]byte, error) { panic("unbuilt") }

// Text is the message as plain text in UTF-8: the text/plain alternative (format=flowed unfolded,
// RFC 3676), else the HTML turned into text. For search, quoting and the text view.
func (m *Message) Text() string { panic("unbuilt") }

// HasHTML says whether there is an HTML alternative worth showing.
func (m *Message) HasHTML() bool { panic("unbuilt") }

// SafeHTML is the HTML alternative, sanitised by allow-list, as a body fragment. link names the
// URL of the leaf with this index, for cid: images; remote images are dropped and counted.
func (m *Message) SafeHTML(link func(index int) string) (html string, remoteImages int) {
	panic("unbuilt")
}

// Draft is a message being written, in parts that a form can hold.
type Draft struct {
	MessageID   string // without brackets; set once, kept over all versions
	From        Address
	To, Cc, Bcc []Address
	Subject     string
	Text        string // what the person typed, LF line ends
	Quote       string // original as plain text, sent below Text ("> " is added by Compose)
	QuoteHTML   string // original as safe HTML, sent in a blockquote; "" when the original was plain text
	QuoteLead   string // attribution above the quote, e.g. "Am 20.11.2026 schrieb Katrin Wessel:"
	InReplyTo   string
	References  []string
	Attachments []Attachment
	Date        time.Time
}

// Attachment is a file of a draft.
type Attachment struct {
	Name   string
	Type   string
	Octets []byte
}

// Compose writes a draft as RFC 5322 octets with CRLF line ends: text/plain (format=flowed), with
// an HTML alternative when the original was HTML, multipart/mixed with attachments. withBcc keeps
// the Bcc field (drafts and the sender's own copy); what leaves the house has none.
func Compose(d Draft, withBcc bool) ([]byte, error) { panic("unbuilt") }

// OpenDraft reads back what Compose wrote, so that a draft can be edited again after any crash.
func OpenDraft(octets []byte) (Draft, error) { panic("unbuilt") }

// ReplyMode is what a person wants to do with a message.
type ReplyMode string

const (
	Reply    ReplyMode = "reply"
	ReplyAll ReplyMode = "all"
	Forward  ReplyMode = "forward"
)

// ReplyTo starts a draft that answers or forwards a message, by the rules of webmail.md §1.3.
// own are the addresses and aliases of the person; lang is "de" or "en" and chooses AW:/WG: or
// Re:/Fwd: and the attribution line. Forward carries the original's attachments.
func ReplyTo(m *Message, mode ReplyMode, self Address, own []string, lang string) Draft {
	panic("unbuilt")
}

// ParseAddressList reads what a person typed into To, Cc or Bcc: commas or semicolons, names with
// or without quotes. bad lists the pieces that are no address.
func ParseAddressList(typed string) (good []Address, bad []string) { panic("unbuilt") }

// Bounce describes a delivery that failed for good, for the sender's own mailbox (RFC 3464).
type Bounce struct {
	ReportingMTA string
	To           Address // the sender, who gets the report
	From         Address // our postmaster
	MessageID    string  // of the report
	Date         time.Time
	Failed       []FailedRecipient
	Original     []byte // the message; its header is returned
	Lang         string
}

// FailedRecipient is one recipient and the remote server's words.
type FailedRecipient struct {
	Addr   string
	Status string // enhanced status code, e.g. 5.1.1
	Words  string // the remote answer
	Remote string // remote host, may be empty
}

// WriteBounce writes the report: plain words first, then message/delivery-status, then the header.
func WriteBounce(w io.Writer, b Bounce) error { panic("unbuilt") }
