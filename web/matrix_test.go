package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"holdover/web/page"
)

// matrix says who may use each route. Letters: n nobody, e employee, a administrator, t the API's
// token. Who is not named is refused.
var matrix = map[string]string{
	"GET /":               "nea",
	"GET /sign-in":        "nea",
	"GET /sign-in/return": "nea",
	"POST /sign-out":      "nea",
	"POST /language":      "nea",
	"POST /theme":         "ea",
	"GET /healthz":        "nea",
	"GET /accessibility":  "nea",
	"GET /favicon.ico":    "nea",
	"GET /static/*":       "nea",
	"HEAD /static/*":      "nea",

	"GET /mail/:folder":               "ea",
	"GET /mail/:folder/:thread":       "ea",
	"POST /mail/:folder/act":          "ea",
	"POST /view":                      "ea",
	"GET /mail/:folder/:thread/print": "ea",
	"POST /m/:id/images":              "ea",
	"GET /m/:id/image/:n":             "ea",
	"GET /m/:id/print":                "ea",
	"GET /m/:id/body":                 "ea",
	"GET /m/:id/part/:n":              "ea",
	"GET /m/:id/preview/:n":           "ea",
	"GET /m/:id/files.zip":            "ea",
	"GET /m/:id/source":               "ea",
	"GET /m/:id/eml":                  "ea",
	"POST /search/act":                "ea",
	"GET /search":                     "ea",
	"GET /live":                       "ea",
	"GET /compose":                    "ea",
	"POST /compose":                   "ea",
	"POST /compose/:draft":            "ea",
	"POST /undo/:send":                "ea",
	"GET /band":                       "nea",
	"GET /stay":                       "ea",
	"POST /stay":                      "ea",
	"GET /waiting":                    "ea",
	"GET /receipts":                   "ea",
	"GET /receipts.csv":               "ea",
	"GET /addresses":                  "ea",
	"GET /manifest.webmanifest":       "nea",
	"GET /sw.js":                      "nea",
	"GET /offline":                    "nea",
	"GET /notices":                    "ea",
	"POST /notices/on":                "ea",
	"POST /notices/off":               "ea",
	"POST /notices/known":             "ea",
	"GET /folders":                    "ea",
	"POST /folders":                   "ea",
	"GET /keys":                       "ea",
	"POST /keys":                      "ea",
	"GET /agenda":                     "ea",
	"POST /m/:id/answer":              "ea",

	"GET /compose/:draft/picture/:cid": "ea",
	"POST /addresses/forget":           "ea",

	"GET /desk":                       "a",
	"GET /desk/events/new":            "a",
	"POST /desk/events":               "a",
	"GET /desk/events/:id":            "a",
	"POST /desk/events/:id/end":       "a",
	"POST /desk/events/:id/retry":     "a",
	"GET /desk/events/:id/progress":   "a",
	"GET /desk/events/:id/entries":    "a",
	"POST /desk/events/:id/retry-all": "a",
	"GET /desk/events/:id/report":     "a",
	"GET /desk/archive":               "a",
	"POST /desk/archive/:id/again":    "a",
	"POST /desk/archive/:id/there":    "a",
	"GET /desk/events/:id/report.csv": "a",

	"GET /desk/events/:id/release":     "a",
	"POST /desk/events/:id/release":    "a",
	"GET /desk/events/:id/dry-run":     "a",
	"GET /desk/events/:id/dry-run.csv": "a",
	"GET /desk/exchange":               "a",
	"POST /desk/exchange":              "a",

	"GET /api/events/:id/release":        "t",
	"POST /api/events/:id/release":       "t",
	"POST /api/events/:id/release/retry": "t",
	"GET /api/events/:id/dry-run":        "t",
	"GET /api/exchange":                  "t",
	"POST /api/exchange/switch":          "t",
	"GET /desk/refills":                  "a",
	"POST /desk/refills":                 "a",
	"GET /desk/refills/:id":              "a",
	"POST /desk/refills/:id/fill":        "a",
	"POST /desk/refills/:id/cancel":      "a",
	"GET /api/refills":                   "t",
	"POST /api/refills":                  "t",
	"GET /api/refills/:id":               "t",
	"POST /api/refills/:id/fill":         "t",
	"POST /api/refills/:id/cancel":       "t",

	"GET /api/events":          "t",
	"POST /api/events":         "t",
	"GET /api/events/:id":      "t",
	"POST /api/events/:id/end": "t",
}

// TestAccessMatrix asks every route of the table as everybody. A route without a row fails, and so
// does a row without a route.
func TestAccessMatrix(t *testing.T) {
	h := newHouse(t)
	s, err := newServer(h.opts)
	must(t, err)
	seen := map[string]bool{}
	for _, r := range s.routes() {
		name := r.Method + " " + r.Path
		if strings.HasPrefix(r.Path, "/shared/:box/") {
			continue // TestSharedAccess
		}
		allowed, ok := matrix[name]
		if !ok {
			t.Errorf("%s has no row in the matrix", name)
			continue
		}
		seen[name] = true
		for _, who := range []string{"n", "e", "a", "t"} {
			w := h.ask(who, r)
			refused := w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden ||
				w.Code == http.StatusSeeOther && strings.HasPrefix(w.Header().Get("Location"), "/?back=")
			if may := strings.Contains(allowed, who) || who == "t" && strings.Contains(allowed, "n"); may == refused {
				t.Errorf("%s as %s: %d %s", name, who, w.Code, w.Header().Get("Location"))
			}
		}
	}
	for name := range matrix {
		if !seen[name] {
			t.Errorf("the matrix names %s, which is no route", name)
		}
	}
}

// ask sends a request with something in each place of the path.
func (h *house) ask(who string, r page.Route) *httptest.ResponseRecorder {
	v := h.as(map[string]string{"e": katrin, "a": jens}[who])
	if who == "t" {
		v = v.with("Authorization", "Bearer the-token")
	}
	path := strings.NewReplacer(":folder", "inbox", ":thread", "none", ":id", "none", ":n", "0", ":draft", "none", ":send", "none", "*", "x").Replace(r.Path)
	if r.Path == "/sign-in/return" {
		path += "?code=good"
	}
	if r.Path == "/live" {
		return v.brief(path)
	}
	return v.do(r.Method, path, nil)
}

// TestWrongTokens: only the whole token opens the API, and none does when there is none.
func TestWrongTokens(t *testing.T) {
	h := newHouse(t)
	for _, header := range []string{"", "Bearer ", "Bearer the-toke", "Bearer the-token2", "Basic the-token", "the-token"} {
		if w := h.as(jens).with("Authorization", header).do("GET", "/api/events", nil); w.Code != http.StatusUnauthorized {
			t.Errorf("%q: %d", header, w.Code)
		}
	}
	shut := newHouse(t, func(o *Options) { o.AdminToken = "" })
	if w := shut.as(jens).with("Authorization", "Bearer ").do("GET", "/api/events", nil); w.Code != http.StatusUnauthorized {
		t.Errorf("without a token set: %d", w.Code)
	}
}
