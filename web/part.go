package web

import (
	"errors"
	"io"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
)

// bodyPolicy is the policy of a message's own document, the one exception to pagePolicy
// (webmail.md 3.3): no script, no request but for pictures that came with the message.
const bodyPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox allow-same-origin; default-src 'none'; img-src data: 'self'; " +
	"style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"

// read fetches and parses the message in the address.
func (s *server) read(c echo.Context) (*email.Message, []byte, error) {
	octets, err := s.Mail.Raw(c.Request().Context(), boxOf(c).id, email.MessageID(c.Param("id")))
	if err != nil {
		return nil, nil, err
	}
	return email.Parse(octets), octets, nil
}

// body is GET /m/:id/body: the message's HTML as a document without rights (?in=: that of a message or page attached to it).
func (s *server) body(c echo.Context) error {
	outer, _, err := s.read(c)
	if err != nil {
		return err
	}
	in := c.QueryParam("in")
	m, err := documentAt(outer, in)
	if err != nil {
		return err
	}
	if m.Problem != "" || !m.HasHTML() {
		return mailstore.ErrNotFound
	}
	w := s.WordsOf(c)
	look := email.Look{Link: func(index int) string { return boxOf(c).part(c.Param("id"), below(in, index)) }, Fold: w.T("conv.quote")}
	once, always, err := s.consent(c.Request().Context(), boxOf(c).id, email.MessageID(c.Param("id")), outer)
	if err != nil {
		return err
	}
	if in == "" && (once || always) {
		look.Image = func(n int) string { return boxOf(c).image(c.Param("id"), n) }
	}
	shown := m.Show(look)
	if m.Problem != "" {
		return s.costly(c, w, m.Subject)
	}
	blocked := len(shown.Images)
	if s.Pictures != nil && in == "" {
		blocked = 0 // said beside the frame, where there is a button
	}
	c.Response().Header().Set("Content-Security-Policy", bodyPolicy)
	c.Response().Header().Set("Referrer-Policy", "no-referrer")
	return s.Write(c, http.StatusOK, views.Body(w, m.Subject, shown.HTML, blocked, c.QueryParam("dark") == "1"), templ.NopComponent)
}

// costly answers in the frame of a message that would take too much to show.
func (s *server) costly(c echo.Context, w *views.Words, subject string) error {
	c.Response().Header().Set("Content-Security-Policy", bodyPolicy)
	return s.Write(c, http.StatusOK, views.Costly(w, subject, boxOf(c).message(c.Param("id"), "source")), templ.NopComponent)
}

// part is GET /m/:id/part/:n: the leaf of a message at a place. Pictures are shown (unless ?save=1), by what
// they are and not by what the mail calls them; all else is a file to keep.
func (s *server) part(c echo.Context) error {
	outer, _, err := s.read(c)
	if err != nil {
		return err
	}
	m, index, err := leafAt(outer, c.Param("n"))
	if err != nil {
		return err
	}
	at := slices.IndexFunc(m.Parts, func(p email.Part) bool { return p.Index == index })
	if at < 0 {
		return mailstore.ErrNotFound
	}
	content, err := m.Content(index)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return mailstore.ErrNotFound // nothing of it can be decoded; the source has it
	}
	kind, show := "application/octet-stream", "attachment"
	if found := http.DetectContentType(content); picture(found) {
		kind = found
		if c.QueryParam("save") == "" {
			show = "inline"
		}
	}
	return s.file(c, kind, show, m.Parts[at].Name, content)
}

// source is GET /m/:id/source: the message as it came, as text.
func (s *server) source(c echo.Context) error {
	_, octets, err := s.read(c)
	if err != nil {
		return err
	}
	return s.file(c, "text/plain; charset=utf-8", "inline", "", octets)
}

// eml is GET /m/:id/eml: the message as a file that mail programs open.
func (s *server) eml(c echo.Context) error {
	m, octets, err := s.read(c)
	if err != nil {
		return err
	}
	return s.file(c, "message/rfc822", "attachment", bundleName(m)+".eml", octets)
}

// file answers octets that came from outside.
func (s *server) file(c echo.Context, kind, show, name string, octets []byte) error {
	h := c.Response().Header()
	h.Set("Content-Security-Policy", page.FilePolicy)
	h.Set("Content-Disposition", page.Disposition(show, name))
	h.Set("Content-Length", strconv.Itoa(len(octets)))
	return c.Blob(http.StatusOK, kind, octets)
}

// picture says whether browsers may show this type here.
func picture(kind string) bool {
	return slices.Contains([]string{"image/jpeg", "image/png", "image/gif", "image/webp"}, kind)
}

// fileKinds name the files of an office in a word.
var fileKinds = map[string]string{
	"application/pdf": "PDF", "application/zip": "ZIP", "text/calendar": "iCalendar", "text/csv": "CSV", "message/rfc822": "E-Mail",
	"application/msword": "Word", "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "Word",
	"application/vnd.ms-excel": "Excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "Excel",
	"application/vnd.ms-powerpoint": "PowerPoint", "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PowerPoint",
}

// fileKind is a file's kind in a word: by its type, else by the end of its name.
func fileKind(kind, name string) string {
	if word, ok := fileKinds[kind]; ok {
		return word
	}
	if end := strings.TrimPrefix(path.Ext(name), "."); end != "" && len(end) <= 5 {
		return strings.ToUpper(end)
	}
	_, sub, _ := strings.Cut(kind, "/")
	return strings.ToUpper(sub)
}
