package web

import (
	"regexp"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"

	"holdover/email"
	"holdover/views"
)

// promises finds words that announce a file, in both languages (webmail.md, section 1).
var promises = regexp.MustCompile(`(?i)(^|[^\pL])(anhang|anhängend|angehängt|anbei|beigefügt|beiliegend|beigelegt|attached|attachment|enclosed)($|[^\pL])`)

// doubt is something to ask about before a message goes: Word is a key of the catalogue.
type doubt struct{ Word, Piece, Domain string }

// doubts are what a person probably did not mean. They are asked once; "send anyway" sends.
func (s *server) doubts(c echo.Context, sh sheet) (list []doubt) {
	d := sh.draft
	if sh.orphan {
		list = append(list, doubt{Word: "rescue.orphan"})
	}
	if !slices.ContainsFunc(d.Attachments, func(a email.Attachment) bool { return a.CID == "" }) && d.Calendar == nil && promises.MatchString(d.Subject+"\n"+beforeSignature(s.unsigned(c, d.Text))) {
		list = append(list, doubt{Word: "doubt.attachment"})
	}
	for _, a := range append(append(append([]email.Address{}, d.To...), d.Cc...), d.Bcc...) {
		if own, near := s.nearOwn(a.Domain()); near {
			list = append(list, doubt{Word: "doubt.lookalike", Piece: a.Addr, Domain: own})
		}
	}
	return list
}

// beforeSignature is a text without what stands below "-- " (RFC 3676, 4.3).
func beforeSignature(text string) string {
	before, _, _ := strings.Cut("\n"+text, "\n-- \n")
	return before
}

// nearOwn says whether a domain could be taken for one of ours: one letter more, less or other, two exchanged, or
// another ending.
func (s *server) nearOwn(domain string) (own string, near bool) {
	domain = strings.ToLower(domain)
	for _, own := range s.Directory.Domains() {
		own = strings.ToLower(own)
		if domain == own || strings.HasSuffix(domain, "."+own) {
			return "", false
		}
		name, _, _ := strings.Cut(own, ".")
		other, _, _ := strings.Cut(domain, ".")
		if near = near || len(name) >= 4 && (name == other && strings.Count(own, ".") == strings.Count(domain, ".") || oneOff(domain, own)); near {
			return own, true
		}
	}
	return "", false
}

// oneOff says whether two words differ by one letter or by two that stand next to each other.
func oneOff(a, b string) bool {
	x, y := []rune(a), []rune(b)
	if len(x) < len(y) {
		x, y = y, x
	}
	if len(x)-len(y) > 1 {
		return false
	}
	at := 0
	for at < len(y) && x[at] == y[at] {
		at++
	}
	if len(x) > len(y) {
		return string(x[at+1:]) == string(y[at:])
	}
	if at == len(x) {
		return false // equal
	}
	return string(x[at+1:]) == string(y[at+1:]) || at+1 < len(x) && x[at] == y[at+1] && x[at+1] == y[at] && string(x[at+2:]) == string(y[at+2:])
}

func doubtWords(w *views.Words, list []doubt) (said []string) {
	for _, d := range list {
		said = append(said, w.T(d.Word, "Piece", d.Piece, "Domain", d.Domain))
	}
	return said
}
