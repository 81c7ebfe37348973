package email

import (
	"net/url"
	"path"
	"strings"
	"unicode/utf8"
)

// piece is a stretch of what a person reads: the same text in one or two forms.
type piece struct {
	text, html *node
}

// selection is a message sorted into what is read, what belongs into it, and what is a file.
type selection struct {
	pieces []piece
	inline []*node // images that the HTML shows by Content-ID (RFC 2392)
	files  []*node
}

func choose(root *node) selection {
	var s selection
	s.take(root, nil)
	return s
}

func (s *selection) take(n, parent *node) {
	switch {
	case n.kind == "multipart/alternative" && len(n.children) > 0:
		s.alternative(n)
	case n.isMultipart():
		for _, child := range n.children {
			s.take(child, n)
		}
	case s.isBody(n, parent):
		s.pieces = append(s.pieces, asPiece(n))
	case isInline(n, parent):
		s.inline = append(s.inline, n)
	default:
		s.files = append(s.files, n)
	}
}

// alternative joins the forms of one text (RFC 2046, 5.1.4). Other forms, such as an invitation,
// are offered as files.
func (s *selection) alternative(n *node) {
	var joined piece
	var found bool
	for _, child := range n.children {
		inner := choose2(child, n)
		for _, p := range inner.pieces {
			if joined.text == nil && p.text != nil {
				joined.text, found = p.text, true
			}
			if p.html != nil {
				joined.html, found = p.html, true // the last is the richest
			}
		}
		s.inline = append(s.inline, inner.inline...)
		s.files = append(s.files, inner.files...)
	}
	if found {
		s.pieces = append(s.pieces, joined)
	}
}

func choose2(n, parent *node) selection {
	var s selection
	s.take(n, parent)
	return s
}

func asPiece(n *node) piece {
	if n.kind == "text/html" {
		return piece{html: n}
	}
	return piece{text: n}
}

// isBody says whether a leaf is text to be read rather than a file.
func (s *selection) isBody(n, parent *node) bool {
	switch n.kind {
	case "text/plain", "text/html", "text/enriched", "text/richtext":
	default:
		return false
	}
	kind, _ := disposition(n.header.raw("Content-Disposition"))
	if kind == "attachment" {
		return false
	}
	if parent != nil && parent.kind == "multipart/alternative" {
		return true
	}
	return fileName(n) == "" || len(s.pieces) == 0
}

func isInline(n, parent *node) bool {
	if parent == nil || parent.kind != "multipart/related" || !strings.HasPrefix(n.kind, "image/") || contentID(n) == "" {
		return false
	}
	kind, _ := disposition(n.header.raw("Content-Disposition"))
	return kind != "attachment"
}

// offerUnused makes files of inline images that no HTML part shows, so that nobody misses them.
func (s *selection) offerUnused() {
	if len(s.inline) == 0 {
		return
	}
	var markup strings.Builder
	for _, p := range s.pieces {
		if p.html != nil {
			markup.WriteString(strings.ToLower(p.html.markup(maxHTML)))
		}
	}
	var used []*node
	for _, n := range s.inline {
		id := strings.ToLower(contentID(n))
		if strings.Contains(markup.String(), "cid:"+id) || strings.Contains(markup.String(), "cid:"+url.PathEscape(id)) {
			used = append(used, n)
		} else {
			s.files = append(s.files, n)
		}
	}
	s.inline = used
}

func contentID(n *node) string {
	return strings.Trim(n.header.raw("Content-ID"), "<> \t")
}

// fileName is the name a sender gave to a part, made safe to show and to save: no path, no control
// characters, no disguise, at most 200 octets. Never used as a path of ours.
func fileName(n *node) string {
	_, params := disposition(n.header.raw("Content-Disposition"))
	name := params["filename"]
	if name == "" {
		name = n.params["name"]
	}
	return cleanName(name)
}

func cleanName(name string) string {
	name = path.Base(strings.ReplaceAll(oneLine(name), `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if strings.ContainsRune(`<>:"|?*/`, r) {
			return '_'
		}
		return r
	}, name)
	name = strings.Trim(strings.Join(strings.Fields(name), " "), ". ")
	if name == "_" {
		return ""
	}
	return cutName(name)
}

// cutName shortens a long name before its extension.
func cutName(name string) string {
	const limit = 200
	if len(name) <= limit {
		return name
	}
	ext := path.Ext(name)
	if len(ext) > 20 {
		ext = ""
	}
	keep := limit - len(ext)
	for keep > 0 && !utf8.RuneStart(name[keep]) {
		keep--
	}
	return strings.TrimRight(name[:keep], ". ") + ext
}

// part describes a leaf to others.
func (n *node) part() Part {
	kind, _ := disposition(n.header.raw("Content-Disposition"))
	name := fileName(n)
	if name == "" && n.kind == "message/rfc822" {
		name = innerSubject(n) + ".eml"
	}
	return Part{
		Index:       n.index,
		Type:        n.kind,
		Charset:     strings.ToLower(n.params["charset"]),
		Name:        name,
		Disposition: kind,
		ContentID:   contentID(n),
		Size:        decodedSize(n.header.raw("Content-Transfer-Encoding"), n.body),
	}
}

// innerSubject names an attached message by its subject.
func innerSubject(n *node) string {
	body, _ := decodeTransfer(n.header.raw("Content-Transfer-Encoding"), n.body, 64<<10)
	h, _, _ := readHeader(body, nil)
	if name := cleanName(decodeText(h.raw("Subject"), "")); name != "" {
		return name
	}
	return "message"
}
