package web

import (
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/BurntSushi/toml"
	"github.com/labstack/echo/v4"

	"holdover/views"
)

// wider is a language with four tenths more letters than German, as any other might have (check 18): not Dutch, but counted alike.
const wider = "nl"

// walkPages are the pages twice over the same house: as they are, and in the wider language for who speaks it.
type walkPages struct {
	opts        Options
	saw         func(route string, status int, body string)
	plain, wide *echo.Echo
}

// newWalkPages tells saw of each answer that is HTML.
func newWalkPages(t *testing.T, h *house, saw func(route string, status int, body string)) *walkPages {
	p := &walkPages{opts: h.opts, saw: saw}
	p.change(t, func(*Options) {})
	return p
}

// change gives the pages other options.
func (p *walkPages) change(t testing.TB, set func(*Options)) {
	t.Helper()
	set(&p.opts)
	wide := p.opts
	wide.Catalogues, wide.Language = []fs.FS{widerWords(t)}, wider
	var err1, err2 error
	p.plain, err1 = New(p.opts)
	p.wide, err2 = New(wide)
	must(t, errors.Join(err1, err2))
}

func (p *walkPages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	product := p.plain
	if c, err := r.Cookie("speaks"); err == nil && c.Value == wider {
		product = p.wide
	}
	if r.URL.Path == "/live" || strings.HasPrefix(r.URL.Path, "/static/") {
		product.ServeHTTP(w, r) // never ends, or is no page
		return
	}
	r.Header.Del("Accept-Encoding") // to be read here
	answer := httptest.NewRecorder()
	product.ServeHTTP(answer, r)
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	if strings.HasSuffix(r.URL.Path, "/print") { // axe is a script and would never end in its sandbox, which has tests of its own
		w.Header().Del("Content-Security-Policy")
	}
	if strings.HasPrefix(answer.Header().Get("Content-Type"), "text/html") {
		c := product.NewContext(r, nil)
		product.Router().Find(r.Method, r.URL.Path, c)
		p.saw(r.Method+" "+c.Path(), answer.Code, answer.Body.String())
	}
	w.WriteHeader(answer.Code)
	w.Write(answer.Body.Bytes())
}

// widerWords are the German catalogues in that language.
func widerWords(t testing.TB) fs.FS {
	t.Helper()
	names, err := filepath.Glob("../views/words/*.toml")
	must(t, err)
	files := fstest.MapFS{}
	for _, name := range names {
		base := filepath.Base(name)
		topic, german := strings.CutSuffix(base, "de.toml")
		if !german {
			continue
		}
		var tree map[string]any
		_, err := toml.DecodeFile(name, &tree)
		must(t, err)
		lengthen(tree)
		var octets strings.Builder
		must(t, toml.NewEncoder(&octets).Encode(tree))
		files["words/"+topic+wider+".toml"] = &fstest.MapFile{Data: []byte(octets.String())}
	}
	if len(files) < 3 {
		t.Fatal("there are no German catalogues")
	}
	return files
}

// lengthen does it to all texts of a table but those that say how a date or a number is written.
func lengthen(tree map[string]any) {
	for key, value := range tree {
		switch v := value.(type) {
		case string:
			tree[key] = views.Widened(v)
		case map[string]any:
			if key != "format" && key != "date" {
				lengthen(v)
			}
		}
	}
}

// saw notes what the pages answered with HTML.
func (w *walk) saw(route string, status int, body string) {
	w.pageMu.Lock()
	defer w.pageMu.Unlock()
	note := func(what string) {
		if w.seen[what] == "" {
			w.seen[what] = w.here
		}
	}
	note(route)
	for title, words := range errorTitles() {
		if status >= 400 && strings.Contains(body, "<title>"+title) {
			note("error " + words)
		}
	}
}
