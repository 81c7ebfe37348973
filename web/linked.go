package web

import (
	"regexp"
	"strings"

	"holdover/views"
)

// mostText is how many octets of plain text a page shows; the source has all.
const mostText = 256 << 10

// webAddress finds what people expect to be able to click: http and https only.
var webAddress = regexp.MustCompile(`https?://[^\s<>"'` + "`" + `{}|\\^\x00-\x1f]+`)

// linked cuts plain text into runs, addresses of web pages apart.
func linked(text string) []views.Run {
	text = strings.TrimSpace(text)
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "") + "\n\n[…]"
	}
	var runs []views.Run
	for text != "" {
		at := webAddress.FindStringIndex(text)
		if at == nil {
			return append(runs, views.Run{Text: text})
		}
		end := at[0] + len(trimAddress(text[at[0]:at[1]]))
		if at[0] > 0 {
			runs = append(runs, views.Run{Text: text[:at[0]]})
		}
		runs = append(runs, views.Run{Text: text[at[0]:end], URL: text[at[0]:end]})
		text = text[end:]
	}
	return runs
}

// trimAddress gives back what belongs to the sentence: final punctuation, a bracket opened before.
func trimAddress(address string) string {
	for {
		short := strings.TrimRight(address, ".,;:!?…")
		for _, pair := range []string{"()", "[]"} {
			if strings.HasSuffix(short, pair[1:]) && strings.Count(short, pair[1:]) > strings.Count(short, pair[:1]) {
				short = short[:len(short)-1]
			}
		}
		if short == address {
			return address
		}
		address = short
	}
}
