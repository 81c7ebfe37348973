package web

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"
)

// What our pages consist of. A name that is missing here has come in from a mail.
var (
	pageElements = setOf(`html head meta title link script body a p h1 h2 h3 header main nav section form label input button select option optgroup
		details summary div span b strong small em br ul ol li dl dt dd textarea time svg symbol path circle rect use img iframe blockquote i mark pre`)
	pageAttributes = setOf(`accept action alt autocomplete charset checked class content d data-live data-box data-folder data-newest data-octets data-partial data-parts data-state data-say data-swap data-print datetime defer download
		fill for height hidden href id lang method name open placeholder rel role src title type value viewbox width sandbox loading target tabindex form
		multiple required selected disabled data-keys aria-pressed rows maxlength xmlns data-theme cx cy r x y rx ry
		min max stroke-width aria-current aria-hidden aria-label aria-labelledby hx-ext hx-get hx-post hx-push-url hx-select hx-swap hx-target hx-trigger hx-sync hx-vals`)
	bodyElements = setOf(`html head meta title style body a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn
		div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main ol p pre q s samp section
		small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr details summary`)
	ownLink    = regexp.MustCompile(`^(/[^/\\]|/$|#[a-z]+$|tel:[+0-9-]+$)`)
	outLink    = regexp.MustCompile(`^https?://[^\s<>"]+$`)
	mailLink   = regexp.MustCompile(`(?i)^(https?://|mailto:|tel:)\S+$`)
	ownPicture = regexp.MustCompile(`^(/m/[a-z0-9]+/part/[0-9]+(\.[0-9]+)*|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+)$`)
	ownSheet   = regexp.MustCompile(`^data:image/(png|jpeg);base64,[A-Za-z0-9+/=]+$`) // a page of a PDF file, drawn by us
	looseStyle = regexp.MustCompile(`(?i)url|expression|import|position|\\|/\*|behavior|binding|@|image|content`)
)

func setOf(list string) map[string]bool {
	set := map[string]bool{}
	for _, word := range strings.Fields(list) {
		set[word] = true
	}
	return set
}

// foreign lists what does not belong into a page of ours.
func foreign(doc *goquery.Document) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	doc.Find("*").Each(func(_ int, e *goquery.Selection) {
		name := goquery.NodeName(e)
		if !pageElements[name] || name == "i" && e.Text() != "" { // ours are dots without text
			say("<%s>", name)
		}
		for _, a := range e.Nodes[0].Attr {
			switch value := a.Val; {
			case !pageAttributes[strings.ToLower(a.Key)]:
				say("<%s %s=%q>", name, a.Key, value)
			case (a.Key == "href" || a.Key == "action") && !ownLink.MatchString(value) && !(name == "link" && value == "data:,"):
				if rel := e.AttrOr("rel", ""); name != "a" || !outLink.MatchString(value) || e.AttrOr("target", "") != "_blank" || !strings.Contains(rel, "noopener") || !strings.Contains(rel, "noreferrer") {
					say("<%s %s=%q rel=%q>", name, a.Key, value, rel)
				}
			case a.Key == "src" && !(name == "script" && strings.HasPrefix(value, "/static/")) && !(name == "iframe" && regexp.MustCompile(`^/m/[a-z0-9]+/body(\?in=[0-9.]+)?$`).MatchString(value)) && !(name == "img" && ownSheet.MatchString(value)):
				say("<%s src=%q>", name, value)
			case (a.Key == "hx-get" || a.Key == "hx-post" || a.Key == "hx-push-url") && !ownLink.MatchString(value) && value != "true":
				say("<%s %s=%q>", name, a.Key, value)
			}
		}
		if name == "iframe" && e.AttrOr("sandbox", "") != "allow-popups allow-popups-to-escape-sandbox allow-same-origin" {
			say("a frame with sandbox=%q", e.AttrOr("sandbox", ""))
		}
	})
	if n := doc.Find("script").Length(); n != 1 || doc.Find("script[src^='/static/']").Length() != 1 || said(doc.Find("script")) != "" {
		say("%d scripts", n)
	}
	doc.Find("title, h1, h2, .addr, .name, .row").Each(func(_ int, e *goquery.Selection) {
		if at := strings.IndexFunc(e.Text(), turning); at >= 0 {
			say("a sign that turns text round in %.80q", e.Text())
		}
	})
	return wrong
}

// turning says whether a character turns the direction of what follows, and so can dress up a name.
func turning(r rune) bool { return r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 }

// foreignInBody lists what does not belong into the document of a message.
func foreignInBody(doc *goquery.Document) (wrong []string) {
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Sprintf(format, args...)) }
	doc.Find("head > link[rel=icon][href='data:,']").First().Remove() // ours: no request for an icon
	doc.Find("*").Each(func(_ int, e *goquery.Selection) {
		name := goquery.NodeName(e)
		if !bodyElements[name] {
			say("<%s>", name)
		}
		for _, a := range e.Nodes[0].Attr {
			switch key := strings.ToLower(a.Key); {
			case strings.HasPrefix(key, "on"), strings.Contains(key, "-"), key == "srcset", key == "background", key == "id", key == "action":
				say("<%s %s=%q>", name, a.Key, a.Val)
			case key == "href" && (name != "a" || !mailLink.MatchString(a.Val) || e.AttrOr("rel", "") != "noopener noreferrer" || e.AttrOr("target", "") != "_blank"):
				say("<%s href=%q>", name, a.Val)
			case key == "src" && (name != "img" || !ownPicture.MatchString(a.Val)):
				say("<%s src=%q>", name, a.Val)
			case key == "style" && looseStyle.MatchString(a.Val):
				say("<%s style=%q>", name, a.Val)
			}
		}
	})
	if n := doc.Find("style").Length(); n != 1 || doc.Find("body style").Length() != 0 {
		say("%d style elements", n)
	}
	return wrong
}

func parsed(t *testing.T, markup string) *goquery.Document {
	doc, err := goquery.NewDocumentFromReader(strings.NewReader(markup))
	must(t, err)
	return doc
}

// TestForeign shows that these judges can say no.
func TestForeign(t *testing.T) {
	for _, bad := range []string{`<script>1</script>`, `<p onclick="x">`, `<p style="color:red">`, `<iframe src="https://evil.example/"></iframe>`, `<a href="javascript:x">x</a>`,
		`<a href="//evil.example">x</a>`, `<a href="https://evil.example">x</a>`, `<img src="https://evil.example/x.gif">`, `<object></object>`, `<h1>a` + "\u202e" + `b</h1>`, `<div hx-get="https://evil.example/">`} {
		for judge, of := range map[string]func(*goquery.Document) []string{"page": foreign, "body": foreignInBody} {
			if judge == "body" && strings.ContainsAny(bad, "\u202e") || judge == "body" && strings.Contains(bad, "color:red") {
				continue // a message may say and paint what it likes in its own document
			}
			head := map[string]string{"page": `<script src="/static/1/app.js"></script>`, "body": `<style></style>`}[judge]
			if found := of(parsed(t, head+"<title>x</title><body><p>x")); len(found) > 0 {
				t.Errorf("a good %s is said to hold %q", judge, found)
			}
			if len(of(parsed(t, head+"<title>x</title><body>"+bad))) == 0 {
				t.Errorf("%s passes for our own in a %s", bad, judge)
			}
		}
	}
}
