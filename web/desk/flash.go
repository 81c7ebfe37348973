package desk

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/views"
)

// done lists what a redirect may say was done, with its words; nothing else of the query is shown.
var done = map[string]string{
	"retried": "event.retried", "notparked": "desk.err.retry", "releaseretry": "release.done_retry", "switched": "release.done_switch",
	"confirmed": "release.done_confirm", "identitychanged": "release.err_changed",
}

// flash reads from the query what the step before did: done=retriedall&n=2.
func flash(c echo.Context, w *views.Words) *views.Flash {
	what := c.QueryParam("done")
	if words, ok := done[what]; ok {
		return &views.Flash{Text: w.T(words)}
	}
	if what != "retriedall" {
		return nil
	}
	if n, err := strconv.Atoi(c.QueryParam("n")); err == nil && n > 0 {
		return &views.Flash{Text: w.N("report.retried", n)}
	}
	return &views.Flash{Text: w.T("report.retried_none")}
}
