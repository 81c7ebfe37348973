package web

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/views"
)

// maxSuggestions is how many colleagues are offered at a time.
const maxSuggestions = 6

// addresses suggests colleagues for the last piece of a recipient line: as buttons for the page, as
// JSON for programs. The line comes as q, or under the name of its field.
func (s *server) addresses(c echo.Context) error {
	typed := c.QueryParam("q")
	for _, field := range []string{"to", "cc", "bcc"} {
		if typed == "" {
			typed = c.QueryParam(field)
		}
	}
	piece := oneLine(clip(typed[strings.LastIndexAny(typed, ",;")+1:], maxSmall))
	var found []views.Suggestion
	if len([]rune(piece)) >= 2 {
		for _, a := range s.Directory.Suggest(piece, maxSuggestions) {
			found = append(found, views.Suggestion{Name: a.Name, Address: a.Addr, Value: writeAddress(a)})
		}
	}
	p := s.shell(c)
	switch {
	case wantsJSON(c):
		if found == nil {
			found = []views.Suggestion{}
		}
		return c.JSON(http.StatusOK, found)
	case isHTMX(c):
		return s.write(c, http.StatusOK, views.Suggestions(p, found), nil)
	}
	p.Title = p.Words.T("compose.suggest")
	return s.render(c, http.StatusOK, p, views.SuggestionPage(p, found))
}
