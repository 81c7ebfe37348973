package email

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Categories are the names that a person has put on a message, as in Outlook: free text, in the order
// in which they were put, each once whatever its case. What compares them folds case (Unicode, simple).
type Categories []string

// Limits of categories. Outlook's own list takes names of 255 letters; a message with more than a
// few categories says nothing any more, and every list would have to show them.
const (
	LongestCategory = 100 // letters of a name
	MostCategories  = 25  // on one message
)

// Errors of a name that is none, and of one category too many.
var (
	ErrCategoryEmpty   = errors.New("a category needs a name")
	ErrCategoryLong    = fmt.Errorf("a category's name has at most %d letters", LongestCategory)
	ErrCategoryLetters = errors.New("a category's name has no comma, semicolon or line break") // Exchange parts names by them
	ErrCategoriesMany  = fmt.Errorf("a message has at most %d categories", MostCategories)
)

// ReadCategory reads a name as a person types it: white space around it goes, inside it becomes one
// blank. Umlauts, blanks and other signs stay.
func ReadCategory(typed string) (string, error) {
	if strings.ContainsAny(typed, ",;\r\n\x00") || !utf8.ValidString(typed) {
		return "", ErrCategoryLetters
	}
	name := strings.Join(strings.Fields(typed), " ")
	switch {
	case name == "":
		return "", ErrCategoryEmpty
	case strings.ContainsFunc(name, unprintable):
		return "", ErrCategoryLetters
	case utf8.RuneCountInString(name) > LongestCategory:
		return "", ErrCategoryLong
	}
	return name, nil
}

// unprintable are control signs, and those that turn the direction of what follows them.
func unprintable(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

// KnownCategories takes the names that can be categories out of what a stranger wrote, at most
// MostCategories of them.
func KnownCategories(names []string) Categories {
	var all Categories
	for _, typed := range names {
		if name, err := ReadCategory(typed); err == nil && len(all) < MostCategories {
			all = all.With(name)
		}
	}
	return all
}

// Has says whether a name is among them.
func (c Categories) Has(name string) bool {
	return slices.ContainsFunc(c, func(own string) bool { return strings.EqualFold(own, name) })
}

// With adds names that are not there yet, at the end; what is there keeps its spelling and place.
func (c Categories) With(names ...string) Categories {
	all := slices.Clone(c)
	for _, name := range names {
		if !all.Has(name) {
			all = append(all, name)
		}
	}
	return all
}

// Without leaves names out.
func (c Categories) Without(names ...string) Categories {
	return slices.DeleteFunc(slices.Clone(c), Categories(names).Has)
}

// Same says whether both have the same names; neither order nor case counts.
func (c Categories) Same(others Categories) bool {
	return len(c) == len(others) && len(c.Without(others...)) == 0
}

// CategoryChange says which names are put on a message and which are taken off; others stay.
type CategoryChange struct {
	Add    Categories `json:"add,omitempty"`
	Remove Categories `json:"remove,omitempty"`
}

// Since is the change that led from earlier to c.
func (c Categories) Since(earlier Categories) CategoryChange {
	return CategoryChange{Add: c.Without(earlier...), Remove: earlier.Without(c...)}
}

// After is c once the change has been made: what is taken off goes first.
func (c Categories) After(change CategoryChange) Categories {
	return c.Without(change.Remove...).With(change.Add...)
}

// None says that the change changes nothing.
func (c CategoryChange) None() bool { return len(c.Add) == 0 && len(c.Remove) == 0 }
