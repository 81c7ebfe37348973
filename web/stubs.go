package web

import (
	"github.com/labstack/echo/v4"

	"holdover/mailstore"
)

func (s *server) list(c echo.Context) error         { return mailstore.ErrNotFound }
func (s *server) conversation(c echo.Context) error { return mailstore.ErrNotFound }
func (s *server) act(c echo.Context) error          { return mailstore.ErrNotFound }
func (s *server) body(c echo.Context) error         { return mailstore.ErrNotFound }
func (s *server) part(c echo.Context) error         { return mailstore.ErrNotFound }
func (s *server) source(c echo.Context) error       { return mailstore.ErrNotFound }
func (s *server) eml(c echo.Context) error          { return mailstore.ErrNotFound }
func (s *server) search(c echo.Context) error       { return mailstore.ErrNotFound }
