package email

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

func partLink(index int) string { return fmt.Sprintf("/m/x/part/%d", index) }

// asDocument makes a mail of one HTML body.
func asDocument(markup string) *Message {
	return Parse([]byte("From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + markup))
}

// loading are the attributes of HTML with which a browser fetches something by itself.
var loading = map[string]bool{
	"src": true, "srcset": true, "background": true, "poster": true, "data": true, "action": true, "formaction": true, "ping": true,
	"manifest": true, "cite": true, "longdesc": true, "lowsrc": true, "dynsrc": true, "xlink:href": true, "code": true, "archive": true, "profile": true,
}

var ownImage = regexp.MustCompile(`^(/m/x/part/\d+|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+)$`)

// checkSafe parses sanitised HTML as a browser does, twice, and looks for anything that runs, loads
// or poses as the page. It knows nothing of the policy.
func checkSafe(t *testing.T, name, safe string) {
	t.Helper()
	doc := safe
	for round := 0; round < 2; round++ {
		root, err := html.Parse(strings.NewReader("<!DOCTYPE html><html><head></head><body>" + doc + "</body></html>"))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		for n := range root.Descendants() {
			if n.Type == html.ElementNode {
				checkElement(t, name, n)
			}
		}
		var again strings.Builder
		if html.Render(&again, root) != nil {
			return
		}
		doc = again.String()
	}
}

func checkElement(t *testing.T, name string, n *html.Node) {
	t.Helper()
	switch n.Data {
	case "script", "style", "svg", "math", "iframe", "object", "embed", "form", "input", "button", "textarea", "select", "base", "meta", "link",
		"video", "audio", "source", "track", "picture", "frame", "frameset", "applet", "template", "noscript", "dialog", "portal", "image":
		t.Errorf("%s: element %s", name, n.Data)
	}
	for _, a := range n.Attr {
		key, value := strings.ToLower(a.Key), strings.ToLower(a.Val)
		switch {
		case strings.HasPrefix(key, "on"), strings.HasPrefix(key, "hx-"), strings.HasPrefix(key, "data-"), strings.HasPrefix(key, "sse-"), strings.HasPrefix(key, "ws-"),
			key == "id", key == "class", key == "name", key == "is", key == "slot", key == "srcdoc", key == "autofocus", key == "tabindex":
			t.Errorf("%s: attribute %s=%q", name, key, value)
		case key == "src" && n.Data == "img":
			if !ownImage.MatchString(a.Val) {
				t.Errorf("%s: image from %q", name, value)
			}
		case loading[key]:
			t.Errorf("%s: loading attribute %s=%q", name, key, value)
		case key == "style":
			for _, bad := range []string{"url", "expression", "import", "position", "\\", "/*", "behavior", "binding", "z-index", "transform", "animation", "content", "var(", "@", "image"} {
				if strings.Contains(value, bad) {
					t.Errorf("%s: style %q", name, value)
				}
			}
		case key == "href":
			checkLink(t, name, n, value)
		}
	}
}

func checkLink(t *testing.T, name string, n *html.Node, href string) {
	t.Helper()
	if n.Data != "a" || !regexp.MustCompile(`^(https?://|mailto:|tel:)\S+$`).MatchString(href) {
		t.Errorf("%s: <%s href=%q>", name, n.Data, href)
	}
	rel, target := "", ""
	for _, a := range n.Attr {
		switch a.Key {
		case "rel":
			rel = a.Val
		case "target":
			target = a.Val
		}
	}
	if rel != "noopener noreferrer" || target != "_blank" {
		t.Errorf("%s: link with rel=%q target=%q", name, rel, target)
	}
}

// TestCheckSafe shows that the judge of these tests can say no.
func TestCheckSafe(t *testing.T) {
	for _, bad := range []string{
		`<script>1</script>`, `<img src="https://x.example/">`, `<p onclick=x>`, `<p style="background:url(x)">`, `<a href="javascript:x">x</a>`,
		`<a href="https://x.example">x</a>`, `<p class=btn>`, `<p hx-get=/>`, `<svg></svg>`, `<table background="https://x.example/">`,
	} {
		probe := &testing.T{}
		checkSafe(probe, "probe", bad)
		if !probe.Failed() {
			t.Errorf("%s passes for safe", bad)
		}
	}
}

// TestDOMPurifyVectors shows every payload as a mail.
func TestDOMPurifyVectors(t *testing.T) {
	var vectors []struct{ ID, Payload string }
	if err := json.Unmarshal(corpusFile(t, "html-attacks", "dompurify-vectors.json"), &vectors); err != nil || len(vectors) < 200 {
		t.Fatal(len(vectors), err)
	}
	for _, v := range vectors {
		safe, _ := asDocument(v.Payload).SafeHTML(partLink)
		checkSafe(t, v.ID, safe)
		checkSafe(t, v.ID+" by policy alone", policyAlone(v.Payload))
		if sanitize(safe) != safe {
			t.Errorf("%s: sanitising twice changes\n%s\n%s", v.ID, safe, sanitize(safe))
		}
	}
}

// policyAlone is the last step without the rewriter before it, which must be safe too. What only the
// rewriter can know is left out of the comparison: which paths are ours, and the marks of links.
func policyAlone(markup string) string {
	return strings.NewReplacer(`src="/`, `alt="/`, "<a ", `<a rel="noopener noreferrer" target="_blank" `).Replace(sanitize(markup))
}

// TestMailHTMLCases holds what each case of the corpus must still show, and how many images are told of.
func TestMailHTMLCases(t *testing.T) {
	want := map[string]struct {
		shows  string
		hides  string
		remote int
	}{
		"hx-remote-img":    {remote: 1},
		"hx-css-bg":        {shows: "x", remote: 1},
		"hx-srcset":        {remote: 1},
		"hx-css-escape":    {shows: "x", remote: 1},
		"hx-base":          {shows: "login", hides: "href"},
		"hx-form":          {shows: "Anmelden", hides: "evil"},
		"hx-overlay":       {shows: "Sitzung abgelaufen", hides: "fixed"},
		"hx-class-reuse":   {shows: "x", hides: "btn"},
		"hx-htmx-attrs":    {shows: "x", hides: "logout"},
		"hx-target-opener": {shows: `rel="noopener noreferrer"`},
		"hx-punycode":      {shows: "[xn--pypal-4ve.example]"},
		"hx-outlook-cond":  {shows: "Hallo"},
		"hx-vml":           {hides: "tracker"},
		"hx-dark-hidden":   {shows: "Hallo"},
	}
	var cases []struct{ ID, Payload string }
	if err := json.Unmarshal(corpusFile(t, "html-attacks", "mail-html-cases.json"), &cases); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cases {
		m := asDocument(c.Payload)
		safe, remote := m.SafeHTML(partLink)
		checkSafe(t, c.ID, safe)
		w, ok := want[c.ID]
		if !ok {
			continue
		}
		seen++
		if !strings.Contains(safe, w.shows) || w.hides != "" && strings.Contains(safe, w.hides) || remote != w.remote {
			t.Errorf("%s: %d remote, %s", c.ID, remote, safe)
		}
		if c.ID == "hx-dark-hidden" && m.Snippet != "Hallo" {
			t.Errorf("%s: snippet %q shows what the mail hides", c.ID, m.Snippet)
		}
	}
	if seen != len(want) {
		t.Errorf("%d of %d cases found", seen, len(want))
	}
}

// TestRealBodies wants newsletters, spam and Outlook HTML safe, with the text they had.
func TestRealBodies(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpusDir(t), "html-attacks", "real-bodies", "*.html"))
	if err != nil || len(files) < 30 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		markup, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := asDocument(string(markup))
		safe, _ := m.SafeHTML(partLink)
		name := filepath.Base(file)
		checkSafe(t, name, safe)
		in, out := words(m.Text()), words(htmlToText(safe, true))
		if out < in*9/10 {
			t.Errorf("%s: %d words in, %d out", name, in, out)
		}
	}
}

