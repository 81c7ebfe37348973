package web

import (
	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/views"
)

// mostHits is how many hits one click may change.
const mostHits = 1000

// pickHits picks all that a search finds, up to mostHits, when that was asked for (all=1, q=the query).
func (s *server) pickHits(c echo.Context, d *deed) error {
	if !d.found() || c.FormValue("all") != "1" {
		return nil
	}
	found, _, _, err := s.Search.Find(c.Request().Context(), boxOf(c).id, clip(c.FormValue("q"), longestQuery), mostHits)
	if err != nil {
		return err
	}
	d.picked = nil
	for _, id := range found {
		d.picked = append(d.picked, string(id))
	}
	return nil
}

func messageIDs(picked []string) (ids []email.MessageID) {
	for _, id := range picked {
		ids = append(ids, email.MessageID(id))
	}
	return ids
}

// hitTools are the buttons above the hits.
func (s *server) hitTools(c echo.Context, p *views.Page, model *views.Found) error {
	known, err := s.Mail.Categories(c.Request().Context(), boxOf(c).id)
	if err != nil {
		return err
	}
	model.At = backTo(c.Request().URL.RequestURI(), nil)
	model.Tools = views.List{Targets: targets(p.Folders, ""), Known: offered(known), Single: true}
	if model.Total > len(model.Rows) {
		model.All = p.Words.N("search.all", min(model.Total, mostHits))
	}
	return nil
}
