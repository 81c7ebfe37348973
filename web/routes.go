package web

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// access says who may use a route. The zero value is nobody, so that a route without a decision
// stays shut.
type access int

const (
	nobody   access = iota
	everyone        // signed in or not
	people          // who is signed in
	admins          // who is signed in and administrator
	token           // who sends the administrators' token (API)
)

// route is one line of the table. TestAccessMatrix has a row for each.
type route struct {
	method, path string
	access       access
	handle       echo.HandlerFunc
}

func (s *server) routes() []route {
	all := []route{
		{http.MethodGet, "/", everyone, s.landing},
		{http.MethodGet, "/sign-in", everyone, s.signIn},
		{http.MethodGet, "/sign-in/return", everyone, s.signedIn},
		{http.MethodPost, "/sign-out", everyone, s.signOut},
		{http.MethodPost, "/language", everyone, s.language},
		{http.MethodPost, "/theme", people, s.theme},

		{http.MethodGet, "/mail/:folder", people, s.list},
		{http.MethodGet, "/mail/:folder/:thread", people, s.conversation},
		{http.MethodPost, "/mail/:folder/act", people, s.act},
		{http.MethodPost, "/view", people, s.chooseView},
		{http.MethodGet, "/mail/:folder/:thread/print", people, s.printConversation},
		{http.MethodGet, "/m/:id/print", people, s.printMessage},
		{http.MethodPost, "/m/:id/images", people, s.askImages},
		{http.MethodGet, "/m/:id/image/:n", people, s.remoteImage},
		{http.MethodGet, "/m/:id/body", people, s.body},
		{http.MethodGet, "/m/:id/part/:n", people, s.part},
		{http.MethodGet, "/m/:id/source", people, s.source},
		{http.MethodGet, "/m/:id/eml", people, s.eml},
		{http.MethodGet, "/search", people, s.search},
		{http.MethodGet, "/live", people, s.live},
		{http.MethodGet, "/receipts", people, s.receipts},
		{http.MethodGet, "/receipts.csv", people, s.receiptsCSV},

		{http.MethodGet, "/healthz", everyone, healthy},
		{http.MethodGet, "/favicon.ico", everyone, s.favicon},
		{http.MethodGet, "/static/*", everyone, echo.WrapHandler(s.assets)},
		{http.MethodHead, "/static/*", everyone, echo.WrapHandler(s.assets)},
	}
	all = append(all, s.composeRoutes()...)
	all = append(all, s.calendarRoutes()...)
	all = append(all, s.appRoutes()...)
	all = append(all, s.noticeRoutes()...)
	all = append(all, s.keyRoutes()...)
	return append(all, s.deskRoutes()...)
}

// favicon answers browsers that ask for one beside documents that are not ours, like a message's source.
func (s *server) favicon(c echo.Context) error {
	if logo := s.assets.URL("logo"); logo != "" {
		return redirect(c, logo)
	}
	return c.NoContent(http.StatusNoContent)
}

// healthy says that the program answers. Whether it can do its work says /readyz, which cmd adds.
func healthy(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }
