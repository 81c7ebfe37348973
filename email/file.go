package email

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ErrNoText tells that a file is no text, whatever the mail calls it.
var ErrNoText = errors.New("no text")

// TextOf reads a leaf as plain text with LF line ends: in the character set that the mail names or a byte order mark tells, else UTF-8 or
// Windows-1252. Of more than limit octets the beginning is read, up to the end of a line, and more is true. Errors: ErrNoText; io.EOF
// when there is no such leaf.
func (m *Message) TextOf(index, limit int) (text string, more bool, err error) {
	octets, err := m.Content(index)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", false, err
	}
	charset := m.leaves[index].params["charset"]
	wide := bytes.HasPrefix(octets, []byte("\xff\xfe")) || bytes.HasPrefix(octets, []byte("\xfe\xff"))
	if wide {
		charset = "utf-16"
	}
	if more = len(octets) > limit; more {
		octets = beginning(octets[:limit], wide)
	}
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(toUTF8(charset, octets))
	if strings.ContainsRune(text, 0) {
		return "", false, fmt.Errorf("%w: it has NUL in it", ErrNoText)
	}
	return text, more, nil
}

// beginning cuts no letter in two.
func beginning(octets []byte, wide bool) []byte {
	if wide {
		return octets[:len(octets)&^1]
	}
	if end := bytes.LastIndexByte(octets, '\n'); end > 0 {
		return octets[:end+1]
	}
	for len(octets) > 0 && octets[len(octets)-1] >= 0x80 {
		octets = octets[:len(octets)-1]
	}
	return octets
}

// Page reads an HTML leaf as a message of its own, to be shown like one; nil when it is none.
func (m *Message) Page(index int) *Message {
	if index < 0 || index >= len(m.leaves) {
		return nil
	}
	leaf := m.leaves[index]
	if leaf.kind != "text/html" && leaf.kind != "application/xhtml+xml" && !isPageName(fileName(leaf)) {
		return nil
	}
	text, _, err := m.TextOf(index, maxHTML)
	if err != nil {
		return nil
	}
	if charset := htmlCharset([]byte(text)); leaf.params["charset"] == "" && charset != "" {
		octets, _ := m.Content(index)
		text = toUTF8(charset, octets[:min(len(octets), maxHTML)])
	}
	return Parse([]byte("Content-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" + text))
}

func isPageName(name string) bool {
	name = strings.ToLower(name)
	return strings.HasSuffix(name, ".html") || strings.HasSuffix(name, ".htm") || strings.HasSuffix(name, ".xhtml")
}
