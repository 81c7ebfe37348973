package mta

import (
	"net/netip"
	"strings"
)

// cutPath splits an envelope address that go-smtp has read, and refuses what could be understood in
// two ways: a second @, non-ASCII without SMTPUTF8, a domain that is neither a name nor a literal.
func cutPath(path string) (local, domain string, err error) {
	at := strings.LastIndexByte(path, '@')
	if at <= 0 {
		return "", "", refuse(553, 5, 1, 3, "an address is local@domain")
	}
	local, domain = path[:at], path[at+1:]
	for i := range len(path) {
		if path[i] > '~' || path[i] < ' ' {
			return "", "", refuse(553, 5, 6, 7, "addresses are ASCII here") // RFC 6531, 3.5
		}
	}
	switch {
	case len(local) > 256 || len(domain) > 255: // more lenient than RFC 5321, 4.5.3.1.1
		return "", "", refuse(553, 5, 1, 3, "the address is too long")
	case strings.Contains(local, "@"):
		return "", "", refuse(550, 5, 7, 1, "an address has one @")
	case !isHost(domain):
		return "", "", refuse(553, 5, 1, 3, "no such form of domain")
	}
	return local, domain, nil
}

// isHost says whether s is a host name or an address literal (RFC 5321, 4.1.3).
func isHost(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if !ok {
			return false
		}
		if len(inner) > 5 && strings.EqualFold(inner[:5], "IPv6:") {
			inner = inner[5:]
		}
		_, err := netip.ParseAddr(inner)
		return err == nil
	}
	for label := range strings.SplitSeq(strings.TrimSuffix(s, "."), ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for i := range len(label) {
			c := label[i]
			letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
			if !letter && c != '_' && (c != '-' || i == 0) {
				return false
			}
		}
	}
	return true
}

// routed says whether a local part asks to be sent on: x%other, other!x.
func routed(local string) bool { return strings.ContainsAny(local, "%!") }
