package web

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"holdover/mailstore"
	"holdover/views"
)

// done lists what a redirect may say was done, with its words; nothing else of the query is shown.
var done = map[string]string{
	"archive": "done.archive", "delete": "done.delete", "forgood": "done.forgood", "move": "done.move",
	"read": "done.read", "unread": "done.unread", "flag": "done.flag", "unflag": "done.unflag",
	categorise: "done.categorise", uncategorise: "done.uncategorise",
}

// flash reads from the query what the step before did: done=archive&n=2&undo=WORD.
func (s *server) flash(c echo.Context, w *views.Words) *views.Flash {
	switch what := c.QueryParam("done"); what {
	case "":
		return nil
	case "undone":
		return &views.Flash{Text: w.T("done.undone")}
	case "sent":
		return s.sentFlash(c, w)
	case "kept":
		return &views.Flash{Text: w.T("handback.kept")}
	case "unsent":
		return &views.Flash{Text: w.T("sent.undone")}
	case "foldermade", "foldernamed", "foldergone":
		f := &views.Flash{Text: w.T("folders.did." + what)}
		if word := c.QueryParam("undo"); word != "" {
			f.Undo = boxOf(c).base + "/folders"
			f.Keep = []views.Field{{Name: "action", Value: "undo"}, {Name: "word", Value: word}}
		}
		return f
	case "retried":
		return &views.Flash{Text: w.T("event.retried")}
	case "retriedall":
		if n, err := strconv.Atoi(c.QueryParam("n")); err == nil && n > 0 {
			return &views.Flash{Text: w.N("report.retried", n)}
		}
		return &views.Flash{Text: w.T("report.retried_none")}
	case "releaseretry":
		return &views.Flash{Text: w.T("release.done_retry")}
	case "switched":
		return &views.Flash{Text: w.T("release.done_switch")}
	case "confirmed":
		return &views.Flash{Text: w.T("release.done_confirm")}
	case "identitychanged":
		return &views.Flash{Text: w.T("release.err_changed")}
	case "notparked":
		return &views.Flash{Text: w.T("desk.err.retry")}
	case "discarded":
		return &views.Flash{Text: w.T("sent.discarded")}
	default:
		n, err := strconv.Atoi(c.QueryParam("n"))
		if err != nil || n < 1 || n > mostHits || done[what] == "" {
			return nil
		}
		words := done[what]
		if c.QueryParam("single") == "1" {
			words = "single." + words
		}
		f := &views.Flash{Text: w.N(words, n)}
		if word := c.QueryParam("undo"); word != "" {
			d := deed{folder: mailstore.FolderID(c.Param("folder"))}
			f.Undo = d.place(boxOf(c)) + "/act"
			f.Keep = []views.Field{{Name: "action", Value: "undo"}, {Name: "word", Value: word}}
			if d.found() {
				f.Keep = append(f.Keep, views.Field{Name: "at", Value: backTo(c.Request().URL.RequestURI(), nil)})
			}
		}
		return f
	}
}
