package email

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"time"
)

const (
	threadRoot     = 22                 // octets of Outlook's root
	maxThreadIndex = threadRoot + 5*200 // and 200 answers
)

// threadIndexRoot is what all messages of an Outlook conversation have in common: the first 22 octets
// of their Thread-Index, which hold a time and a GUID; "" when there are none.
func threadIndexRoot(index string) string {
	octets, err := base64.StdEncoding.DecodeString(index)
	if err != nil || len(octets) < threadRoot || bytes.Count(octets[:threadRoot], octets[:1]) == threadRoot {
		return ""
	}
	return base64.StdEncoding.EncodeToString(octets[:threadRoot])
}

// childIndex continues Outlook's Thread-Index ([MS-OXOMSG], 2.2.1.3): 22 octets of the root, five
// more for each answer: the time since the root in units of 2^18 (or 2^23) times 100 ns. It is ""
// when the parent has none, since Exchange groups by its first 22 octets.
func childIndex(parent string, answered time.Time) string {
	octets, err := base64.StdEncoding.DecodeString(parent)
	if err != nil || len(octets) < threadRoot || len(octets) > maxThreadIndex || (len(octets)-threadRoot)%5 != 0 {
		return ""
	}
	const epoch = 116444736000000000 // 1970 in 100 ns since 1601
	root := int64(uint64(octets[0])<<56 | uint64(octets[1])<<48 | uint64(octets[2])<<40 | uint64(octets[3])<<32 | uint64(octets[4])<<24 | uint64(octets[5])<<16)
	delta := max(answered.UnixNano()/100+epoch-root, 0)
	var block [5]byte
	if delta>>49 == 0 {
		binary.BigEndian.PutUint32(block[:], uint32(delta>>18)&0x7fffffff)
	} else {
		binary.BigEndian.PutUint32(block[:], uint32(delta>>23)&0x7fffffff|0x80000000)
	}
	return base64.StdEncoding.EncodeToString(append(octets, block[:]...))
}
