package search

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A typed word also means longer words that begin with it (Urlaub: Urlaubsantrag), and German
// compounds that end with it (Vertrag: Mietvertrag, Rahmenverträge), since a compound's last part
// says what it is. The beginnings are read from the dictionary of each field. For the ends there is
// one field more, fieldEnding, a dictionary of compounds written backwards: there is no list of
// words, a compound is what is long and written with a capital, as German nouns are. Neither is
// done for short words and for parts of words with digits in them, and a "quoted" word is only
// itself.

const (
	minPart = 4 // letters of a typed word that may be a part of a longer one
	minHead = 4 // letters of the stem of a compound's last part
	minFore = 3 // letters of what is before it
	minRest = 3 // letters behind a short word that begins a longer one: Müllabfuhr, but not Müller
	isShort = 5 // letters of a word that may be an inflected form of another by chance
)

// prefixes are beginnings that make another word and no compound: Gang is no part of Ausgang, and
// port none of transport.
var prefixes = wordSet(`auf aus bei dar durch ein emp ent fehl gegen her hin hinter los miss mit nach uber unter ver vor weg wider wieder zer zuruck zusammen
	com con counter dis for fore inter mis non out over per pre pro sub sup trans under`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// mayBegin says whether longer words that begin with w are meant by it too.
func (w word) mayBegin() bool {
	return utf8.RuneCountInString(w.folded) >= minPart && onlyLetters(w.folded)
}

// longer says whether a word begins so and is more than an inflected form of that.
func longer(word, start string) bool {
	rest, ok := strings.CutPrefix(word, start)
	return ok && (utf8.RuneCountInString(start) > isShort || utf8.RuneCountInString(rest) >= minRest)
}

// head is the stem of w where compounds that end with it are meant by it too; else "".
func (w word) head() string {
	if !w.mayBegin() {
		return ""
	}
	stem := w.germanStem()
	if utf8.RuneCountInString(stem) < minHead {
		return ""
	}
	return stem
}

// compound says whether a stem is a compound that ends with head.
func compound(stem, head string) bool {
	fore, ok := strings.CutSuffix(stem, head)
	return ok && utf8.RuneCountInString(fore) >= minFore && !prefixes[fore]
}

// mayBeCompound says whether a word of a text, as it is written there, looks like a German noun.
func mayBeCompound(written string) bool {
	first, _ := utf8.DecodeRuneInString(written)
	return unicode.IsUpper(first)
}

// isLong says whether a stem can be one of a compound.
func isLong(stem string) bool {
	return len(stem) >= minHead+minFore && utf8.RuneCountInString(stem) >= minHead+minFore && onlyLetters(stem)
}

func onlyLetters(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
}

func backwards(s string) string {
	runes := []rune(s)
	slices.Reverse(runes)
	return string(runes)
}

// partial answers where in a word of a text, as it is written there, the part is that the term
// stands for. ok is false when the term is no part of it.
func (l *leaf) partial(other word, written string, known lexicon) (from, to int, ok bool) {
	if l.begins && longer(other.folded, l.words[0].folded) {
		return 0, unfolded(written, l.words[0].folded), true
	}
	if l.head == "" || !strings.Contains(other.folded, l.head) || !onlyLetters(other.folded) {
		return 0, 0, false
	}
	stem := known.of(other).german
	if !compound(stem, l.head) {
		return 0, 0, false
	}
	from = unfolded(written, strings.TrimSuffix(stem, l.head))
	if from == len(written) {
		from = 0
	}
	return from, len(written), true
}

// unfolded is how many octets of a word fold to its beginning start; all if none do.
func unfolded(written, start string) int {
	for i := range written {
		if i >= len(start) && fold(strings.ToLower(written[:i])) == start {
			for i < len(written) && marksOn(written[i:]) {
				_, size := utf8.DecodeRuneInString(written[i:])
				i += size
			}
			return i
		}
	}
	return len(written)
}

// marksOn says whether text begins with what belongs to the letter before it: an accent, or what
// cannot be seen.
func marksOn(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Cf, r)
}
