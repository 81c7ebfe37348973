package main

import "fmt"

type rebuildCommand struct{ withConfig }

// Run makes rows from the Maildir where they are missing. Their entries are of origin rebuild:
// nothing of them is ever sent to Exchange by itself.
func (c rebuildCommand) Run(s *session) error {
	conf, err := readConfig(c.Config)
	if err != nil {
		return err
	}
	h, err := buildStore(s.ctx, conf, s.log)
	if err != nil {
		return err
	}
	defer h.close()
	last := -1
	added, err := h.store.Rebuild(s.ctx, func(done, total int) {
		if percent := done * 100 / max(total, 1); percent != last {
			last = percent
			fmt.Fprintf(s.out, "\r%3d %% of %d files", percent, total)
		}
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "\n%d messages were added from the Maildir. Nothing of them is sent to Exchange by itself.\n", added)
	return nil
}
