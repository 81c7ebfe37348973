package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/static"
	"holdover/views"
	"holdover/web/page"
)

// appRoutes make the pages installable. None of them shows mail, so everyone may ask.
func (s *server) appRoutes() []page.Route {
	return []page.Route{
		page.Get("/manifest.webmanifest", page.Everyone, s.manifest),
		page.Get("/sw.js", page.Everyone, s.worker),
		page.Get("/offline", page.Everyone, s.offline),
	}
}

// webManifest is the description of an installable page (W3C Web Application Manifest).
type webManifest struct {
	ID         string         `json:"id"`
	Name       string         `json:"name"`
	ShortName  string         `json:"short_name"`
	Lang       string         `json:"lang"`
	StartURL   string         `json:"start_url"`
	Scope      string         `json:"scope"`
	Display    string         `json:"display"`
	Background string         `json:"background_color"`
	Theme      string         `json:"theme_color"`
	Icons      []manifestIcon `json:"icons"`
}

type manifestIcon struct {
	Source  string `json:"src"`
	Sizes   string `json:"sizes"`
	Type    string `json:"type"`
	Purpose string `json:"purpose"`
}

// manifest is GET /manifest.webmanifest.
func (s *server) manifest(c echo.Context) error {
	w := s.WordsOf(c)
	m := webManifest{ID: "/", Name: s.Organisation.Name + " – " + w.T("service.calm"), ShortName: s.Organisation.Name, Lang: w.Lang,
		StartURL: "/mail/inbox", Scope: "/", Display: "standalone", Background: "#eef1f3", Theme: "#eef1f3"}
	for _, size := range []int{192, 512} {
		for _, purpose := range []string{"any", "maskable"} {
			m.Icons = append(m.Icons, manifestIcon{Source: s.assets.URL(static.IconName(size)), Sizes: fmt.Sprintf("%dx%d", size, size), Type: "image/png", Purpose: purpose})
		}
	}
	octets, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.Blob(http.StatusOK, "application/manifest+json", octets)
}

// workerWords are what a notification says.
type workerWords struct {
	Title string `json:"title"`
	One   string `json:"one"`
	Many  string `json:"many"` // {N} is the number
	Test  string `json:"test"`
}

// worker is GET /sw.js: the service worker, told what it may keep and in which words it speaks.
func (s *server) worker(c echo.Context) error {
	keep := []string{"/offline", s.assets.URL("app.css"), s.assets.URL("app.js")}
	if logo := s.assets.URL("logo"); logo != "" {
		keep = append(keep, logo)
	}
	words := map[string]workerWords{}
	for _, l := range s.words.Languages() {
		w := s.words.In(l.Code)
		words[l.Code] = workerWords{Title: s.Organisation.Name, One: w.T("notice.single"), Many: w.T("notice.several"), Test: w.T("notice.test")}
	}
	var head strings.Builder
	for _, v := range []struct {
		name  string
		value any
	}{{"CACHE", s.assets.URL("app.js")}, {"FILES", keep}, {"WORDS", words}} {
		octets, err := json.Marshal(v.value) // escapes <, > and &
		if err != nil {
			return err
		}
		fmt.Fprintf(&head, "const %s = %s;\n", v.name, octets)
	}
	return c.Blob(http.StatusOK, "text/javascript; charset=utf-8", append([]byte(head.String()), static.Worker()...))
}

// offline is the page that an installed app shows without a network.
func (s *server) offline(c echo.Context) error {
	p := s.Shell(c)
	p.Person, p.Banner = nil, nil // it is kept: nobody's name may stand on it
	p.Title = p.Words.T("notice.offline")
	return s.Render(c, http.StatusOK, p, views.OfflinePage(p))
}
