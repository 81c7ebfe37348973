package mta

import "bytes"

// Normalise makes every bare CR and bare LF a CRLF (design L17; RFC 5321, 2.3.8 forbids both). What
// is clean already is returned as it is, without a copy. No other octet is touched.
func Normalise(octets []byte) []byte {
	dirty := firstBare(octets)
	if dirty < 0 {
		return octets
	}
	out := make([]byte, 0, normalSize(octets))
	out = append(out, octets[:dirty]...)
	rest := octets[dirty:]
	for {
		i := bytes.IndexAny(rest, "\r\n")
		if i < 0 {
			return append(out, rest...)
		}
		out = append(append(out, rest[:i]...), '\r', '\n')
		if rest[i] == '\r' && i+1 < len(rest) && rest[i+1] == '\n' {
			i++
		}
		rest = rest[i+1:]
	}
}

// normalSize is the length of what Normalise returns.
func normalSize(octets []byte) int {
	cr, lf := bytes.Count(octets, []byte{'\r'}), bytes.Count(octets, []byte{'\n'})
	ends := cr + lf - bytes.Count(octets, []byte("\r\n"))
	return len(octets) - cr - lf + 2*ends
}

// firstBare finds the start of the line in which the first bare CR or LF stands, -1 for none.
func firstBare(octets []byte) int {
	for at := 0; ; {
		rest := octets[at:]
		cr, lf := bytes.IndexByte(rest, '\r'), bytes.IndexByte(rest, '\n')
		if cr < 0 && lf < 0 {
			return -1
		}
		if cr < 0 || lf != cr+1 {
			return at
		}
		at += lf + 1
	}
}
