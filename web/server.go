package web

import (
	"fmt"
	"runtime/debug"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/static"
	"holdover/views"
	"holdover/web/page"
)

// server holds the rooms; it does not change after New. Handlers are its methods, one file for
// each thing that a person does.
type server struct {
	Options
	*page.Frame
	assets  *static.Assets
	words   *views.Dictionary
	hub     *hub
	undos   *undos
	pens    *pens
	unknown chan struct{} // a place for each form of nobody known that is being read
}

// New makes the handler of all pages. It fails when the page scripts were not built in
// (static.ErrMissing) or logo or colour cannot be used.
func New(o Options) (*echo.Echo, error) {
	s, err := newServer(o)
	if err != nil {
		return nil, err
	}
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.HTTPErrorHandler = s.fail
	e.Use(s.record, s.guard, echo.WrapMiddleware(s.Signin.Load), s.identify, recoverPanics)
	for _, r := range s.routes() {
		e.Add(r.Method, r.Path, s.admit(r))
	}
	return e, nil
}

func newServer(o Options) (*server, error) {
	o = o.withDefaults()
	assets, err := static.Load(o.Organisation.Brand, o.Organisation.Logo)
	if err != nil {
		return nil, fmt.Errorf("web pages: %w", err)
	}
	words, err := views.LoadWords(o.Language, o.Catalogues...)
	if err != nil {
		return nil, err
	}
	s := &server{Options: o, assets: assets, words: words, hub: newHub(o.Mail, o.Events), undos: newUndos(o.Now), pens: &pens{}, unknown: make(chan struct{}, mostUnknown)}
	s.Frame = page.New(page.Options{Assets: assets, Words: words, Org: s.organisation(), Zone: o.Zone, Now: o.Now, Log: o.Log, Mailbox: s.band})
	return s, nil
}

// recoverPanics turns a panic into an error, with its stack for the log.
func recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}

// now is the time in the zone of the pages.
func (s *server) now() time.Time { return s.Time() }
