package views

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// keys reads a language's catalogues the plain way: "table.key" with its text or its plural forms.
func keys(t *testing.T, lang string) map[string]string {
	t.Helper()
	all := map[string]string{}
	names, err := filepath.Glob("words/*.toml")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if base := filepath.Base(name); base != lang+".toml" && !strings.HasSuffix(base, "."+lang+".toml") {
			continue
		}
		var tree map[string]any
		if _, err := toml.DecodeFile(name, &tree); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		collect(all, "", tree)
	}
	return all
}

func collect(all map[string]string, path string, tree map[string]any) {
	if one, ok := tree["one"].(string); ok {
		all[path] = one + " | " + tree["other"].(string)
		return
	}
	for key, value := range tree {
		below := strings.TrimPrefix(path+"."+key, ".")
		switch v := value.(type) {
		case string:
			all[below] = v
		case map[string]any:
			collect(all, below, v)
		}
	}
}

// TestLanguagesSayTheSame compares the catalogues: the same keys, the same places to fill.
func TestLanguagesSayTheSame(t *testing.T) {
	de, en := keys(t, "de"), keys(t, "en")
	if len(de) < 200 {
		t.Fatalf("only %d German texts found: the test reads the wrong files", len(de))
	}
	place := regexp.MustCompile(`\{[A-Z][A-Za-z]*\}|\{\{\.N\}\}`)
	for key, text := range de {
		other, ok := en[key]
		if !ok {
			t.Errorf("%s is missing in English", key)
			continue
		}
		a, b := unique(place.FindAllString(text, -1)), unique(place.FindAllString(other, -1))
		if !slices.Equal(a, b) && !strings.HasPrefix(key, "format.") { // what a date consists of is the language's own
			t.Errorf("%s has places %v in German and %v in English", key, a, b)
		}
		if strings.Contains(text, "!") || strings.TrimSpace(text) == "" {
			t.Errorf("%s: %q", key, text)
		}
	}
	for key := range en {
		if _, ok := de[key]; !ok {
			t.Errorf("%s is missing in German", key)
		}
	}
}

