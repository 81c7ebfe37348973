package web

import (
	"github.com/labstack/echo/v4"

	"holdover/signin"
	"holdover/views"
	"holdover/web/page"
)

// giveBack answers a form that is not taken with the form itself, filled, and why: "unknown", nobody is known to
// whom it belongs, or "foreign", somebody else is signed in than who wrote it. The page shows nothing that was not in
// the form: no folders, no addresses, no quoted text.
func (s *server) giveBack(c echo.Context, status int, why string, form composeForm) error {
	if person := page.PersonOf(c); person.Language == "" && s.words.Speaks(form.Lang) {
		page.SetPerson(c, signin.Person{Mailbox: person.Mailbox, Language: form.Lang})
	}
	if wantsJSON(c) {
		return c.JSON(status, draftAnswer{Text: s.WordsOf(c).T("rescue.json_" + why), Conflict: why == "foreign"})
	}
	p := s.Shell(c)
	p.Person, p.Banner, p.Base, p.Given = nil, nil, "", true
	w := p.Words
	line := func(name, typed string) views.RecipientLine {
		return views.RecipientLine{Name: name, Label: w.T("compose." + name), Value: typed}
	}
	v := views.Compose{Heading: "draft", Action: c.Request().URL.EscapedPath(), Given: why, Sender: form.From, Subject: form.Subject, Text: form.Text, HTML: form.HTML,
		Editor: s.assets.URL("rich.js"), To: line("to", form.To), Cc: line("cc", form.Cc), Bcc: line("bcc", form.Bcc), Limit: s.limit(w), Octets: s.MaxUpload}
	for _, f := range append(notKept(form.Files), form.TooLarge...) {
		v.Files = append(v.Files, views.DraftFile{Name: named(w, f.Name), Size: w.Size(f.Size), Refused: true})
	}
	for _, f := range []views.Field{{Name: "token", Value: form.Token}, {Name: "version", Value: form.version()}, {Name: "mode", Value: form.Mode}, {Name: "of", Value: form.Of},
		{Name: "owner", Value: form.Owner}, {Name: "from", Value: form.From}, {Name: "lang", Value: form.Lang}} {
		if f.Value != "" {
			v.Hidden = append(v.Hidden, f)
		}
	}
	p.Title, p.More, p.Path = w.T("rescue.title"), s.assets.URL("compose.js"), "/"
	return s.Write(c, status, views.Layout(p), views.GivenBackPage(p, v))
}
