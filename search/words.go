package search

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/analysis/lang/de"
	"github.com/blevesearch/bleve/v2/analysis/lang/en"
	"golang.org/x/text/unicode/norm"
)

// Text is indexed without knowing its language. At each position stand
//
//	the word, folded:  rechnungen
//	its stems, marked: ~rechnung   German, and English where it differs; none that equals the word
//
// A typed word is looked up as itself, as its stems and as its marked stems; a phrase and a word*
// see folded words only.

const (
	stemMark = "~"
	maxWord  = 64      // octets of a word that count
	maxText  = 1 << 20 // octets of one text that are indexed
)

// word is one word of a text: where it stands and what it is compared by.
type word struct {
	start, end int // octets in the text
	folded     string
	original   string // in lower case
}

// wordsOf cuts text at everything that is neither letter, digit nor mark. Scripts that are written
// without spaces are cut into single characters.
func wordsOf(text string) []word {
	var words []word
	start := -1
	flush := func(end int) {
		if start >= 0 {
			if w, ok := newWord(text, start, end); ok {
				words = append(words, w)
			}
			start = -1
		}
	}
	for i, r := range text {
		switch {
		case r < utf8.RuneSelf:
			if !asciiWord(byte(r)) {
				flush(i)
			} else if start < 0 {
				start = i
			}
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			flush(i)
			start = i
			flush(i + utf8.RuneLen(r))
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r):
			if start < 0 {
				start = i
			}
		case r == '\u00ad' || r == '\u200b' || r == '\u200c' || r == '\u200d': // invisible: soft hyphen and its kin
		default:
			flush(i)
		}
	}
	flush(len(text))
	return words
}

func asciiWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
}

func newWord(text string, start, end int) (word, bool) {
	original := strings.ToLower(text[start:end])
	if len(original) > maxWord {
		original = strings.ToValidUTF8(original[:maxWord], "")
	}
	folded := fold(original)
	return word{start: start, end: end, folded: folded, original: original}, folded != ""
}

// fold writes lower-case text without marks, and both spellings of umlauts and ß the same:
// Müll, Muell and Mull are mull. "ue" after a vowel or q is no umlaut (neue, Steuer, Queue).
func fold(lower string) string {
	if !plain(lower) {
		lower = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r) {
				return -1
			}
			return unicode.ToLower(r)
		}, norm.NFKD.String(strings.ReplaceAll(lower, "ß", "ss")))
		lower = ligatures.Replace(lower)
	}
	i := strings.IndexByte(lower, 'e')
	if i < 0 {
		return lower
	}
	var b strings.Builder
	for i := range len(lower) {
		if lower[i] == 'e' && i > 0 && umlaut(lower, i-1) {
			continue
		}
		b.WriteByte(lower[i])
	}
	return b.String()
}

var ligatures = strings.NewReplacer("æ", "ae", "œ", "oe", "ø", "o", "đ", "d", "ł", "l", "ð", "d", "þ", "th", "ı", "i")

// umlaut says whether the vowel at i and the e behind it spell an umlaut.
func umlaut(s string, i int) bool {
	switch s[i] {
	case 'a', 'o':
		return true
	case 'u':
		return i == 0 || !strings.ContainsRune("aeiouyq", rune(s[i-1]))
	}
	return false
}

func plain(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// stems are the word's German and English stems that differ from its folded form.
func (w word) stems() []string { return w.stemsBeside(w.germanStem()) }

// stemsBeside is stems where the German one is known.
func (w word) stemsBeside(german string) []string {
	if len(w.folded) < 3 || w.folded[0] <= '9' && w.folded[0] >= '0' {
		return nil
	}
	var stems []string
	if german != w.folded {
		stems = append(stems, german)
	}
	if !plain(w.original) { // an English word has no umlauts
		return stems
	}
	if english := fold(stem(en.NewEnglishStemmerFilter(), w.original)); english != w.folded && english != german {
		stems = append(stems, english)
	}
	return stems
}

func (w word) germanStem() string { return stem(de.NewGermanStemmerFilter(), w.folded) }

func stem(filter analysis.TokenFilter, text string) string {
	return string(filter.Filter(analysis.TokenStream{{Term: []byte(text)}})[0].Term)
}

// termStream is a text already cut into terms; Bleve takes it as it is.
type termStream analysis.TokenStream

// Analyze implements analysis.Analyzer.
func (s termStream) Analyze([]byte) analysis.TokenStream { return analysis.TokenStream(s) }

func (s *termStream) add(term string, position int) {
	*s = append(*s, &analysis.Token{Term: []byte(term), Position: position, Type: analysis.AlphaNumeric})
}

// lexicon remembers the stems of words met before: most words of a batch are few words.
type lexicon map[string]lexeme

// lexeme is what stands in the index for a word besides itself.
type lexeme struct {
	marked []string // its stems, marked
	german string   // its German stem, which may be the word
}

const maxLexicon = 50_000

func (l lexicon) of(w word) lexeme {
	if known, ok := l[w.original]; ok {
		return known
	}
	x := lexeme{german: w.germanStem()}
	x.marked = w.stemsBeside(x.german)
	for i := range x.marked {
		x.marked[i] = stemMark + x.marked[i]
	}
	if len(l) < maxLexicon {
		l[strings.Clone(w.original)] = x
	}
	return x
}

// addText appends words, with stems if there is a lexicon, and answers the next free position.
func (s *termStream) addText(text string, position int, l lexicon) int {
	return s.addTextAnd(text, position, l, nil)
}

// addTextAnd is addText, and notes the compounds in the text.
func (s *termStream) addTextAnd(text string, position int, l lexicon, ends *endings) int {
	words := wordsOf(text)
	if l != nil {
		for _, n := range numbersOf(text, words) {
			s.add(numberMark+n.joined, position+n.first)
		}
	}
	for _, w := range words {
		s.add(w.folded, position)
		if l != nil {
			known := l.of(w)
			for _, stem := range known.marked {
				s.add(stem, position)
			}
			if ends != nil && mayBeCompound(text[w.start:]) {
				ends.note(known.german)
			}
		}
		position++
	}
	return position
}
