package exchange

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

const (
	longestLine = 9_900 // Exchange's IMAP answers "Command Argument Error 11" above
	deepest     = 50    // nesting of parts
)

// forAppend makes the copy that Exchange's IMAP can take: lines within its limit, and no request
// for a read receipt in somebody else's mail, which would go out a second time. A message that
// fits is not touched. What cannot be re-encoded without harm is ErrRefused with its reason.
func forAppend(item Item) ([]byte, error) {
	octets := asCRLF(item.Octets)
	if item.Others {
		octets = withoutReceipt(octets)
	}
	if !tooLong(octets) {
		return octets, nil
	}
	short, err := shorten(octets, 0)
	if err == nil && tooLong(short) {
		err = fmt.Errorf("lines stay too long")
	}
	if err != nil {
		return nil, &Failure{Kind: ErrRefused, Op: "APPEND", Err: err, Words: "a line is longer than Exchange's IMAP takes",
			Remedy: "Put this message back by hand: it cannot be re-encoded unharmed."}
	}
	return short, nil
}

// withoutReceipt renames the request for a read receipt: whoever opens a copy would send a second one.
func withoutReceipt(octets []byte) []byte {
	return editHeader(octets, func(name string, field []byte) []byte {
		if name == "disposition-notification-to" {
			return append([]byte("X-"), field...)
		}
		return field
	})
}

func tooLong(octets []byte) bool {
	for len(octets) > longestLine {
		i := bytes.IndexByte(octets[:longestLine+1], '\n')
		if i < 0 {
			return true
		}
		octets = octets[i+1:]
	}
	return false
}

// shorten re-encodes the parts of an entity that have long lines (RFC 2045, 6).
func shorten(entity []byte, depth int) ([]byte, error) {
	if !tooLong(entity) {
		return entity, nil
	}
	if depth > deepest {
		return nil, fmt.Errorf("parts are nested too deep")
	}
	header, body := splitHeader(entity)
	header = foldHeader(header)
	if !tooLong(body) {
		return append(header, body...), nil
	}
	kind, params := contentType(header)
	switch {
	case kind == "multipart/signed", kind == "multipart/encrypted":
		return nil, fmt.Errorf("the message is signed or encrypted")
	case strings.HasPrefix(kind, "multipart/") && params["boundary"] != "":
		body, err := shortenParts(body, params["boundary"], depth)
		return append(header, body...), err
	case kind == "message/rfc822" && identity(header):
		inner := bytes.TrimPrefix(body, []byte("\r\n"))
		inner, err := shorten(inner, depth+1)
		return append(append(header, "\r\n"...), inner...), err
	}
	return recode(header, body)
}

// shortenParts walks the parts of a multipart (RFC 2046, 5.1.1) and leaves delimiters as they are.
func shortenParts(body []byte, boundary string, depth int) ([]byte, error) {
	var out, part []byte
	open := false // inside a part, not in preamble or epilogue
	flush := func() error {
		if !open {
			if tooLong(part) {
				return fmt.Errorf("a long line stands outside of all parts")
			}
			out = append(out, part...)
		} else {
			// The CRLF before a delimiter belongs to the delimiter.
			text, end := bytes.CutSuffix(part, []byte("\r\n"))
			short, err := shorten(text, depth+1)
			if err != nil {
				return err
			}
			if out = append(out, short...); end {
				out = append(out, "\r\n"...)
			}
		}
		part = nil
		return nil
	}
	for len(body) > 0 {
		line := body
		if i := bytes.IndexByte(body, '\n'); i >= 0 {
			line = body[:i+1]
		}
		body = body[len(line):]
		rest, isDelimiter := strings.CutPrefix(strings.TrimRight(string(line), " \t\r\n"), "--"+boundary)
		if !isDelimiter || (rest != "" && rest != "--") {
			part = append(part, line...)
			continue
		}
		if err := flush(); err != nil {
			return nil, err
		}
		out, open = append(out, line...), rest == ""
	}
	return out, flush()
}

// recode gives a leaf a transfer encoding with short lines.
func recode(header, body []byte) ([]byte, error) {
	blank, text := []byte("\r\n"), bytes.TrimPrefix(body, []byte("\r\n"))
	var content []byte
	var err error
	switch encoding := transferEncoding(header); encoding {
	case "", "7bit", "8bit", "binary":
		content = text
	case "quoted-printable":
		content, err = io.ReadAll(quotedprintable.NewReader(bytes.NewReader(text)))
	case "base64":
		content, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(text)))
	default:
		err = fmt.Errorf("unknown transfer encoding")
	}
	if err != nil {
		return nil, fmt.Errorf("a part with long lines cannot be decoded: %w", err)
	}
	header = editFields(header, func(name string, field []byte) []byte {
		if name == "content-transfer-encoding" {
			return nil
		}
		return field
	})
	header = append(header, "Content-Transfer-Encoding: base64\r\n"...)
	return append(append(header, blank...), wrapped(content)...), nil
}

// wrapped is base64 in lines of 76 (RFC 2045, 6.8).
func wrapped(content []byte) []byte {
	text := base64.StdEncoding.EncodeToString(content)
	out := make([]byte, 0, len(text)+len(text)/38+2)
	for len(text) > 76 {
		out = append(append(out, text[:76]...), "\r\n"...)
		text = text[76:]
	}
	return append(append(out, text...), "\r\n"...)
}

// foldHeader breaks long lines before white space that is there already (RFC 5322, 2.2.3).
func foldHeader(header []byte) []byte {
	return editFields(header, func(_ string, field []byte) []byte {
		if !tooLong(field) {
			return field
		}
		var out []byte
		for line := range bytes.Lines(field) {
			for len(line) > 998 {
				i := bytes.LastIndexAny(line[1:900], " \t")
				if i <= 0 {
					break
				}
				out = append(append(out, line[:i+1]...), "\r\n"...)
				line = line[i+1:]
			}
			out = append(out, line...)
		}
		return out
	})
}

func editFields(header []byte, edit func(string, []byte) []byte) []byte {
	var out []byte
	for _, field := range headerFields(header) {
		out = append(out, edit(fieldName(field), field)...)
	}
	return out
}

func value(header []byte, name string) string {
	for _, field := range headerFields(header) {
		if fieldName(field) == name {
			_, v, _ := strings.Cut(string(field), ":")
			return strings.TrimSpace(strings.ReplaceAll(v, "\r\n", ""))
		}
	}
	return ""
}

func contentType(header []byte) (string, map[string]string) {
	kind, params, err := mime.ParseMediaType(value(header, "content-type"))
	if err != nil && kind == "" {
		return "text/plain", nil
	}
	return kind, params
}

func transferEncoding(header []byte) string {
	return strings.ToLower(value(header, "content-transfer-encoding"))
}

func identity(header []byte) bool {
	switch transferEncoding(header) {
	case "", "7bit", "8bit", "binary":
		return true
	}
	return false
}
