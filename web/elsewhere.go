package web

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/views"
	"holdover/web/page"
)

const (
	mostElsewhere = 8                      // other mailboxes that a search looks into
	patience      = 400 * time.Millisecond // how long the page waits for them
)

// elsewhere looks with the same query into the other mailboxes that the person may open, while the page is made. What
// it answers waits for the counts, not long: a mailbox that has not answered is offered without a number, one without
// hits is not mentioned.
func (s *server) elsewhere(c echo.Context, w *views.Words, query string) func() []views.Chip {
	type count struct {
		total int
		open  bool
		err   error
	}
	own, here := ownBox(page.PersonOf(c)), boxOf(c)
	all := []box{own}
	for _, m := range s.Directory.Opens(own.id) {
		all = append(all, sharedBox(m))
	}
	var others []box
	var counts []chan count
	ctx, cancel := context.WithCancel(c.Request().Context())
	for _, b := range all {
		if b.id == here.id || b.id == "" || len(others) == mostElsewhere {
			continue
		}
		done := make(chan count, 1)
		go func() {
			_, total, open, err := s.Search.Find(ctx, b.id, query, 0)
			done <- count{total, open, err}
		}()
		others, counts = append(others, b), append(counts, done)
	}
	return func() (chips []views.Chip) {
		defer cancel()
		late := time.After(patience)
		for i, b := range others {
			chip := views.Chip{Text: w.T("shared.searchin", "Name", b.name), URL: b.search(query, 1)}
			select {
			case n := <-counts[i]:
				if n.err == nil && n.total == 0 {
					continue
				}
				if n.err == nil {
					chip.Text = w.T(map[bool]string{true: "search.overin", false: "search.hitsin"}[n.open], "N", w.Number(n.total), "Name", b.name)
				}
			case <-late:
				late = time.After(0)
			}
			chips = append(chips, chip)
		}
		return chips
	}
}
