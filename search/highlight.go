package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	snippetLen  = 160       // characters, about
	snippetLead = 40        // of them before the first match
	maxMarked   = 200 << 10 // octets of a text that are looked through
)

// marker finds in a text what a query looked for.
type marker struct {
	subject, body []*leaf
}

// markerOf takes the text terms that hits must or may have; what is excluded marks nothing.
func markerOf(n node) marker {
	var m marker
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
func runs(words []word, terms []*leaf) []run {
	var found []run
	for i := range words {
		for _, l := range terms {
			if n := l.matchAt(words[i:]); n > 0 {
				found = append(found, run{i, i + n - 1})
				break
			}
		}
	}
	return found
}

// matchAt says how many words the term matches at the beginning of words; 0: it does not.
func (l *leaf) matchAt(words []word) int {
	if len(words) < len(l.words) {
		return 0
	}
	for i, w := range l.words {
		switch {
		case l.start && strings.HasPrefix(words[i].folded, w.folded):
		case w.folded == words[i].folded:
		case !l.start && !l.phrase && sameStem(w, words[i]):
		default:
			return 0
		}
	}
	return len(l.words)
}

// sameStem is what the index does with forms: the typed word or a stem of it is the other word or a stem of that.
func sameStem(typed, other word) bool {
	theirs := append(other.stems(), other.folded)
	return slices.Contains(theirs, typed.folded) ||
		slices.ContainsFunc(typed.stems(), func(s string) bool { return slices.Contains(theirs, s) })
}

// pieces cuts text, whole, into marked and unmarked pieces.
func pieces(text string, terms []*leaf) []Piece {
	words := wordsOf(text)
	return cut(text, 0, len(text), words, runs(words, terms))
}

// snippet is the part of text around the place with the most different matches; nil when nothing matches.
func snippet(text string, terms []*leaf) []Piece {
	if len(text) > maxMarked {
		text = strings.ToValidUTF8(text[:maxMarked], "")
	}
	text = strings.Join(strings.Fields(text), " ")
	words := wordsOf(text)
	found := runs(words, terms)
	if len(found) == 0 {
		return nil
	}
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
