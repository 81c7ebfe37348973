package page

import (
	"errors"
	"net/http"
	"strings"
	"unicode"

	"github.com/labstack/echo/v4"

	"holdover/signin"
)

// ErrBad is a request that no page of ours makes.
var ErrBad = errors.New("bad request")

// personKey is where SetPerson leaves who asks.
const personKey = "person"

// SetPerson notes who asks.
func SetPerson(c echo.Context, p signin.Person) { c.Set(personKey, p) }

// PersonOf is who asks; nobody has no mailbox.
func PersonOf(c echo.Context) signin.Person {
	person, _ := c.Get(personKey).(signin.Person)
	return person
}

// IsHTMX says whether htmx wants the main element only. Going back in the history makes a full page.
func IsHTMX(c echo.Context) bool {
	h := c.Request().Header
	return h.Get("HX-Request") == "true" && h.Get("HX-History-Restore-Request") != "true"
}

// Redirect answers a form: the page it led to is fetched anew (303), so that reloading repeats nothing.
func Redirect(c echo.Context, path string) error {
	return c.Redirect(http.StatusSeeOther, strings.ReplaceAll(path, " ", "%20"))
}

// OneLine makes a header value of what was typed or pasted: line breaks and control characters
// become spaces, so that no second header line can come of it.
func OneLine(value string) string {
	value = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(value, "\uFFFD"))
	return strings.TrimSpace(value)
}
