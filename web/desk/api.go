package desk

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/web/page"
)

// eventsAPI starts and ends events for scripts: JSON in and out, the administrators' token in the
// Authorization header, no cookie, hence nothing a foreign page could make a browser send. docs/api.md.
type eventsAPI struct{ s *server }

func (a eventsAPI) routes() []page.Route {
	return []page.Route{
		page.Get("/api/events", page.Token, a.list),
		page.Post("/api/events", page.Token, a.start),
		page.Get("/api/events/:id", page.Token, a.show),
		page.Post("/api/events/:id/end", page.Token, a.end),
	}
}

// apiError is the body of every answer that is not 2xx, under the key "error".
type apiError struct {
	Field  string `json:"field,omitempty"`
	Reason string `json:"reason"`
	Remedy string `json:"remedy"`
}

func refuse(c echo.Context, status int, e apiError) error {
	return c.JSON(status, map[string]apiError{"error": e})
}

// Refuse answers a script with what the shell found out before a handler was reached.
func Refuse(c echo.Context, status int) error {
	e := apiError{Reason: "Holdover could not do this now", Remedy: "Try again; the reason stands in Holdover's log."}
	switch status {
	case http.StatusUnauthorized:
		e = apiError{Field: "Authorization", Reason: "the administrators' token is missing or wrong",
			Remedy: "Send the header \"Authorization: Bearer\" followed by the token of the configuration."}
	case http.StatusNotFound:
		e = apiError{Reason: "there is no such path", Remedy: "See docs/api.md."}
	case http.StatusMethodNotAllowed:
		e = apiError{Reason: "this path does not take this method", Remedy: "See docs/api.md."}
	}
	return refuse(c, status, e)
}

func (a eventsAPI) list(c echo.Context) error {
	limit := 20
	if text := c.QueryParam("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 100 {
			return refuse(c, http.StatusBadRequest, apiError{Field: "limit", Reason: "it is no number from 1 to 100", Remedy: "Leave it out for 20."})
		}
		limit = n
	}
	ctx := c.Request().Context()
	events, err := a.s.Events.Events(ctx, limit)
	if err != nil {
		return a.fail(c, "list events", err)
	}
	answer := make([]apiEvent, 0, len(events))
	for _, e := range events {
		one, err := a.describe(ctx, e)
		if err != nil {
			return a.fail(c, "count entries", err)
		}
		answer = append(answer, one)
	}
	return c.JSON(http.StatusOK, map[string][]apiEvent{"events": answer})
}

func (a eventsAPI) show(c echo.Context) error {
	e, err := a.s.Events.Event(c.Request().Context(), c.Param("id"))
	if err != nil {
		return a.fail(c, "show event", err)
	}
	return a.answer(c, http.StatusOK, e)
}

// apiStart is the body of POST /api/events.
type apiStart struct {
	Kind   string    `json:"kind"`
	Scope  scopeWish `json:"scope"`
	Reason string    `json:"reason"`
}

func (a eventsAPI) start(c echo.Context) error {
	var wish apiStart
	if status, wrong := readJSON(c, &wish); wrong != nil {
		return refuse(c, status, *wrong)
	}
	kind, wrong := kindOf(wish.Kind)
	if wrong == nil {
		wrong = checkReason(wish.Reason)
	}
	var scope continuity.Scope
	if wrong == nil {
		scope, wrong = scopeOf(a.s.Directory, wish.Scope)
	}
	if wrong != nil {
		return refuse(c, http.StatusBadRequest, wrong.api())
	}
	e, err := a.s.Events.Start(c.Request().Context(), continuity.Start{Kind: kind, Scope: scope, Reason: page.OneLine(wish.Reason), By: "API"})
	if err != nil {
		return a.fail(c, "start event", err)
	}
	c.Response().Header().Set("Location", "/api/events/"+e.ID)
	return a.answer(c, http.StatusCreated, e)
}

// apiEnd is the body of POST /api/events/:id/end.
type apiEnd struct {
	Reason string `json:"reason"`
}

func (a eventsAPI) end(c echo.Context) error {
	var wish apiEnd
	if status, wrong := readJSON(c, &wish); wrong != nil {
		return refuse(c, status, *wrong)
	}
	if wrong := checkReason(wish.Reason); wrong != nil {
		return refuse(c, http.StatusBadRequest, wrong.api())
	}
	e, err := a.s.Events.End(c.Request().Context(), c.Param("id"), "API", page.OneLine(wish.Reason))
	if err != nil {
		return a.fail(c, "end event", err)
	}
	return a.answer(c, http.StatusOK, e)
}

func (a eventsAPI) answer(c echo.Context, status int, e continuity.Event) error {
	body, err := a.describe(c.Request().Context(), e)
	if err != nil {
		return a.fail(c, "count entries", err)
	}
	return c.JSON(status, body)
}

// fail words an error of a room. What is not known to be the caller's is ours, and told in the log only.
func (a eventsAPI) fail(c echo.Context, doing string, err error) error {
	switch {
	case errors.Is(err, continuity.ErrNotFound):
		return refuse(c, http.StatusNotFound, apiError{Field: "id", Reason: "there is no such event", Remedy: "GET /api/events lists them."})
	case errors.Is(err, continuity.ErrEnded):
		return refuse(c, http.StatusConflict, apiError{Field: "id", Reason: "the event has ended already", Remedy: "Nothing is left to do."})
	case errors.Is(err, continuity.ErrInvalid):
		return refuse(c, http.StatusBadRequest, apiError{Reason: err.Error(), Remedy: "Complete the event and send it again."})
	}
	a.s.Log.ErrorContext(c.Request().Context(), "api failed", "doing", doing, "err", err)
	return refuse(c, http.StatusInternalServerError, apiError{Reason: "Holdover could not do this now", Remedy: "Try again; the reason stands in Holdover's log."})
}
