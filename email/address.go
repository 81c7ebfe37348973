package email

import (
	"encoding/base64"
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// String is the address as it stands in a header (RFC 5322, 3.4): name quoted or encoded, one line,
// ASCII in the name.
func (a Address) String() string {
	addr := cleanAddr(a.Addr)
	name := headerSafe(a.Name)
	if name == "" {
		return "<" + addr + ">"
	}
	return phrase(name) + " <" + addr + ">"
}

// Label is what a list shows: the name, else the address.
func (a Address) Label() string {
	if a.Name != "" {
		return a.Name
	}
	return a.Addr
}

// Display is name and address for people, as in an attribution: "Katrin Wessel <k.wessel@firma.example>".
func (a Address) Display() string {
	if a.Name == "" || a.Name == a.Addr {
		return a.Addr
	}
	if a.Addr == "" {
		return a.Name
	}
	return a.Name + " <" + a.Addr + ">"
}

// Initials are one or two capital letters for a round badge; "?" when there is no letter.
func (a Address) Initials() string {
	label, _, _ := strings.Cut(a.Label(), "@")
	if last, first, ok := strings.Cut(label, ","); ok {
		label = first + " " + last // "Wessel, Katrin"
	}
	words := strings.FieldsFunc(label, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	switch len(words) {
	case 0:
		return "?"
	case 1:
		return initial(words[0])
	}
	return initial(words[0]) + initial(words[len(words)-1])
}

func initial(word string) string {
	r, _ := utf8.DecodeRuneInString(word)
	return string(unicode.ToUpper(r))
}

// Domain is the part behind the last @, in lower case.
func (a Address) Domain() string {
	return strings.ToLower(a.Addr[strings.LastIndexByte(a.Addr, '@')+1:])
}

// key compares addresses: whatever the standard says of local parts, people do not mind case.
func (a Address) key() string { return strings.ToLower(a.Addr) }

// headerSafe makes text fit for one header value: no control characters, valid UTF-8.
func headerSafe(s string) string { return strings.TrimSpace(oneLine(s)) }

// phrase writes a display name: atoms as they are, else quoted, else encoded words.
func phrase(name string) string {
	plain, quotable := true, len(name) < 200
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c >= 0x7f:
			return encodeWords(name)
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-':
		case c == ' ' && i+1 < len(name) && name[i+1] != ' ':
		case c == ' ':
			quotable = false // runs of blanks do not survive folding
		default:
			plain = false
		}
	}
	switch {
	case strings.Contains(name, "=?") || !quotable || strings.Trim(name, `'"`) != name:
		return encodeWords(name)
	case plain:
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// encodeWords writes text as encoded words of at most 75 octets (RFC 2047, 2), none cutting a character.
func encodeWords(s string) string {
	const room = 45 // octets that give 60 in base64
	var words []string
	for len(s) > 0 {
		n := min(room, len(s))
		for n < len(s) && !utf8.RuneStart(s[n]) {
			n--
		}
		words = append(words, "=?utf-8?B?"+base64.StdEncoding.EncodeToString([]byte(s[:n]))+"?=")
		s = s[n:]
	}
	return strings.Join(words, " ")
}

// ParseAddressList reads what a person typed into To, Cc or Bcc: commas, semicolons or line ends
// between addresses, names with or without quotes. Domains with umlauts are written as DNS wants
// them. bad lists the pieces that are no address that mail can be sent to.
func ParseAddressList(typed string) (good []Address, bad []string) {
	typed = strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\r':
			return ','
		case '\u00a0', '\t':
			return ' '
		case '\u201c', '\u201d', '\u201e':
			return '"'
		}
		return r
	}, strings.ToValidUTF8(typed, "\uFFFD"))
	seen := map[string]bool{}
	eachMailbox(pasted(typed), func(m mailbox) bool {
		a, ok := sendable(m.address("utf-8"))
		switch {
		case !ok:
			if piece := oneLine(m.source); strings.TrimSpace(piece) != "" {
				bad = append(bad, strings.TrimSpace(piece))
			}
		case !seen[a.key()]:
			seen[a.key()] = true
			good = append(good, a)
		}
		return len(good)+len(bad) < maxAddresses
	})
	return good, bad
}

// sendable checks an address that mail is to be sent to and writes its domain in ASCII (RFC 5891).
func sendable(a Address) (Address, bool) {
	at := strings.LastIndexByte(a.Addr, '@')
	if at <= 0 || len(a.Addr) > 254 || at > 64 { // RFC 5321, 4.5.3.1
		return a, false
	}
	local, domain := a.Addr[:at], a.Addr[at+1:]
	if !strings.HasPrefix(domain, "[") {
		ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(domain, "."))
		if err != nil {
			return a, false
		}
		if ascii != strings.ToLower(domain) {
			domain = ascii
		}
	}
	a.Addr = local + "@" + domain
	parsed, err := mail.ParseAddress("<" + a.Addr + ">")
	if err != nil || parsed.Address != a.Addr || !isASCII(a.Addr) {
		return a, false
	}
	return a, true
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
