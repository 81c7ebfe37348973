package email

// maxAttached caps the octets of an attached message that is opened in place.
const maxAttached = 8 << 20

// Attached reads a leaf that is a message (message/rfc822); nil when it is none, or too large to be
// read in place. Its leaves are numbered on their own.
func (m *Message) Attached(index int) *Message {
	if index < 0 || index >= len(m.leaves) {
		return nil
	}
	leaf := m.leaves[index]
	if leaf.kind != "message/rfc822" && leaf.kind != "message/global" || len(leaf.body) > maxAttached {
		return nil
	}
	octets := leaf.decoded()
	if len(octets) == 0 {
		return nil
	}
	return Parse(octets)
}
