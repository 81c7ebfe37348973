package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/directory"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/page"
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
	piece := page.OneLine(clip(typed[strings.LastIndexAny(typed, ",;")+1:], maxSmall))
	var found []views.Suggestion
	if len([]rune(piece)) >= 2 {
		for _, a := range s.Directory.Suggest(piece, maxSuggestions) {
			one := views.Suggestion{Name: a.Name, Address: a.Addr, Value: writeAddress(a)}
			found = append(found, one)
			if each, ok := s.expanded(s.WordsOf(c), one); ok {
				found = append(found, each)
			}
		}
		own, err := s.correspondents(c, piece, found)
		if err != nil {
			return err
		}
		found = append(found[:min(len(found), maxSuggestions-len(own))], own...)
	}
	p := s.Shell(c)
	switch {
	case wantsJSON(c):
		if found == nil {
			found = []views.Suggestion{}
		}
		return c.JSON(http.StatusOK, found)
	case page.IsHTMX(c):
		return s.Write(c, http.StatusOK, views.Suggestions(p, found), nil)
	}
	p.Title = p.Words.T("compose.suggest")
	return s.Render(c, http.StatusOK, p, views.SuggestionPage(p, found))
}

// ownSuggestions is how many of the person's own correspondents are offered below the colleagues.
const ownSuggestions = 3

// correspondents are those to whom this person wrote before, the most and latest first; who is offered as a
// colleague already is left out.
func (s *server) correspondents(c echo.Context, piece string, beside []views.Suggestion) (found []views.Suggestion, err error) {
	all, err := s.Mail.Correspondents(c.Request().Context(), page.PersonOf(c).Mailbox)
	if err != nil {
		return nil, err
	}
	known := addressSet{}
	for _, b := range beside {
		known.add(b.Address)
	}
	all = slices.DeleteFunc(all, func(one mailstore.Correspondent) bool {
		return known.has(one.Addr) || !directory.Matches(piece, one.Address)
	})
	weight := func(one mailstore.Correspondent) float64 { // a message counts for less with each month that passes
		return float64(one.Times) / (1 + s.now().Sub(one.Last).Hours()/(24*30))
	}
	slices.SortStableFunc(all, func(a, b mailstore.Correspondent) int { return cmp.Compare(weight(b), weight(a)) })
	for _, one := range all[:min(len(all), max(ownSuggestions, maxSuggestions-len(beside)))] {
		name := one.Name
		if name == "" {
			name = one.Addr
		}
		found = append(found, views.Suggestion{Name: name, Address: one.Addr, Value: writeAddress(one.Address), Own: true})
	}
	return found, nil
}

// unsuggest is POST /addresses/forget: an address is not offered to this person any more.
func (s *server) unsuggest(c echo.Context) error {
	if err := s.Mail.Unsuggest(c.Request().Context(), page.PersonOf(c).Mailbox, page.OneLine(clip(c.FormValue("address"), maxSmall))); err != nil {
		return err
	}
	if wantsJSON(c) {
		return c.NoContent(http.StatusNoContent)
	}
	return page.Redirect(c, "/compose")
}
