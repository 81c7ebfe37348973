package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/views"
)

// stateHeader names the state of the page that an open window has. When nothing has changed since, the answer is 204:
// most signs of a stream are the echo of what the window itself has just done.
const stateHeader = "Holdover-State"

// partsHeader names the page from which an open window asks: its state, and the marks of its parts (views.Parts). What it
// has already is left out of the answer, and data-base says to which state the answer belongs.
const partsHeader = "Holdover-Parts"

// renderLive is Render for a page that renews itself: its state, a checksum over all that it shows, is put into it.
func (f *Frame) renderLive(c echo.Context, status int, p views.Page, whole, main templ.Component) error {
	page, err := drawn(c, whole, main)
	if err != nil {
		return err
	}
	state, marks := stateOf(page, p), p.Parts.Marks()
	if c.Request().Header.Get(stateHeader) == state && status == http.StatusOK {
		return c.NoContent(http.StatusNoContent)
	}
	named := fmt.Sprintf(`data-state="%s" data-parts="%s"`, state, marks)
	base, known := openPage(c)
	if base != "" {
		named += fmt.Sprintf(` data-base="%s"`, base)
	}
	return f.answer(c, status, bytes.Replace(p.Parts.Fill(page, known), []byte(`data-state="`+views.NoState+`"`), []byte(named), 1))
}

// openPage is what the window has that asks: the state of its page and the marks of its parts. A whole page is never asked
// from another.
func openPage(c echo.Context) (base, known string) {
	has := c.Request().Header.Get(partsHeader)
	if !IsHTMX(c) || !statePattern.MatchString(has) {
		return "", ""
	}
	return has[:len(views.NoState)], has[len(views.NoState):]
}

var statePattern = regexp.MustCompile(`^[0-9a-f]{16}[0-9A-Za-z_-]+$`)

// stateOf is the same for a whole page and for the part of it that htmx gets. page has tokens in the place of its
// parts, which name their contents.
func stateOf(page []byte, p views.Page) string {
	sum := sha256.New()
	if p.Banner != nil {
		fmt.Fprint(sum, *p.Banner)
	}
	fmt.Fprintln(sum, p.WindowTitle())
	_, main, _ := bytes.Cut(page, []byte("<main"))
	main, _, _ = bytes.Cut(main, []byte("</main>"))
	sum.Write(main)
	return hex.EncodeToString(sum.Sum(nil))[:len(views.NoState)]
}
