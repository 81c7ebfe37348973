package main

import "fmt"

type trustClockCommand struct{ withConfig }

// Run is the administrator's word that the time is right after the clock had jumped, or after
// Holdover had stood still for more than a day: retention goes on. The service must be stopped.
func (c trustClockCommand) Run(s *session) error {
	conf, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	h, err := buildStore(s.ctx, conf, s.log)
	if err != nil {
		return err
	}
	defer h.close()
	if err := h.store.TrustClock(s.ctx); err != nil {
		return err
	}
	fmt.Fprintln(s.out, "The time is taken as right. Retention goes on.")
	return nil
}
