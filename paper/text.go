package paper

import (
	"encoding/binary"
	"strings"
	"unicode"
	"unicode/utf16"
)

// text is what PDFium reads on a page.
func (d *document) text(page uint64) (string, error) {
	b := d.box
	text := b.call("FPDFText_LoadPage", page)
	count := int(int32(b.call("FPDFText_CountChars", text)))
	if b.broken != nil {
		return "", b.broken
	}
	if text == 0 || count <= 0 {
		return "", nil
	}
	count = min(count, maxLetters)
	room, err := b.put(make([]byte, 2*count+2))
	if err != nil {
		return "", err
	}
	written := int(int32(b.call("FPDFText_GetText", text, 0, uint64(count), room)))
	if b.broken != nil {
		return "", b.broken
	}
	octets, err := b.read(room, uint64(2*min(max(written, 0), count+1)))
	if err != nil {
		return "", err
	}
	units := make([]uint16, len(octets)/2)
	for i := range units {
		units[i] = binary.LittleEndian.Uint16(octets[2*i:])
	}
	return tidy(string(utf16.Decode(units))), nil
}

// tidy drops what is no letter: control characters, and those that turn the direction of text round. PDFium writes U+0002 and U+FFFE
// for a hyphen at the end of a line.
func tidy(text string) string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == 0x02 || r == 0xfffe:
			return '-'
		case r == '\r':
			return '\n'
		case unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xffff, r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, text)
	return strings.TrimSpace(text)
}
