// Package page is what every page needs: the frame around it, who asks, how an answer is written, and
// the lines of the route table. It knows no mailbox and no event; what those say on each page is told
// it by Options.Mailbox.
package page

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/static"
	"holdover/views"
)

// Frame stands around every page and writes it. It does not change after New.
type Frame struct{ o Options }

// Options are the same for all pages of a service.
type Options struct {
	Assets  *static.Assets
	Words   *views.Dictionary
	Org     views.Organisation
	Zone    *time.Location // of the times shown
	Now     func() time.Time
	Log     *slog.Logger
	Mailbox func(c echo.Context, p *views.Page) // adds what the signed-in person's mailbox says on every page
}

// New makes the frame; all options are needed.
func New(o Options) *Frame { return &Frame{o: o} }

// Shell is what every page shows, as far as it can be had without asking the store. It never
// fails, so that the error page can use it too.
func (f *Frame) Shell(c echo.Context) views.Page {
	p := views.Page{
		Words: f.WordsOf(c), Org: f.o.Org, Sheet: f.o.Assets.URL("app.css"), Script: f.o.Assets.URL("app.js"), Icon: f.o.Assets.URL(static.IconName(180)),
		Path: "/", Parts: &views.Parts{},
	}
	if c.Request().Method == http.MethodGet {
		p.Path = c.Request().URL.RequestURI()
	}
	person := PersonOf(c)
	if person.Mailbox == "" {
		return p
	}
	p.Theme = person.Theme
	p.Person = &views.Person{Name: person.Name, Address: person.Address, Initials: views.Initials(person.Name), Admin: person.Admin}
	f.o.Mailbox(c, &p)
	return p
}

// WordsOf chooses the language: what the person chose in this session or the directory says, else
// what the browser asks for.
func (f *Frame) WordsOf(c echo.Context) *views.Words {
	if lang := PersonOf(c).Language; lang != "" {
		return f.o.Words.In(lang)
	}
	return f.o.Words.Accept(c.Request().Header.Get("Accept-Language"))
}

// Time is now, in the zone of the pages.
func (f *Frame) Time() time.Time { return f.o.Now().In(f.o.Zone) }

// Render answers with a main element: alone with its surroundings' news for htmx, else inside the
// layout. It is rendered in full before the first octet leaves, so that a failure can still be told.
func (f *Frame) Render(c echo.Context, status int, p views.Page, main templ.Component) error {
	whole := views.Layout(p)
	if IsHTMX(c) {
		whole = views.Fragment(p)
	}
	if p.Live {
		return f.renderLive(c, status, p, whole, main)
	}
	return f.Write(c, status, whole, main)
}
