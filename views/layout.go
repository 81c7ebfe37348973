package views

import (
	"strings"
	"unicode/utf8"

	"github.com/a-h/templ"
)

// WindowTitle ends every title with the organisation's name.
func (p Page) WindowTitle() string {
	if p.Title == "" {
		return p.Org.Name
	}
	return p.Title + " – " + p.Org.Name
}

// service names what this is: the emergency service only while there is an emergency.
func (p Page) service() string {
	if p.Banner == nil {
		return p.Words.T("service.calm")
	}
	return p.Words.T("service.name")
}

func (p Page) theme() templ.Attributes {
	if p.Theme == "" {
		return nil
	}
	return templ.Attributes{"data-theme": p.Theme}
}

func (p Page) themes() []string {
	switch p.Theme {
	case "light":
		return []string{"dark", "auto"}
	case "dark":
		return []string{"light", "auto"}
	}
	return []string{"light", "dark"}
}

// themePicture is the icon of a choice of colours.
func themePicture(theme string) string { return "theme" + theme }

func (p Page) otherLanguages() []Language {
	var others []Language
	for _, l := range p.Words.all {
		if l.Code != p.Words.Lang {
			others = append(others, l)
		}
	}
	return others
}

// live tells the script where to fetch this page anew and which message it knows of.
// skip is where the first link of a page leads: past the header, and past the folders where there is a list or a message.
func (p Page) skip() templ.SafeURL {
	if p.First == "" {
		return "#inhalt"
	}
	return templ.SafeURL("#" + p.First)
}

// watching is the page when it stays as it is and only what stands around it is renewed.
func (p Page) watching() Page {
	p.Watch = "/band"
	return p
}

// NoState stands where a page that renews itself names its state; the handler puts the state in, of the same length.
const NoState = "0000000000000000"

// live are the attributes of such a page's main element.
func (p Page) live() templ.Attributes {
	if p.Watch != "" {
		return templ.Attributes{"data-live": p.Watch, "data-swap": "none"}
	}
	if !p.Live {
		return nil
	}
	return templ.Attributes{"data-live": p.Path, "data-newest": p.Newest, "data-say": p.Say, "data-state": NoState}
}

func (p Page) waitingFolder() Folder {
	return Folder{ID: "waiting", Name: p.Words.T("folder.waiting"), URL: "/waiting", Icon: "clock",
		Count: p.Waiting, CountWord: p.Words.T("folder.waitingword")}
}

func hasOwnFolders(folders []Folder) bool {
	for _, f := range folders {
		if !f.usual() {
			return true
		}
	}
	return false
}

// HereName is the name of the folder shown.
func (p Page) HereName() string {
	for _, f := range p.Folders {
		if f.ID == p.Here {
			return f.Name
		}
	}
	return ""
}

func (p Page) bandClass() string {
	if p.Banner == nil {
		return "band"
	}
	if p.Banner.Kind == "returned" || p.Banner.Kind == "quiet" {
		return "band band-return"
	}
	return "band band-" + p.Banner.Kind
}

func (b Banner) icon() string {
	switch b.Kind {
	case "maintenance":
		return "clock"
	case "lockdown":
		return "lock"
	case "return":
		return "sync"
	case "returned", "quiet":
		return "ok"
	}
	return "bridge"
}

// Back says that Exchange is there again.
func (b Banner) Back() bool { return b.Kind == "return" || b.Kind == "returned" || b.Kind == "quiet" }

func (b Banner) more() string {
	if b.Back() {
		return "band.returnmore"
	}
	return "band.more"
}

// oob makes htmx put an element of an answer in the place of the one with the same id.
func oob(swap bool) templ.Attributes {
	if !swap {
		return nil
	}
	return templ.Attributes{"hx-swap-oob": "true"}
}

// Swap are the attributes of a link that renews the main element in place: what has not changed
// keeps its focus, scroll and selection. Without the script it is a plain link.
func Swap(url string) templ.Attributes {
	return templ.Attributes{"hx-get": url, "hx-target": "#inhalt", "hx-swap": "morph:outerHTML", "hx-push-url": "true"}
}

// SwapPost is the same for a form; the answer's address becomes the page's.
func SwapPost(url string) templ.Attributes {
	return templ.Attributes{"hx-post": url, "hx-target": "#inhalt", "hx-swap": "morph:outerHTML", "hx-push-url": "true"}
}

// attributes of the form that undoes: where nothing else is needed than another main element, a script exchanges it.
func (f *Flash) attributes() templ.Attributes {
	if f.Here {
		return SwapPost(f.Undo)
	}
	return nil
}

// Initials are up to two letters for the round picture beside a name.
func Initials(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == ',' || r == '@' || r == '.' })
	if len(words) == 0 {
		return "?"
	}
	first := initial(words[0])
	if len(words) == 1 || strings.Contains(name, "@") {
		return first
	}
	return first + initial(words[len(words)-1])
}

func initial(name string) string {
	r, size := utf8.DecodeRuneInString(strings.TrimSpace(name))
	if size == 0 {
		return "?"
	}
	return strings.ToUpper(string(r))
}

// newTab opens a link beside the page.
func newTab(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"target": "_blank", "rel": "noopener"}
}
