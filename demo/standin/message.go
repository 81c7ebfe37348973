package standin

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// message is one stored message. octets and header never change; the rest is under the store's lock.
type message struct {
	uid     imap.UID
	octets  []byte
	at      time.Time
	header  header
	flags   map[imap.Flag]bool // canonical spelling
	unshown bool               // \Flagged came with APPEND: people do not see it until a STORE

	number, place, changes uint64 // number stays over moves, place does not; changes counts
	categories             []string
	sentAt                 time.Time // as a face set it; zero: the Date header
	extended               map[string]string
	sum, bodySum           string // of the octets, once asked for
}

func newMessage(octets []byte, at time.Time, flags []imap.Flag) *message {
	m := &message{octets: octets, at: at, header: readHeader(octets), flags: map[imap.Flag]bool{}}
	for _, f := range flags {
		if known, ok := permanent(f); ok {
			m.flags[known] = true
		}
	}
	return m
}

// permanentFlags are what Exchange keeps; there is no \* and no keyword.
func permanentFlags() []imap.Flag {
	return []imap.Flag{imap.FlagSeen, imap.FlagAnswered, imap.FlagFlagged, imap.FlagDeleted, imap.FlagDraft, imap.FlagMDNSent}
}

func permanent(f imap.Flag) (imap.Flag, bool) {
	for _, known := range permanentFlags() {
		if strings.EqualFold(string(known), string(f)) {
			return known, true
		}
	}
	return "", false
}

// copyOf is a message with the same properties, not yet stored and without ids.
func (m *message) copyOf(octets []byte) *message {
	twin := newMessage(octets, m.at, m.flagList())
	twin.unshown, twin.categories, twin.sentAt, twin.extended = m.unshown, slices.Clone(m.categories), m.sentAt, maps.Clone(m.extended)
	return twin
}

// flagged is what people see.
func (m *message) flagged() bool { return m.flags[imap.FlagFlagged] && !m.unshown }

func (m *message) flagList() []imap.Flag { return slices.Sorted(maps.Keys(m.flags)) }

// Message is what faces, tests and the plug page see of a stored message.
type Message struct {
	Mailbox   string    `json:"mailbox"`
	Folder    string    `json:"folder"`
	UID       uint32    `json:"uid"`
	ID        string    `json:"id"`      // immutable: stays when the message is moved
	ItemID    string    `json:"item_id"` // changes with each move
	FolderID  string    `json:"folder_id"`
	Changes   uint64    `json:"changes"`    // grows with each change of a property
	MessageID string    `json:"message_id"` // as in the header, with angle brackets
	Traces    []string  `json:"traces"`     // its Received lines, newest first
	Subject   string    `json:"subject"`
	Date      string    `json:"date"` // Date header
	Received  time.Time `json:"received"`
	Sent      time.Time `json:"sent"`
	Seen      bool      `json:"seen"`
	Flagged   bool      `json:"flagged"` // as people see it: not when it came with APPEND alone
	Answered  bool      `json:"answered"`
	Draft     bool      `json:"draft"`
	Size      int       `json:"size"`
	SHA256    string    `json:"sha256"` // of all octets as they lie there
	Body      string    `json:"body"`   // SHA-256 of what is below the header

	Categories []string          `json:"categories,omitempty"`
	Extended   map[string]string `json:"extended,omitempty"`
}

// Messages lists a folder's messages in UID order; folder "" lists all folders of the mailbox.
func (s *Store) Messages(address, folderName string) []Message {
	s.lock()
	defer s.mu.Unlock()
	primary, _ := s.resolve(address)
	box, ok := s.boxes[primary]
	if !ok {
		return nil
	}
	var all []Message
	for _, f := range box.folders {
		if folderName != "" && !strings.EqualFold(f.name, folderName) {
			continue
		}
		for _, m := range f.messages {
			all = append(all, m.seenBy(primary, f))
		}
	}
	return all
}

func (m *message) seenBy(mailbox string, f *folder) Message {
	if m.sum == "" {
		m.sum, m.bodySum = hash(m.octets), hash(m.octets[m.header.end:])
	}
	p := m.properties()
	return Message{
		Mailbox: mailbox, Folder: f.name, UID: uint32(m.uid), ID: m.immutableID(), ItemID: m.itemID(), FolderID: f.id(), Changes: m.changes,
		MessageID: m.header.get("Message-ID"), Traces: m.header.all("Received"), Subject: decoded(m.header.get("Subject")),
		Date: m.header.get("Date"), Received: m.at, Sent: p.Sent,
		Seen: p.Read, Flagged: p.Flagged, Answered: p.Answered, Draft: p.Draft,
		Size: len(m.octets), SHA256: m.sum, Body: m.bodySum, Categories: p.Categories, Extended: p.Extended,
	}
}

