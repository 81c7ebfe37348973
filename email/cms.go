package email

import "bytes"

// Taking the signed content out of an opaque S/MIME message (RFC 8551, 3.5.2; RFC 5652, 5). Only the
// shell of BER (X.690) is read: tags and lengths, also indefinite ones. No signature is checked here.

const maxBER = 12 // levels of what is looked into

// berValue is one element: its tag octet and what it holds.
type berValue struct {
	tag     byte
	content []byte
}

// nextBER reads the element at the start of octets; ok is false when there is none that is whole.
func nextBER(octets []byte, depth int) (v berValue, rest []byte, ok bool) {
	if len(octets) < 2 || depth > maxBER || octets[0]&0x1f == 0x1f { // long tags do not occur here
		return v, nil, false
	}
	v.tag = octets[0]
	length, body := int(octets[1]), octets[2:]
	switch {
	case length == 0x80:
		end := endOfContents(body, depth+1)
		if end < 0 {
			return v, nil, false
		}
		v.content = body[:end]
		return v, body[end+2:], true
	case length > 0x80:
		n := length & 0x7f
		if n > 4 || n > len(body) {
			return v, nil, false
		}
		length = 0
		for _, c := range body[:n] {
			length = length<<8 | int(c)
		}
		body = body[n:]
	}
	if length > len(body) {
		return v, nil, false
	}
	v.content = body[:length]
	return v, body[length:], true
}

// endOfContents is the offset of the two zero octets that end an indefinite length.
func endOfContents(octets []byte, depth int) int {
	rest := octets
	for {
		if len(rest) >= 2 && rest[0] == 0 && rest[1] == 0 {
			return len(octets) - len(rest)
		}
		_, next, ok := nextBER(rest, depth)
		if !ok {
			return -1
		}
		rest = next
	}
}

var oidSignedData = []byte{0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02}

// signedContent is the message inside a SignedData; ok is false for all else, encrypted data above all.
func signedContent(octets []byte) (content []byte, ok bool) {
	info, _, ok := nextBER(octets, 0)
	if !ok || info.tag != 0x30 {
		return nil, false
	}
	oid, rest, ok := nextBER(info.content, 1)
	if !ok || !bytes.Equal(oid.content, oidSignedData) {
		return nil, false
	}
	explicit, _, ok := nextBER(rest, 1) // [0] EXPLICIT
	if !ok {
		return nil, false
	}
	signed, _, ok := nextBER(explicit.content, 2)
	if !ok {
		return nil, false
	}
	_, rest, _ = nextBER(signed.content, 3) // version
	_, rest, ok = nextBER(rest, 3)          // digest algorithms
	if !ok {
		return nil, false
	}
	encapsulated, _, ok := nextBER(rest, 3)
	if !ok {
		return nil, false
	}
	_, rest, _ = nextBER(encapsulated.content, 4) // its type
	holder, _, ok := nextBER(rest, 4)             // [0] EXPLICIT; missing when detached
	if !ok || holder.tag != 0xA0 {
		return nil, false
	}
	text, _, ok := nextBER(holder.content, 5)
	if !ok {
		return nil, false
	}
	return octetString(text, 6), true
}

// octetString joins a string that came in pieces.
func octetString(v berValue, depth int) []byte {
	if v.tag&0x20 == 0 || depth > maxBER {
		return v.content
	}
	var joined []byte
	for rest := v.content; len(rest) > 0; {
		part, next, ok := nextBER(rest, depth)
		if !ok {
			break
		}
		joined = append(joined, octetString(part, depth+1)...)
		rest = next
	}
	return joined
}

// unpackSigned takes the entity inside an opaque signature for the message's own.
func (m *Message) unpackSigned(leaf *node) bool {
	inner, ok := signedContent(leaf.decoded())
	if !ok || len(inner) == 0 {
		return false
	}
	root, leaves, _ := readStructure(lineEnds(inner))
	if len(m.leaves)+len(leaves) > maxParts {
		return false
	}
	for _, n := range leaves {
		n.index += len(m.leaves)
	}
	m.leaves = append(m.leaves, leaves...)
	chosen := choose(root)
	m.chosen.pieces = append(m.chosen.pieces, chosen.pieces...)
	m.chosen.inline = append(m.chosen.inline, chosen.inline...)
	m.chosen.files = append(m.chosen.files, chosen.files...)
	m.opaque = true
	return true
}
