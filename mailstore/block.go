package mailstore

import (
	"bytes"
	"io"
	"strconv"
	"strings"
	"time"

	"holdover/email"
)

// Block is the store-only part at the top of a file: what no header field may say, because it
// never leaves the house (L9). Each of its lines begins with "Holdover-".
type Block struct {
	ID      email.MessageID
	Origin  Origin
	From    string   // envelope sender
	To      []string // envelope recipients of this mailbox
	At      time.Time
	Own     bool // the sender's own copy
	Version int  // of a draft
}

const (
	blockPrefix = "Holdover-"
	blockEnd    = "Holdover-End: 1\r\n"
	blockTime   = "2006-01-02T15:04:05.000Z"
)

// Write writes the block, with its last line.
func (b Block) Write(w io.Writer) error {
	_, err := w.Write(b.octets())
	return err
}

func (b Block) octets() []byte {
	var h head
	h.add("Id", string(b.ID))
	h.add("Origin", string(b.Origin))
	h.add("From", b.From)
	for _, to := range b.To {
		h.add("To", to)
	}
	h.add("Received", b.At.UTC().Format(blockTime))
	if b.Own {
		h.add("Own", "1")
	}
	if b.Version > 0 {
		h.add("Version", strconv.Itoa(b.Version))
	}
	return h.end()
}

// ReadBlock splits a stored file into its store-only block and the rest; ok is false for a file
// without a block, which was put there by hand or by a migration, and rest is then all of it.
func ReadBlock(file []byte) (b Block, rest []byte, ok bool) {
	lines, rest, ok := readHead(file)
	if !ok {
		return Block{}, file, false
	}
	for _, l := range lines {
		switch l.name {
		case "Id":
			if safe(l.value) {
				b.ID = email.MessageID(l.value)
			}
		case "Origin":
			b.Origin = Origin(l.value)
		case "From":
			b.From = l.value
		case "To":
			b.To = append(b.To, l.value)
		case "Received":
			b.At, _ = time.Parse(blockTime, l.value)
		case "Own":
			b.Own = l.value == "1"
		case "Version":
			b.Version, _ = strconv.Atoi(l.value)
		}
	}
	return b, rest, true
}

// head is a block being written, for messages and for spool files.
type head struct{ bytes.Buffer }

type headLine struct{ name, value string }

// add writes a line. A value can never make a second one.
func (h *head) add(name, value string) {
	h.WriteString(blockPrefix + name + ": " + oneLine(value) + "\r\n")
}

func (h *head) end() []byte {
	h.WriteString(blockEnd)
	return h.Bytes()
}

func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, s)
}

func readHead(file []byte) (lines []headLine, rest []byte, ok bool) {
	rest = file
	for bytes.HasPrefix(rest, []byte(blockPrefix)) {
		if bytes.HasPrefix(rest, []byte(blockEnd)) {
			return lines, rest[len(blockEnd):], true
		}
		line, after, found := bytes.Cut(rest, []byte("\r\n"))
		if !found {
			break
		}
		name, value, _ := strings.Cut(string(line[len(blockPrefix):]), ": ")
		lines = append(lines, headLine{name, value})
		rest = after
	}
	return nil, file, false
}
