package email

import "strings"

// Fold splits a message's text into what is new and what is repeated below it: a quoted reply with
// its attribution, or an Outlook original with its header block. Text that answers between the
// quotes is all fresh. fresh keeps a signature; quoted may be empty.
func Fold(text string) (fresh, quoted string) {
	lines := strings.SplitAfter(text, "\n")
	at := foldAt(lines)
	if at < 0 {
		return text, ""
	}
	fresh = strings.Join(lines[:at], "")
	if strings.TrimSpace(fresh) == "" {
		return text, "" // a bare forward is the message itself
	}
	return fresh, strings.Join(lines[at:], "")
}

const maxFoldLines = 20_000

// foldAt finds the line where the repeated text begins, or -1.
func foldAt(lines []string) int {
	lines = lines[:min(len(lines), maxFoldLines)]
	quoted := quotedTail(lines)
	for i, line := range lines {
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case isOriginalMark(line), isHeaderBlock(lines[i:]):
			return overRule(lines, i)
		case line[0] == '>':
			if i >= quoted {
				return withIntroduction(lines, i)
			}
		case isAttribution(lines, i, quoted):
			return i
		}
	}
	return -1
}

// quotedTail is the first line from which on there are only quotes and blanks, and perhaps a
// signature below them; len(lines) when the text ends in something else.
func quotedTail(lines []string) int {
	end := len(lines)
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.TrimRight(lines[i], " \r\n") == "--" && i > 0 {
			end = i // what stands below is the signature
			break
		}
	}
	for _, from := range []int{end, len(lines)} {
		i := from
		for i > 0 && isQuoteOrBlank(lines[i-1]) {
			i--
		}
		if i < from {
			return i
		}
	}
	return len(lines)
}

func isQuoteOrBlank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || line[0] == '>'
}

// withIntroduction takes the line above a quote into it when it introduces it in whatever language:
// it ends in a colon and names a date or an address.
func withIntroduction(lines []string, i int) int {
	j := i - 1
	for j > 0 && j > i-3 && strings.TrimSpace(lines[j]) == "" {
		j--
	}
	if j < 1 || !strings.HasSuffix(strings.TrimSpace(lines[j]), ":") || len(lines[j]) > maxAttribution {
		return i
	}
	const digits = "0123456789"
	switch {
	case strings.ContainsAny(lines[j], digits):
		return j
	case j > 1 && strings.ContainsAny(lines[j-1], digits) && strings.Contains(lines[j], ">"):
		return j - 1
	}
	return i
}

// overRule takes the line of underscores that Outlook draws above its block into the quote.
func overRule(lines []string, i int) int {
	for j := i - 1; j >= 0 && j >= i-3; j-- {
		line := strings.TrimSpace(lines[j])
		if line != "" {
			if strings.Trim(line, "_-") == "" && len(line) >= 5 {
				return j
			}
			break
		}
	}
	return i
}

// originalMarks stand between dashes above an original, in German, English and French programs.
var originalMarks = map[string]bool{
	"ursprüngliche nachricht": true, "ursprüngliche e-mail": true, "originalnachricht": true, "original-nachricht": true,
	"original message": true, "original mail": true, "original appointment": true, "ursprünglicher termin": true,
	"weitergeleitete nachricht": true, "weitergeleitete e-mail": true, "forwarded message": true,
	"reply message": true, "message d'origine": true, "nachricht": true,
}

func isOriginalMark(line string) bool {
	line = strings.TrimLeft(line, "> ")
	if len(line) > 200 {
		return false
	}
	lower := strings.ToLower(line)
	if lower == "anfang der weitergeleiteten nachricht:" || lower == "begin forwarded message:" {
		return true
	}
	inner := strings.Trim(lower, "-_")
	if len(lower)-len(inner) < 4 {
		return false
	}
	inner = strings.TrimSpace(inner)
	inner, _, _ = strings.Cut(inner, " von ")
	inner, _, _ = strings.Cut(inner, " from ")
	return originalMarks[inner]
}

// blockFields are the first words of the header block that Outlook puts above an original.
var blockFields = map[string]string{
	"von": "from", "from": "from", "de": "from", "gesendet": "date", "sent": "date", "datum": "date", "date": "date",
	"an": "to", "to": "to", "betreff": "subject", "subject": "subject", "cc": "cc", "kopie": "cc",
}

// isHeaderBlock recognises Von/Gesendet/An/Betreff, in any order, from the first of them on: the
// sender and at least two others.
func isHeaderBlock(lines []string) bool {
	first := blockField(lines[0])
	if first == "" {
		return false
	}
	found := map[string]bool{first: true}
	for _, line := range lines[1:min(len(lines), 10)] {
		if strings.TrimSpace(strings.Trim(line, "> \r\n")) == "" && len(found) > 1 {
			break
		}
		if f := blockField(line); f != "" {
			found[f] = true
		}
	}
	return found["from"] && len(found) >= 3
}

func blockField(line string) string {
	name, _, ok := strings.Cut(strings.TrimLeft(line, "> *"), ":")
	if !ok || len(name) > 12 {
		return ""
	}
	return blockFields[strings.ToLower(strings.Trim(name, " *"))]
}

const maxAttribution = 600 // octets of an attribution, its folds joined

// isAttribution looks for "Am 20.11.2026 schrieb Katrin Wessel:" or "On Fri, ... wrote:" in up to
// three joined lines, with nothing but a quote below.
func isAttribution(lines []string, i, quoted int) bool {
	joined := ""
	for n := 0; n < 3 && i+n < len(lines); n++ {
		line := strings.TrimSpace(lines[i+n])
		if line == "" || len(joined)+len(line) > maxAttribution || n > 0 && line[0] == '>' {
			return false
		}
		joined = strings.TrimSpace(joined + " " + line)
		if strings.HasSuffix(line, ":") {
			return attributes(strings.ToLower(joined), n == 0) && quoteFollows(lines, i+n+1, quoted, joined)
		}
	}
	return false
}

// attributes says whether s, in lower case, introduces a quote; whole that it is one line.
func attributes(s string, whole bool) bool {
	s = strings.TrimLeft(s, "> ")
	switch {
	case strings.HasPrefix(s, "am ") && strings.Contains(s, "schrieb"),
		strings.HasPrefix(s, "on ") && strings.Contains(s, "wrote"),
		strings.Contains(s, " schrieb am "):
		return true
	}
	for _, verb := range []string{"wrote:", "schrieb:", "writes:", "schreibt:", "wrote :", "schrieb :"} {
		if whole && strings.HasSuffix(s, verb) {
			return true
		}
	}
	year := len(s) > 10 && s[0] == '2' && (s[4] == '-' || s[4] == '/')
	return year && strings.Contains(s, "@") // Gmail's "2012/4/3 Name <name@example.org>:"
}

// quoteFollows wants quote marks below an attribution, and nothing new below them. Programs that
// quote without marks are believed when the attribution holds a date and more.
func quoteFollows(lines []string, from, quoted int, attribution string) bool {
	for j := from; j < len(lines) && j < from+4; j++ {
		if line := strings.TrimSpace(lines[j]); line != "" {
			if line[0] == '>' {
				return j >= quoted
			}
			break
		}
	}
	return strings.ContainsAny(attribution, "0123456789")
}
