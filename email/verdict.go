package email

import (
	"slices"
	"strings"
)

// Verdict is what a server that is believed found out about where a message came from.
type Verdict struct {
	By               string // its name (authserv-id), "" for Exchange Online, which writes none
	DMARC, SPF, DKIM string // "pass", "fail", "none", ...; "" when it says nothing
}

// NamelessResults stands in a list of trusted servers for results without a server's name, as
// Exchange Online writes them. Believe them only of mail that came out of Exchange.
const NamelessResults = "exchange-online"

const maxResults = 20 // fields of results looked at

// Verdict reads the Authentication-Results (RFC 8601) of the first server from the top that stands in
// trusted; nil when there is none. Whoever sends a message can write such a field: a name belongs into
// trusted only if that server takes foreign fields under its own name off, and all mail passes it.
func (m *Message) Verdict(trusted []string) *Verdict {
	seen := 0
	for _, f := range m.root.header {
		if !strings.EqualFold(f.name, "Authentication-Results") {
			continue
		}
		if seen++; seen > maxResults {
			return nil
		}
		v := readResults(unfold(f.value))
		name := strings.ToLower(v.By)
		if name == "" {
			name = NamelessResults
		}
		if slices.ContainsFunc(trusted, func(t string) bool { return strings.EqualFold(t, name) }) {
			if domain := v.of; v.DMARC != "" && domain != "" && len(m.From) == 1 && !strings.EqualFold(domain, m.From[0].Domain()) {
				v.DMARC = "" // about another address than the one shown
			}
			if len(m.From) != 1 {
				v.DMARC = ""
			}
			return &v.Verdict
		}
	}
	return nil
}

type results struct {
	Verdict
	of string // the domain in From that DMARC looked at
}

func readResults(value string) (v results) {
	parts := strings.Split(dropComments(value), ";")
	if first := strings.Fields(parts[0]); len(first) > 0 && !strings.Contains(first[0], "=") {
		v.By = first[0]
		parts = parts[1:]
	}
	for _, part := range parts {
		words := strings.Fields(strings.ToLower(part))
		if len(words) == 0 {
			continue
		}
		method, result, ok := strings.Cut(words[0], "=")
		if !ok {
			continue
		}
		method, _, _ = strings.Cut(method, "/")
		switch method {
		case "dmarc":
			v.DMARC = result
			for _, w := range words[1:] {
				if domain, ok := strings.CutPrefix(w, "header.from="); ok {
					v.of = domain
				}
			}
		case "spf":
			v.SPF = result
		case "dkim":
			if v.DKIM != "pass" { // one good signature is enough
				v.DKIM = result
			}
		}
	}
	return v
}

// dropComments removes comments in brackets, nested ones too (RFC 5322, 3.2.2).
func dropComments(s string) string {
	var out strings.Builder
	depth := 0
	for _, r := range s {
		switch {
		case r == '(':
			depth++
		case r == ')' && depth > 0:
			depth--
		case depth == 0:
			out.WriteRune(r)
		}
	}
	return out.String()
}
