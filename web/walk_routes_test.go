package web

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/a-h/templ"

	"holdover/views"
	"holdover/web/page"
)

// walkless are the routes that answer no page, and why. A shared mailbox's are those of one's own.
var walkless = map[string]string{
	"GET /static/*": "a file", "HEAD /static/*": "a file", "GET /favicon.ico": "a picture", "GET /healthz": "plain text",
	"GET /manifest.webmanifest": "JSON", "GET /sw.js": "a script", "GET /live": "a stream",
	"GET /m/:id/part/:n": "a file", "GET /m/:id/image/:n": "a picture", "GET /m/:id/files.zip": "a file", "GET /m/:id/source": "plain text",
	"GET /m/:id/eml": "a file", "GET /desk/events/:id/progress": "a piece of its event's page", "GET /compose/:draft/picture/:cid": "a picture", "GET /receipts.csv": "a file",
	"GET /desk/events/:id/report.csv": "a file", "GET /desk/events/:id/dry-run.csv": "a file",
	"POST /sign-out": "leads on", "POST /language": "leads on", "POST /theme": "leads on", "POST /view": "leads on", "POST /keys": "leads on",
	"POST /notices/on": "leads on", "POST /notices/off": "leads on", "POST /notices/known": "leads on", "POST /desk/events/:id/end": "leads on", "POST /addresses/forget": "leads on",
	"POST /m/:id/images":          "leads on",
	"POST /desk/events/:id/retry": "leads on", "POST /desk/events/:id/retry-all": "leads on",
	"POST /desk/refills/:id/fill": "leads on", "POST /desk/refills/:id/cancel": "leads on",
	"POST /desk/archive/:id/again": "leads on", "POST /desk/archive/:id/there": "leads on",
}

// TestWalkMissesNothing: each route that answers a page, in one's own mailbox and in a shared one, and each page of an
// error has a state in the walk. A new route needs one, or a reason in walkless.
func TestWalkMissesNothing(t *testing.T) {
	w := theWalk(t)
	if os.Getenv("HOLDOVER_WALK_ONLY") != "" || w.piece.file != "" {
		t.Skip("only some states were visited")
	}
	s, err := newServer(w.h.opts)
	must(t, err)
	known := map[string]bool{}
	for _, r := range s.routes() {
		name := r.Method + " " + r.Path
		reason := walkless[strings.Replace(name, "/shared/:box", "", 1)]
		known[name] = true
		switch state := w.seen[name]; {
		case r.Access == page.Token:
		case reason == "" && state == "":
			t.Errorf("%s answers no page in any state of the walk", name)
		case reason != "" && state != "" && !refusal(state):
			t.Errorf("%s answers a page in the state %s, and is said to be %s", name, state, reason)
		}
	}
	for name := range walkless {
		if !known[name] {
			t.Errorf("%s is no route", name)
		}
	}
	for _, words := range errorTitles() {
		if w.seen["error "+words] == "" {
			t.Errorf("the page of the error %q is in no state of the walk", words)
		}
	}
}

// refusal: states that show what a page answers that cannot be had.
func refusal(state string) bool { return strings.HasPrefix(state, "refused") }

// errorTitles are the headings of the pages of errors in all languages, each with the key of its words.
var errorTitles = sync.OnceValue(func() map[string]string {
	d, err := views.LoadWords("de")
	if err != nil {
		panic(err)
	}
	all := []string{}
	for _, o := range outcomes {
		if o.err != errToken { // the API answers it
			all = append(all, o.words)
		}
	}
	for _, status := range []int{404, 413, 429, 400, 500} {
		all = append(all, statusWords(status))
	}
	titles := map[string]string{}
	for _, l := range d.Languages() {
		for _, words := range all {
			titles[templ.EscapeString(d.In(l.Code).T("error."+words+"title"))] = words
		}
	}
	return titles
})