func unique(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

// TestEveryKeyIsThere finds the keys that the code looks up and asks both catalogues for them.
// Keys put together at run time ("band." + kind) are asked for by their beginning.
func TestEveryKeyIsThere(t *testing.T) {
	de := keys(t, "de")
	used := 0
	for _, call := range lookups(t, "..") {
		used++
		_, whole := de[call.key]
		if !whole && !(call.open && begins(de, call.key)) {
			t.Errorf("%s looks up %q, which no catalogue has", call.at, call.key)
		}
	}
	if used < 100 {
		t.Fatalf("only %d look-ups found: the test reads the wrong files", used)
	}
}

func begins(all map[string]string, start string) bool {
	for key := range all {
		if strings.HasPrefix(key, start) {
			return true
		}
	}
	return false
}

type lookup struct {
	key, at string
	open    bool // the key goes on with something known at run time only
}

// lookups reads the first argument of each T(…) and N(…) below root.
func lookups(t *testing.T, root string) []lookup {
	t.Helper()
	var found []lookup
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		if room := filepath.ToSlash(path); !strings.Contains(room, "/views/") && !strings.Contains(room, "/web/") {
			return nil
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				return true
			}
			if name, ok := call.Fun.(*ast.SelectorExpr); ok && (name.Sel.Name == "T" || name.Sel.Name == "N") {
				if key, open, ok := literal(call.Args[0]); ok {
					found = append(found, lookup{key, files.Position(call.Pos()).String(), open})
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// literal is the constant beginning of a string expression.
func literal(e ast.Expr) (text string, open, ok bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, false, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		left, _, ok := literal(e.X)
		return left, true, ok
	}
	return "", false, false
}

func words(t *testing.T, lang string) *Words {
	t.Helper()
	d, err := LoadWords("")
	if err != nil {
		t.Fatal(err)
	}
	return d.In(lang)
}

func TestPlurals(t *testing.T) {
	for _, c := range []struct {
		lang, key string
		n         int
		want      string
	}{
		{"de", "list.total", 1, "1 Nachricht"}, {"de", "list.total", 3412, "3.412 Nachrichten"},
		{"en", "list.total", 1, "1 message"}, {"en", "list.total", 3412, "3,412 messages"}, {"en", "list.total", 0, "0 messages"},
	} {
		if got := words(t, c.lang).N(c.key, c.n); got != c.want {
			t.Errorf("%s %s %d = %q, want %q", c.lang, c.key, c.n, got, c.want)
		}
	}
}

func TestAcceptLanguage(t *testing.T) {
	d, err := LoadWords("")
	if err != nil {
		t.Fatal(err)
	}
	for header, want := range map[string]string{
		"": "de", "de-AT,de;q=0.9,en;q=0.8": "de", "en-GB,en;q=0.9": "en", "fr-FR, en;q=0.5": "en",
		"pl": "de", "en;q=0.1, de;q=0.9": "de", ";;;=,": "de", strings.Repeat("en,", 5000): "en",
	} {
		if got := d.Accept(header).Lang; got != want {
			t.Errorf("%.40q gives %s, want %s", header, got, want)
		}
	}
}

func TestTimes(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal("no time zones here: ", err)
	}
	now := time.Date(2026, 11, 23, 14, 12, 0, 0, berlin) // a Monday
	for _, c := range []struct{ at, de, en, group string }{
		{"2026-11-23T14:07:00+01:00", "14:07", "14:07", "Heute"},
		{"2026-11-22T23:59:00+01:00", "So., 22.11.", "Sun 22 Nov", "Gestern"},
		{"2026-11-22T23:30:00Z", "00:30", "00:30", "Heute"},
		{"2026-11-20T16:48:00+01:00", "Fr., 20.11.", "Fri 20 Nov", "Letzte Woche"},
		{"2026-11-10T08:00:00+01:00", "10.11.", "10 Nov", "November 2026"},
		{"2026-03-29T03:30:00+02:00", "29.03.", "29 Mar", "März 2026"},
		{"2025-12-31T12:00:00+01:00", "31.12.2025", "31 Dec 2025", "Dezember 2025"},
		{"2026-11-24T09:00:00+01:00", "24.11.", "24 Nov", "Heute"}, // a clock ahead of ours
	} {
		at, err := time.Parse(time.RFC3339, c.at)
		if err != nil {
			t.Fatal(err)
		}
		if got := words(t, "de").At(at, now).Short; got != c.de {
			t.Errorf("%s in German: %q, want %q", c.at, got, c.de)
		}
		if got := words(t, "en").At(at, now).Short; got != c.en {
			t.Errorf("%s in English: %q, want %q", c.at, got, c.en)
		}
		if got := words(t, "de").Group(at, now); got != c.group {
			t.Errorf("%s is headed %q, want %q", c.at, got, c.group)
		}
	}
	at := time.Date(2026, 11, 23, 13, 7, 0, 0, time.UTC)
	if got := words(t, "de").At(at, now).Long; got != "Montag, 23. November 2026, 14:07" {
		t.Errorf("in full: %q", got)
	}
}

func TestSizes(t *testing.T) {
	de, en := words(t, "de"), words(t, "en")
	for _, c := range []struct {
		octets int64
		de, en string
	}{{0, "0 Byte", "0 bytes"}, {1, "1 Byte", "1 byte"}, {219136, "214 KB", "214 KB"}, {1887437, "1,8 MB", "1.8 MB"}} {
		if de.Size(c.octets) != c.de || en.Size(c.octets) != c.en {
			t.Errorf("%d octets: %q, %q", c.octets, de.Size(c.octets), en.Size(c.octets))
		}
	}
}

// TestTemplates keeps out of the templates what the policy of the pages forbids, or what escapes
// the escaping (webmail.md 3.2).
func TestTemplates(t *testing.T) {
	names, err := filepath.Glob("*.templ")
	if err != nil || len(names) < 8 {
		t.Fatalf("templates not found: %v %v", names, err)
	}
	forbidden := map[string]*regexp.Regexp{
		"style attribute":         regexp.MustCompile(`\sstyle\??=`),
		"event handler attribute": regexp.MustCompile(`\son[a-z]+\??=`),
		"hx-on":                   regexp.MustCompile(`hx-on`),
		"js: value":               regexp.MustCompile(`(?i)["'` + "`" + `]\s*(js|javascript):`),
		"trigger filter":          regexp.MustCompile(`hx-trigger="[^"]*\[`),
		"inline script":           regexp.MustCompile(`<script[^>]*>\s*[^<\s]`),
		"script template":         regexp.MustCompile(`(?m)^script |templ\.(JSFuncCall|ComponentScript|JSExpression|SafeScript)`),
		"style element":           regexp.MustCompile(`(?m)^\s*<style|^css `),
		"foreign address":         regexp.MustCompile(`(src|href|action)="(https?:)?//`),
		"unchecked HTML or URL":   regexp.MustCompile(`templ\.(Raw|SafeURL)\(|SafeCSS`),
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for what, pattern := range forbidden {
			hits := pattern.FindAllString(string(source), -1)
			if name == "body.templ" && what == "unchecked HTML or URL" {
				if len(hits) != 2 {
					t.Errorf("body.templ writes HTML as it is in %d places, not in the two that are known", len(hits))
				}
				continue
			}
			if len(hits) > 0 {
				t.Errorf("%s: %s: %q", name, what, hits)
			}
		}
	}
}

// TestIcons: what a template draws is in the sprite.
func TestIcons(t *testing.T) {
	var page, editor strings.Builder
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(sprite().Render(t.Context(), &page))
	must(editorSprite().Render(t.Context(), &editor))
	for _, tool := range editorTools {
		if !strings.Contains(page.String()+editor.String(), `<symbol id="`+tool.icon+`"`) {
			t.Errorf("the editor draws %q, which is in no sprite", tool.icon)
		}
	}
	must(icon("bridge").Render(t.Context(), &page))
	if !strings.Contains(page.String(), `href="#bridge"`) {
		t.Fatal("an icon draws nothing")
	}
	drawn := regexp.MustCompile(`(?:[iI]con\(|#|Icon: *|icon: *|nothing\(p, |toolButton\([^)]*)"#?([a-z]+)"`)
	for _, pattern := range []string{"*.templ", "*.go", "../web/*.go", "../web/*/*.go"} {
		names, err := filepath.Glob(pattern)
		must(err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, "_templ.go") {
				continue
			}
			source, err := os.ReadFile(name)
			must(err)
			for _, hit := range drawn.FindAllStringSubmatch(string(source), -1) {
				sprites := page.String()
				if name == "compose.templ" {
					sprites += editor.String()
				}
				if hit[1] != "inhalt" && !strings.Contains(sprites, `<symbol id="`+hit[1]+`"`) {
					t.Errorf("%s draws %q, which is not in the sprite", name, hit[1])
				}
			}
		}
	}
}
