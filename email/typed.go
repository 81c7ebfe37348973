package email

import (
	"regexp"
	"strings"

	"github.com/microcosm-cc/bluemonday"
)

// maxTyped is how many octets of HTML one person may type.
const maxTyped = 2 << 20

// typedPolicy is what the editor makes: emphasis, lists, links, quotes, pictures of the draft itself. No style,
// no table; what is pasted loses the rest.
var typedPolicy = func() *bluemonday.Policy {
	p := bluemonday.NewPolicy()
	elements := strings.Fields("a b blockquote br div em i li ol p s strong u ul")
	p.AllowElements(elements...)
	p.AllowNoAttrs().OnElements(elements...)
	p.AllowAttrs("href").Matching(linkValue).OnElements("a")
	p.AllowAttrs("src").Matching(cidValue).OnElements("img")
	p.AllowAttrs("alt").Matching(anyText).OnElements("img")
	return p
}()

// shaped finds markup beyond lines and paragraphs.
var shaped = regexp.MustCompile(`(?i)<(a|b|blockquote|em|i|img|li|ol|s|strong|u|ul)\b`)

// Typed gives typed HTML its one, safe form. "" means that plain text says the same.
func Typed(markup string) string { return normalTyped(markup) }

func normalTyped(markup string) string {
	if markup == "" || len(markup) > maxTyped {
		return ""
	}
	markup = strings.TrimSpace(typedPolicy.Sanitize(normalText(markup)))
	if !shaped.MatchString(markup) {
		return ""
	}
	return markup
}

// TypedText is typed HTML as plain text, as it is sent beside it.
func TypedText(markup string) string {
	return strings.TrimRight(normalText(htmlToText(typedPolicy.Sanitize(normalText(markup)), true)), "\n")
}
