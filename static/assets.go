// Package static holds what browsers load besides the pages: one style sheet, one script, the
// organisation's logo. Sheet and scripts are written to be read and minified at start (minify.go). Everything is served under /static/<hash of all contents>/ and never
// changes there, so browsers keep it for good and a new version is fetched at once.
//
// vendor/ holds the scripts of others (htmx, idiomorph). They are not committed: package-lock.json
// pins them, build.sh copies them there, and the binary embeds them.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

//go:embed style app.js compose.js keys.js notice.js rich.js sw.js all:vendor
var files embed.FS

var (
	// ErrMissing tells that the program was built without the scripts of others.
	ErrMissing = errors.New("this program was built without its page scripts: run `sh static/build.sh` (needs npm), then build again")
	// ErrBrand tells that the organisation's colour is not one.
	ErrBrand = errors.New("brand colour must look like #1d6b45")
	// ErrLogo tells that the logo is no picture that every browser shows.
	ErrLogo = errors.New("logo must be an SVG, PNG, JPEG or WebP picture")
)

// styles are joined to one sheet in this order: what stands later wins over what is as specific.
var styles = []string{"tokens", "base", "controls", "shell", "folders", "list", "message", "compose", "signin", "desk", "preview", "wide", "print"}

// scripts of every page, in the order in which they are joined: ours comes last, it uses the others.
var scripts = []string{"vendor/htmx.min.js", "vendor/idiomorph-ext.min.js", "app.js", "keys.js"}

// further scripts are fetched by the pages that need them; the editor's by who wants it.
var further = map[string][]string{
	"compose.js": {"compose.js"},
	"notice.js":  {"notice.js"},
	"rich.js":    {"vendor/purify.min.js", "vendor/squire.js", "rich.js"},
}

var colour = regexp.MustCompile(`^#[0-9a-fA-F]{6}$`)

// Assets are the files of one start, in memory, packed once.
type Assets struct {
	prefix string
	files  map[string]asset
}

type asset struct {
	kind         string
	plain, small []byte // small: gzip, nil when it does not help
}

// Load joins and packs the files. brand is "#rrggbb" or ""; logo is a picture or nil.
// Errors: ErrMissing, ErrBrand, ErrLogo.
func Load(brand string, logo []byte) (*Assets, error) {
	a := &Assets{files: map[string]asset{}}
	sheet, err := style(brand)
	if err != nil {
		return nil, err
	}
	code, err := joined(scripts)
	if err != nil {
		return nil, err
	}
	if err := a.addLogo(logo); err != nil {
		return nil, err
	}
	a.add("app.css", "text/css; charset=utf-8", sheet)
	a.add("app.js", "text/javascript; charset=utf-8", code)
	for _, size := range iconSizes {
		a.add(IconName(size), "image/png", icon(size, brand))
	}
	for name, parts := range further {
		code, err := joined(parts)
		if err != nil {
			return nil, err
		}
		a.add(name, "text/javascript; charset=utf-8", code)
	}
	sum := sha256.New()
	for _, name := range []string{"app.css", "app.js", "compose.js", "notice.js", "rich.js", "logo", IconName(192)} {
		fmt.Fprintf(sum, "%s %d\n", name, len(a.files[name].plain))
		sum.Write(a.files[name].plain)
	}
	a.prefix = "/static/" + hex.EncodeToString(sum.Sum(nil))[:16] + "/"
	return a, nil
}

func style(brand string) ([]byte, error) {
	var all bytes.Buffer
	for _, topic := range styles {
		sheet, err := files.ReadFile("style/" + topic + ".css")
		if err != nil {
			return nil, err
		}
		all.Write(sheet)
	}
	if brand != "" {
		if !colour.MatchString(brand) {
			return nil, fmt.Errorf("%w, not %q", ErrBrand, brand)
		}
		fmt.Fprintf(&all, ":root { --brand: %s; }\n", brand)
	}
	return minifiedStyle(all.Bytes())
}

func joined(scripts []string) ([]byte, error) {
	var all bytes.Buffer
	for _, name := range scripts {
		code, err := files.ReadFile(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, ErrMissing
		}
		if err == nil && !strings.HasPrefix(name, "vendor/") {
			code, err = minifiedScript(code)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		all.Write(mapped.ReplaceAll(code, nil)) // there is no map to fetch
		all.WriteString("\n;\n")
	}
	return all.Bytes(), nil
}

var mapped = regexp.MustCompile(`(?m)^//# sourceMappingURL=.*$`)

func (a *Assets) addLogo(logo []byte) error {
	if len(logo) == 0 {
		return nil
	}
	kind := http.DetectContentType(logo)
	switch {
	case kind == "image/png" || kind == "image/jpeg" || kind == "image/webp":
	case bytes.Contains(logo[:min(len(logo), 1024)], []byte("<svg")):
		kind = "image/svg+xml" // shown only through img, where scripts in it do not run
	default:
		return ErrLogo
	}
	a.add("logo", kind, logo)
	return nil
}

func (a *Assets) add(name, kind string, plain []byte) {
	var small bytes.Buffer
	w, _ := gzip.NewWriterLevel(&small, gzip.BestCompression)
	w.Write(plain)
	w.Close()
	f := asset{kind: kind, plain: plain}
	if small.Len() < len(plain) {
		f.small = small.Bytes()
	}
	a.files[name] = f
}

// Worker is the service worker's script. It is not served from here: its address decides what it may see.
func Worker() []byte {
	code, err := files.ReadFile("sw.js")
	if err == nil {
		code, err = minifiedScript(code)
	}
	if err != nil {
		panic(err) // it is embedded, and was minified in the tests
	}
	return code
}

// URL is the path of a file: "app.css", "app.js", "logo" a script of one page or an icon; "" when there is no such file.
func (a *Assets) URL(name string) string {
	if _, ok := a.files[name]; !ok {
		return ""
	}
	return a.prefix + name
}

// ServeHTTP answers /static/<hash>/<name>. Another hash is another version: not found here.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, ok := strings.CutPrefix(r.URL.Path, a.prefix)
	f, found := a.files[name]
	if !ok || !found {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if f.small != nil && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.small
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method != http.MethodHead {
		w.Write(body)
	}
}
