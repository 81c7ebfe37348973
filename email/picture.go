package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"regexp"
	"slices"
	"strings"

	"github.com/emersion/go-message"
)

// Pictures in the text of a draft are attachments with a Content-ID. The HTML names them by cid: and
// nothing else; what it names must be a part of the same draft (RFC 2387, RFC 2392).

// maxCarried caps the pictures of an original, in octets, that its quote keeps showing.
const maxCarried = 8 << 20

// rasterType is the media type of a picture that every browser shows, by its content; "" for all else.
func rasterType(octets []byte) string {
	switch {
	case bytes.HasPrefix(octets, []byte("\x89PNG\r\n\x1a\n")):
		return "image/png"
	case bytes.HasPrefix(octets, []byte("\xff\xd8\xff")):
		return "image/jpeg"
	case bytes.HasPrefix(octets, []byte("GIF87a")), bytes.HasPrefix(octets, []byte("GIF89a")):
		return "image/gif"
	case len(octets) > 12 && string(octets[:4]) == "RIFF" && string(octets[8:12]) == "WEBP":
		return "image/webp"
	}
	return ""
}

// AsPicture gives a file a Content-ID, so that a text can show it; ok is false when it is no picture
// that every browser shows. The id is made of the octets: the same picture twice is one part.
func (a Attachment) AsPicture() (picture Attachment, ok bool) {
	kind := rasterType(a.Octets)
	if kind == "" {
		return a, false
	}
	sum := sha256.Sum256(a.Octets)
	a.Type, a.CID = kind, hex.EncodeToString(sum[:12])+"@picture.invalid"
	return a, true
}

// imageTag is an image as the policies write it: they escape what could end a tag.
var (
	imageTag    = regexp.MustCompile(`<img\b[^>]*>`)
	imageSource = regexp.MustCompile(` src="cid:([^"]*)"`)
)

// shows lists the Content-IDs that markup names.
func shows(markup string) (ids []string) {
	for _, found := range imageSource.FindAllStringSubmatch(markup, -1) {
		ids = append(ids, found[1])
	}
	return ids
}

// onlyKnown takes out images that name no part of the draft; bare says that images without a source go too.
func onlyKnown(markup string, known []string, bare bool) string {
	return imageTag.ReplaceAllStringFunc(markup, func(tag string) string {
		source := imageSource.FindStringSubmatch(tag)
		if source == nil && !bare || source != nil && slices.Contains(known, source[1]) {
			return tag
		}
		return ""
	})
}

// fitPictures makes HTML and pictures of a draft agree, and orders its attachments: pictures shown, pictures
// that the text does not show (yet, or any more), files.
func (d *Draft) fitPictures() {
	var known []string
	for _, a := range d.Attachments {
		if a.CID != "" {
			known = append(known, a.CID)
		}
	}
	if d.HTML = onlyKnown(d.HTML, known, true); !shaped.MatchString(d.HTML) {
		d.HTML = ""
	}
	d.QuoteHTML = onlyKnown(d.QuoteHTML, known, false)
	used := append(shows(d.HTML), shows(d.QuoteHTML)...)
	class := func(a Attachment) int {
		switch {
		case a.CID == "":
			return 2
		case !slices.Contains(used, a.CID):
			return 1
		}
		return 0
	}
	slices.SortStableFunc(d.Attachments, func(a, b Attachment) int { return class(a) - class(b) })
}

// ShowsPictures says whether there is HTML that could show any; else they are files.
func (d Draft) ShowsPictures() bool { return d.HTML != "" || d.QuoteHTML != "" }

// WithoutUnused leaves out pictures that the text shows no more, for sending. In plain text all are files.
func (d Draft) WithoutUnused() Draft {
	d = d.normal()
	if !d.ShowsPictures() {
		for i := range d.Attachments {
			d.Attachments[i].CID = ""
		}
	}
	used := append(shows(d.HTML), shows(d.QuoteHTML)...)
	var kept []Attachment
	for _, a := range d.Attachments {
		if a.CID == "" || slices.Contains(used, a.CID) {
			kept = append(kept, a)
		}
	}
	d.Attachments = kept
	return d
}

// writeRelated writes the text with the pictures that it shows (RFC 2387).
func (c *composer) writeRelated(h message.Header, create func(message.Header) (*message.Writer, error)) error {
	var pictures []Attachment
	for _, a := range c.draft.Attachments {
		if a.CID != "" {
			pictures = append(pictures, a)
		}
	}
	if len(pictures) == 0 {
		return c.writeBody(h, create)
	}
	root := "multipart/alternative"
	if !c.alternatives() {
		root = "text/plain"
	}
	h.Set("Content-Type", mime.FormatMediaType("multipart/related", map[string]string{"boundary": "=_r" + c.seed, "type": root}))
	related, err := create(h)
	if err != nil {
		return err
	}
	if err := c.writeBody(message.Header{}, related.CreatePart); err != nil {
		return err
	}
	for _, a := range pictures {
		if err := writeAttachment(related, a); err != nil {
			return err
		}
	}
	return related.Close()
}

// quotedHTML is the original as safe HTML, "" when it had none, with the pictures that came with it. leaves are
// the leaves that they were. Images from elsewhere stay behind.
func (m *Message) quotedHTML() (markup string, pictures []Attachment, leaves []int) {
	if !m.HasHTML() || m.Problem == ProblemBudget {
		return "", nil, nil
	}
	size := 0
	link := func(index int) string {
		octets, err := m.Content(index)
		a, ok := Attachment{Name: m.Parts[index].Name, Octets: octets}.AsPicture()
		if err != nil || !ok {
			return ""
		}
		if !slices.ContainsFunc(pictures, func(p Attachment) bool { return p.CID == a.CID }) {
			if size += len(octets); size > maxCarried {
				return ""
			}
			pictures = append(pictures, a)
		}
		leaves = append(leaves, index)
		return "cid:" + a.CID
	}
	shown := m.Show(Look{Link: link, sending: true})
	return strings.TrimSpace(shown.HTML), pictures, leaves
}
