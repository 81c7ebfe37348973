package page

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/views"
)

// stateHeader names the state of the page that an open window has. When nothing has changed since, the answer is 204:
// most signs of a stream are the echo of what the window itself has just done.
const stateHeader = "Holdover-State"

// renderLive is Render for a page that renews itself: its state, a checksum over all that it shows, is put into it.
func (f *Frame) renderLive(c echo.Context, status int, p views.Page, whole, main templ.Component) error {
	page, err := drawn(c, whole, main)
	if err != nil {
		return err
	}
	state := stateOf(page, p)
	if c.Request().Header.Get(stateHeader) == state && status == http.StatusOK {
		return c.NoContent(http.StatusNoContent)
	}
	return f.answer(c, status, bytes.Replace(page, []byte(`data-state="`+views.NoState+`"`), []byte(`data-state="`+state+`"`), 1))
}

// stateOf is the same for a whole page and for the part of it that htmx gets.
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
