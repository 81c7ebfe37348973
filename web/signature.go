package web

import (
	"html"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/views"
	"holdover/web/page"
)

// signaturePreference says under which name the store remembers the choice: a language, "off", or "" as usual.
const signaturePreference = "signature"

// place is a field of the directory in a signature: "{name}".
var place = regexp.MustCompile(`\{([a-z]+)\}`)

// signature is what stands below a person's messages in a language; "" when there is none.
func (s *server) signature(c echo.Context, lang string) string {
	person := page.PersonOf(c)
	fields := map[string]string{"name": person.Name, "address": person.Address, "organisation": s.Organisation.Name}
	if m, ok := s.Directory.Mailbox(person.Mailbox); ok {
		fields["name"], fields["address"], fields["title"], fields["department"], fields["phone"] = m.Name, m.Address, m.Title, m.Department, m.Phone
	}
	return fillSignature(s.Signatures[lang], fields)
}

// fillSignature puts fields into a text. A line that has places and none of them filled is left out.
func fillSignature(text string, fields map[string]string) string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(strings.TrimSpace(text), "\r\n", "\n"), "\n") {
		places, filled := 0, 0
		line = place.ReplaceAllStringFunc(line, func(p string) string {
			places++
			value := fields[p[1:len(p)-1]]
			if value != "" {
				filled++
			}
			return value
		})
		if places == 0 || filled > 0 {
			lines = append(lines, strings.TrimRight(line, " "))
		}
	}
	return strings.TrimSpace(strings.Join(lines, "\n"))
}

// usualSignature is the one that a new message begins with: by the person's choice, else in the language of the pages.
func (s *server) usualSignature(c echo.Context) (text string, err error) {
	if len(s.Signatures) == 0 {
		return "", nil
	}
	chosen, err := s.Mail.Preferences(c.Request().Context(), page.PersonOf(c).Mailbox, signaturePreference)
	switch lang := chosen[signaturePreference]; {
	case err != nil || lang == "off":
		return "", err
	case s.Signatures[lang] != "":
		return s.signature(c, lang), nil
	}
	return s.signature(c, s.WordsOf(c).Lang), nil
}

// sign exchanges the signature in a form for another one, or takes it off, and remembers the choice.
func (s *server) sign(c echo.Context, f *composeForm, chosen string) error {
	if chosen != "off" && s.Signatures[chosen] == "" {
		return page.ErrBad
	}
	f.Text = s.unsigned(c, f.Text)
	if chosen != "off" {
		text := s.signature(c, chosen)
		f.Text += "\n\n" + text
		if f.HTML != "" {
			f.HTML += "<div><br></div>" + htmlLines(text)
		}
	}
	return s.Mail.Prefer(c.Request().Context(), page.PersonOf(c).Mailbox, signaturePreference, chosen)
}

// unsigned is a text without any signature of the person at its end.
func (s *server) unsigned(c echo.Context, text string) string {
	text = strings.TrimRight(text, "\n ")
	for lang := range s.Signatures {
		if cut, ok := strings.CutSuffix(text, s.signature(c, lang)); ok {
			return strings.TrimRight(cut, "\n ")
		}
	}
	return text
}

// insert puts a template above what was typed.
func (s *server) insert(c echo.Context, f *composeForm, n string) {
	at, err := strconv.Atoi(n)
	if err != nil || at < 0 || at >= len(s.Templates) {
		return
	}
	text := strings.TrimSpace(s.Templates[at].Text[s.WordsOf(c).Lang])
	f.Text = text + "\n\n" + strings.TrimLeft(f.Text, "\n")
	if f.HTML != "" {
		f.HTML = htmlLines(text) + "<div><br></div>" + f.HTML
	}
}

// htmlLines is plain text in the editor's form.
func htmlLines(text string) string {
	var out strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if line = html.EscapeString(line); line == "" {
			line = "<br>"
		}
		out.WriteString("<div>" + line + "</div>")
	}
	return out.String()
}

// inserts are the buttons for signatures and templates.
func (s *server) inserts(w *views.Words) (signatures, templates []views.Insert) {
	for _, l := range s.words.Languages() {
		if s.Signatures[l.Code] != "" {
			signatures = append(signatures, views.Insert{Value: "signature:" + l.Code, Text: w.T("insert.signature", "Language", l.Name)})
		}
	}
	if len(signatures) > 0 {
		signatures = append(signatures, views.Insert{Value: "signature:off", Text: w.T("insert.nosignature")})
	}
	for n, t := range s.Templates {
		templates = append(templates, views.Insert{Value: "template:" + strconv.Itoa(n), Text: t.Name[w.Lang]})
	}
	return signatures, templates
}

// actsOnText says whether a button changes the text by itself.
func actsOnText(action string) bool {
	return slices.Contains([]string{"signature", "template"}, action)
}

// writeIn does what a button asks of the text.
func (s *server) writeIn(c echo.Context, f *composeForm, action, argument string) error {
	if action == "template" {
		s.insert(c, f, argument)
		return nil
	}
	return s.sign(c, f, argument)
}
