package web

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/views"
)

// assessed is when the pages were last examined for the accessibility statement. Change it with the statement.
var assessed = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// accessible is GET /accessibility: the accessibility statement.
func (s *server) accessible(c echo.Context) error {
	p := s.Shell(c)
	p.Title = p.Words.T("public.accessible")
	return s.Render(c, http.StatusOK, p, views.AccessiblePage(p, p.Words.Date(assessed)))
}
