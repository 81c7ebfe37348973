package search

import (
	"strings"

	"github.com/blevesearch/bleve/v2/document"
	index "github.com/blevesearch/bleve_index_api"

	"holdover/email"
	"holdover/mailstore"
)

// Names of the index's fields.
const (
	fieldFrom       = "from"
	fieldTo         = "to"
	fieldCc         = "cc"
	fieldBcc        = "bcc"
	fieldSubject    = "subject"
	fieldBody       = "body"
	fieldAttachment = "attachment"
	fieldEnding     = "ending" // stems of compounds, backwards: a dictionary, no query asks for its messages
	fieldHas        = "has"
	fieldReceived   = "received" // seconds since 1970
	fieldSent       = "sent"
	fieldSize       = "size" // octets
)

// Terms of the field has. A bare document was made without the message's octets, which could not be read.
const (
	hasAttachment = "attachment"
	hasNoText     = "bare"
)

// content is what a message's octets add to its metadata.
type content struct {
	text  string
	files []string
	bare  bool
}

// contentOf reads the octets; it never fails, whatever they are.
func contentOf(octets []byte) content {
	m := email.Parse(octets)
	c := content{text: m.Text()}
	for _, p := range m.Attachments {
		c.files = append(c.files, p.Name)
	}
	if len(c.text) > maxText {
		c.text = strings.ToValidUTF8(c.text[:maxText], "")
	}
	return c
}

// documentOf is the message as the index holds it.
func documentOf(m mailstore.Message, c content, l lexicon) *document.Document {
	d := document.NewDocument(string(m.ID))
	people := func(field string, lists ...[]email.Address) {
		var s termStream
		position := 1
		for _, list := range lists {
			for _, a := range list {
				position = s.addPerson(a, position)
			}
		}
		addTerms(d, field, s)
	}
	people(fieldFrom, m.From, []email.Address{m.Sender})
	people(fieldTo, m.To)
	people(fieldCc, m.Cc)
	people(fieldBcc, m.Bcc)
	ends := endings{seen: map[string]bool{}}
	text := func(field, value string) {
		var s termStream
		s.addTextAnd(value, 1, l, &ends)
		addTerms(d, field, s)
	}
	text(fieldSubject, m.Subject)
	text(fieldBody, c.text)
	var files termStream
	position := 1
	for _, name := range c.files {
		position = files.addTextAnd(name, position, l, &ends) + gap
	}
	addTerms(d, fieldAttachment, files)
	addTerms(d, fieldEnding, ends.terms)
	var has termStream
	if len(c.files) > 0 || m.Attachments > 0 {
		has.add(hasAttachment, 1)
	}
	if c.bare {
		has.add(hasNoText, 1)
	}
	addTerms(d, fieldHas, has)
	number := func(field string, value int64) {
		d.AddField(document.NewNumericFieldWithIndexingOptions(field, nil, float64(value), index.IndexField|index.DocValues))
	}
	number(fieldReceived, m.Received.Unix())
	if !m.Date.IsZero() {
		number(fieldSent, m.Date.Unix())
	}
	number(fieldSize, m.Size)
	return d
}

// gap keeps phrases from reaching from one address or file name into the next.
const gap = 10

// addPerson appends a display name, and an address both by its words and by its parts: the whole,
// the local part, the domain and the domains above it.
func (s *termStream) addPerson(a email.Address, position int) int {
	position = s.addText(a.Name, position, nil) + gap
	if a.Addr == "" {
		return position
	}
	address := fold(strings.ToLower(a.Addr))
	s.add(addressMark+address, position)
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return s.addText(a.Addr, position, nil) + gap
	}
	local, domain := address[:at], address[at+1:]
	s.add(addressMark+local, position)
	s.add(addressMark+domain, position)
	for d := domain; strings.Count(d, ".") > 1; {
		_, d, _ = strings.Cut(d, ".")
		s.add(addressMark+d, position)
	}
	position = s.addText(local, position, nil) + gap
	return s.addText(domain, position, nil) + gap
}

// addressMark keeps whole addresses and their parts apart from words.
const addressMark = "@"

func addTerms(d *document.Document, field string, s termStream) {
	options := index.IndexField | index.IncludeTermVectors
	if field == fieldEnding {
		options = index.IndexField | index.SkipFreqNorm
	}
	if len(s) > 0 {
		d.AddField(document.NewTextFieldCustom(field, nil, nil, options, s))
	}
}

// endings are the stems, backwards, of a message's words that may be compounds, each once.
type endings struct {
	seen  map[string]bool
	terms termStream
}

func (e *endings) note(stem string) {
	if isLong(stem) && !e.seen[stem] {
		e.seen[stem] = true
		e.terms.add(backwards(stem), 1)
	}
}
