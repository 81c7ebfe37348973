package directory

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"holdover/email"
)

// entry is what can be suggested while somebody types a recipient.
type entry struct {
	address email.Address
	whole   string   // folded name
	full    string   // folded address
	words   []string // folded words of name and local part
}

func entriesOf(s *snapshot) []entry {
	var entries []entry
	add := func(name, address string) {
		whole, full := fold(name), fold(address)
		local, _, _ := cutAddress(full)
		entries = append(entries, entry{
			address: email.Address{Name: name, Addr: address}, whole: whole, full: full,
			words: append(words(whole), words(local)...),
		})
	}
	for _, m := range s.mailboxes {
		add(m.Name, m.Address)
	}
	for _, g := range s.groups {
		if g.Address != "" {
			add(g.Name, g.Address)
		}
	}
	slices.SortStableFunc(entries, func(a, b entry) int { return strings.Compare(a.whole, b.whole) })
	return entries
}

// Suggest lists mailboxes and groups whose name or address begins with what was typed, whole
// beginnings before single words, then by name. "muller" and "mueller" both find "Müller".
func (d *Directory) Suggest(typed string, limit int) []email.Address {
	typed = strings.TrimSpace(fold(typed))
	if typed == "" || limit <= 0 {
		return nil
	}
	var first, later []email.Address
	for _, e := range d.state.Load().entries {
		switch {
		case strings.HasPrefix(e.whole, typed), strings.HasPrefix(e.full, typed):
			first = append(first, e.address)
		case e.matches(words(typed)):
			later = append(later, e.address)
		}
	}
	all := append(first, later...)
	return all[:min(limit, len(all))]
}

// Matches says whether a name and address of elsewhere would be found by what was typed, as Suggest finds its own.
func Matches(typed string, a email.Address) bool {
	typed = strings.TrimSpace(fold(typed))
	whole, full := fold(a.Name), fold(a.Addr)
	local, _, _ := cutAddress(full)
	e := entry{whole: whole, full: full, words: append(words(whole), words(local)...)}
	return typed != "" && (strings.HasPrefix(whole, typed) || strings.HasPrefix(full, typed) || e.matches(words(typed)))
}

// matches says whether every typed word begins a word of the entry.
func (e entry) matches(typed []string) bool {
	for _, t := range typed {
		if !slices.ContainsFunc(e.words, func(w string) bool { return strings.HasPrefix(w, t) }) {
			return false
		}
	}
	return len(typed) > 0
}

func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// fold makes names comparable: lower case, one space, without marks, umlauts in both spellings the same.
func fold(text string) string {
	text = strings.ToLower(strings.Join(strings.Fields(text), " "))
	if !ascii(text) {
		text = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Mn, r) {
				return -1
			}
			return r
		}, norm.NFD.String(strings.ReplaceAll(text, "ß", "ss")))
	}
	return strings.NewReplacer("ae", "a", "oe", "o", "ue", "u").Replace(text)
}
