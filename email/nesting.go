package email

import (
	"net/url"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// tableScope are the elements that an end tag from inside a cell must not reach over.
var tableScope = map[atom.Atom]bool{atom.Td: true, atom.Th: true, atom.Caption: true, atom.Table: true}

// tableTags may close cells and rows, within their table.
var tableTags = map[atom.Atom]bool{
	atom.Table: true, atom.Tbody: true, atom.Thead: true, atom.Tfoot: true, atom.Tr: true, atom.Td: true, atom.Th: true, atom.Caption: true,
	atom.Colgroup: true,
}

// closesParagraph are the blocks that end a paragraph left open.
var closesParagraph = map[atom.Atom]bool{
	atom.P: true, atom.Div: true, atom.Table: true, atom.Ul: true, atom.Ol: true, atom.Dl: true, atom.Blockquote: true, atom.Pre: true,
	atom.H1: true, atom.H2: true, atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Hr: true, atom.Center: true,
	atom.Address: true, atom.Section: true, atom.Article: true, atom.Header: true, atom.Footer: true, atom.Main: true, atom.Figure: true,
}

// siblings end each other: <li> ends an open <li> up to its list, and so on.
var siblings = map[atom.Atom]struct{ ends, until []atom.Atom }{
	atom.Li:    {[]atom.Atom{atom.Li}, []atom.Atom{atom.Ul, atom.Ol}},
	atom.Dt:    {[]atom.Atom{atom.Dt, atom.Dd}, []atom.Atom{atom.Dl}},
	atom.Dd:    {[]atom.Atom{atom.Dt, atom.Dd}, []atom.Atom{atom.Dl}},
	atom.Td:    {[]atom.Atom{atom.Td, atom.Th}, []atom.Atom{atom.Tr, atom.Table}},
	atom.Th:    {[]atom.Atom{atom.Td, atom.Th}, []atom.Atom{atom.Tr, atom.Table}},
	atom.Tr:    {[]atom.Atom{atom.Tr}, []atom.Atom{atom.Table}},
	atom.Tbody: {[]atom.Atom{atom.Tbody, atom.Thead, atom.Tfoot}, []atom.Atom{atom.Table}},
	atom.Tfoot: {[]atom.Atom{atom.Tbody, atom.Thead, atom.Tfoot}, []atom.Atom{atom.Table}},
	atom.A:     {[]atom.Atom{atom.A}, []atom.Atom{atom.Table, atom.Td, atom.Th}},
}

// closeImplied ends what the start of a ends without saying so (HTML, 13.1.2.4).
func (r *rewriter) closeImplied(a atom.Atom) {
	if n := len(r.open); n > 0 && r.open[n-1] == atom.P && closesParagraph[a] {
		r.closeTo(n - 1)
	}
	rule, ok := siblings[a]
	if !ok {
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		if contains(rule.ends, r.open[i]) {
			r.closeTo(i)
			return
		}
		if contains(rule.until, r.open[i]) {
			return
		}
	}
}

func contains(list []atom.Atom, a atom.Atom) bool {
	for _, b := range list {
		if a == b {
			return true
		}
	}
	return false
}

// end closes the nearest element of this kind that may be closed from here; else the tag is dropped.
func (r *rewriter) end(a atom.Atom) {
	if r.mute != 0 {
		if a == r.mute {
			r.mute = 0
		}
		return
	}
	if a == atom.Body || a == atom.Details {
		return
	}
	if r.overflow > 0 && allowedElements[a] && !voidElements[a] {
		r.overflow--
		return
	}
	if a == atom.Br || a == atom.P && !contains(r.open, atom.P) {
		return
	}
	for i := len(r.open) - 1; i >= 0; i-- {
		switch {
		case r.open[i] == a:
			r.closeTo(i)
			return
		case tableTags[a] && r.open[i] == atom.Table, !tableTags[a] && tableScope[r.open[i]]:
			return
		}
	}
}

// closeTo writes the end tags of all elements from depth on.
func (r *rewriter) closeTo(depth int) {
	for len(r.open) > depth {
		a := r.open[len(r.open)-1]
		r.open, r.tags = r.open[:len(r.open)-1], r.tags[:len(r.tags)-1]
		r.out.WriteString("</" + a.String() + ">")
		if a == atom.A {
			r.tellTarget()
		}
	}
}

// tellTarget writes the true host behind a link whose text names another one.
func (r *rewriter) tellTarget() {
	target, err := url.Parse(r.href)
	claimed := claimedHost(r.shown)
	r.href = ""
	if err != nil || claimed == "" || target.Hostname() == "" {
		return
	}
	host := strings.ToLower(target.Hostname())
	if host != claimed && !strings.HasSuffix(host, "."+claimed) && !strings.HasSuffix(claimed, "."+host) {
		r.out.WriteString("<small> [" + html.EscapeString(host) + "] </small>")
	}
}

// claimedHost is the host that a link's text seems to name, or "".
func claimedHost(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	bare, hasScheme := strings.CutPrefix(text, "https://")
	if !hasScheme {
		bare, hasScheme = strings.CutPrefix(text, "http://")
	}
	if !hasScheme && !strings.HasPrefix(text, "www.") || strings.ContainsAny(text, " \n") {
		return ""
	}
	if end := strings.IndexAny(bare, "/?#:"); end >= 0 {
		bare = bare[:end]
	}
	return strings.TrimPrefix(bare, "www.")
}
