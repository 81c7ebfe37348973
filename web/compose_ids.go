package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"hash/fnv"
	"strings"
	"sync"

	"holdover/email"
)

// newToken is the token of one form: sending it twice is sending once.
func newToken() string { return rand.Text() }

// messageID is derived from the token of the form that makes the draft. A repeated first POST, even
// after a crash, so finds the draft that it made. The token itself stays secret; the domain is the
// sender's (RFC 5322, 3.6.4).
func messageID(token string, from email.Address) string {
	sum := sha256.Sum256([]byte("message-id " + token))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16])) + "@" + from.Domain()
}

// pens lets one request at a time write for a mailbox, so that a double click meets what its first half did.
type pens [64]sync.Mutex

// take waits for a mailbox's pen; the answer gives it back.
func (p *pens) take(m email.MailboxID) (release func()) {
	h := fnv.New32a()
	h.Write([]byte(m))
	pen := &p[h.Sum32()%uint32(len(p))]
	pen.Lock()
	return pen.Unlock
}

// addressLine writes addresses as one line that ParseAddressList reads back.
func addressLine(list []email.Address) string {
	written := make([]string, 0, len(list))
	for _, a := range list {
		written = append(written, writeAddress(a))
	}
	return strings.Join(written, ", ")
}

// writeAddress quotes a display name where its characters would mean something else (RFC 5322, 3.2.3).
func writeAddress(a email.Address) string {
	switch {
	case a.Addr == unfinished:
		return a.Name
	case a.Name == "" || a.Name == a.Addr:
		return a.Addr
	case strings.ContainsAny(a.Name, `()<>[]:;@\,."`):
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(a.Name) + `" <` + a.Addr + ">"
	}
	return a.Name + " <" + a.Addr + ">"
}

// unfinished stands where an address is not one yet (RFC 6761, 6.4). The piece as typed is its display
// name, so that a draft saved in the middle of a name loses nothing, in Exchange neither. It never is sent:
// sending starts with reading the lines anew.
const unfinished = "unfinished@draft.invalid"

// asTyped are a line's addresses, and its other pieces as unfinished ones.
func (l typedList) asTyped() []email.Address {
	list := append([]email.Address{}, l.Good...)
	for _, piece := range l.Bad {
		list = append(list, email.Address{Name: piece, Addr: unfinished})
	}
	return list
}
