package search

import (
	"strings"
	"unicode/utf8"
)

// Numbers are written in groups as one likes: DE89 3704 0044, (030) 901820-417, +49 30 901820417.
// Groups that stand side by side are in the index once more as one term, marked, and are looked up
// so too. 0049 and +49 before a telephone number are 0.

const (
	numberMark  = "#"
	minDigits   = 6 // digits of a number that is more than a word
	maxGroups   = 12
	maxNumber   = 40 // octets
	numberSigns = " \t\u00a0-/()+"
)

// number is a run of words that are groups of digits.
type number struct {
	first, last int
	joined      string
}

// numbersOf finds the numbers among the words of a text.
func numbersOf(text string, words []word) (found []number) {
	for i := 0; i < len(words); i++ {
		if !groupAt(words[i].folded, true) {
			continue
		}
		last := i
		for last+1 < len(words) && last-i < maxGroups && groupAt(words[last+1].folded, false) && near(text[words[last].end:words[last+1].start]) {
			last++
		}
		if joined := joinGroups(text, words, i, last); joined != "" {
			found = append(found, number{i, last, joined})
		}
		i = last
	}
	return found
}

// near says whether what stands between two groups keeps them together.
func near(between string) bool {
	return len(between) <= 4 && strings.Trim(between, numberSigns) == ""
}

// joinGroups writes the groups from first to last as one; "" when that is no number worth it.
func joinGroups(text string, words []word, first, last int) string {
	var b strings.Builder
	for i := first; i <= last; i++ {
		if words[i].folded == "0" && strings.HasSuffix(text[:words[i].start], "(") && i > first {
			continue // +49 (0)30
		}
		b.WriteString(words[i].folded)
	}
	joined := b.String()
	if strings.HasSuffix(text[:words[first].start], "+") {
		joined = "00" + joined
	}
	if rest, german := strings.CutPrefix(joined, "0049"); german {
		joined = "0" + rest
	}
	if countDigits(joined) < minDigits || len(joined) > maxNumber {
		return ""
	}
	return joined
}

func countDigits(s string) (n int) {
	for _, c := range []byte(s) {
		if '0' <= c && c <= '9' {
			n++
		}
	}
	return n
}

// groupAt says whether a word is a group of digits; the first may have two letters in front (DE89).
func groupAt(word string, first bool) bool {
	if first && len(word) > 2 && word[0] >= 'a' && word[1] >= 'a' {
		word = word[2:]
	}
	return strings.Trim(word, "0123456789") == ""
}

// isGroup says whether a typed text can be a group of a number.
func isGroup(text string) bool {
	words := wordsOf(text)
	for i, w := range words {
		if !groupAt(w.folded, i == 0) || i > 0 && !near(text[words[i-1].end:w.start]) {
			return false
		}
	}
	return len(words) > 0 && utf8.RuneCountInString(text) <= maxNumber
}

// groups are the terms that a number typed with blanks would be without this.
func (l *leaf) groups() (groups []node) {
	if l.number == "" {
		return nil
	}
	for _, text := range strings.Fields(l.typed) {
		if g := textLeaf(token{kind: tokText, field: l.field, text: text}); g != nil {
			groups = append(groups, g)
		}
	}
	return groups
}
