package web

import (
	"context"
	"encoding/base64"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/mailstore"
	"holdover/paper"
	"holdover/views"
)

// Paper makes pictures and text of the pages of PDF files (package paper).
type Paper interface {
	Sheet(ctx context.Context, pdf []byte, n, width int) (paper.Sheet, error)
}

const (
	previewText    = 512 << 10 // octets of a text that are shown
	previewRows    = 1000      // of a table
	previewColumns = 50
	previewWidth   = 1240 // pixels: A4 at 150 to the inch, sharp on a phone that shows 390 CSS pixels
)

// zooms are the widths in which a page is shown, in hundredths.
var zooms = []int{100, 150, 200}

// lookedAt says what a file is shown as, by its name and what the mail calls it: "pdf", "page", "table" or "text"; "" is a file
// to keep. What it really is turns out when somebody looks.
func lookedAt(part email.Part) string {
	end := strings.ToLower(path.Ext(part.Name))
	switch {
	case part.Type == "application/pdf" || part.Type == "application/x-pdf" || end == ".pdf":
		return "pdf"
	case part.Type == "text/html" || part.Type == "application/xhtml+xml" || slices.Contains([]string{".html", ".htm", ".xhtml"}, end):
		return "page"
	case part.Type == "text/csv" || part.Type == "text/tab-separated-values" || end == ".csv" || end == ".tsv":
		return "table"
	case strings.HasPrefix(part.Type, "text/"), slices.Contains([]string{".txt", ".log", ".md", ".ics", ".vcf", ".json", ".xml", ".ini", ".conf", ".eml"}, end):
		return "text"
	}
	return ""
}

// previewOf is where a file of a message is looked at, "" where it is only kept.
func (s *server) previewOf(b box, message, place string, part email.Part) string {
	if kind := lookedAt(part); kind == "" || kind == "pdf" && s.Paper == nil {
		return ""
	}
	return b.message(message, "preview") + "/" + place
}

// preview is GET /m/:id/preview/:n?page=1&zoom=100: a page about the file at a place, which shows what it holds. Nothing of the
// file itself reaches the browser: pictures are drawn here, text is text, HTML is cleaned and stands in the frame of messages.
func (s *server) preview(c echo.Context) error {
	outer, _, err := s.read(c)
	if err != nil {
		return err
	}
	place := c.Param("n")
	m, index, err := leafAt(outer, place)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(m.Parts, func(p email.Part) bool { return p.Index == index })
	if at < 0 || s.previewOf(boxOf(c), c.Param("id"), place, m.Parts[at]) == "" {
		return mailstore.ErrNotFound
	}
	p, err := s.page(c)
	if err != nil {
		return err
	}
	part := m.Parts[at]
	file := fileView(p.Words, boxOf(c), c.Param("id"), "", part)
	v := views.Preview{Name: file.Name, Kind: file.Kind, Size: file.Size, Save: boxOf(c).part(c.Param("id"), place) + "?save=1",
		Back: s.messageURL(c.Request().Context(), boxOf(c), email.MessageID(c.Param("id"))), Again: p.Path}
	status := http.StatusOK
	if err := s.look(c, p.Words, &v, m, part); err != nil {
		if status, v.Problem = previewProblem(err); v.Problem == "" {
			return err
		}
		if status == http.StatusServiceUnavailable {
			c.Response().Header().Set("Retry-After", "10")
		}
		if s.Log.Debug("file not shown", "message", c.Param("id"), "place", place, "why", v.Problem); status == http.StatusNotImplemented {
			s.Log.Error("no PDF file can be shown", "err", err)
		}
	}
	p.Title = v.Title(p.Words)
	return s.Render(c, status, p, views.PreviewPage(p, v))
}

