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
	all := slices.DeleteFunc(leaves(n), func(l *leaf) bool { return len(l.words) == 0 || negated(n, l) })
	for _, l := range all {
		if groups := l.groups(); len(groups) > 1 {
			all = append(all, leavesOf(groups)...)
		}
	}
	for _, l := range all {
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

// run is a stretch of words that matched, and the octets of the text that are marked for it.
type run struct{ first, last, start, end int }

// runs finds matches of any of the terms in the words of text, from left to right.
func (m marker) runs(text string, words []word, terms []*leaf) []run {
	var found []run
	var numbers []number
	if slices.ContainsFunc(terms, func(l *leaf) bool { return l.number != "" }) {
		numbers = numbersOf(text, words)
	}
	for i := range words {
		for len(numbers) > 0 && numbers[0].last < i {
			numbers = numbers[1:]
		}
		for _, l := range terms {
			if len(numbers) > 0 && numbers[0].first == i && numbers[0].joined == l.number {
				found = append(found, run{i, numbers[0].last, words[i].start, words[numbers[0].last].end})
				break
			}
			if r, ok := l.matchAt(text, words, i, m.words); ok {
				found = append(found, r)
				break
			}
		}
	}
	return found
}

// matchAt says whether the term matches from the i-th of the words on.
func (l *leaf) matchAt(text string, words []word, i int, known lexicon) (run, bool) {
	if len(words)-i < len(l.words) {
		return run{}, false
	}
	last := i + len(l.words) - 1
	whole := run{i, last, words[i].start, words[last].end}
	for n, w := range l.words {
		other := words[i+n]
		switch {
		case l.start && strings.HasPrefix(other.folded, w.folded), !l.start && w.finds(other, l.phrase, known):
			continue
		case len(l.words) == 1 && (l.begins || l.head != ""):
			from, to, ok := l.partial(other, text[other.start:other.end], known)
			return run{i, i, other.start + from, other.start + to}, ok
		}
		return run{}, false
	}
	return whole, true
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
		slices.ContainsFunc(known.of(other).marked, func(s string) bool { return slices.Contains(forms, s) })
}

// markSubject cuts a subject, whole, into marked and unmarked pieces.
func (m marker) markSubject(text string) []Piece {
	words := wordsOf(text)
	return cut(text, 0, len(text), m.runs(text, words, m.subject))
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
		if found := m.runs(text[from:to], words, m.body); len(found) > 0 {
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
	for i := range found {
		found[i].start += from
		found[i].end += from
	}
	start, end := window(text, words[found[best].first].start)
	list := cut(text, start, end, found)
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
func cut(text string, start, end int, found []run) []Piece {
	var list []Piece
	for _, r := range found {
		from, to := max(r.start, start), min(r.end, end)
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
