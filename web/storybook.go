package web

import (
	"net/http"
	"slices"

	"github.com/a-h/templ"
	"github.com/labstack/echo/v4"

	"holdover/mailstore"
	"holdover/views"
)

// storybook is GET /storybook?mood=: the list of all components. It is there only while Options.Storybook is set, and
// shows nobody's data.
func (s *server) storybook(c echo.Context) error {
	p := s.Shell(c)
	p.Title = "Storybook"
	return s.Render(c, http.StatusOK, p, views.StorybookPage(p, mood(c)))
}

// story is GET /storybook/NAME?mood=&lang=: one component.
func (s *server) story(c echo.Context) error {
	p := s.Shell(c)
	if lang := c.QueryParam("lang"); lang != "" {
		p.Words = s.words.In(lang)
	}
	document := views.Story(p, c.Param("name"), mood(c))
	if document == nil {
		return mailstore.ErrNotFound
	}
	if views.IsMail(c.Param("name")) {
		c.Response().Header().Set("Content-Security-Policy", bodyPolicy)
	}
	return s.Write(c, http.StatusOK, document, templ.NopComponent)
}

// mood is the one asked for, or the usual.
func mood(c echo.Context) string {
	if asked := c.QueryParam("mood"); slices.Contains(views.Moods(), asked) {
		return asked
	}
	return views.Moods()[0]
}
