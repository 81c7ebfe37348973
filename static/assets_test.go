package static

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http/httptest"
	"os"
	"regexp"
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
	own, err := files.ReadFile("app.js")
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

// TestSlim: what slim takes away has no meaning; no string of ours goes over a line's end or holds a comment's mark.
func TestSlim(t *testing.T) {
	for _, name := range []string{"app.js", "compose.js", "keys.js", "notice.js", "rich.js", "app.css"} {
		code, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(code)) {
			if strings.Count(line, "`")%2 > 0 || strings.HasSuffix(line, "\\\n") {
				t.Errorf("%s: a string goes over the end of %s", name, line)
			}
		}
		for _, quoted := range regexp.MustCompile(`"[^"\n]*"`).FindAllString(string(code), -1) {
			if strings.HasSuffix(name, ".css") && strings.Contains(quoted, "/*") {
				t.Errorf("%s: the string %s looks like a comment", name, quoted)
			}
		}
	}
	if got := string(slim([]byte("a;\n  // why\n\n\tb; // c\n"))); got != "a;\nb; // c\n" {
		t.Errorf("%q", got)
	}
	if got := string(slimStyle([]byte("/* x\n y */\na { b: c; }\n"))); got != "a { b: c; }\n" {
		t.Errorf("%q", got)
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
	sheet, err := files.ReadFile("app.css")
	if err != nil {
		t.Fatal(err)
	}
	sheet = regexp.MustCompile(`(?s)/\*.*?\*/`).ReplaceAll(sheet, nil)
	sheet = regexp.MustCompile(`(?s)@supports [^{]*\{(\s*[^{}]*\{[^{}]*\})*\s*\}`).ReplaceAll(sheet, nil) // an enhancement may use what is newer
	if hits := regexp.MustCompile(`:has\(|color-mix\(|light-dark\(|@import|url\(|@container`).FindAll(sheet, -1); len(hits) > 0 {
		t.Errorf("app.css uses %q", hits)
	}
}
