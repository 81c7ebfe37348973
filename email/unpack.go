package email

import (
	"bytes"
	"encoding/base64"
	"mime"
	"strings"
)

// Unpacking: what is wrapped in a leaf becomes leaves of its own, numbered after those that the
// message's octets show, so that every number stays good. The wrapping stays a leaf and is no
// longer among the files.

const maxUnpacked = 3 // wrappings of one message that are opened

// unpack opens winmail.dat and opaque signatures.
func (m *Message) unpack() {
	opened := 0
	for _, leaf := range m.leaves[:len(m.leaves):len(m.leaves)] {
		if opened >= maxUnpacked || len(leaf.body) == 0 || len(leaf.body) > maxWrapped {
			continue
		}
		done := false
		switch {
		case isTNEF(leaf):
			m.meter.hold(len(leaf.body))
			done = m.unpackTNEF(leaf)
		case leaf.kind == "application/pkcs7-mime" || leaf.kind == "application/x-pkcs7-mime":
			done = m.unpackSigned(leaf)
		}
		if done {
			opened++
			m.chosen.drop(leaf)
		}
	}
}

func isTNEF(n *node) bool {
	return n.kind == "application/ms-tnef" || n.kind == "application/vnd.ms-tnef" || strings.EqualFold(fileName(n), "winmail.dat")
}

func (n *node) decoded() []byte {
	octets, _ := decodeTransfer(n.header.raw("Content-Transfer-Encoding"), n.body, 0)
	return octets
}

func (s *selection) drop(n *node) {
	for i, f := range s.files {
		if f == n {
			s.files = append(s.files[:i:i], s.files[i+1:]...)
			return
		}
	}
}

// add makes a leaf of octets that need no decoding.
func (m *Message) add(kind, name, charset, cid string, octets []byte) *node {
	n := &node{kind: kind, params: map[string]string{}, body: octets, index: len(m.leaves)}
	if name != "" {
		n.params["name"] = name
	}
	if charset != "" {
		n.params["charset"] = charset
	}
	if cid != "" {
		n.header = header{{"Content-ID", []byte("<" + cleanID(cid) + ">")}}
	}
	m.leaves = append(m.leaves, n)
	return n
}

func (m *Message) unpackTNEF(leaf *node) bool {
	t, ok := readTNEF(leaf.decoded(), 0)
	if !ok || t.empty() {
		return false
	}
	m.addTNEFText(t)
	for _, f := range t.files {
		if len(m.leaves) >= maxParts {
			break
		}
		kind, octets := f.kind, f.octets
		if f.inner != nil {
			kind, octets, f.name = "message/rfc822", f.inner.message(), ""
		} else if kind == "" || !strings.Contains(kind, "/") || strings.HasPrefix(kind, "multipart/") {
			kind = kindByName(f.name)
		}
		n := m.add(kind, f.name, "", f.cid, octets)
		if f.cid != "" && strings.HasPrefix(kind, "image/") {
			m.chosen.inline = append(m.chosen.inline, n)
		} else {
			m.chosen.files = append(m.chosen.files, n)
		}
	}
	return true
}

func (t *tnefMessage) empty() bool {
	return len(t.files) == 0 && t.text == "" && len(t.html) == 0 && len(t.rtf) == 0
}

// addTNEFText takes the text of a winmail.dat where the mail around it has none, or its HTML beside
// the plain text of the mail. Rich text is read only where there is nothing else.
func (m *Message) addTNEFText(t *tnefMessage) {
	var p piece
	if len(t.html) > 0 {
		p.html = m.add("text/html", "", t.charset, "", t.html)
		if p.html.showsNothing() {
			p.html = nil
		}
	}
	if strings.TrimSpace(t.text) != "" {
		p.text = m.add("text/plain", "", "utf-8", "", []byte(t.text))
	}
	pieces := m.chosen.pieces
	switch readable := m.hasText(); {
	case readable && len(pieces) == 1 && pieces[0].html == nil:
		pieces[0].html = p.html
	case !readable && p != (piece{}):
		m.chosen.pieces = []piece{p}
	case !readable:
		m.addRTF(t.rtf)
	}
}

// addRTF shows rich text by its text, or by the HTML that Outlook hid in it; with neither it is a file.
func (m *Message) addRTF(compressed []byte) {
	rtf, ok := expandRTF(compressed)
	if !ok {
		return
	}
	switch text, html := readRTF(rtf); {
	case strings.TrimSpace(text) == "":
		m.chosen.files = append(m.chosen.files, m.add("application/rtf", "message.rtf", "", "", rtf))
	case html:
		m.chosen.pieces = []piece{{html: m.add("text/html", "", "utf-8", "", []byte(text))}}
	default:
		m.chosen.pieces = []piece{{text: m.add("text/plain", "", "utf-8", "", []byte(text))}}
	}
}

// hasText says whether there is anything to read outside files.
func (m *Message) hasText() bool {
	for _, p := range m.chosen.pieces {
		if p.html != nil && !p.html.showsNothing() || p.text != nil && strings.TrimSpace(p.text.plain(snippetText)) != "" {
			return true
		}
	}
	return false
}

// message writes an attached message of a winmail.dat as one of RFC 5322.
func (t *tnefMessage) message() []byte {
	var b bytes.Buffer
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\r\n")
		}
	}
	if t.fromAddr != "" || t.from != "" {
		line("From", Address{Name: oneLine(t.from), Addr: cleanID(t.fromAddr)}.String())
	}
	line("Subject", encodeSubject(oneLine(t.subject)))
	line("MIME-Version", "1.0")
	line("Content-Type", `multipart/mixed; boundary="=_tnef"`)
	part := func(kind, name, charset string, octets []byte) {
		b.WriteString("\r\n--=_tnef\r\n")
		params := map[string]string{}
		if charset != "" {
			params["charset"] = charset
		}
		line("Content-Type", mime.FormatMediaType(kind, params))
		if name != "" {
			line("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": cleanName(name)}))
		}
		line("Content-Transfer-Encoding", "base64")
		b.WriteString("\r\n")
		text := base64.StdEncoding.EncodeToString(octets)
		for len(text) > 76 {
			b.WriteString(text[:76] + "\r\n")
			text = text[76:]
		}
		b.WriteString(text + "\r\n")
	}
	rtf, _ := expandRTF(t.rtf)
	rich, isHTML := readRTF(rtf)
	switch {
	case len(t.html) > 0:
		part("text/html", "", t.charset, t.html)
	case t.text != "":
		part("text/plain", "", "utf-8", []byte(t.text))
	case isHTML:
		part("text/html", "", "utf-8", []byte(rich))
	case rich != "":
		part("text/plain", "", "utf-8", []byte(rich))
	}
	for _, f := range t.files {
		if f.inner != nil {
			part("application/octet-stream", f.inner.subject+".eml", "", f.inner.message())
		} else {
			part("application/octet-stream", f.name, "", f.octets)
		}
	}
	b.WriteString("\r\n--=_tnef--\r\n")
	return b.Bytes()
}

// kindByName guesses a media type by the end of a name, from a fixed table.
func kindByName(name string) string {
	_, end, ok := cutLast(strings.ToLower(name), ".")
	if kind := kindsByEnd[end]; ok && kind != "" {
		return kind
	}
	return "application/octet-stream"
}

var kindsByEnd = map[string]string{
	"pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "txt": "text/plain",
	"zip": "application/zip", "csv": "text/csv", "ics": "text/calendar", "eml": "message/rfc822", "doc": "application/msword", "xls": "application/vnd.ms-excel",
	"docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
