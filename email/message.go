package email

import "io"

// Part is one leaf of a message: a body or an attachment.
type Part struct {
	Index       int    // position among the leaves in reading order, stable for the same octets; the :n of /m/:id/part/:n
	Type        string // media type in lower case, e.g. "text/html"
	Charset     string // as named by the sender, lower case; may be empty
	Name        string // decoded file name, path and control characters removed; may be empty
	Disposition string // "inline", "attachment" or ""
	ContentID   string // without angle brackets
	Size        int64  // decoded octets, as far as known
}

// Message is a parsed message. Problem says in one word why it is shown as source only
// (ProblemDepth, ProblemParts, ProblemBudget, or ""), for the page to put into a sentence; what
// could be read is there all the same. Show, Text and the like may find ProblemBudget too: a message
// may cost a second of processor time and 64 MiB in all. A Message serves one goroutine at a time.
type Message struct {
	Summary
	Fields      []Field // the header as read tolerantly, in order, decoded
	Parts       []Part  // all leaves
	Attachments []Part  // those shown as files
	Problem     string

	leaves []*node
	chosen selection
	root   *node
	meter  meter
	octets []byte // as given to Parse
	opaque bool   // its text was taken out of an opaque signature
}

// Field is one header field, decoded for showing.
type Field struct{ Name, Value string }

// Parse reads a message within the caps of this package (depth 50, 1,000 parts, 1 MiB header). It
// never fails. The message keeps a reference to octets, which must not change.
func Parse(octets []byte) *Message {
	m := read(octets)
	m.octets = octets
	m.work(func() { m.describe(octets) })
	return m
}

// work measures what do costs; a message that costs too much gets its Problem.
func (m *Message) work(do func()) {
	m.meter.work(do)
	if m.meter.over && m.Problem == "" {
		m.Problem = ProblemBudget
	}
}

func (m *Message) describe(octets []byte) {
	m.Summary = summarize(octets, m)
	for _, f := range m.root.header {
		m.Fields = append(m.Fields, Field{f.name, decodeText(unfold(f.value), "")})
	}
	for _, leaf := range m.leaves {
		m.Parts = append(m.Parts, leaf.part())
	}
	for _, leaf := range m.chosen.files {
		m.Attachments = append(m.Attachments, m.Parts[leaf.index])
	}
	if m.Problem == "" && m.overBudget() {
		m.Problem = ProblemBudget
	}
}

// read finds structure and parts, and decodes nothing.
func read(octets []byte) *Message {
	m := &Message{}
	m.work(func() {
		m.root, m.leaves, m.Problem = readStructure(lineEnds(octets))
		m.chosen = choose(m.root)
		m.unpack()
		m.chosen.offerUnused()
	})
	return m
}

// overBudget says whether showing the message would take more than a second or 64 MiB.
func (m *Message) overBudget() bool {
	text, markup := 0, 0
	for _, p := range m.chosen.pieces {
		if p.text != nil {
			text += len(p.text.body)
		}
		if p.html != nil {
			markup += len(p.html.body)
		}
	}
	return text > maxText || markup > maxHTML
}

// Content returns a leaf's decoded octets; text is not recoded. io.ErrUnexpectedEOF tells damaged
// coding, with what was readable; io.EOF that there is no such leaf.
func (m *Message) Content(index int) ([]byte, error) {
	if index < 0 || index >= len(m.leaves) {
		return nil, io.EOF
	}
	leaf := m.leaves[index]
	return decodeTransfer(leaf.header.raw("Content-Transfer-Encoding"), leaf.body, 0)
}
