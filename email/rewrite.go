package email

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// rewriter prepares HTML for the policy in one pass over its tokens: it resolves cid: images, drops
// and counts remote ones, cleans styles, marks links, and leaves elements properly nested, so that
// a fragment cannot close what stands around it.
type rewriter struct {
	cids   map[string]int
	link   func(index int) string
	load   func(number int) string // our own URL of a remote image; nil: none is loaded
	remote []string                // remote images in order, each as often as it stands there
	fold   int                     // number of the token at which the folded part begins, or -1
	more   string                  // what opens it
	budget *meter

	out      strings.Builder
	open     []atom.Atom
	tags     []string  // the start tags of open, as written
	overflow int       // elements open beyond maxNesting
	mute     atom.Atom // element whose raw text is dropped
	href     string    // of the open link
	shown    string    // its text so far
}

const maxNesting = 200 // browsers stop at some 500

var allowedElements = func() map[atom.Atom]bool {
	m := map[atom.Atom]bool{}
	for _, name := range strings.Fields(safeElements) {
		m[atom.Lookup([]byte(name))] = true
	}
	delete(m, 0) // a name that the atom table lacks would stand for every unknown one
	return m
}()

// muted elements have content that is not text.
var muted = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Title: true, atom.Noscript: true, atom.Iframe: true, atom.Noembed: true, atom.Noframes: true,
}

func (r *rewriter) run(src string) {
	z := html.NewTokenizer(strings.NewReader(src))
	for n := 0; ; n++ {
		kind := z.Next()
		if !r.budget.goesOn() || r.out.Len() > maxSafe {
			kind = html.ErrorToken
		}
		if n == r.fold {
			r.beginFold()
		}
		switch kind {
		case html.ErrorToken:
			r.closeTo(0)
			return
		case html.TextToken:
			if r.mute == 0 {
				r.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			r.start(z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			r.end(atom.Lookup(name))
		}
	}
}

func (r *rewriter) text(s string) {
	if r.href != "" && len(r.shown) < 300 {
		r.shown += s
	}
	r.out.WriteString(html.EscapeString(s))
}

func (r *rewriter) start(t html.Token) {
	if r.mute != 0 {
		return
	}
	a := t.DataAtom
	if muted[a] {
		r.mute = a
		return
	}
	if a == atom.Body {
		a = atom.Div // keeps the background that newsletters rely on
	}
	if !allowedElements[a] {
		return
	}
	attrs := r.attributes(a, t.Attr)
	if a == atom.Img && attrs == nil {
		return
	}
	r.closeImplied(a)
	if !voidElements[a] {
		if len(r.open) >= maxNesting {
			r.overflow++
			return
		}
	}
	tag := html.Token{Type: html.StartTagToken, DataAtom: a, Data: a.String(), Attr: attrs}.String()
	if !voidElements[a] {
		r.open, r.tags = append(r.open, a), append(r.tags, tag)
	}
	r.out.WriteString(tag)
}

// beginFold puts all that follows into native details: what is open is closed before and opened again
// inside, so that no end tag to come reaches over its edge.
func (r *rewriter) beginFold() {
	if r.mute != 0 || r.overflow > 0 || len(r.open) > maxNesting/2 || contains(r.open, atom.Table) || contains(r.open, atom.A) {
		return
	}
	open, tags := slices.Clone(r.open), slices.Clone(r.tags)
	r.closeTo(0)
	r.out.WriteString("<details><summary>" + html.EscapeString(r.more) + "</summary>")
	r.open, r.tags = append(r.open, atom.Details), append(r.tags, "")
	for i, tag := range tags {
		r.open, r.tags = append(r.open, open[i]), append(r.tags, tag)
		r.out.WriteString(tag)
	}
}

// UnnamedImage stands for a remote image that is counted and never loaded: a background, a set of sizes.
const UnnamedImage = "-"

// attributes returns what an element keeps; nil for an image of which nothing is left.
func (r *rewriter) attributes(a atom.Atom, in []html.Attribute) []html.Attribute {
	keep := make([]html.Attribute, 0, len(in))
	remote, href, source := "", "", ""
	for _, attr := range in {
		switch attr.Key {
		case "style":
			style, loads := cleanStyle(attr.Val)
			if loads && remote == "" {
				remote = UnnamedImage
			}
			if style != "" {
				keep = append(keep, html.Attribute{Key: "style", Val: style})
			}
		case "href":
			href = safeLink(attr.Val)
		case "src":
			if source = r.image(attr.Val); source == "" && isRemote(attr.Val) && a == atom.Img {
				remote = strings.TrimSpace(attr.Val)
			}
		case "srcset", "background", "poster", "lowsrc", "dynsrc":
			if isRemote(attr.Val) && remote == "" {
				remote = UnnamedImage
			}
		case "rel", "target":
		default:
			keep = append(keep, attr) // the policy decides
		}
	}
	if remote != "" {
		r.remote = append(r.remote, remote)
		if remote != UnnamedImage && r.load != nil {
			source = r.load(len(r.remote) - 1)
		}
	}
	switch a {
	case atom.A:
		return r.anchor(keep, href)
	case atom.Img:
		return imageAttributes(keep, source)
	}
	return keep
}

func (r *rewriter) anchor(keep []html.Attribute, href string) []html.Attribute {
	r.href, r.shown = href, ""
	if href == "" {
		return keep
	}
	return append(keep, html.Attribute{Key: "href", Val: href},
		html.Attribute{Key: "rel", Val: "noopener noreferrer"}, html.Attribute{Key: "target", Val: "_blank"})
}

// imageAttributes shows a dropped image by its alternative text, and one without any not at all.
func imageAttributes(keep []html.Attribute, source string) []html.Attribute {
	if source != "" {
		return append(keep, html.Attribute{Key: "src", Val: source})
	}
	for _, attr := range keep {
		if attr.Key == "alt" && strings.TrimSpace(attr.Val) != "" {
			return []html.Attribute{attr}
		}
	}
	return nil
}

// image maps an image's source to what may be loaded: our own URL of a part, or data of a raster type.
func (r *rewriter) image(src string) string {
	src = strings.TrimSpace(src)
	lower := strings.ToLower(src[:min(len(src), 2000)])
	if strings.HasPrefix(lower, "data:") {
		return strings.Join(strings.Fields(src), "")
	}
	key := lower
	if unescaped, err := url.PathUnescape(lower); err == nil && strings.HasPrefix(lower, "cid:") {
		key = unescaped
	}
	if index, ok := r.cids[key]; ok && r.link != nil {
		return r.link(index)
	}
	return ""
}

// isRemote says whether a URL would be fetched from elsewhere: any but cid: and data:.
func isRemote(u string) bool {
	u = strings.ToLower(strings.TrimSpace(u))
	return strings.HasPrefix(u, "http") || strings.HasPrefix(u, "//") || strings.HasPrefix(u, "ftp:")
}

// safeLink keeps links that leave for the web, a mail program or a phone. Browsers ignore tabs and
// line ends inside a URL, so they go first.
func safeLink(href string) string {
	href = strings.Map(func(c rune) rune {
		if c == '\t' || c == '\n' || c == '\r' {
			return -1
		}
		return c
	}, strings.TrimFunc(href, func(c rune) bool { return c <= ' ' || c == '\u00a0' }))
	href = strings.ReplaceAll(href, " ", "%20")
	if !linkValue.MatchString(href) || len(href) > 8000 {
		return ""
	}
	return href
}
