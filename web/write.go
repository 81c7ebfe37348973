package web

import (
	"bytes"
	"compress/gzip"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"
)

// packFrom is the size below which packing a page gains nothing.
const packFrom = 1024

var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return w
}}

// write renders outer around inner in full, then answers, packed when the browser takes that.
func (s *server) write(c echo.Context, status int, outer, inner templ.Component) error {
	var page bytes.Buffer
	if err := outer.Render(templ.WithChildren(c.Request().Context(), inner), &page); err != nil {
		return err
	}
	h := c.Response().Header()
	h.Set("Vary", "HX-Request, Accept-Encoding")
	if page.Len() < packFrom || !strings.Contains(c.Request().Header.Get("Accept-Encoding"), "gzip") {
		return c.HTMLBlob(status, page.Bytes())
	}
	h.Set("Content-Encoding", "gzip")
	h.Set("Content-Type", echo.MIMETextHTMLCharsetUTF8)
	c.Response().WriteHeader(status)
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(c.Response())
	if _, err := w.Write(page.Bytes()); err != nil {
		return err
	}
	return w.Close()
}