func decoded(text string) string {
	if words, err := new(mime.WordDecoder).DecodeHeader(text); err == nil {
		return words
	}
	return text
}

func hash(octets []byte) string {
	sum := sha256.Sum256(octets)
	return hex.EncodeToString(sum[:])
}

// Octets answers a message as it lies there.
func (s *Store) Octets(address, folderName string, uid imap.UID) ([]byte, error) {
	s.lock()
	defer s.mu.Unlock()
	f, err := s.folder(address, folderName)
	if err != nil {
		return nil, err
	}
	for _, m := range f.messages {
		if m.uid == uid {
			return m.octets, nil
		}
	}
	return nil, fmt.Errorf("no message %d in %s of %s", uid, folderName, address)
}

// Folder is a folder's name and counts.
type Folder struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	WellKnown string `json:"well_known,omitempty"` // "inbox", "drafts", "sentitems", "deleteditems", "junkemail", "archive", "outbox"
	Total     int    `json:"total"`
	Unread    int    `json:"unread"`
	Next      uint32 `json:"next"` // grows with each arrival
}

// Folders lists a mailbox's folders with their counts.
func (s *Store) Folders(address string) []Folder {
	s.lock()
	defer s.mu.Unlock()
	primary, _ := s.resolve(address)
	box, ok := s.boxes[primary]
	if !ok {
		return nil
	}
	var all []Folder
	for _, f := range box.folders {
		all = append(all, f.shown())
	}
	return all
}

func (f *folder) shown() Folder {
	return Folder{ID: f.id(), Name: f.name, WellKnown: f.wellKnown(), Total: len(f.messages), Unread: f.count(imap.FlagSeen, false), Next: uint32(f.next)}
}

// id is the folder's own, whatever it is called; its first UIDVALIDITY serves for it.
func (f *folder) id() string { return itemID('f', uint64(f.number), 0) }

func (f *folder) wellKnown() string {
	return map[string]string{Inbox: "inbox", Drafts: "drafts", Sent: "sentitems", Deleted: "deleteditems", Junk: "junkemail",
		Archive: "archive", Outbox: "outbox"}[f.name]
}

func (f *folder) count(flag imap.Flag, set bool) (n int) {
	for _, m := range f.messages {
		if m.flags[flag] == set {
			n++
		}
	}
	return n
}

// header is a tolerant reading of a message's header: fields in order, as octets, and where the body begins.
type header struct {
	fields []field
	end    int
}

type field struct {
	name  string // as written; "" for a line that is no field
	value string // unfolded
	raw   []byte // with line end and folded lines
}

// readHeader never fails: a line without a colon is kept as a field without a name.
func readHeader(octets []byte) (h header) {
	rest := octets
	for len(rest) > 0 {
		line, after := cutLine(rest)
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			h.end = len(octets) - len(after)
			return h
		}
		for len(after) > 0 && (after[0] == ' ' || after[0] == '\t') {
			more, next := cutLine(after)
			line, after = line[:len(line)+len(more)], next
		}
		h.fields = append(h.fields, readField(line))
		rest = after
	}
	h.end = len(octets)
	return h
}

// cutLine keeps line as a prefix of text, so that folded lines can be joined by reslicing.
func cutLine(text []byte) (line, rest []byte) {
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		return text[:i+1], text[i+1:]
	}
	return text, nil
}

func readField(raw []byte) field {
	name, value, ok := strings.Cut(string(raw), ":")
	if !ok || strings.ContainsAny(name, " \t") {
		return field{raw: raw}
	}
	value = strings.NewReplacer("\r\n", "", "\n", "").Replace(value)
	return field{name: name, value: strings.TrimSpace(value), raw: raw}
}

func (h header) get(name string) string {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

func (h header) all(name string) (values []string) {
	for _, f := range h.fields {
		if strings.EqualFold(f.name, name) {
			values = append(values, f.value)
		}
	}
	return values
}

// filtered writes the fields that keep answers true for, and the empty line.
func (h header) filtered(w io.Writer, keep func(name string) bool) {
	for _, f := range h.fields {
		if keep(f.name) {
			w.Write(f.raw)
		}
	}
	io.WriteString(w, "\r\n")
}
