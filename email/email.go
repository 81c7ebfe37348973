// Package email knows what a message is: addresses, envelope, MIME structure, threading keys,
// reply and forward rules, plain text and safe HTML. It reads octets and writes octets; it knows
// neither storage nor network. Every reader of outside octets here is total: it answers with what
// it could read and never fails, hangs or panics (store bytes first, parse later).
package email

import "time"

// MailboxID names one user's or shared mailbox. It is random, given once by the directory, and
// safe in a path: 16 letters of lower-case base32.
type MailboxID string

// MessageID is Holdover's own permanent id of a message, given at delivery; it is not the
// Message-ID header field. It is the id clause of our Received line, and safe in a path. The same
// id stands in every mailbox that one transaction delivered to.
type MessageID string

// Address is a mailbox address with its display name, both decoded (RFC 5322, 3.4).
type Address struct {
	Name string // display name, may be empty
	Addr string // local@domain as written
}

// Envelope is the SMTP envelope (RFC 5321, 2.3.1). An empty From is the null reverse-path.
type Envelope struct {
	From string
	To   []string
}

// Summary is all that lists, threads and the change log need of a message.
type Summary struct {
	MessageID   string   // without angle brackets; empty when the header has none
	InReplyTo   []string // without angle brackets
	References  []string // without angle brackets, oldest first, capped
	From        []Address
	Sender      Address
	ReplyTo     []Address
	To, Cc, Bcc []Address
	Subject     string // decoded, one line
	BaseSubject string // without reply and gateway prefixes, for threading
	Date        time.Time
	ThreadIndex string // base64 as in the header
	ThreadTopic string
	BodyHash    string // hex SHA-256 of the octets after the header's blank line
	Snippet     string // about 160 characters of readable new text
	Attachments int
	Automatic   bool // Auto-Submitted or Precedence says that no person wrote it
}

// ThreadRoot names the Outlook conversation that a message belongs to, whatever its References say:
// the beginning of its Thread-Index ([MS-OXOMSG], 2.2.1.3), in base64; "" when it has none.
func (s Summary) ThreadRoot() string { return threadIndexRoot(s.ThreadIndex) }
