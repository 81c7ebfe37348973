package main

import (
	"fmt"
)

type verifyCommand struct{ withConfig }

// Run re-derives every invariant: files, rows, log, counts, threads, spool, record of events, index.
// It prints a line for each broken one and ends with exit code 1 when there is any.
func (c verifyCommand) Run(s *session) error {
	conf, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	h, err := buildStore(s.ctx, conf, s.log)
	if err != nil {
		return err
	}
	defer h.close()
	broken := 0
	report := func(where, what string) {
		broken++
		fmt.Fprintf(s.out, "%s: %s\n", where, what)
	}
	found, err := h.store.Check(s.ctx)
	if err != nil {
		return err
	}
	for _, f := range found {
		report("mailbox "+string(f.Mailbox), f.What)
	}
	if err := h.events.CheckRecord(s.ctx); err != nil {
		report("events", err.Error())
	}
	boxes, err := h.store.Mailboxes(s.ctx)
	if err != nil {
		return err
	}
	for _, m := range boxes {
		lines, err := h.index.Check(s.ctx, m)
		if err != nil {
			return err
		}
		for _, line := range lines {
			report("index of "+string(m), line)
		}
	}
	for _, a := range h.store.Alarms() {
		report("alarm "+a.Code, a.Text)
	}
	fmt.Fprintf(s.out, "%d mailboxes verified, %d findings.\n", len(boxes), broken)
	if broken > 0 {
		return errFindings
	}
	return nil
}
