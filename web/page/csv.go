package page

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/views"
)

// Table is written for Excel: UTF-8 with a byte order mark, without which Excel reads umlauts
// wrongly; lines end with CRLF and every cell is quoted (RFC 4180). Cells are parted by what Excel takes
// in the page's language: semicolon in German, where the comma is the decimal sign, else comma.
type Table struct {
	w     *bufio.Writer
	comma string
}

func newTable(w io.Writer, comma string) *Table {
	s := &Table{w: bufio.NewWriterSize(w, 64<<10), comma: comma}
	s.w.WriteString("\ufeff")
	return s
}

// Row writes one line.
func (s *Table) Row(cells ...string) {
	for n, cell := range cells {
		if n > 0 {
			s.w.WriteString(s.comma)
		}
		s.w.WriteString(`"` + strings.ReplaceAll(harmless(cell), `"`, `""`) + `"`)
	}
	s.w.WriteString("\r\n")
}

// harmless keeps Excel from taking a cell for a formula: what begins like one gets an apostrophe, which
// Excel shows and does not run. Senders, subjects and Exchange's words come from outside.
func harmless(cell string) string {
	cell = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, cell)
	if begin := strings.TrimLeft(cell, " \u00a0\u200b\ufeff"); begin != "" && strings.ContainsAny(begin[:1], "=+-@") || strings.HasPrefix(begin, "＝") ||
		strings.HasPrefix(begin, "＋") || strings.HasPrefix(begin, "－") || strings.HasPrefix(begin, "＠") {
		return "'" + cell
	}
	return cell
}

// Download answers a table that is written as it is read. When reading fails in the middle the
// connection is cut, so that half a table is never taken for the whole.
func (f *Frame) Download(c echo.Context, w *views.Words, name string, fill func(*Table) error) error {
	h := c.Response().Header()
	h.Set("Content-Type", "text/csv; charset=utf-8")
	h.Set("Content-Disposition", Disposition("attachment", name))
	h.Set("Content-Security-Policy", FilePolicy)
	c.Response().WriteHeader(http.StatusOK)
	table := newTable(c.Response(), w.T("format.cells"))
	err := fill(table)
	if err == nil {
		err = table.w.Flush()
	}
	if err != nil {
		f.o.Log.Warn("a table was not written to its end", "err", err)
		http.NewResponseController(c.Response().Writer).SetWriteDeadline(time.Unix(1, 0))
		c.Response().Flush()
	}
	return err
}

// TableTime is a time as Excel sorts it.
func (f *Frame) TableTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(f.o.Zone).Format("2006-01-02 15:04:05")
}
