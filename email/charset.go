package email

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
)

// toUTF8 decodes text of a named character set. It never fails: unknown names and octets that the
// set does not have are read as UTF-8 when they are that, else as Windows-1252.
func toUTF8(label string, b []byte) string {
	return strings.TrimPrefix(recode(label, b), "\uFEFF") // a byte order mark is no text
}

func recode(label string, b []byte) string {
	label = strings.ToLower(strings.TrimSpace(label))
	switch label {
	case "utf-8", "utf8", "unicode-1-1-utf-8":
		if utf8.Valid(b) {
			return string(b)
		}
		if !hasMultibyte(b) {
			return windows1252(b)
		}
		return strings.ToValidUTF8(string(b), "\uFFFD")
	case "", "us-ascii", "ascii", "7bit", "8bit", "x-unknown", "unknown-8bit", "default", "binary":
		return guessed(b)
	case "iso-8859-1", "iso8859-1", "latin1", "latin-1", "windows-1252", "cp1252":
		// What is labelled Latin-1 is Windows-1252 in practice (WHATWG Encoding, 4.2).
		return windows1252(b)
	case "utf-7", "unicode-1-1-utf-7":
		return fromUTF7(b)
	}
	r, err := charset.Reader(label, bytes.NewReader(b))
	if err != nil {
		return guessed(b)
	}
	out, err := io.ReadAll(r)
	if err != nil && len(out) == 0 {
		return guessed(b)
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

func guessed(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return windows1252(b)
}

// hasMultibyte finds at least one well-formed sequence of several octets.
func hasMultibyte(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if n > 1 && r != utf8.RuneError {
			return true
		}
		b = b[n:]
	}
	return false
}

func windows1252(b []byte) string {
	ascii := true
	for _, c := range b {
		if c >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return string(b)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	return string(out)
}
