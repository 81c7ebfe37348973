package views

import (
	"regexp"
	"slices"
)

// keySets are the sets of keys that a person may choose.
var keySets = []string{"outlook", "gmail", "off"}

// KnownKeys says whether there is such a set of keys.
func KnownKeys(set string) bool { return slices.Contains(keySets, set) }

// shortcut is one line of the list: what it does, and the key in each set.
type shortcut struct{ what, outlook, gmail string }

func (s shortcut) in(set string) string {
	if set == "gmail" {
		return s.gmail
	}
	return s.outlook
}

// shortcuts are those of webmail.md, section 1.2, as static/keys.js has them.
var shortcuts = []shortcut{
	{"new", "N", "C"}, {"reply", "R", "R"}, {"replyall", "Shift R", "A"}, {"forward", "Shift F", "F"},
	{"archive", "E", "E"}, {"delete", "Del", "#"}, {"move", "V", "V"}, {"read", "Q", "Shift I"}, {"unread", "U", "Shift U"}, {"flag", "Insert", "S"},
	{"next", "Ctrl .", "J"}, {"prev", "Ctrl ,", "K"}, {"fold", "→ ←", "→ ←"}, {"pick", "", "X"}, {"back", "Esc", "U"}, {"undo", "Ctrl Z", "Ctrl Z"}, {"search", "/", "/"}, {"help", "?", "?"},
	{"send", "Ctrl Enter, Alt S", "Ctrl Enter, Alt S"}, {"save", "Ctrl S", "Ctrl S"},
}

func pressed(yes bool) string {
	if yes {
		return "true"
	}
	return "false"
}

// held are keys that are held down while the next one is pressed.
var held = regexp.MustCompile(`(Shift|Ctrl|Alt) `)

var capName = regexp.MustCompile(`[A-Z][a-z]+`)

// caps writes keys as they are printed on the keyboards of the page's language: "Strg", "Entf".
func (p Page) caps(keys string) string {
	keys = held.ReplaceAllString(keys, "$1+")
	return capName.ReplaceAllStringFunc(keys, func(name string) string { return p.Words.T("keys.cap." + name) })
}
