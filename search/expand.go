package search

import (
	"cmp"
	"slices"
)

// maxDictionary bounds how many words of a field are looked at for one word*.
const maxDictionary = 50_000

type topWord struct {
	word  string
	count uint64
}

type topWords []topWord

// most answers the words that stand in most messages, at most limit.
func (t topWords) most(limit int) []string {
	if len(t) > limit {
		slices.SortStableFunc(t, func(a, b topWord) int { return cmp.Compare(b.count, a.count) })
		t = t[:limit]
	}
	words := make([]string, len(t))
	for i, w := range t {
		words[i] = w.word
	}
	return words
}
