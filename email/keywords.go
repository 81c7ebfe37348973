package email

import "strings"

// Keywords reads the names in a message's Keywords fields (RFC 5322, 3.6.5; parted by commas, as
// Exchange writes a message's categories when it exports it) and in X-Keywords, where mailbox files
// keep the keywords of IMAP, parted by blanks. What is no category, and what programs write there for
// themselves, is left out.
func Keywords(octets []byte) Categories {
	h, _, _ := readHeader(octets, nil)
	var names []string
	for _, f := range strings.FieldsFunc(h.rawAll("Keywords"), parts) {
		names = append(names, decodeText(f, ""))
	}
	for _, list := range strings.FieldsFunc(h.rawAll("X-Keywords"), parts) {
		names = append(names, strings.Fields(decodeText(list, ""))...)
	}
	return PersonsKeywords(names)
}

func parts(r rune) bool { return r == ',' || r == ';' }

// PersonsKeywords leaves out of keywords of IMAP those that programs keep for themselves (RFC 5788: $Junk,
// $Forwarded ...).
func PersonsKeywords(keywords []string) Categories {
	var names []string
	for _, word := range keywords {
		word = strings.Trim(strings.TrimSpace(word), `"`)
		switch strings.ToLower(word) {
		case "junk", "nonjunk", "notjunk", "forwarded", "redirected":
			continue
		}
		if !strings.HasPrefix(word, "$") && !strings.HasPrefix(word, `\`) {
			names = append(names, word)
		}
	}
	return KnownCategories(names)
}
