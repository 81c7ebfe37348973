package email

import "strings"

// replyMarks are the words that mail programs put before a subject, in the languages of our users'
// correspondents. A list, never "any two letters and a colon": "PS: ..." is a subject of its own.
var replyMarks = map[string]bool{
	"re": true, "aw": true, "antw": true, "antwort": true, "wg": true, "fw": true, "fwd": true,
	"sv": true, "vs": true, "tr": true, "rv": true,
}

// gatewayTags are what gateways put into the subjects of mail from outside.
var gatewayTags = map[string]bool{
	"extern": true, "external": true, "ext": true, "externe mail": true, "externe e-mail": true,
	"external email": true, "external sender": true, "externer absender": true,
}

// reportMarks begin the subjects of reports about mail that could not be delivered, ours and
// Exchange's: such a report belongs to the conversation of the mail.
var reportMarks = []string{"undeliverable:", "unzustellbar:", "nicht zugestellt:"}

const maxSubject = 1000 // characters; the header keeps the rest

// baseSubject strips reply, forward and gateway marks from the front, as often as they are there.
func baseSubject(subject string) string {
	s := strings.TrimSpace(subject)
	for {
		rest, ok := cutReplyMark(s)
		if !ok {
			rest, ok = cutGatewayTag(s)
		}
		if !ok {
			rest, ok = cutReportMark(s)
		}
		if !ok {
			return s
		}
		s = strings.TrimSpace(rest)
	}
}

func cutReportMark(s string) (string, bool) {
	for _, mark := range reportMarks {
		if len(s) >= len(mark) && strings.EqualFold(s[:len(mark)], mark) {
			return s[len(mark):], true
		}
	}
	return s, false
}

// cutReplyMark removes one "Re:", "AW :", "Re[2]:", "Re(2):" or "RE^2:".
func cutReplyMark(s string) (string, bool) {
	n := 0
	for n < len(s) && n < 8 && (s[n]|0x20 >= 'a' && s[n]|0x20 <= 'z') {
		n++
	}
	if !replyMarks[strings.ToLower(s[:n])] {
		return s, false
	}
	rest := cutCounter(strings.TrimLeft(s[n:], " "))
	rest = strings.TrimLeft(rest, " ")
	for _, colon := range []string{":", "："} {
		if after, ok := strings.CutPrefix(rest, colon); ok {
			return after, true
		}
	}
	return s, false
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

// cutGatewayTag removes one "[EXTERN]", "[EXTERN!]" or "[EXTERN]:".
func cutGatewayTag(s string) (string, bool) {
	if !strings.HasPrefix(s, "[") {
		return s, false
	}
	inside, rest, ok := strings.Cut(s[1:], "]")
	if !ok || len(inside) > 40 || !gatewayTags[strings.ToLower(strings.Trim(inside, " !:*-"))] {
		return s, false
	}
	return strings.TrimPrefix(rest, ":"), true
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
