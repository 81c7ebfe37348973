package email

import (
	"crypto/rand"
	"encoding/base32"
	"strings"
)

const (
	maxIDLength   = 998 // RFC 5322, 2.1.1
	keepFirst     = 1   // of a chain of references: its root
	keepLast      = 20  // and the nearest ancestors
	maxIDsScanned = 5000
)

// NewMessageID makes a Message-ID without angle brackets (RFC 5322, 3.6.4): 128 random bits at host.
func NewMessageID(host string) string {
	var b [16]byte
	rand.Read(b[:]) // never fails since Go 1.24
	left := strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b[:]))
	if host = strings.Trim(cleanID(host), "."); host == "" || strings.Contains(host, "@") {
		host = "localhost"
	}
	return left + "@" + host
}

// messageIDs finds the ids in a header value: what stands in angle brackets, else words with an @.
func messageIDs(value string) []string {
	var ids []string
	rest := value
	for len(ids) < maxIDsScanned {
		_, after, ok := strings.Cut(rest, "<")
		if !ok {
			break
		}
		inside, behind, closed := strings.Cut(after, ">")
		if i := strings.LastIndexByte(inside, '<'); i >= 0 {
			inside = inside[i+1:]
		}
		if id := cleanID(inside); id != "" {
			ids = append(ids, id)
		}
		if rest = behind; !closed {
			break
		}
	}
	if len(ids) > 0 {
		return ids
	}
	for _, word := range strings.Fields(value) {
		if strings.Contains(word, "@") && len(ids) < maxIDsScanned {
			if id := cleanID(word); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// cleanID drops what cannot stand in an id: folding space, brackets, control and non-ASCII octets.
func cleanID(id string) string {
	id = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '<' || r == '>' {
			return -1
		}
		return r
	}, id)
	if len(id) > maxIDLength-2 {
		return ""
	}
	return id
}

// capChain shortens a chain of references to its root and the nearest ancestors, each id once.
func capChain(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	chain := make([]string, 0, len(ids))
	for i := len(ids) - 1; i >= 0; i-- { // the last mention is the place nearest to the reader
		if !seen[ids[i]] {
			seen[ids[i]] = true
			chain = append(chain, ids[i])
		}
	}
	for i, j := 0, len(chain)-1; i < j; i, j = i+1, j-1 {
		chain[i], chain[j] = chain[j], chain[i]
	}
	if len(chain) <= keepFirst+keepLast {
		return chain
	}
	return append(chain[:keepFirst:keepFirst], chain[len(chain)-keepLast:]...)
}
