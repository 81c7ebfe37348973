package email

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlToText turns HTML into plain text in one pass: blocks become lines, quotes get "> ", list
// items a dash, links their address when it says more than their text. Hidden text is left out.
// withLinks false leaves addresses out too, for previews.
func htmlToText(src string, withLinks bool) string { return htmlToTextWithin(src, withLinks, nil) }

// htmlToTextWithin stops where the budget ends, or after 4 MiB of text: deep quotes make much of little.
func htmlToTextWithin(src string, withLinks bool, budget *meter) string {
	t := textWriter{links: withLinks}
	z := html.NewTokenizer(strings.NewReader(src))
	for {
		kind := z.Next()
		if !budget.goesOn() || t.out.Len() > maxText {
			kind = html.ErrorToken
		}
		switch kind {
		case html.ErrorToken:
			t.newline(1)
			return strings.TrimSpace(t.out.String()) + "\n"
		case html.TextToken:
			t.text(z)
		case html.StartTagToken, html.SelfClosingTagToken:
			t.start(z, kind == html.SelfClosingTagToken)
		case html.EndTagToken:
			t.end(z)
		}
	}
}

// firstLook is how much of an HTML part is looked at for something to see.
const firstLook = 64 << 10

// showsNothing says whether a leaf is HTML without any text or image, so that its page would be white.
func (n *node) showsNothing() bool {
	if n.kind != "text/html" || len(n.body) > firstLook {
		return false
	}
	z := html.NewTokenizer(strings.NewReader(n.markup(firstLook)))
	unseen := false
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return true
		case html.TextToken:
			if !unseen && strings.TrimSpace(z.Token().Data) != "" {
				return false
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := z.TagName()
			switch atom.Lookup(name) {
			case atom.Img, atom.Image:
				return false
			case atom.Title, atom.Style, atom.Script: // each is followed by its text, and that by its end
				unseen = kind == html.StartTagToken
			}
		}
	}
}

// textWriter holds the state of the text being written.
type textWriter struct {
	out    strings.Builder
	links  bool
	quote  int  // depth of blockquote
	pre    int  // depth of pre
	lines  int  // line ends at the end of out
	prefix bool // the quote marks of this line are written
	space  bool // a space is due
	skip   atom.Atom
	skips  int         // depth of elements of the skipped kind
	hidden []atom.Atom // elements open inside a hidden one, it included
	href   string
	anchor int // where the text of the link begins
}

const maxShownURL = 120

func (t *textWriter) text(z *html.Tokenizer) {
	if t.skips > 0 || len(t.hidden) > 0 {
		return
	}
	if t.pre > 0 {
		text := string(z.Text())
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				t.newline(t.lines + 1)
			}
			t.write(strings.TrimRight(line, "\r"))
		}
		return
	}
	text := z.Text()
	if len(text) == 0 {
		return
	}
	if isSpace(text[0]) {
		t.space = true
	}
	for i, word := range strings.FieldsFunc(string(text), isHTMLSpace) {
		if i > 0 {
			t.space = true
		}
		t.write(word)
	}
	if isSpace(text[len(text)-1]) {
		t.space = true
	}
}

