package views

import (
	"context"
	"io"
	"reflect"
	"slices"
	"strings"

	"github.com/a-h/templ"
)

// The storybook shows each component with data that pages have to bear. It is for engineers: web.Options.Storybook
// switches it on, and nothing of it is reached otherwise.

// story is one component of the table.
type story struct {
	name    string
	show    any // the component
	as      frameKind
	strings string // names of its string parameters
}

// frameKind is what a component has to stand in to be a page.
type frameKind int

const (
	asWhole frameKind = iota // it is a document
	asMail                   // it is the document of a message, for the frame that it is shown in
	asPage                   // it has the main element
	asPart
	asMenu // of an open menu
	asItem // of a list
	asTerm // of a list of terms
	asHead // the head of a document, or what stands beside the main element: shown with the layout
)

// Moods are the kinds of data that the storybook knows.
func Moods() []string {
	return []string{"usual", "long", "wide", "rtl", "hostile", "empty", "error"}
}

// Stories are the names of all components, in the order of their files.
func Stories() (names []string) {
	for _, s := range stories {
		names = append(names, s.name)
	}
	return names
}

// IsMail tells the documents of messages from pages: they stand in a frame and under a policy of their own.
func IsMail(name string) bool {
	return slices.ContainsFunc(stories, func(s story) bool { return s.name == name && s.as == asMail })
}

// Story is a whole document with one component in a mood; nil when there is none of that name. p is the page around it,
// of which mood changes the words and what else it shows.
func Story(p Page, name, mood string) templ.Component {
	at := slices.IndexFunc(stories, func(s story) bool { return s.name == name })
	if at < 0 || !slices.Contains(Moods(), mood) {
		return nil
	}
	f := &filler{mood: mood, page: storyPage(p, mood)}
	return stories[at].document(f)
}

func (s story) document(f *filler) templ.Component {
	inner := withText(f.component(s), f.text("text"))
	switch s.as {
	case asWhole, asMail:
		return inner
	case asPage:
		return within(Layout(f.page), inner)
	case asMenu:
		return within(Layout(f.page), storyMenu(inner))
	case asItem:
		return within(Layout(f.page), storyList(inner))
	case asTerm:
		return within(Layout(f.page), storyTerms(inner))
	case asHead:
		return within(Layout(f.page), storyPart("", templ.NopComponent))
	}
	return within(Layout(f.page), storyPart(s.name, inner))
}

// component calls the component with data of the mood.
func (f *filler) component(s story) templ.Component {
	function, names := reflect.ValueOf(s.show), strings.Fields(s.strings)
	var values []reflect.Value
	for n := range function.Type().NumIn() {
		name := ""
		if t := function.Type().In(n); len(names) > 0 && (t.Kind() == reflect.String || t == reflect.TypeFor[[]string]()) {
			name, names = names[0], names[1:]
		}
		v := reflect.New(function.Type().In(n)).Elem()
		f.fill(v, s.name, name, 0)
		values = append(values, v)
	}
	return function.Call(values)[0].Interface().(templ.Component)
}

// within renders inner as the children of outer.
func within(outer, inner templ.Component) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, w io.Writer) error {
		return outer.Render(templ.WithChildren(ctx, inner), w)
	})
}

// withText gives a component something for its children, if it shows any.
func withText(c templ.Component, text string) templ.Component {
	return within(c, templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		_, err := io.WriteString(w, "<p>"+templ.EscapeString(text)+"</p>")
		return err
	}))
}

// storyPage is the page around a component.
func storyPage(p Page, mood string) Page {
	if mood == "wide" {
		p.Words = p.Words.Wider()
	}
	f := &filler{mood: mood, page: p}
	p.Title, p.Path, p.Keys = "Storybook", "/storybook", "off"
	if mood == "empty" {
		p.Org.Phone, p.Org.Tel, p.Org.Imprint, p.Org.Privacy, p.Org.Logo = "", "", "", "", ""
		p.Person = &Person{Initials: "?"}
		return p
	}
	p.Org.Name = f.text("Name")
	p.Person = &Person{Name: f.text("Name"), Address: "k.wessel@ahrenfeld.example", Initials: "KW", Admin: true}
	p.Banner = &Banner{Kind: map[bool]string{true: "lockdown", false: "outage"}[mood == "error"], Time: "13:58"}
	p.Flash = &Flash{Text: f.text("text"), Undo: "/lost", Timed: true}
	p.Query, p.Here, p.Waiting = f.text("text"), "inbox", 123456
	for n, icon := range []string{"inbox", "draft", "folder"} {
		p.Folders = append(p.Folders, Folder{ID: icon, Name: f.text("Name"), URL: "/lost", Icon: icon, Count: 1234 * n, CountWord: p.Words.T("folder.unreadword"), Role: n < 2})
	}
	return p
}
