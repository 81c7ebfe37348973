package web

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// rulesOf is each rule of a sheet as the browser understood it, without the spaces that mean nothing in custom properties and
// with one spelling of what has several.
const rulesOf = `((text) => { const sheet = new CSSStyleSheet(); sheet.replaceSync(text);
	const one = [[/\s+/g, ""], [/,0\./g, ",."], [/background:(none|transparent);/g, "background:0px0px;"], [/flex:01auto;/g, "flex:initial;"], [/border-color:currentcolor;/g, "border-color:initial;"]];
	return [...sheet.cssRules].map((r) => one.reduce((rule, [from, to]) => rule.replace(from, to), r.cssText)); })`

// TestStyleMeansTheSame: a browser reads in the minified sheet the rules that stand in the topics' files, in their order
// and none besides.
func TestStyleMeansTheSame(t *testing.T) {
	h := newHouse(t)
	b := newBrowser(t, h, katrin)
	b.open("/mail/inbox")
	served := promised[[]string](b, `fetch(document.querySelector("link[rel=stylesheet]").href).then((r) => r.text()).then(`+rulesOf+`)`)
	files, err := filepath.Glob("../static/style/*.css")
	must(t, err)
	n := 0
	for _, name := range files {
		source, err := os.ReadFile(name)
		must(t, err)
		rules := js[[]string](b, rulesOf+"("+quotedText(string(source))+")")
		n += len(rules)
		at := slices.Index(served, rules[0])
		for i, rule := range rules {
			if at < 0 || at+i >= len(served) || served[at+i] != rule {
				t.Fatalf("%s: %s\nis not served there, but %s", name, rule, strings.Join(served[max(0, at+i):max(0, min(len(served), at+i+1))], ""))
			}
		}
	}
	if n != len(served) || n < 300 {
		t.Errorf("%d rules are written, %d served", n, len(served))
	}
	b.clean("style")
}