func isSpace(c byte) bool     { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f' }
func isHTMLSpace(r rune) bool { return r < 0x80 && isSpace(byte(r)) }

func (t *textWriter) write(word string) {
	word = strings.Map(visible, word)
	if word == "" {
		return
	}
	if !t.prefix {
		t.out.WriteString(strings.Repeat("> ", min(t.quote, maxDepth)))
		t.prefix, t.space = true, false
	}
	if t.space && t.lines == 0 && t.out.Len() > 0 {
		t.out.WriteByte(' ')
	}
	t.space, t.lines = false, 0
	t.out.WriteString(word)
}

// visible drops what senders fill previews with: zero-width characters and soft hyphens.
func visible(r rune) rune {
	switch {
	case r == '\u00a0', r == '\u2007', r == '\u202f':
		return ' '
	case r >= '\u200b' && r <= '\u200f', r == '\u034f', r == '\ufeff', r == '\u00ad', r < ' ' && r != '\t', r == 0x7f:
		return -1
	}
	return r
}

// newline makes sure that out ends in n line ends.
func (t *textWriter) newline(n int) {
	t.space = false
	if t.out.Len() == 0 {
		return
	}
	for ; t.lines < n; t.lines++ {
		if !t.prefix && t.quote > 0 {
			t.out.WriteString(strings.Repeat(">", min(t.quote, maxDepth)))
		}
		t.out.WriteByte('\n')
		t.prefix = false
	}
}

func (t *textWriter) start(z *html.Tokenizer, selfClosing bool) {
	name, hasAttr := z.TagName()
	a := atom.Lookup(name)
	if t.skips > 0 {
		if a == t.skip && !selfClosing {
			t.skips++
		}
		return
	}
	if len(t.hidden) > 0 {
		if !selfClosing && !voidElements[a] && len(t.hidden) < 1000 {
			t.hidden = append(t.hidden, a)
		}
		return
	}
	var href string
	for hasAttr {
		var key, value []byte
		key, value, hasAttr = z.TagAttr()
		switch {
		case string(key) == "style" && hides(value), string(key) == "hidden":
			if !selfClosing && !voidElements[a] {
				t.hidden = append(t.hidden[:0], a)
			}
		case string(key) == "href":
			href = string(value)
		case string(key) == "alt" && a == atom.Img && len(value) > 0 && len(value) < 200:
			t.space = true
			t.write(string(value))
		}
	}
	if len(t.hidden) == 0 {
		t.open(a, href, selfClosing)
	}
}

// hides recognises the styles with which preview fillers are hidden.
func hides(style []byte) bool {
	s := strings.Map(func(r rune) rune {
		if r <= ' ' {
			return -1
		}
		return r
	}, strings.ToLower(string(style[:min(len(style), 2000)])))
	return strings.Contains(s, "display:none") || strings.Contains(s, "visibility:hidden") ||
		strings.HasPrefix(s, "font-size:0") && !strings.HasPrefix(s, "font-size:0.") || strings.Contains(s, ";font-size:0;") ||
		strings.Contains(s, "mso-hide:all")
}

var voidElements = map[atom.Atom]bool{
	atom.Br: true, atom.Hr: true, atom.Img: true, atom.Wbr: true, atom.Col: true, atom.Meta: true, atom.Link: true,
	atom.Input: true, atom.Base: true, atom.Area: true, atom.Embed: true, atom.Source: true, atom.Track: true, atom.Param: true,
}

func (t *textWriter) open(a atom.Atom, href string, selfClosing bool) {
	switch a {
	case atom.Script, atom.Style, atom.Title, atom.Noscript, atom.Template, atom.Object, atom.Select, atom.Svg, atom.Math, atom.Iframe, atom.Noframes, atom.Noembed:
		if !selfClosing || a == atom.Script || a == atom.Style || a == atom.Title {
			t.skip, t.skips = a, 1
		}
	case atom.Br:
		t.newline(t.lines + 1)
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol, atom.Dl:
		t.newline(2)
	case atom.Div, atom.Tr, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Address, atom.Form:
		t.newline(1)
	case atom.Td, atom.Th:
		t.space = true
	case atom.Li:
		t.newline(1)
		t.write("- ")
	case atom.Pre:
		t.newline(2)
		t.pre++
	case atom.Hr:
		t.newline(1)
		t.write(strings.Repeat("_", 32))
		t.newline(1)
	case atom.Blockquote:
		t.newline(2)
		t.quote++
	case atom.A:
		t.href, t.anchor = href, t.out.Len()
	}
}

func (t *textWriter) end(z *html.Tokenizer) {
	name, _ := z.TagName()
	a := atom.Lookup(name)
	if t.skips > 0 {
		if a == t.skip {
			t.skips--
		}
		return
	}
	if len(t.hidden) > 0 {
		for i := len(t.hidden) - 1; i >= 0 && i >= len(t.hidden)-20; i-- {
			if t.hidden[i] == a {
				t.hidden = t.hidden[:i]
				break
			}
		}
		return
	}
	switch a {
	case atom.P, atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Table, atom.Ul, atom.Ol, atom.Dl:
		t.newline(2)
	case atom.Div, atom.Tr, atom.Li, atom.Section, atom.Article, atom.Header, atom.Footer, atom.Center, atom.Dt, atom.Dd, atom.Address:
		t.newline(1)
	case atom.Pre:
		t.pre = max(t.pre-1, 0)
		t.newline(2)
	case atom.Blockquote:
		t.newline(1)
		t.quote = max(t.quote-1, 0)
		t.newline(2)
	case atom.A:
		t.endLink()
	}
}

// endLink writes the address behind a link's text when it is short and not the text itself.
func (t *textWriter) endLink() {
	href := strings.TrimSpace(t.href)
	t.href = ""
	if !t.links || len(href) > maxShownURL || !strings.HasPrefix(href, "http") || strings.ContainsAny(href, " \t\r\n<>") {
		return
	}
	shown := strings.TrimSpace(t.out.String()[min(t.anchor, t.out.Len()):])
	if shown != "" && !strings.Contains(href, strings.TrimSuffix(shown, "/")) {
		t.space = true
		t.write("<" + href + ">")
	}
}

// htmlCharset finds the character set that a document names for itself in its first octets.
func htmlCharset(doc []byte) string {
	head := bytes.ToLower(doc[:min(len(doc), 2048)])
	i := bytes.Index(head, []byte("charset="))
	if i < 0 {
		return ""
	}
	rest := bytes.TrimLeft(head[i+8:], `"' `)
	end := bytes.IndexAny(rest, `"' ;/>`)
	if end < 0 {
		return ""
	}
	return string(rest[:end])
}
