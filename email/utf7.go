package email

import (
	"encoding/base64"
	"strings"
	"unicode/utf16"
)

// fromUTF7 decodes RFC 2152, which old Exchange and Outlook versions have sent and which
// golang.org/x/text does not know.
func fromUTF7(b []byte) string {
	var out strings.Builder
	for len(b) > 0 {
		if b[0] != '+' {
			if b[0] < 0x80 {
				out.WriteByte(b[0])
			} else {
				out.WriteRune('\uFFFD')
			}
			b = b[1:]
			continue
		}
		b = b[1:]
		n := 0
		for n < len(b) && base64Value[b[n]] >= 0 {
			n++
		}
		run := b[:n]
		b = b[n:]
		if len(b) > 0 && b[0] == '-' {
			b = b[1:]
		}
		if n == 0 {
			out.WriteByte('+')
			continue
		}
		out.WriteString(utf7Run(run))
	}
	return out.String()
}

func utf7Run(run []byte) string {
	octets := make([]byte, base64.RawStdEncoding.DecodedLen(len(run))+2)
	n, _ := base64.RawStdEncoding.Decode(octets, run)
	units := make([]uint16, 0, n/2)
	for i := 0; i+1 < n; i += 2 {
		units = append(units, uint16(octets[i])<<8|uint16(octets[i+1]))
	}
	return string(utf16.Decode(units))
}
