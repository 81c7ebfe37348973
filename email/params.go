package email

import (
	"sort"
	"strconv"
	"strings"
)

// maxParams caps the parameters of one field; real mail has up to a dozen.
const maxParams = 200

// mediaType reads a Content-Type value: lower-case type and its parameters, names in lower case and
// decoded. What is no type becomes text/plain (RFC 2045, 5.2).
func mediaType(value string) (kind string, params map[string]string) {
	first, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.TrimSpace(stripComment(first)))
	main, sub, ok := strings.Cut(kind, "/")
	if !ok || !isToken(main) || !isToken(sub) {
		kind = "text/plain"
	}
	return kind, parseParams(rest)
}

// disposition reads a Content-Disposition value: inline, attachment or "" and its parameters.
func disposition(value string) (kind string, params map[string]string) {
	first, rest, _ := strings.Cut(value, ";")
	kind = strings.ToLower(strings.TrimSpace(stripComment(first)))
	switch kind {
	case "", "inline":
	default:
		kind = "attachment" // an unknown one is treated as attachment (RFC 2183, 2.8)
	}
	return kind, parseParams(rest)
}

func stripComment(s string) string {
	if i := strings.IndexByte(s, '('); i >= 0 {
		return s[:i]
	}
	return s
}

func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c <= ' ' || c > '~' || strings.IndexByte(`()<>@,;:\"/[]?=`, c) >= 0 {
			return false
		}
	}
	return s != ""
}

// parseParams reads "; name=value" lists: quoted or not, RFC 2231 sections put together, encoded
// words decoded although RFC 2047 forbids them there, because many programs write them.
func parseParams(s string) map[string]string {
	var params map[string]string
	var extended map[string][]section
	for n := 0; n < maxParams && s != ""; n++ {
		var name, value string
		name, value, s = cutParam(s)
		if name == "" {
			continue
		}
		if params == nil {
			params = map[string]string{}
		}
		if base, mark, ok := strings.Cut(name, "*"); ok {
			if extended == nil {
				extended = map[string][]section{}
			}
			number, _ := strconv.Atoi(strings.TrimSuffix(mark, "*"))
			coded := mark == "" || strings.HasSuffix(mark, "*")
			extended[base] = append(extended[base], section{number, coded, value})
			continue
		}
		if _, known := params[name]; !known {
			params[name] = decodeText(value, "")
		}
	}
	for base, sections := range extended {
		params[base] = joinSections(sections) // the extended form wins (RFC 6266, 4.3)
	}
	return params
}

// section is one piece of a parameter that RFC 2231, 3 has cut.
type section struct {
	number int
	coded  bool // percent-encoded; the first such piece names the character set
	value  string
}

func joinSections(sections []section) string {
	sort.SliceStable(sections, func(i, j int) bool { return sections[i].number < sections[j].number })
	var set string
	var octets []byte
	for i, piece := range sections {
		value := piece.value
		if piece.coded {
			if i == 0 {
				if parts := strings.SplitN(value, "'", 3); len(parts) == 3 {
					set, value = parts[0], parts[2]
				}
			}
			octets = appendUnpercent(octets, value)
			continue
		}
		octets = append(octets, value...)
	}
	if set == "" {
		return decodeText(string(octets), "")
	}
	return strings.TrimSpace(oneLine(toUTF8(set, octets)))
}

func appendUnpercent(out []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				out = append(out, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		out = append(out, s[i])
	}
	return out
}

// cutParam takes one parameter off the front of s.
func cutParam(s string) (name, value, rest string) {
	i := strings.IndexAny(s, "=;")
	if i < 0 {
		return "", "", ""
	}
	if s[i] == ';' {
		return "", "", s[i+1:]
	}
	name = strings.ToLower(strings.TrimSpace(s[:i]))
	s = strings.TrimLeft(s[i+1:], " \t")
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, ";")
		return name, strings.TrimSpace(value), rest
	}
	value, rest = cutQuoted(s)
	if i = strings.IndexByte(rest, ';'); i < 0 {
		return name, value, ""
	}
	return name, value, rest[i+1:]
}

// cutQuoted reads the quoted string at the start of s; a missing end is the end of s.
func cutQuoted(s string) (value, rest string) {
	var out strings.Builder
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return out.String(), s[i+1:]
		case c == '\\' && i+1 < len(s) && (s[i+1] == '"' || s[i+1] == '\\'):
			i++
			out.WriteByte(s[i])
		default:
			out.WriteByte(c) // a lone backslash is kept: "C:\file.txt"
		}
	}
	return out.String(), ""
}
