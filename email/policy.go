package email

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// safeElements are the elements of HTML that a mail may use. No element here loads, runs or submits
// anything, and none makes a browser read what follows by other rules (svg, math, style, noscript).
const safeElements = `a abbr address article b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn
div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main ol p pre q s samp section
small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr`

var (
	sizeValue   = regexp.MustCompile(`^[0-9]{1,4}(\.[0-9]{1,2})?(%|px|pt)?$`)
	countValue  = regexp.MustCompile(`^[0-9]{1,3}$`)
	fontSize    = regexp.MustCompile(`^[+-]?[0-9]{1,2}$`)
	colorValue  = regexp.MustCompile(`^#?[a-zA-Z0-9]{1,30}$`)
	fontFace    = regexp.MustCompile(`^[\pL0-9 ,'_-]{1,200}$`)
	alignValue  = regexp.MustCompile(`(?i)^(left|right|center|justify|char)$`)
	imageAlign  = regexp.MustCompile(`(?i)^(left|right|center|top|middle|bottom|absmiddle|baseline)$`)
	valignValue = regexp.MustCompile(`(?i)^(top|middle|center|bottom|baseline)$`)
	dirValue    = regexp.MustCompile(`(?i)^(ltr|rtl|auto)$`)
	langValue   = regexp.MustCompile(`^[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8}){0,3}$`)
	listType    = regexp.MustCompile(`(?i)^(1|a|i|disc|circle|square)$`)
	linkValue   = regexp.MustCompile(`(?i)^(https?://|mailto:|tel:)[^\x00-\x20\x7f]+$`)
	imageValue  = regexp.MustCompile(`^(/[^/\\\x00-\x20\x7f][^\\\x00-\x20\x7f]*|data:image/(png|jpeg|gif|webp);base64,[a-zA-Z0-9+/=]+)$`)
	styleValue  = regexp.MustCompile(`^((` + strings.Join(strings.Fields(styleNames), "|") +
		`):[a-zA-Z0-9 #%.,'/+-]*((?i:rgb|rgba|hsl|hsla)\([0-9., %/]*\)[a-zA-Z0-9 #%.,'/+-]*)*(;|$))+$`)
	cidValue   = regexp.MustCompile(`^cid:[a-z0-9][a-z0-9.@_-]{0,100}$`)
	quoteValue = regexp.MustCompile(cidValue.String() + "|" + imageValue.String())
	anyText    = regexp.MustCompile(`^[^\x00-\x08]{0,1000}$`)
)

// policy is the last word on HTML from outside. What the rewriter before it wanted to say is said
// again here as an allow-list, so that a fault in the rewriter is not a hole.
var policy = newPolicy(imageValue)

// quotePolicy is the same for what is sent on: pictures are those of the draft itself.
var quotePolicy = newPolicy(quoteValue)

func newPolicy(images *regexp.Regexp) *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	elements := strings.Fields(safeElements)
	p.AllowElements(elements...)
	p.AllowNoAttrs().OnElements(elements...)
	p.AllowElements("details", "summary") // the rewriter's own, for quotes; a mail's are dropped before
	p.AllowAttrs("style").Matching(styleValue).Globally()
	p.AllowAttrs("dir").Matching(dirValue).Globally()
	p.AllowAttrs("lang").Matching(langValue).Globally()
	p.AllowAttrs("title").Matching(anyText).Globally()
	allowLinksAndImages(p, images)
	allowTables(p)
	p.AllowAttrs("align").Matching(alignValue).OnElements("p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "caption")
	p.AllowAttrs("color").Matching(colorValue).OnElements("font", "hr")
	p.AllowAttrs("size").Matching(fontSize).OnElements("font", "hr")
	p.AllowAttrs("face").Matching(fontFace).OnElements("font")
	p.AllowAttrs("width").Matching(sizeValue).OnElements("hr")
	p.AllowAttrs("type").Matching(listType).OnElements("ol", "ul", "li")
	p.AllowAttrs("start").Matching(countValue).OnElements("ol")
	p.AllowAttrs("value").Matching(countValue).OnElements("li")
	return p
}

func allowLinksAndImages(p *bluemonday.Policy, images *regexp.Regexp) {
	p.AllowAttrs("href").Matching(linkValue).OnElements("a")
	p.AllowAttrs("rel").Matching(regexp.MustCompile(`^noopener noreferrer$`)).OnElements("a")
	p.AllowAttrs("target").Matching(regexp.MustCompile(`^_blank$`)).OnElements("a")
	p.AllowAttrs("src").Matching(images).OnElements("img")
	p.AllowAttrs("alt").Matching(anyText).OnElements("img")
	p.AllowAttrs("width", "height", "border", "hspace", "vspace").Matching(sizeValue).OnElements("img")
	p.AllowAttrs("align").Matching(imageAlign).OnElements("img")
}

func allowTables(p *bluemonday.Policy) {
	p.AllowAttrs("align").Matching(alignValue).OnElements("table", "thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup")
	p.AllowAttrs("valign").Matching(valignValue).OnElements("thead", "tbody", "tfoot", "tr", "td", "th", "col", "colgroup")
	p.AllowAttrs("bgcolor").Matching(colorValue).OnElements("table", "tr", "td", "th")
	p.AllowAttrs("border", "cellpadding", "cellspacing").Matching(sizeValue).OnElements("table")
	p.AllowAttrs("width", "height").Matching(sizeValue).OnElements("table", "tr", "td", "th", "col", "colgroup")
	p.AllowAttrs("colspan", "rowspan").Matching(countValue).OnElements("td", "th")
	p.AllowAttrs("span").Matching(countValue).OnElements("col", "colgroup")
	p.AllowAttrs("scope").Matching(regexp.MustCompile(`(?i)^(row|col|rowgroup|colgroup)$`)).OnElements("td", "th")
	p.AllowAttrs("nowrap").Matching(regexp.MustCompile(`(?i)^(nowrap)?$`)).OnElements("td", "th")
}

// sanitize applies the policy. Nothing may touch HTML after it.
func sanitize(html string) string { return policy.Sanitize(html) }
