package search

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	snippetLen  = 160       // characters, about
	snippetLead = 40        // of them before the first match
	maxMarked   = 200 << 10 // octets of a text that are looked through
	stretch     = 4 << 10   // octets that are looked through at once: most texts match early
)

// marker finds in a text what a query looked for.
type marker struct {
	subject, body []*leaf
	words         lexicon
}

// markerOf takes the text terms that hits must or may have; what is excluded marks nothing.
func markerOf(n node) marker {
	m := marker{words: lexicon{}}
	for _, l := range leaves(n) {
		if len(l.words) == 0 || negated(n, l) {
			continue
		}
		switch l.field {
		case "":
			m.subject, m.body = append(m.subject, l), append(m.body, l)
		case fieldSubject:
			m.subject = append(m.subject, l)
		case fieldBody:
			m.body = append(m.body, l)
		}
	}
	return m
}

// run is a stretch of words that matched.
type run struct{ first, last int }

// runs finds matches of any of the terms, from left to right.
func (m marker) runs(words []word, terms []*leaf) []run {
	var found []run
	for i := range words {
		for _, l := range terms {
			if n := l.matchAt(words[i:], m.words); n > 0 {
				found = append(found, run{i, i + n - 1})
				break
			}
		}
	}
	return found
}

// matchAt says how many words the term matches at the beginning of words; 0: it does not.
func (l *leaf) matchAt(words []word, known lexicon) int {
	if len(words) < len(l.words) {
		return 0
	}
	for i, w := range l.words {
		if l.start && strings.HasPrefix(words[i].folded, w.folded) || !l.start && w.finds(words[i], l.phrase, known) {
			continue
		}
		return 0
	}
	return len(l.words)
}

// finds says whether the index would find other when w is looked for.
func (w word) finds(other word, exact bool, known lexicon) bool {
	switch {
	case w.folded == other.folded:
		return true
	case exact || w.folded[0] != other.folded[0]: // stemming takes from the end
		return false
	}
	forms := w.forms(fieldBody, false)
	return slices.Contains(forms, other.folded) ||
		slices.ContainsFunc(known.markedStems(other), func(s string) bool { return slices.Contains(forms, s) })
}

// markSubject cuts a subject, whole, into marked and unmarked pieces.
func (m marker) markSubject(text string) []Piece {
	words := wordsOf(text)
	return cut(text, 0, len(text), words, m.runs(words, m.subject))
}

// quoteMarks are what programs put before each line of a quoted text (RFC 3676, 4.5): noise in one line of words.
var quoteMarks = regexp.MustCompile(`(?m)^(?:[ \t]*>)+`)

// snippet is the part of text around the first place with many different matches; nil when
// nothing matches.
func (m marker) snippet(text string) []Piece {
	if len(text) > maxMarked {
		text = strings.ToValidUTF8(text[:maxMarked], "")
	}
	text = strings.Join(strings.Fields(quoteMarks.ReplaceAllString(text, "")), " ")
	for from := 0; from < len(text); {
		to := stretchEnd(text, from)
		words := wordsOf(text[from:to])
		if found := m.runs(words, m.body); len(found) > 0 {
			return around(text, from, words, found)
		}
		from = to
	}
	return nil
}

// stretchEnd is where the stretch that begins at from ends, between two words if there are any.
func stretchEnd(text string, from int) int {
	to := from + stretch
	if to >= len(text) {
		return len(text)
	}
	if space := strings.LastIndexByte(text[from:to], ' '); space > 0 {
		return from + space
	}
	for to < len(text) && !utf8.RuneStart(text[to]) {
		to++
	}
	return to
}

// around cuts a snippet out of text where most different words matched; words and found are those
// of the stretch that begins at from.
func around(text string, from int, words []word, found []run) []Piece {
	best, most := 0, 0
	for i := range found {
		seen := map[string]bool{}
		for _, r := range found[i:] {
			if words[r.last].end-words[found[i].first].start > snippetLen-snippetLead {
				break
			}
			seen[words[r.first].folded] = true
		}
		if len(seen) > most {
			best, most = i, len(seen)
		}
	}
	for i := range words {
		words[i].start += from
		words[i].end += from
	}
	start, end := window(text, words[found[best].first].start)
	list := cut(text, start, end, words, found)
	if start > 0 {
		list = append([]Piece{{Text: "… "}}, list...)
	}
	if end < len(text) {
		list = append(list, Piece{Text: " …"})
	}
	return list
}

// window is some text around a place, cut between words where there are any.
func window(text string, at int) (start, end int) {
	start, end = max(0, at-snippetLead), min(len(text), at-min(at, snippetLead)+snippetLen)
	if start > 0 {
		if space := strings.IndexByte(text[start:at], ' '); space >= 0 {
			start += space + 1
		}
	}
	if end < len(text) {
		if space := strings.LastIndexByte(text[at:end], ' '); space > 0 {
			end = at + space
		}
	}
	for start < at && !utf8.RuneStart(text[start]) {
		start++
	}
	for end < len(text) && !utf8.RuneStart(text[end]) {
		end++
	}
	return start, end
}

// cut makes pieces of text[start:end].
func cut(text string, start, end int, words []word, found []run) []Piece {
	var list []Piece
	for _, r := range found {
		from, to := max(words[r.first].start, start), min(words[r.last].end, end)
		if from >= to {
			continue
		}
		if from > start {
			list = append(list, Piece{Text: text[start:from]})
		}
		list, start = append(list, Piece{Text: text[from:to], Mark: true}), to
	}
	if start < end {
		list = append(list, Piece{Text: text[start:end]})
	}
	return list
}
