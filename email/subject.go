package email

import (
	"strings"
	"unicode"
)

// marks are the words that mail programs put before a subject, in the languages of our users'
// correspondents; true for those of an answer, false for those of a forward. A list, never "any two
// letters and a colon": "PS: ..." is a subject of its own.
var marks = map[string]bool{
	"re": true, "aw": true, "antw": true, "antwort": true, "sv": true, "vs": true, "rif": true, "res": true, "odp": true, "ynt": true,
	"atb": true, "vá": true, "回复": true, "答复": true, "回覆": true, "返信": true, "отв": true,
	"wg": false, "fw": false, "fwd": false, "tr": false, "rv": false, "doorst": false, "enc": false, "ilt": false, "pd": false, "vb": false, "vl": false,
	"továbbítás": false, "转发": false, "轉寄": false, "転送": false, "weitergeleitet": false,
}

// gatewayTags are what gateways put into the subjects of mail from outside.
var gatewayTags = map[string]bool{
	"extern": true, "external": true, "ext": true, "externe mail": true, "externe e-mail": true, "externe nachricht": true,
	"external email": true, "external e-mail": true, "external mail": true, "external sender": true, "externer absender": true,
	"spam": true, "suspected spam": true, "spamverdacht": true, "newsletter": true, "bulk": true, "caution": true, "vorsicht": true,
	"verschlüsselt": true, "encrypted": true, "signed": true, "signiert": true,
}

// failureMarks begin the subjects of reports about mail that could not be delivered, ours and
// Exchange's. Whoever answers one writes about the mail.
var failureMarks = []string{"undeliverable:", "unzustellbar:", "nicht zugestellt:"}

// reportMarks begin the subjects of what programs say about a mail: that it was read, that its
// invitation was accepted. Such a report belongs to the conversation of the mail; to a person's
// answer they are part of the subject.
var reportMarks = []string{
	"zugestellt:", "delivered:", "delayed:", "verzögert:", "gelesen:", "read:", "ungelesen:", "not read:",
	"automatische antwort:", "automatic reply:", "abwesenheitsnotiz:", "out of office:",
	"zugesagt:", "abgelehnt:", "mit vorbehalt:", "abgesagt:", "accepted:", "declined:", "tentative:", "canceled:", "cancelled:",
}

const maxSubject = 1000 // characters; the header keeps the rest

// baseSubject strips reply, forward, gateway and report marks from the front, as often as they are
// there. Marks behind the tag of a mailing list go too: "[liste] Re: Angebot" is "[liste] Angebot".
func baseSubject(subject string) string {
	base, _ := strip(subject, true)
	tag, rest, ok := cutListTag(base)
	if !ok {
		return base
	}
	if rest, _ = strip(rest, true); rest == "" {
		return base
	}
	return tag + " " + rest
}

// ownSubject strips what mail programs and gateways add, for a new mark to stand before it.
func ownSubject(subject string) string {
	base, _ := strip(subject, false)
	return base
}

// SaysAnswer says whether a subject bears the mark of an answer: "Re:", "AW:" and the like.
func SaysAnswer(subject string) bool {
	_, first := strip(subject, false)
	if tag, rest, ok := cutListTag(subject); ok && tag != "" && first == "" {
		_, first = strip(rest, false)
	}
	return marks[first]
}

// SaysForward says whether a subject's first mark is that of a forward: "WG:", "Fwd:" and the like.
func SaysForward(subject string) bool {
	_, first := strip(subject, false)
	answer, known := marks[first]
	return known && !answer
}

// strip cuts marks and gateway tags, report marks too if asked. first is the first mark, in lower case.
func strip(subject string, reports bool) (rest, first string) {
	s := strings.TrimSpace(subject)
	for {
		rest, mark, ok := cutMark(s)
		if ok && first == "" {
			first = mark
		}
		if !ok {
			rest, ok = cutGatewayTag(s)
		}
		if !ok {
			rest, ok = cutOne(s, failureMarks)
		}
		if !ok && reports {
			rest, ok = cutOne(s, reportMarks)
		}
		if !ok {
			return s, first
		}
		s = strings.TrimSpace(rest)
	}
}

// cutListTag takes the "[tag]" of a mailing list off the front.
func cutListTag(s string) (tag, rest string, ok bool) {
	if !strings.HasPrefix(s, "[") {
		return "", s, false
	}
	end := strings.IndexByte(s, ']')
	if end < 2 || end > 60 {
		return "", s, false
	}
	return s[:end+1], strings.TrimSpace(s[end+1:]), true
}

func cutOne(s string, marks []string) (string, bool) {
	for _, mark := range marks {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return s[len(mark):], true
		}
	}
	return s, false
}

// cutMark removes one "Re:", "AW :", "Re[2]:", "Re(2):" or "RE^2:" and answers which it was.
func cutMark(s string) (rest, mark string, ok bool) {
	end := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) })
	if end <= 0 || end > 40 {
		return s, "", false
	}
	mark = strings.ToLower(s[:end])
	if _, known := marks[mark]; !known {
		return s, "", false
	}
	rest = cutCounter(strings.TrimLeft(s[end:], " "))
	rest = strings.TrimLeft(rest, " ")
	for _, colon := range []string{":", "："} {
		if after, ok := strings.CutPrefix(rest, colon); ok {
			return after, mark, true
		}
	}
	return s, "", false
}

// cutCounter removes the counter of "Re[2]:".
func cutCounter(s string) string {
	if s == "" || strings.IndexByte("[(^", s[0]) < 0 {
		return s
	}
	n := 1
	for n < len(s) && n < 6 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 1 {
		return s
	}
	if s[0] == '^' {
		return s[n:]
	}
	if n < len(s) && (s[n] == ']' || s[n] == ')') {
		return s[n+1:]
	}
	return s
}

// cutGatewayTag removes one "[EXTERN]", "[EXTERN!]:", "(extern)", "***SPAM***" or "EXTERN:".
func cutGatewayTag(s string) (string, bool) {
	const edges = "[](){}<>*#!:- "
	start := len(s) - len(strings.TrimLeft(s, edges))
	if start > 6 {
		return s, false
	}
	length := strings.IndexAny(s[start:], "[](){}<>*#!:")
	if length <= 0 || length > 40 || !gatewayTags[strings.ToLower(strings.TrimRight(s[start:start+length], edges))] {
		return s, false
	}
	behind := s[start+length:]
	if start == 0 && behind[0] != ':' {
		return s, false // "Spam! ..." is what somebody wrote
	}
	if start > 0 && behind[0] == ':' {
		return s, false
	}
	return strings.TrimLeft(behind, edges), true
}

// cutRunes shortens s to n characters.
func cutRunes(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}
