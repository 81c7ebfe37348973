package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestCheck01_Axe: no violation of axe-core's rules for WCAG 2.0 to 2.2, A and AA, on any page in any state; what axe
// leaves to a person was looked at and stands in testdata/axe-incomplete.txt.
func TestCheck01_Axe(t *testing.T) {
	w := theWalk(t)
	w.report(t, "01")
	const file = "testdata/axe-incomplete.txt"
	if os.Getenv("HOLDOVER_FREEZE") != "" {
		must(t, os.MkdirAll("testdata", 0o755))
		must(t, os.WriteFile(file, []byte(axeHead+strings.Join(sorted(w.asks), "\n")+"\n"), 0o644))
	}
	known, err := os.ReadFile(file)
	must(t, err)
	reviewed := strings.Split(string(known), "\n")
	for _, one := range sorted(w.asks) {
		if !slices.Contains(reviewed, one) {
			t.Errorf("axe cannot decide, and nobody has looked: %s, first at %s", one, w.asks[one])
		}
	}
}

const axeHead = `# What axe-core leaves to a person, looked at and found good: a rule, why axe cannot decide, an element.
# color-contrast bgOverlap, elmPartiallyObscured, elmPartiallyObscuring: the text lies under a bar that stays in place or an open
#   menu; the same text was judged where nothing lies over it.
# color-contrast pseudoContent: the line of ten seconds in the undo bar; its text is 13.4 and 8.8 (look of the tokens).
# color-contrast shortTextContent: one digit; it has the colour of the text beside it.
# color-contrast emptyValue, nonBmp: an empty field, whose hint has the second text's colour; an arrow in the colour of the keys beside it.
# th-has-data-cells: the storybook's table of an identity has a fact without values.
# frame-tested: the document of a message in its frame is the sender's.
# HOLDOVER_FREEZE=1 go test ./web -run TestCheck01 writes the lines anew: look at what is new, then commit it.
`

// undecided names what axe leaves open: the rule, why it cannot decide, and for other rules than contrast the element. Of
// contrast the reason is enough: what lies over the text, and so the element, differs with the length of a page.
func undecided(rule, reason, markup string) string {
	if rule == "color-contrast" {
		return rule + " " + reason
	}
	return rule + " " + reason + " " + regexp.MustCompile(`^<[a-z]+`).FindString(markup) + ">"
}

func sorted(set map[string]string) (list []string) {
	for one := range set {
		list = append(list, one)
	}
	slices.Sort(list)
	return list
}

// TestCheck02_Policy: no violation of the policy and no error on the console in the whole walk.
func TestCheck02_Policy(t *testing.T) {
	theWalk(t).report(t, "02")
	if strings.Contains(pagePolicy, "unsafe") {
		t.Error("the pages' policy allows something unsafe")
	}
}

// TestCheck03_Foreign: no request to any other host in the whole walk. The siege of hostile mail is TestCheck03_Siege.
func TestCheck03_Foreign(t *testing.T) { theWalk(t).report(t, "03") }

// TestCheck06_Targets: everything can be hit, nothing is cut off or sticks out, at 1280, 640 (200 %), 390 and 320 px.
func TestCheck06_Targets(t *testing.T) { theWalk(t).report(t, "06") }

// TestCheck18_Language: no page shows a key instead of words.
func TestCheck18_Language(t *testing.T) { theWalk(t).report(t, "18") }

// words looks for keys among what a page says.
func (w *walk) words(where, text string) {
	for _, hit := range keyShaped.FindAllString(text, -1) {
		table, _, _ := strings.Cut(hit, ".")
		if wordTables()[table] {
			w.fault("18", where+": "+hit+" looks like a key")
		}
	}
}

// wordTables are the tables of the catalogues.
var wordTables = sync.OnceValue(func() map[string]bool {
	tables := map[string]bool{}
	names, _ := filepath.Glob("../views/words/*.de.toml")
	for _, name := range append(names, "../views/words/de.toml") {
		octets, _ := os.ReadFile(name)
		for _, hit := range regexp.MustCompile(`(?m)^\[([a-z_]+)`).FindAllSubmatch(octets, -1) {
			tables[string(hit[1])] = true
		}
	}
	return tables
})

// keyShaped is how keys of the catalogues look.
var keyShaped = regexp.MustCompile(`\b[a-z_]+(\.[a-z_0-9]+)+\b`)

func quoted(list []string) string {
	octets, _ := json.Marshal(append([]string{}, list...))
	return string(octets)
}
