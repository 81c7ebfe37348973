package directory

import (
	"strings"

	"golang.org/x/net/idna"
)

// key is the form in which addresses are compared: Exchange is blind to case in the local part
// too, and a domain may be written in Unicode or as A-labels (RFC 5890).
func key(address string) string {
	address = strings.ToLower(strings.TrimSpace(address))
	local, domain, ok := cutAddress(address)
	if !ok {
		return address
	}
	domain = strings.TrimSuffix(domain, ".")
	if !ascii(domain) {
		if a, err := idna.Lookup.ToASCII(domain); err == nil {
			domain = a
		}
	}
	return local + "@" + domain
}

// cutAddress splits at the last "@"; ok is false when a side is empty.
func cutAddress(address string) (local, domain string, ok bool) {
	at := strings.LastIndexByte(address, '@')
	if at <= 0 || at == len(address)-1 {
		return "", "", false
	}
	return address[:at], address[at+1:], true
}

// faultOf says in a few words why a text is no address that this directory can hold, "" when it
// is one: a dot-string local part (RFC 5321, 4.1.2) and a host name as domain.
func faultOf(address string) string {
	if strings.Count(address, "@") != 1 {
		return "needs exactly one @"
	}
	local, domain, ok := cutAddress(address)
	if !ok {
		return "lacks the part before or after the @"
	}
	if len(local) > 64 || len(address) > 254 {
		return "is too long" // RFC 5321, 4.5.3.1
	}
	if strings.ContainsFunc(local, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>[\]`, r)
	}) {
		return "has a character before the @ that is not allowed there"
	}
	if strings.HasPrefix(local, ".") || strings.HasSuffix(local, ".") || strings.Contains(local, "..") {
		return "has a dot too many before the @"
	}
	if _, err := idna.Lookup.ToASCII(domain); err != nil || !strings.Contains(domain, ".") || strings.Contains(domain, "..") {
		return "has no valid domain after the @"
	}
	return ""
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
