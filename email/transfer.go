package email

import (
	"bytes"
	"io"
	"strings"
)

// decodeTransfer undoes a Content-Transfer-Encoding (RFC 2045, 6). Octets that do not belong into
// the coding are skipped; io.ErrUnexpectedEOF then says that something was damaged. limit caps the
// octets read from src (0: all). An unknown coding is taken as none.
func decodeTransfer(coding string, src []byte, limit int) ([]byte, error) {
	if limit > 0 && len(src) > limit {
		src = src[:limit]
	}
	switch strings.ToLower(strings.TrimSpace(coding)) {
	case "base64":
		return decodeBase64(src)
	case "quoted-printable":
		return decodeQuotedPrintable(src)
	case "x-uuencode", "uuencode", "x-uue", "uue":
		return decodeUU(src)
	}
	return src, nil
}

// base64Value maps an octet to its six bits, -1 for others.
var base64Value = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i, c := range "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/" {
		t[c] = int8(i)
	}
	return t
}()

// decodeBase64 skips junk; "=" ends a group, and what follows begins a new one, as in joined files.
func decodeBase64(src []byte) ([]byte, error) {
	out := make([]byte, 0, len(src)/4*3+3)
	var acc uint32
	var have int
	damaged := false
	flush := func() {
		switch have {
		case 1:
			damaged = true
		case 2:
			out = append(out, byte(acc>>4))
		case 3:
			out = append(out, byte(acc>>10), byte(acc>>2))
		}
		acc, have = 0, 0
	}
	for _, c := range src {
		v := base64Value[c]
		if v < 0 {
			if c == '=' {
				flush()
			} else if c != '\r' && c != '\n' && c != ' ' && c != '\t' {
				damaged = true
			}
			continue
		}
		acc, have = acc<<6|uint32(v), have+1
		if have == 4 {
			out = append(out, byte(acc>>16), byte(acc>>8), byte(acc))
			acc, have = 0, 0
		}
	}
	if have > 0 {
		damaged = true // no padding: cut off
	}
	flush()
	if damaged {
		return out, io.ErrUnexpectedEOF
	}
	return out, nil
}

// decodeQuotedPrintable leaves a "=" that begins no code as it stands.
func decodeQuotedPrintable(src []byte) ([]byte, error) {
	out := make([]byte, 0, len(src))
	var err error
	for pos := 0; pos < len(src); {
		line, next := nextLine(src, pos)
		ended := next > pos+len(line)
		pos = next
		text := bytes.TrimRight(line, " \t") // RFC 2045, 6.7, rule 3
		soft := bytes.HasSuffix(text, []byte("="))
		if soft {
			text = text[:len(text)-1]
		}
		var bad bool
		if out, bad = appendUnquoted(out, text); bad {
			err = io.ErrUnexpectedEOF
		}
		if ended && !soft {
			out = append(out, '\r', '\n')
		}
	}
	return out, err
}

func appendUnquoted(out, text []byte) (_ []byte, damaged bool) {
	for i := 0; i < len(text); i++ {
		if text[i] != '=' {
			out = append(out, text[i])
			continue
		}
		if i+2 < len(text) {
			hi, lo := unhex(text[i+1]), unhex(text[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		damaged = true
		out = append(out, '=')
	}
	return out, damaged
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

// decodeUU reads the body of a uuencoded part between its begin and end lines.
func decodeUU(src []byte) ([]byte, error) {
	var out []byte
	started := false
	for pos := 0; pos < len(src); {
		line, next := nextLine(src, pos)
		pos = next
		switch {
		case !started:
			started = bytes.HasPrefix(line, []byte("begin "))
		case string(line) == "end":
			return out, nil
		case len(line) > 0:
			out = appendUULine(out, line)
		}
	}
	if !started {
		return src, io.ErrUnexpectedEOF
	}
	return out, io.ErrUnexpectedEOF
}

func appendUULine(out, line []byte) []byte {
	n := int(line[0]-' ') & 63
	group := func(i int) uint32 {
		if i < len(line) {
			return uint32(line[i]-' ') & 63
		}
		return 0
	}
	for i := 1; n > 0 && i < len(line); i += 4 {
		v := group(i)<<18 | group(i+1)<<12 | group(i+2)<<6 | group(i+3)
		three := [3]byte{byte(v >> 16), byte(v >> 8), byte(v)}
		take := min(n, 3)
		out = append(out, three[:take]...)
		n -= take
	}
	return out
}

// decodedSize tells the decoded size without decoding; exact for what is well formed.
func decodedSize(coding string, src []byte) int64 {
	if !strings.EqualFold(strings.TrimSpace(coding), "base64") {
		return int64(len(src))
	}
	n := len(src) - bytes.Count(src, []byte("\n")) - bytes.Count(src, []byte("\r"))
	tail := bytes.TrimRight(src, "\r\n \t")
	pad := len(tail) - len(bytes.TrimRight(tail, "="))
	return max(int64(n/4*3-min(pad, 2)), 0)
}
