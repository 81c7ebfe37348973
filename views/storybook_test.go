package views

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// TestStorybookIsComplete: each component of the templates has its line in the table, in the name of itself.
func TestStorybookIsComplete(t *testing.T) {
	names, err := filepath.Glob("*.templ")
	if err != nil || len(names) < 20 {
		t.Fatalf("templates not found: %v %v", names, err)
	}
	table, err := os.ReadFile("storybook_table.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := Stories()
	for _, name := range names {
		if name == "storybook.templ" {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, hit := range regexp.MustCompile(`(?m)^templ (\w+)\(`).FindAllStringSubmatch(string(source), -1) {
			if !slices.Contains(shown, hit[1]) {
				t.Errorf("the storybook does not show %s of %s: give it a line in storybook_table.go", hit[1], name)
			}
		}
	}
	for _, hit := range regexp.MustCompile(`\{"(\w+)", (\w+),`).FindAllStringSubmatch(string(table), -1) {
		if hit[1] != hit[2] {
			t.Errorf("what is called %s shows %s", hit[1], hit[2])
		}
	}
}

// TestStories renders every component in every mood and language: without an error, without a key instead of words,
// and what a hostile name brings along stays text.
func TestStories(t *testing.T) {
	d, err := LoadWords("")
	if err != nil {
		t.Fatal(err)
	}
	known := keys(t, "de")
	keyShaped := regexp.MustCompile(`\b[a-z_]+(\.[a-z_0-9]+)+\b`)
	for _, l := range d.Languages() {
		for _, mood := range Moods() {
			for _, name := range Stories() {
				where := name + " " + mood + " " + l.Code
				page := Page{Words: d.In(l.Code), Sheet: "/s.css", Script: "/s.js", Org: Organisation{Name: "Stadtwerke Ahrenfeld", Phone: "030 1", Tel: "tel:0301", Imprint: "https://a.example", Address: "https://b.example"}}
				var out strings.Builder
				if err := Story(page, name, mood).Render(t.Context(), &out); err != nil {
					t.Errorf("%s: %v", where, err)
					continue
				}
				doc, err := goquery.NewDocumentFromReader(strings.NewReader(out.String()))
				if err != nil {
					t.Fatal(err)
				}
				if n := doc.Find("script:not([src]), [onerror], [onmouseover], [style], img[src=x]").Length(); n > 0 {
					t.Errorf("%s: hostile text has become markup", where)
				}
				for _, hit := range keyShaped.FindAllString(doc.Find("body").Text(), -1) {
					if _, ok := known[hit]; ok || begins(known, hit[:strings.Index(hit, ".")+1]) {
						t.Errorf("%s shows the key %s", where, hit)
					}
				}
			}
		}
	}
}

// TestWidened: four tenths more letters, and the places to fill stay.
func TestWidened(t *testing.T) {
	if got := Widened("Noch {Name}, {{.N}} Antworten"); !strings.Contains(got, "{Name}") || !strings.Contains(got, "{{.N}}") || len(got) < len("Noch {Name}, {{.N}} Antworten")+5 {
		t.Errorf("%q", got)
	}
}