func words(s string) int { return len(strings.Fields(s)) }

// TestInlineImages maps cid: images to the caller's link and offers the others as files.
func TestInlineImages(t *testing.T) {
	m := Parse(crlf(`From: a@b.example
Content-Type: multipart/related; boundary=r

--r
Content-Type: text/html

<p>Logo <img src="cid:logo@corp" alt="Logo" onload=x></p><img src="https://t.example/x.gif" alt="Werbung">
--r
Content-Type: image/png; name=logo.png
Content-ID: <logo@corp>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r
Content-Type: image/png; name=unused.png
Content-ID: <unused@corp>
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
`))
	safe, remote := m.SafeHTML(partLink)
	if !strings.Contains(safe, `<img alt="Logo" src="/m/x/part/1">`) || remote != 1 || !strings.Contains(safe, `<img alt="Werbung">`) {
		t.Errorf("%d remote: %s", remote, safe)
	}
	if len(m.Attachments) != 1 || m.Attachments[0].Name != "unused.png" {
		t.Errorf("attachments %+v", m.Attachments)
	}
	if d := ReplyTo(m, Forward, self, own, "de"); len(d.Attachments) != 2 || d.Attachments[0].Name != "logo.png" || len(d.Attachments[0].Octets) == 0 {
		t.Errorf("a forward loses images: %+v", d.Attachments)
	}
}

