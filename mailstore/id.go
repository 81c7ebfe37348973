package mailstore

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"regexp"
	"time"

	"holdover/email"
)

// letters keeps the order of the octets, is safe in paths and in headers, and has no capitals.
var letters = base32.HexEncoding.WithPadding(base32.NoPadding)

// newID gives 26 letters and digits: milliseconds first, so that neighbours in time are neighbours
// in the database, then 80 random bits.
func newID() string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(time.Now().UnixMilli())<<16)
	rand.Read(b[6:]) // never fails (crypto/rand)
	return lower(letters.EncodeToString(b[:]))
}

// NewID gives a permanent id for mta's Received line.
func NewID() email.MessageID { return email.MessageID(newID()) }

// newFolderID gives 12 random letters and digits.
func newFolderID() FolderID {
	var b [8]byte
	rand.Read(b[:])
	return FolderID(lower(letters.EncodeToString(b[:]))[:12])
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

var safeID = regexp.MustCompile(`^[a-z0-9]{1,64}$`)

// safe says whether an id may stand in a path. Ids are given by the house; this is the guard
// that nothing from a mail gets there (D7).
func safe(id string) bool { return safeID.MatchString(id) }
