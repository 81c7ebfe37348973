package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
)

type serveCommand struct{ withConfig }

// Run serves until the signal to end: open every room from the ground up, then let them work side
// by side. The first one that fails ends all.
func (c serveCommand) Run(s *session) error {
	conf, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	h, err := build(s.ctx, conf, s.log)
	if err != nil {
		return err
	}
	defer h.close()

	rooms, ctx := errgroup.WithContext(s.ctx)
	for name, run := range map[string]func(context.Context) error{
		"directory":   h.people.Run,       // the CSV, when it changes
		"search":      h.index.Run,        // the index follows the log
		"calendar":    h.calendar.Run,     // so does the agenda
		"sign-in":     h.door.Run,         // ended sessions go
		"sync-back":   h.back.Run,         // what waits goes back into Exchange
		"inbound":     h.inbound.Run,      // mail from the world
		"outbound":    h.outbound.Run,     // mail to the world
		"web":         h.serveWeb,         // pages and API
		"retention":   h.retain,           // the window
		"credentials": h.guardCredentials, // the switch that withdraws them
		"push":        h.pushNews,         // who asked is told of new mail
		"archive":     h.sendReports,      // journal reports of what events bring
	} {
		rooms.Go(func() error {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			return nil
		})
	}
	s.log.Info("ready", "web", conf.Web.URL, "smtp", h.inbound.Addrs())
	return rooms.Wait()
}
