package email

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// lookalikes are letters of other alphabets that look like Latin ones.
var lookalikes = map[rune]rune{
	'а': 'a', 'в': 'b', 'с': 'c', 'ԁ': 'd', 'е': 'e', 'һ': 'h', 'і': 'i', 'ј': 'j', 'к': 'k', 'ӏ': 'l', 'м': 'm', 'н': 'h', 'о': 'o', 'р': 'p', 'ѕ': 's', 'т': 't', 'у': 'y', 'ѵ': 'v', 'ԝ': 'w', 'х': 'x', 'г': 'r',
	'α': 'a', 'β': 'b', 'ε': 'e', 'ι': 'i', 'κ': 'k', 'ν': 'v', 'ο': 'o', 'ρ': 'p', 'τ': 't', 'υ': 'u', 'χ': 'x', 'γ': 'y', 'ı': 'i', 'ł': 'l', 'ø': 'o', 'đ': 'd', 'ɡ': 'g', 'ɩ': 'i', 'ʟ': 'l', '０': 'o',
}

// folds are written in several ways in names.
var folds = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "æ", "ae", "œ", "oe")

// skeleton is a text as the eye takes it: small letters and digits of one alphabet without marks.
func skeleton(s string) string {
	s = folds.Replace(strings.ToLower(norm.NFKC.String(s)))
	return strings.Map(func(r rune) rune {
		if like, ok := lookalikes[r]; ok {
			return like
		}
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, norm.NFD.String(s))
}

// NameKey is a display name as the eye takes it, whatever the order of its words: "Wessel, Katrin" and
// "Katrin Wessel (extern)" have the same one. "" for names too short to mean one person.
func NameKey(name string) string {
	name = cutRunes(dropComments(name), 200)
	var words []string
	for _, w := range strings.FieldsFunc(name, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(",;|/\"", r) }) {
		w = skeleton(w)
		if w != "" && w != "dr" && w != "prof" && w != "dipling" && w != "dring" && w != "extern" && w != "mr" && w != "mrs" && w != "herr" && w != "frau" {
			words = append(words, w)
		}
	}
	if len(words) < 2 {
		return ""
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// NearName says whether the keys of two names are the same, or one slip apart where they are long enough.
func NearName(a, b string) bool {
	if a == "" || b == "" {
		return false
	}
	return a == b || len(a) >= 9 && len(b) >= 9 && slips(a, b, 1) <= 1
}

// NearDomain says whether a domain may be taken for one of one's own: it looks the same, is a slip or
// another ending away, or has the own name in it. One's own domain and those below it are not.
func NearDomain(domain, own string) bool {
	domain, own = shownDomain(domain), shownDomain(own)
	if domain == own || strings.HasSuffix(domain, "."+own) || domain == "" || own == "" {
		return false
	}
	if strings.HasPrefix(domain, own+".") || strings.Contains(domain, "."+own+".") {
		return true
	}
	name, ownName := mainLabel(domain), mainLabel(own)
	a, b := lookOf(name), lookOf(ownName)
	switch {
	case a == b:
		return len(b) >= 4
	case len(b) >= 10 && slips(a, b, 2) <= 2, len(b) >= 5 && slips(a, b, 1) <= 1:
		return true
	}
	return len(b) >= 6 && (strings.HasPrefix(a, b) || strings.HasSuffix(a, b)) && strings.Contains(name, "-")
}

// shownDomain is a domain as programs show it, with its letters instead of xn--.
func shownDomain(domain string) string {
	domain = strings.ToLower(strings.Trim(cutRunes(domain, 253), "."))
	if shown, err := idna.ToUnicode(domain); err == nil {
		return shown
	}
	return domain
}

// mainLabel is the part of a domain that its owner chose: the last but one, before "co.uk" the one before.
func mainLabel(domain string) string {
	labels := strings.Split(domain, ".")
	n := len(labels)
	switch {
	case n == 1:
		return domain
	case n > 2 && len(labels[n-2]) <= 3 && len(labels[n-1]) == 2:
		return labels[n-3]
	}
	return labels[n-2]
}

// pairs are letters that look like others side by side, and digits that look like letters.
var pairs = strings.NewReplacer("rn", "m", "vv", "w", "cl", "d", "0", "o", "1", "l", "5", "s", "3", "e")

func lookOf(label string) string {
	return strings.ReplaceAll(pairs.Replace(skeleton(label)), "-", "")
}

// slips is the number of letters inserted, left out, changed or swapped between two short texts, as far
// as most; more is most+1.
func slips(a, b string, most int) int {
	ra, rb := []rune(a), []rune(b)
	if d := len(ra) - len(rb); d > most || -d > most || len(ra) > 100 {
		return most + 1
	}
	before, last, now := make([]int, len(rb)+1), make([]int, len(rb)+1), make([]int, len(rb)+1)
	for j := range last {
		last[j] = j
	}
	for i, x := range ra {
		now[0] = i + 1
		for j, y := range rb {
			cost := 1
			if x == y {
				cost = 0
			}
			now[j+1] = min(last[j+1]+1, now[j]+1, last[j]+cost)
			if i > 0 && j > 0 && x == rb[j-1] && ra[i-1] == y {
				now[j+1] = min(now[j+1], before[j-1]+1)
			}
		}
		before, last, now = last, now, before
	}
	return min(last[len(rb)], most+1)
}
