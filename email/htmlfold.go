package email

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlLine is a line of HTML as a reader sees it: quotes have "> " before them, as in plain text.
type htmlLine struct {
	text  string
	token int  // number of the token that it begins with, blocks opened for it included
	mark  bool // a program says here that an original follows
}

// foldReader reads the lines of HTML for foldToken.
type foldReader struct {
	lines   []htmlLine
	text    strings.Builder
	start   int // token of the line's first text, or -1
	pending int // first tag opened since the last text or end tag, or -1
	quote   int
	mark    bool
	mute    atom.Atom
}

// foldToken is the number of the token from which on HTML repeats what was written before, by the
// rules of Fold: a quote to the end with its attribution, an original with its header block, or what
// a program marks as one. -1 when there is none, or nothing new above it.
func foldToken(src string, budget *meter) int {
	r := foldReader{start: -1, pending: -1}
	z := html.NewTokenizer(strings.NewReader(src))
	for n := 0; len(r.lines) < maxFoldLines && budget.goesOn(); n++ {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch kind {
		case html.TextToken:
			r.words(n, z.Text())
		case html.StartTagToken, html.SelfClosingTagToken:
			r.open(n, z.Token())
		case html.EndTagToken:
			name, _ := z.TagName()
			r.close(atom.Lookup(name))
		}
	}
	r.endLine()
	at := r.foldAt()
	if at < 0 || !r.fresh(at) {
		return -1
	}
	return r.lines[at].token
}

func (r *foldReader) words(n int, text []byte) {
	if r.mute != 0 {
		return
	}
	s := strings.Join(strings.Fields(strings.Map(visible, string(text))), " ")
	if s == "" {
		return
	}
	if r.start < 0 {
		if r.start = n; r.pending >= 0 {
			r.start = r.pending
		}
		r.text.WriteString(strings.Repeat("> ", min(r.quote, maxDepth)))
	} else {
		r.text.WriteByte(' ')
	}
	r.pending = -1
	if r.text.Len() < maxAttribution {
		r.text.WriteString(s)
	}
}

// lineBreakers begin and end lines.
var lineBreakers = func() map[atom.Atom]bool {
	m := map[atom.Atom]bool{atom.Br: true, atom.Tr: true, atom.Li: true, atom.Td: true, atom.Th: true, atom.Dt: true, atom.Dd: true}
	for a := range closesParagraph {
		m[a] = true
	}
	return m
}()

func (r *foldReader) open(n int, t html.Token) {
	if r.mute != 0 {
		return
	}
	a := t.DataAtom
	if muted[a] {
		r.mute = a
		return
	}
	if lineBreakers[a] {
		r.endLine()
	}
	if r.mark = r.mark || marksOriginal(t); r.mark && r.start >= 0 {
		r.endLine()
		r.mark = true
	}
	switch a {
	case atom.Br:
		return
	case atom.Hr:
		r.words(n, []byte("________"))
		r.endLine()
		return
	case atom.Blockquote:
		r.quote++
	case atom.Img:
		r.words(n, []byte("[]"))
		return
	}
	if r.pending < 0 {
		r.pending = n
	}
}

func (r *foldReader) close(a atom.Atom) {
	if r.mute != 0 {
		if a == r.mute {
			r.mute = 0
		}
		return
	}
	if lineBreakers[a] {
		r.endLine()
	}
	if a == atom.Blockquote && r.quote > 0 {
		r.quote--
	}
	r.pending = -1
}

func (r *foldReader) endLine() {
	if r.start < 0 {
		return
	}
	r.lines = append(r.lines, htmlLine{r.text.String(), r.start, r.mark})
	r.text.Reset()
	r.start, r.pending, r.mark = -1, -1, false
}

// originalMarkers are ids and classes by which programs mark the beginning of what they repeat:
// Outlook on the web, Outlook for the Mac, Yahoo, Proton.
var originalMarkers = map[string]bool{
	"divrplyfwdmsg": true, "olk_src_body_section": true, "mail-editor-reference-message-container": true, "yahoo_quoted": true, "protonmail_quote": true,
}

func marksOriginal(t html.Token) bool {
	for _, a := range t.Attr {
		if a.Key == "id" || a.Key == "class" {
			for _, name := range strings.Fields(strings.ToLower(a.Val)) {
				if originalMarkers[strings.TrimPrefix(name, "x_")] {
					return true
				}
			}
		}
	}
	return false
}

// foldAt is the number of the line where the repeated text begins, or -1.
func (r *foldReader) foldAt() int {
	texts := make([]string, len(r.lines))
	for i, l := range r.lines {
		texts[i] = l.text
	}
	at := foldAt(texts)
	for i, l := range r.lines {
		if l.mark && (at < 0 || i < at) {
			return overRule(texts, i)
		}
	}
	return at
}

// fresh says whether anything stands above the line.
func (r *foldReader) fresh(at int) bool {
	for _, l := range r.lines[:at] {
		if strings.Trim(l.text, "_- ") != "" {
			return true
		}
	}
	return false
}
