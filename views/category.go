package views

import (
	"strings"

	"github.com/a-h/templ"
)

// AskCategory is the question for the name of a category that the mailbox does not know yet.
type AskCategory struct {
	Folder  string // URL of the folder, for the form's address and the way back
	Picks   []string
	Single  bool
	At      string // where to go on, "" is the folder
	Typed   string
	Problem string   // key of what is wrong with the name, "" nothing
	Longest string   // letters of a name
	Known   []string // names to suggest
}

func (a AskCategory) back() string {
	if a.At != "" {
		return a.At
	}
	return a.Folder
}

// mostCategories is how many a row shows; the others are counted, and read out.
const mostCategories = 2

// offers are the names that a message's menu lists: its own, then others in use.
func (c Conversation) offers(m Message) []string {
	names := append([]string{}, m.Categories...)
	for _, name := range c.Known {
		if !has(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func has(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// wrong ties a field to what is said about it.
func wrong(problem string) templ.Attributes {
	if problem == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true", "aria-describedby": "category-wrong"}
}
