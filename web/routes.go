package web

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"holdover/web/desk"
	"holdover/web/page"
)

func (s *server) routes() []page.Route {
	all := []page.Route{
		page.Get("/", page.Everyone, s.landing),
		page.Get("/sign-in", page.Everyone, s.signIn),
		page.Get("/sign-in/return", page.Everyone, s.signedIn),
		page.Post("/sign-out", page.Everyone, s.signOut),
		page.Post("/language", page.Everyone, s.language),
		page.Post("/theme", page.People, s.theme),

		page.Get("/mail/:folder", page.Readers, s.list),
		page.Get("/mail/:folder/:thread", page.Readers, s.conversation),
		page.Post("/mail/:folder/act", page.Writers, s.act),
		page.Post("/view", page.People, s.chooseView),
		page.Get("/mail/:folder/:thread/print", page.Readers, s.printConversation),
		page.Get("/m/:id/print", page.Readers, s.printMessage),
		page.Post("/m/:id/images", page.Readers, s.askImages),
		page.Get("/m/:id/image/:n", page.Readers, s.remoteImage),
		page.Get("/m/:id/body", page.Readers, s.body),
		page.Get("/m/:id/part/:n", page.Readers, s.part),
		page.Get("/m/:id/preview/:n", page.Readers, s.preview),
		page.Get("/m/:id/files.zip", page.Readers, s.bundle),
		page.Get("/m/:id/source", page.Readers, s.source),
		page.Get("/m/:id/eml", page.Readers, s.eml),
		page.Get("/search", page.Readers, s.search),
		page.Post("/search/act", page.Writers, s.act),
		page.Get("/live", page.People, s.live),
		page.Get("/receipts", page.Readers, s.receipts),
		page.Get("/receipts.csv", page.Readers, s.receiptsCSV),

		page.Get("/accessibility", page.Everyone, s.accessible),
		page.Get("/healthz", page.Everyone, healthy),
		page.Get("/favicon.ico", page.Everyone, s.favicon),
		page.Get("/static/*", page.Everyone, echo.WrapHandler(s.assets)),
		{Method: http.MethodHead, Path: "/static/*", Access: page.Everyone, Handle: echo.WrapHandler(s.assets)},
	}
	if s.Storybook {
		all = append(all, page.Get("/storybook", page.Everyone, s.storybook), page.Get("/storybook/:name", page.Everyone, s.story))
	}
	all = append(all, s.composeRoutes()...)
	all = append(all, s.calendarRoutes()...)
	all = append(all, s.appRoutes()...)
	all = append(all, s.noticeRoutes()...)
	all = append(all, s.keyRoutes()...)
	all = append(all, s.folderRoutes()...)
	all = append(all, desk.Routes(s.desk())...)
	for _, r := range all {
		if r.Access == page.Readers || r.Access == page.Writers || r.Access == page.Authors {
			all = append(all, page.Route{Method: r.Method, Path: "/shared/:box" + r.Path, Access: r.Access, Handle: r.Handle})
		}
	}
	return all
}

// desk is what the pages of administrators and the API work with.
func (s *server) desk() desk.Options {
	return desk.Options{Frame: s.Frame, Organisation: s.organisation(), Mail: s.Mail, Directory: s.Directory, Events: s.Events, Syncback: s.Syncback, Gate: s.Gate,
		Releases: s.Releases, Refills: s.Refills, Archive: s.Archive, MaxUpload: s.MaxUpload, Zone: s.Zone, Log: s.Log}
}

// favicon answers browsers that ask for one beside documents that are not ours, like a message's source.
func (s *server) favicon(c echo.Context) error {
	if logo := s.assets.URL("logo"); logo != "" {
		return page.Redirect(c, logo)
	}
	return c.NoContent(http.StatusNoContent)
}

// healthy says that the program answers. Whether it can do its work says /readyz, which cmd adds.
func healthy(c echo.Context) error { return c.String(http.StatusOK, "ok\n") }
