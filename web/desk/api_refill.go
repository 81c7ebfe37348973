package desk

import (
	"errors"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/syncback"
	"holdover/web/page"
)

// apiRefill is the body of POST /api/refills. Times are RFC 3339; left out they bound nothing.
type apiRefill struct {
	Scope  scopeWish  `json:"scope"`
	From   *time.Time `json:"from"`
	Until  *time.Time `json:"until"`
	Backup *time.Time `json:"backup"`
	Bins   bool       `json:"bins"`
	Reason string     `json:"reason"`
}

// apiRefilled is the answer about one refill.
type apiRefilled struct {
	ID        string    `json:"id"`
	State     string    `json:"state"`
	Begun     time.Time `json:"begun"`
	By        string    `json:"by"`
	Reason    string    `json:"reason"`
	Mailboxes int       `json:"mailboxes"`
	Held      int       `json:"held"`
	There     int       `json:"there"`
	Missing   int       `json:"missing"`
	Under     int       `json:"under_way"`
	Deleted   int       `json:"deleted"`
	Unknown   int       `json:"unknown"`
	Back      apiCounts `json:"back"`
	Done      bool      `json:"done"`
}

func (s *server) refillAPI() []page.Route {
	return []page.Route{
		page.Get("/api/refills", page.Token, s.apiRefills),
		page.Post("/api/refills", page.Token, s.apiStartRefill),
		page.Get("/api/refills/:id", page.Token, s.apiRefill),
		page.Post("/api/refills/:id/fill", page.Token, s.apiFillRefill),
		page.Post("/api/refills/:id/cancel", page.Token, s.apiCancelRefill),
	}
}

func (s *server) apiRefills(c echo.Context) error {
	if s.Refills == nil {
		return Refuse(c, http.StatusNotFound)
	}
	list, err := s.Refills.Refills(c.Request().Context(), maxEvents)
	if err != nil {
		return s.apiRefillFailed(c, err)
	}
	all := []apiRefilled{}
	for _, r := range list {
		all = append(all, refilledOf(r))
	}
	return c.JSON(http.StatusOK, map[string]any{"refills": all})
}

func (s *server) apiStartRefill(c echo.Context) error {
	if s.Refills == nil {
		return Refuse(c, http.StatusNotFound)
	}
	var wish apiRefill
	if status, wrong := readJSON(c, &wish); wrong != nil {
		return refuse(c, status, *wrong)
	}
	wrong := checkReason(wish.Reason)
	var scope continuity.Scope
	if wrong == nil {
		scope, wrong = scopeOf(s.Directory, wish.Scope)
	}
	w := syncback.RefillWish{Bins: wish.Bins, By: "API", Reason: page.OneLine(wish.Reason)}
	for from, to := range map[*time.Time]*time.Time{wish.From: &w.From, wish.Until: &w.Until, wish.Backup: &w.Backup} {
		if from != nil {
			*to = *from
		}
	}
	if wrong == nil && !w.Until.IsZero() && !w.From.Before(w.Until) {
		wrong = &wishError{Field: "until", Reason: "the window ends before it begins", Remedy: "Give a later time, or leave it out."}
	}
	if wrong != nil {
		return refuse(c, http.StatusBadRequest, wrong.api())
	}
	w.Mailboxes = s.boxesIn(scope)
	id, err := s.Refills.StartRefill(c.Request().Context(), w)
	if err != nil {
		return s.apiRefillFailed(c, err)
	}
	c.Response().Header().Set("Location", "/api/refills/"+id)
	return s.apiShowRefill(c, http.StatusCreated, id)
}

func (s *server) apiRefill(c echo.Context) error {
	return s.apiShowRefill(c, http.StatusOK, c.Param("id"))
}

func (s *server) apiFillRefill(c echo.Context) error {
	if s.Refills == nil {
		return Refuse(c, http.StatusNotFound)
	}
	if err := s.Refills.FillRefill(c.Request().Context(), c.Param("id"), "API"); err != nil {
		return s.apiRefillFailed(c, err)
	}
	return s.apiShowRefill(c, http.StatusOK, c.Param("id"))
}

func (s *server) apiCancelRefill(c echo.Context) error {
	if s.Refills == nil {
		return Refuse(c, http.StatusNotFound)
	}
	if err := s.Refills.CancelRefill(c.Request().Context(), c.Param("id"), "API"); err != nil {
		return s.apiRefillFailed(c, err)
	}
	return s.apiShowRefill(c, http.StatusOK, c.Param("id"))
}

func (s *server) apiShowRefill(c echo.Context, status int, id string) error {
	if s.Refills == nil {
		return Refuse(c, http.StatusNotFound)
	}
	r, err := s.Refills.Refill(c.Request().Context(), id)
	if err != nil {
		return s.apiRefillFailed(c, err)
	}
	return c.JSON(status, refilledOf(r))
}

func (s *server) apiRefillFailed(c echo.Context, err error) error {
	switch {
	case errors.Is(err, syncback.ErrNoRefill):
		return Refuse(c, http.StatusNotFound)
	case errors.Is(err, syncback.ErrRefillState):
		return refuse(c, http.StatusConflict, apiError{Reason: "the refill is not at that point", Remedy: "Ask for its state: it is filled once it is looked, and cancelled until it is filled."})
	}
	s.Log.Error("api: refill", "err", err)
	return Refuse(c, http.StatusInternalServerError)
}

func refilledOf(r syncback.Refill) apiRefilled {
	return apiRefilled{ID: r.ID, State: string(r.State), Begun: r.Begun, By: r.By, Reason: r.Reason, Mailboxes: len(r.Boxes), Held: r.Held, There: r.There,
		Missing: r.Missing, Under: r.Under, Deleted: r.Deleted, Unknown: r.Unknown, Back: countsOf(r.Back), Done: r.Done()}
}
