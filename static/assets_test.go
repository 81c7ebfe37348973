package static

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func load(t *testing.T, brand string, logo []byte) *Assets {
	t.Helper()
	a, err := Load(brand, logo)
	if errors.Is(err, ErrMissing) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestServed(t *testing.T) {
	a := load(t, "#1d6b45", []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`))
	for name, kind := range map[string]string{"app.css": "text/css", "app.js": "text/javascript", "logo": "image/svg+xml"} {
		r := httptest.NewRequest("GET", a.URL(name), nil)
		r.Header.Set("Accept-Encoding", "gzip")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), kind) || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		body := io.Reader(w.Body)
		if w.Header().Get("Content-Encoding") == "gzip" {
			var err error
			if body, err = gzip.NewReader(w.Body); err != nil {
				t.Fatal(err)
			}
		}
		got, err := io.ReadAll(body)
		if err != nil || !bytes.Equal(got, a.files[name].plain) {
			t.Errorf("%s arrives changed: %v", name, err)
		}
	}
	for _, path := range []string{"/static/", "/static/0000000000000000/app.js", a.prefix, a.prefix + "../app.go", a.prefix + "vendor/.keep"} {
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != 404 {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

// TestNewContentsNewAddress: browsers keep files for good, so a change must move them.
func TestNewContentsNewAddress(t *testing.T) {
	a, b := load(t, "", nil), load(t, "#112233", nil)
	if a.URL("app.css") == b.URL("app.css") {
		t.Error("another colour has the same address")
	}
	if a.URL("logo") != "" {
		t.Error("a logo that is not there has an address")
	}
}

func TestBrandAndLogoAreChecked(t *testing.T) {
	if _, err := Load("red; } body { display: none", nil); !errors.Is(err, ErrBrand) {
		t.Errorf("brand: %v", err)
	}
	load(t, "", nil)
	if _, err := Load("", []byte("<html>")); !errors.Is(err, ErrLogo) {
		t.Errorf("logo: %v", err)
	}
}

// TestSmall keeps the budgets of webmail.md: own script 4 KB, all scripts 25 KB, style 12 KB, packed.
func TestSmall(t *testing.T) {
	a := load(t, "", nil)
	own, err := joined([]string{"app.js"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ size, most int }{
		"own script": {packed(own), 4 << 10}, "all scripts": {len(a.files["app.js"].small), 25 << 10}, "style sheet": {len(a.files["app.css"].small), 12 << 10},
	} {
		if c.size > c.most {
			t.Errorf("%s has %d octets packed, at most %d", name, c.size, c.most)
		}
	}
}

// TestEverySheetIsJoined: a topic's file that is not in the order would be missing on every page.
func TestEverySheetIsJoined(t *testing.T) {
	entries, err := files.ReadDir("style")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if topic, ok := strings.CutSuffix(e.Name(), ".css"); !ok || !slices.Contains(styles, topic) {
			t.Errorf("style/%s is not in styles", e.Name())
		}
	}
	if len(entries) != len(styles) {
		t.Errorf("%d files, %d in the order", len(entries), len(styles))
	}
}

// TestMinified: remarks and long local names go, names that others see and texts stay; what cannot be read is an error.
func TestMinified(t *testing.T) {
	script, err := minifiedScript([]byte("// why\n(() => {\n  const longName = 1; /* c */\n  window.holdoverSeen = (other) => other + longName + \"// no remark\";\n})();\n"))
	if err != nil || regexp.MustCompile(`why|longName|other|\n`).Match(script) || !bytes.Contains(script, []byte("holdoverSeen")) || !bytes.Contains(script, []byte(`"// no remark"`)) {
		t.Errorf("%s %v", script, err)
	}
	if _, err := minifiedScript([]byte("const = 1")); err == nil {
		t.Error("a broken script is minified without an error")
	}
	if got, err := minifiedStyle([]byte("/* x\n y */\na::after { content: \"/* is */\"; margin: 0 0 0 0; }\n")); err != nil || string(got) != `a::after{content:"/* is */";margin:0}` {
		t.Errorf("%s %v", got, err)
	}
	if Worker() == nil {
		t.Error("no worker")
	}
}

func packed(plain []byte) int {
	a := &Assets{files: map[string]asset{}}
	a.add("x", "", plain)
	return len(a.files["x"].small)
}

// TestLockNamesNoHost: the lock file pins by checksum; where packages come from is npm's setting.
func TestLockNamesNoHost(t *testing.T) {
	lock, err := os.ReadFile("package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	if hosts := regexp.MustCompile(`"resolved"|https?://`).FindAll(lock, -1); len(hosts) > 0 {
		t.Errorf("package-lock.json names hosts: %q", hosts)
	}
	for _, pin := range []string{`"htmx.org": "2.0.11"`, `"idiomorph": "0.8.0"`} {
		if !bytes.Contains(lock, []byte(pin)) {
			t.Errorf("%s is not pinned", pin)
		}
	}
}

// TestStyleIsPlain keeps the sheet readable for browsers from 2021 on, and within our own host.
func TestStyleIsPlain(t *testing.T) {
	for _, topic := range styles {
		sheet, err := files.ReadFile("style/" + topic + ".css")
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(sheet, []byte("\n")); n > 150 {
			t.Errorf("%s.css has %d lines: find its topics", topic, n)
		}
		sheet = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(sheet, nil)
		sheet = regexp.MustCompile(`(?s)@supports [^{]*\{(\s*[^{}]*\{[^{}]*\})*\s*\}`).ReplaceAll(sheet, nil) // an enhancement may use what is newer
		if hits := regexp.MustCompile(`:has\(|color-mix\(|light-dark\(|@import|url\(|@container`).FindAll(sheet, -1); len(hits) > 0 {
			t.Errorf("%s.css uses %q", topic, hits)
		}
	}
}