// look fills in what the file shows.
func (s *server) look(c echo.Context, w *views.Words, v *views.Preview, m *email.Message, part email.Part) (err error) {
	switch lookedAt(part) {
	case "pdf":
		return s.lookAtSheet(c, w, v, m, part)
	case "page":
		if doc := m.Page(part.Index); doc != nil && doc.HasHTML() {
			v.Frame = boxOf(c).message(c.Param("id"), "body") + "?in=" + c.Param("n")
			return nil
		} // else what there is of it, as text
	}
	v.Text, v.Cut, err = m.TextOf(part.Index, previewText)
	if err == nil && lookedAt(part) == "table" {
		v.Rows, v.Cut = table(v.Text, v.Cut)
	}
	if len(v.Rows) > 0 {
		v.Text = ""
	}
	return err
}

// lookAtSheet draws the page of a PDF file that is asked for.
func (s *server) lookAtSheet(c echo.Context, w *views.Words, v *views.Preview, m *email.Message, part email.Part) error {
	n, zoom := 1, zooms[0]
	if asked, err := strconv.Atoi(c.QueryParam("page")); err == nil && asked > 0 {
		n = asked
	}
	if asked, err := strconv.Atoi(c.QueryParam("zoom")); err == nil && slices.Contains(zooms, asked) {
		zoom = asked
	}
	content, err := m.Content(part.Index)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return paper.ErrUnreadable // nothing of it can be decoded
	}
	sheet, err := s.Paper.Sheet(c.Request().Context(), content, n, previewWidth*zoom/100)
	if err != nil {
		return err
	}
	to := func(n, zoom int) string {
		return c.Request().URL.EscapedPath() + "?" + url.Values{"page": {strconv.Itoa(n)}, "zoom": {strconv.Itoa(zoom)}}.Encode()
	}
	v.Sheet = &views.Sheet{Number: sheet.Number, Count: sheet.Count, More: sheet.More, Zoom: zoom, Path: c.Request().URL.EscapedPath(), Text: sheet.Text,
		Picture: "data:" + sheet.Type + ";base64," + base64.StdEncoding.EncodeToString(sheet.Picture)}
	if n > 1 {
		v.Sheet.Previous = to(n-1, zoom)
	}
	if n < sheet.Count {
		v.Sheet.Next = to(n+1, zoom)
	}
	for _, z := range zooms {
		v.Sheet.Zooms = append(v.Sheet.Zooms, views.Zoom{Text: w.T("preview.percent", "N", strconv.Itoa(z)), URL: to(n, z), Here: z == zoom})
	}
	return nil
}

// previewProblem is why a file is not shown: a status and the word for its sentence (preview.problem); "" is a failure of ours.
func previewProblem(err error) (status int, word string) {
	switch {
	case errors.Is(err, paper.ErrNoSheet):
		return http.StatusNotFound, "nosheet"
	case errors.Is(err, paper.ErrBusy):
		return http.StatusServiceUnavailable, "busy"
	case errors.Is(err, paper.ErrNoEngine), errors.Is(err, paper.ErrMissing):
		return http.StatusNotImplemented, "noengine"
	case errors.Is(err, paper.ErrLocked):
		return http.StatusUnprocessableEntity, "locked"
	case errors.Is(err, paper.ErrTooMuch):
		return http.StatusUnprocessableEntity, "toomuch"
	case errors.Is(err, paper.ErrUnreadable):
		return http.StatusUnprocessableEntity, "unreadable"
	case errors.Is(err, email.ErrNoText):
		return http.StatusUnprocessableEntity, "notext"
	}
	return 0, ""
}

// table reads values that are separated by what the first line has most of; nil: it is no table. cut says that rows or columns
// are missing.
func table(text string, more bool) (rows [][]string, cut bool) {
	first, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	most := 0
	for _, comma := range ";,\t|" {
		if n := strings.Count(first, string(comma)); n > most {
			r.Comma, most = comma, n
		}
	}
	if most == 0 {
		return nil, more
	}
	for {
		row, err := r.Read()
		if err != nil {
			return rows, more || !errors.Is(err, io.EOF)
		}
		if len(rows) == previewRows {
			return rows, true
		}
		more = more || len(row) > previewColumns
		rows = append(rows, row[:min(len(row), previewColumns)])
	}
}