// TestParts are sanitised one by one: no attribute opened in one part swallows another (EFAIL).
func TestPartsApart(t *testing.T) {
	m := Parse(corpusFile(t, "mime", "hostile", "dev-efail-split.eml"))
	safe, _ := m.SafeHTML(partLink)
	checkSafe(t, "efail", safe)
	if !strings.Contains(htmlToText(safe, false), "geheim") && !strings.Contains(m.Text(), "geheim") {
		t.Logf("%s", safe)
	}
}

func TestNesting(t *testing.T) {
	for in, want := range map[string]string{
		"<p>a<p>b":                               "<p>a</p><p>b</p>",
		"</div></div>x":                          "x",
		"<b><i>x</b>y</i>":                       "<b><i>x</i></b>y",
		"<ul><li>a<li>b</ul>":                    "<ul><li>a</li><li>b</li></ul>",
		"<table><tr><td>a<td>b<tr><td>c":         "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
		"<div><table><td>x</div>y</table>z":      "<div><table><td>xy</td></table>z</div>",
		"<div><script>alert(1)</script>x":        "<div>x</div>",
		"<svg><p>x</svg>y":                       "<p>xy</p>",
		`<img src="data:image/png;base64,AA==">`: `<img src="data:image/png;base64,AA==">`,
		`<img src="data:image/svg+xml,x" alt=x>`: `<img alt="x">`,
		`<img src="/m/y/part/1" alt=x>`:          `<img alt="x">`,
		`<td nowrap background="cid:x">a`:        `<td nowrap="">a</td>`,
		"<unknown-tag onload=x>a</unknown-tag>":  "a",
	} {
		safe, _ := asDocument(in).SafeHTML(nil)
		if strings.TrimSpace(safe) != want {
			t.Errorf("%s\n got %s\nwant %s", in, strings.TrimSpace(safe), want)
		}
	}
}

func TestDeepHTML(t *testing.T) {
	m := asDocument(strings.Repeat("<div><font color=red>", 20000) + "Ende")
	safe, _ := m.SafeHTML(nil)
	if !strings.Contains(safe, "Ende") || strings.Count(safe, "<") > 2*maxNesting {
		t.Errorf("%d tags", strings.Count(safe, "<"))
	}
	checkSafe(t, "deep", safe)
}

func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

// TestEmptyHTML shows the text where the HTML beside it has nothing to see.
func TestEmptyHTML(t *testing.T) {
	for markup, shown := range map[string]bool{
		"": false, "\r\n \r\n": false, "<html><head><title>Hallo</title><style>p{}</style></head><body><p>&nbsp;</p></body></html>": false,
		"<script>document.write(1)</script>": false, "<!-- x -->": false,
		"<title>x</title>Hallo": true, "<img src=cid:x>": true, "<style>p{}</style><p>Hallo": true, strings.Repeat("<p>\r\n", 1<<15): true,
	} {
		m := Parse(crlf("From: a@b.example\nContent-Type: multipart/alternative; boundary=r\n\n--r\nContent-Type: text/plain\n\nDer Text\n--r\nContent-Type: text/html\n\n" + strings.ReplaceAll(markup, "\r\n", "\n") + "\n--r--\n"))
		if m.HasHTML() != shown {
			t.Errorf("%.60q: HTML is shown: %v", markup, m.HasHTML())
		}
		if got := strings.TrimSpace(m.Text()); got != "Der Text" {
			t.Errorf("%.60q: text %q", markup, got)
		}
		alone := Parse(crlf("From: a@b.example\nContent-Type: text/html\n\n" + strings.ReplaceAll(markup, "\r\n", "\n")))
		if alone.HasHTML() != shown || len(alone.Attachments) != 0 {
			t.Errorf("%.60q alone: HTML is shown: %v, %d files", markup, alone.HasHTML(), len(alone.Attachments))
		}
	}
}
