package email

import (
	"html"
	"strings"
)

// maxBetween caps the plain parts among HTML ones; escaping makes them up to five times longer.
const maxBetween = 1 << 20

// HasHTML says whether there is an HTML alternative worth showing. One that was cut off or left empty
// is not: then Text is all there is to read.
func (m *Message) HasHTML() bool {
	for _, p := range m.chosen.pieces {
		if p.html != nil && !p.html.showsNothing() {
			return true
		}
	}
	return false
}

// SafeHTML is what a person reads of the message as HTML, sanitised by allow-list, as a body
// fragment: HTML parts one by one (so that none can open what another closes), plain parts between
// them escaped. link names the URL path of the leaf with this index, for cid: images (nil: none are
// shown); remote images are dropped and counted.
func (m *Message) SafeHTML(link func(index int) string) (safe string, remoteImages int) {
	var out strings.Builder
	cids := m.contentIDs()
	for _, p := range m.chosen.pieces {
		if p.html == nil || p.text != nil && p.html.showsNothing() {
			if text := strings.Trim(p.text.plain(maxBetween), "\n"); text != "" {
				out.WriteString(sanitize(`<div style="white-space:pre-wrap">` + html.EscapeString(text) + "</div>\n"))
			}
			continue
		}
		r := rewriter{cids: cids, link: link}
		r.run(p.html.markup(maxHTML))
		remoteImages += r.remote
		out.WriteString(sanitize(r.out.String()))
		out.WriteByte('\n')
	}
	return out.String(), remoteImages
}

// contentIDs maps the Content-IDs and Content-Locations of images to their leaf (RFC 2392, RFC 2557).
func (m *Message) contentIDs() map[string]int {
	ids := map[string]int{}
	for _, leaf := range m.leaves {
		if !strings.HasPrefix(leaf.kind, "image/") {
			continue
		}
		if id := contentID(leaf); id != "" {
			ids["cid:"+strings.ToLower(id)] = leaf.index
		}
		if location := leaf.header.raw("Content-Location"); location != "" {
			ids[strings.ToLower(location)] = leaf.index
		}
	}
	return ids
}
