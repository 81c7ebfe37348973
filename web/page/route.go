package page

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// Access says who may use a route. The zero value is nobody, so that a route without a decision
// stays shut.
type Access int

const (
	Nobody   Access = iota
	Everyone        // signed in or not
	People          // who is signed in
	Readers         // who is signed in, in their own mailbox and, below /shared/ADDRESS, in each that they may open
	Writers         // the same, while mailboxes may be changed here
	Authors         // Readers; what a form holds is saved also when the session has ended meanwhile
	Admins          // who is signed in and administrator
	Token           // who sends the administrators' token (API)
)

// Route is one line of the table. TestAccessMatrix has a row for each.
type Route struct {
	Method, Path string
	Access       Access
	Handle       echo.HandlerFunc
}

// Get is a route that changes nothing.
func Get(path string, access Access, handle echo.HandlerFunc) Route {
	return Route{Method: http.MethodGet, Path: path, Access: access, Handle: handle}
}

// Post is the route of a form or of an order to the API.
func Post(path string, access Access, handle echo.HandlerFunc) Route {
	return Route{Method: http.MethodPost, Path: path, Access: access, Handle: handle}
}
