package email

import "strings"

// styleNames are the CSS properties that a mail may set: text, colours, boxes, tables. None can
// load anything, leave its place or cover the page.
const styleNames = `background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width
border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius border-right
border-right-color border-right-style border-right-width border-spacing border-style border-top border-top-color
border-top-style border-top-width border-width box-sizing caption-side clear color direction display empty-cells float font
font-family font-size font-style font-variant font-weight height letter-spacing line-height list-style-type margin
margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width overflow-wrap padding
padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration text-decoration-line
text-indent text-transform vertical-align visibility white-space width word-break word-spacing word-wrap`

var styleProperties = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields(styleNames) {
		m[name] = true
	}
	return m
}()

const (
	maxStyle = 8 << 10 // octets of one style attribute
	maxValue = 300     // octets of one value
)

// cleanStyle keeps the declarations of a style attribute that are on the list, in a canonical form
// that the policy's pattern knows. remote says whether an image was to be loaded.
func cleanStyle(style string) (clean string, remote bool) {
	if len(style) > maxStyle {
		return "", false
	}
	var out strings.Builder
	for _, declaration := range strings.Split(style, ";") {
		name, value, ok := strings.Cut(declaration, ":")
		if !ok {
			continue
		}
		name = strings.ToLower(strings.TrimSpace(name))
		value = strings.Join(strings.Fields(value), " ")
		if i := strings.IndexByte(value, '!'); i >= 0 {
			value = strings.TrimSpace(value[:i]) // "!important" is for the page, not for a mail
		}
		if loads(value) {
			remote = true
			continue
		}
		if name == "background" && !strings.Contains(value, " ") {
			name = "background-color"
		}
		value = strings.ReplaceAll(value, `"`, "'")
		if !styleProperties[name] || !isStyleValue(value) {
			continue
		}
		if out.Len() > 0 {
			out.WriteByte(';')
		}
		out.WriteString(name + ":" + value)
	}
	return out.String(), remote
}

// loads recognises a value that names something to fetch; escapes are counted too, no honest mail has them.
func loads(value string) bool {
	lower := strings.ToLower(value)
	return strings.Contains(lower, "url(") && !strings.Contains(lower, "url(data:") && !strings.Contains(lower, "url(cid:") ||
		strings.Contains(lower, "image-set(") || strings.Contains(lower, `\`) && strings.Contains(lower, "//")
}

// colorFunctions are the only functions that a value may call.
var colorFunctions = []string{"rgb", "rgba", "hsl", "hsla"}

// isStyleValue accepts words, numbers, colours and quoted font names; no negative lengths, no escapes.
func isStyleValue(value string) bool {
	if value == "" || len(value) > maxValue || value[0] == '-' || strings.Contains(value, " -") {
		return false
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte(" #%.,'/+-", c) >= 0:
		case c == '(':
			end := strings.IndexByte(value[i:], ')')
			if end < 0 || !isColorCall(value[:i], value[i+1:i+end]) {
				return false
			}
			i += end
		default:
			return false
		}
	}
	return strings.Count(value, "'")%2 == 0
}

func isColorCall(before, inside string) bool {
	for _, c := range inside {
		if (c < '0' || c > '9') && !strings.ContainsRune("., %/", c) {
			return false
		}
	}
	name := before[strings.LastIndexAny(before, " ,")+1:]
	for _, f := range colorFunctions {
		if strings.EqualFold(name, f) {
			return true
		}
	}
	return false
}
