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

// oneSentence lists what is said in one sentence, without a number and without a way back.
var oneSentence = map[string]string{
	"undone": "done.undone", "kept": "handback.kept", "unsent": "sent.undone",
	"rescued": "rescue.flash", "rescuedbeside": "rescue.flashbeside", "rescuedsent": "rescue.flashsent", "rescuedgone": "rescue.flashgone", "rescuedlarge": "rescue.flashlarge",
}

// flash reads from the query what the step before did: done=archive&n=2&undo=WORD.
func (s *server) flash(c echo.Context, w *views.Words) *views.Flash {
	what := c.QueryParam("done")
	if words, ok := oneSentence[what]; ok {
		return &views.Flash{Text: w.T(words)}
	}
	switch what {
	case "":
		return nil
	case "sent":
		return s.sentFlash(c, w)
	case "discarded":
		f := &views.Flash{Text: w.T("sent.discarded")}
		if word := c.QueryParam("undo"); word != "" {
			f.Undo = boxOf(c).folder(mailstore.Drafts) + "/act"
			f.Keep = []views.Field{{Name: "action", Value: "undo"}, {Name: "word", Value: word}}
		}
		return f
	case "foldermade", "foldernamed", "foldergone":
		f := &views.Flash{Text: w.T("folders.did." + what)}
		if word := c.QueryParam("undo"); word != "" {
			f.Undo, f.Here = boxOf(c).base+"/folders", true
			f.Keep = []views.Field{{Name: "action", Value: "undo"}, {Name: "word", Value: word}}
		}
		return f
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
			f.Undo, f.Here = d.place(boxOf(c))+"/act", true
			f.Keep = []views.Field{{Name: "action", Value: "undo"}, {Name: "word", Value: word}}
			if d.found() {
				f.Keep = append(f.Keep, views.Field{Name: "at", Value: backTo(c.Request().URL.RequestURI(), nil)})
			}
		}
		return f
	}
}
