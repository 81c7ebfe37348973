package web

import (
	"context"
	"errors"
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/continuity"
	"holdover/database"
	"holdover/directory"
	"holdover/mailstore"
	"holdover/views"
	"holdover/web/desk"
	"holdover/web/page"
)

// outcomes is the one place where an error becomes a status and the words of a page
// (error.<words>title and error.<words>text). What is not listed is 500.
var outcomes = []struct {
	err    error
	status int
	words  string
}{
	{errToken, http.StatusUnauthorized, "signin"},
	{errForbidden, http.StatusForbidden, "forbidden"},
	{errReadOnly, http.StatusForbidden, "readonly"},
	{errCross, http.StatusForbidden, "cross"},
	{page.ErrBad, http.StatusBadRequest, "bad"},
	{mailstore.ErrFolderRole, http.StatusBadRequest, "bad"},
	{mailstore.ErrFolderFull, http.StatusConflict, "conflict"},
	{mailstore.ErrFolderName, http.StatusBadRequest, "bad"},
	{continuity.ErrInvalid, http.StatusUnprocessableEntity, "bad"},
	{mailstore.ErrNotFound, http.StatusNotFound, "notfound"},
	{continuity.ErrNotFound, http.StatusNotFound, "notfound"},
	{directory.ErrUnknown, http.StatusNotFound, "notfound"},
	{mailstore.ErrConflict, http.StatusConflict, "conflict"},
	{mailstore.ErrTooLate, http.StatusConflict, "conflict"},
	{continuity.ErrEnded, http.StatusConflict, "conflict"},
	{mailstore.ErrFull, http.StatusInsufficientStorage, "full"},
	{database.ErrFull, http.StatusInsufficientStorage, "full"},
	{mailstore.ErrUnhealthy, http.StatusServiceUnavailable, "busy"},
	{database.ErrBusy, http.StatusServiceUnavailable, "busy"},
	{database.ErrClosed, http.StatusServiceUnavailable, "busy"},
}

// outcome of an error: status and the words of its page.
func outcome(err error) (status int, words string) {
	for _, o := range outcomes {
		if errors.Is(err, o.err) {
			return o.status, o.words
		}
	}
	var large *http.MaxBytesError
	var known *echo.HTTPError
	switch {
	case errors.As(err, &large):
		return http.StatusRequestEntityTooLarge, "large"
	case errors.As(err, &known):
		return known.Code, statusWords(known.Code)
	}
	return http.StatusInternalServerError, "other"
}

func statusWords(status int) string {
	switch {
	case status == http.StatusNotFound:
		return "notfound"
	case status == http.StatusRequestEntityTooLarge:
		return "large"
	case status == http.StatusTooManyRequests:
		return "many"
	case status < 500:
		return "bad"
	}
	return "other"
}

// fail answers an error with a page that keeps banner, name, logo and the help desk's number.
// Nobody outside ever reads the error's own text.
func (s *server) fail(err error, c echo.Context) {
	if c.Response().Committed || errors.Is(err, context.Canceled) && c.Request().Context().Err() != nil {
		return // the answer has begun, or nobody waits for it
	}
	status, words := outcome(err)
	if status >= 500 {
		s.Log.Error("request failed", "method", c.Request().Method, "route", c.Path(), "status", status, "err", err)
	}
	if status == http.StatusServiceUnavailable || status == http.StatusInsufficientStorage {
		c.Response().Header().Set("Retry-After", "5")
	}
	if isAPI(c) {
		err = desk.Refuse(c, status)
	} else {
		p := s.Shell(c)
		p.Title = p.Words.T("error." + words + "title")
		err = s.Render(c, status, p, views.Failure(p, words, s.now().Format("15:04")))
	}
	if err != nil {
		s.Log.Error("error page failed", "route", c.Path(), "err", err)
	}
}
