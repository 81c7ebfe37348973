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
	readers         // who is signed in, in their own mailbox and, below /shared/ADDRESS, in each that they may open
	writers         // the same, while mailboxes may be changed here
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

		{http.MethodGet, "/mail/:folder", readers, s.list},
		{http.MethodGet, "/mail/:folder/:thread", readers, s.conversation},
		{http.MethodPost, "/mail/:folder/act", writers, s.act},
		{http.MethodPost, "/view", people, s.chooseView},
		{http.MethodGet, "/mail/:folder/:thread/print", readers, s.printConversation},
		{http.MethodGet, "/m/:id/print", readers, s.printMessage},
		{http.MethodPost, "/m/:id/images", readers, s.askImages},
		{http.MethodGet, "/m/:id/image/:n", readers, s.remoteImage},
		{http.MethodGet, "/m/:id/body", readers, s.body},
		{http.MethodGet, "/m/:id/part/:n", readers, s.part},
		{http.MethodGet, "/m/:id/files.zip", readers, s.bundle},
		{http.MethodGet, "/m/:id/source", readers, s.source},
		{http.MethodGet, "/m/:id/eml", readers, s.eml},
		{http.MethodGet, "/search", readers, s.search},
		{http.MethodPost, "/search/act", writers, s.act},
		{http.MethodGet, "/live", people, s.live},
		{http.MethodGet, "/receipts", readers, s.receipts},
		{http.MethodGet, "/receipts.csv", readers, s.receiptsCSV},

		{http.MethodGet, "/accessibility", everyone, s.accessible},
		{http.MethodGet, "/healthz", everyone, healthy},
		{http.MethodGet, "/favicon.ico", everyone, s.favicon},
		{http.MethodGet, "/static/*", everyone, echo.WrapHandler(s.assets)},
		{http.MethodHead, "/static/*", everyone, echo.WrapHandler(s.assets)},
	}
	if s.Storybook {
		all = append(all, route{http.MethodGet, "/storybook", everyone, s.storybook}, route{http.MethodGet, "/storybook/:name", everyone, s.story})
	}
	all = append(all, s.composeRoutes()...)
	all = append(all, s.calendarRoutes()...)
	all = append(all, s.appRoutes()...)
	all = append(all, s.noticeRoutes()...)
	all = append(all, s.keyRoutes()...)
	all = append(all, s.folderRoutes()...)
	all = append(all, s.deskRoutes()...)
	for _, r := range all {
		if r.access == readers || r.access == writers {
			all = append(all, route{r.method, "/shared/:box" + r.path, r.access, r.handle})
		}
	}
	return all
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
