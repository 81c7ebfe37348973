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

// Look says how a message's HTML is wanted.
type Look struct {
	Link  func(index int) string  // URL path of the leaf with this index, for cid: images; nil: none are shown
	Image func(number int) string // URL path of a remote image, by its number among Shown.Images; nil: none are loaded
	Fold  string                  // what opens the repeated text below the new one; "": it is not folded

	sending bool // it is sent on: Link gives cid:
}

// Shown is what a person reads of a message as HTML.
type Shown struct {
	HTML   string   // body fragment, sanitised by allow-list
	Images []string // remote images as the message names them, UnnamedImage for those that are never loaded
}

// Show makes a message's HTML fit to be shown: HTML parts one by one (so that none can open what
// another closes), plain parts between them escaped. The repeated text of a forward is what it is
// about and is never folded.
//
// A message that costs more than its budget shows nothing and has its Problem afterwards.
func (m *Message) Show(l Look) (shown Shown) {
	m.work(func() { shown = m.show(l) })
	if m.meter.over {
		return Shown{}
	}
	return shown
}

func (m *Message) show(l Look) (shown Shown) {
	var out strings.Builder
	cids, safe := m.contentIDs(), sanitize
	if l.sending {
		safe = quotePolicy.Sanitize
	}
	for _, p := range m.chosen.pieces {
		if p.html == nil || p.text != nil && p.html.showsNothing() {
			if text := strings.Trim(p.text.plain(maxBetween), "\n"); text != "" {
				out.WriteString(sanitize(`<div style="white-space:pre-wrap">` + html.EscapeString(text) + "</div>\n"))
			}
			continue
		}
		markup := p.html.markup(maxHTML)
		m.meter.hold(2 * len(markup))
		r := rewriter{cids: cids, link: l.Link, load: l.Image, remote: shown.Images, fold: -1, more: l.Fold, budget: &m.meter}
		if l.Fold != "" && !SaysForward(m.Subject) {
			r.fold = foldToken(markup, &m.meter)
		}
		r.run(markup)
		shown.Images = r.remote
		if m.meter.hold(3 * r.out.Len()); r.out.Len() > maxSafe || m.meter.over {
			m.meter.over = true
			return Shown{}
		}
		out.WriteString(safe(r.out.String()))
		out.WriteByte('\n')
	}
	shown.HTML = out.String()
	return shown
}

// RemoteImages lists the remote images of the HTML as Show numbers them, without making it fit to be shown.
func (m *Message) RemoteImages() (remote []string) {
	m.work(func() {
		for _, p := range m.chosen.pieces {
			if p.html != nil && !(p.text != nil && p.html.showsNothing()) {
				r := rewriter{cids: m.contentIDs(), remote: remote, fold: -1, budget: &m.meter}
				r.run(p.html.markup(maxHTML))
				remote = r.remote
			}
		}
	})
	return remote
}

// SafeHTML is Show without folds and remote images, which it counts.
func (m *Message) SafeHTML(link func(index int) string) (safe string, remoteImages int) {
	shown := m.Show(Look{Link: link})
	return shown.HTML, len(shown.Images)
}

// Folded is the message's text as Fold splits it; a forward is not split.
// The frame of an OpenPGP signature is left out.
func (m *Message) Folded() (fresh, quoted string) {
	m.work(func() {
		text := withoutArmour(m.text())
		if fresh = text; !SaysForward(m.Subject) {
			fresh, quoted = Fold(text)
		}
	})
	return fresh, quoted
}

// Damaged says whether octets of the text were lost on the way: its transfer coding is broken.
func (m *Message) Damaged() (damaged bool) {
	m.work(func() { damaged = m.damagedText() })
	return damaged
}

func (m *Message) damagedText() bool {
	for _, p := range m.chosen.pieces {
		if p.html != nil && p.html.damaged() || p.text != nil && (p.html == nil || p.html.showsNothing()) && p.text.damaged() {
			return true
		}
	}
	return false
}

// DamagedPart says the same of a leaf, up to 4 MiB of it.
func (m *Message) DamagedPart(index int) bool {
	return index >= 0 && index < len(m.leaves) && m.leaves[index].damaged()
}

// damaged: a stray "=" in quoted-printable loses nothing and is left in peace.
func (n *node) damaged() bool {
	coding := strings.ToLower(strings.TrimSpace(n.header.raw("Content-Transfer-Encoding")))
	if coding == "quoted-printable" || len(n.body) > maxText {
		return false
	}
	_, err := decodeTransfer(coding, n.body, 0)
	return err != nil
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
