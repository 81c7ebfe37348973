package exchange

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What an answer may cost: it is read whole, within the budget of its call, and taken apart within these.
const (
	answerDeep  = 60
	answerParts = 400_000 // elements and attributes
)

var errRubbish = errors.New("the answer is not one of Exchange's web services")

// node is one element of an answer.
type node struct {
	xml.Name
	attrs map[string]string
	text  string
	kids  []*node
}

// parseXML reads a document of a stranger: no document type, no entities but XML's own, and
// bounded in depth and number.
func parseXML(octets []byte) (*node, error) {
	d := xml.NewDecoder(bytes.NewReader(legible(octets)))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errors.New("not in UTF-8") }
	root := new(node)
	open := []*node{root}
	for parts := 0; ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) && len(open) == 1 && len(root.kids) == 1 {
			return root.kids[0], nil
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errRubbish, err)
		}
		top := open[len(open)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if parts += 1 + len(t.Attr); parts > answerParts || len(open) > answerDeep {
				return nil, fmt.Errorf("%w: %w", errRubbish, errFlood)
			}
			n := &node{Name: t.Name}
			for _, a := range t.Attr {
				if n.attrs == nil {
					n.attrs = map[string]string{}
				}
				n.attrs[a.Name.Local] = a.Value
			}
			top.kids = append(top.kids, n)
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(top.kids) == 0 { // text between elements is white space
				top.text += string(t)
			}
		case xml.Directive:
			return nil, fmt.Errorf("%w: it has a document type", errRubbish)
		}
	}
}

var reference = regexp.MustCompile(`&#(x[0-9a-fA-F]{1,8}|[0-9]{1,10});`)

// legible puts a blank for what XML 1.0 forbids and Exchange sends all the same where a header holds
// control characters; one odd message must not make its whole folder unreadable.
func legible(octets []byte) []byte {
	if bytes.Contains(octets, []byte("&#")) {
		octets = reference.ReplaceAllFunc(octets, func(r []byte) []byte {
			digits, base := string(r[2:len(r)-1]), 10
			if digits[0] == 'x' {
				digits, base = digits[1:], 16
			}
			if n, err := strconv.ParseUint(digits, base, 32); err == nil && allowed(rune(n)) {
				return r
			}
			return []byte(" ")
		})
	}
	if utf8.Valid(octets) && bytes.IndexFunc(octets, func(r rune) bool { return !allowed(r) }) < 0 {
		return octets
	}
	return bytes.Map(func(r rune) rune {
		if !allowed(r) {
			return ' '
		}
		return r
	}, bytes.ToValidUTF8(octets, []byte(" ")))
}

// allowed is the production Char of XML 1.0.
func allowed(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || (r >= ' ' && r <= 0xD7FF) || (r >= 0xE000 && r <= 0xFFFD) || (r >= 0x10000 && r <= 0x10FFFF)
}

// kid is the first child of that name; nil has no children.
func (n *node) kid(path ...string) *node {
	for _, name := range path {
		if n == nil {
			return nil
		}
		var found *node
		for _, k := range n.kids {
			if k.Local == name {
				found = k
				break
			}
		}
		n = found
	}
	return n
}

func (n *node) value() string {
	if n == nil {
		return ""
	}
	return strings.TrimSpace(n.text)
}

func (n *node) attr(name string) string {
	if n == nil {
		return ""
	}
	return n.attrs[name]
}

func (n *node) all() []*node {
	if n == nil {
		return nil
	}
	return n.kids
}

// each calls f for every element below n.
func (n *node) each(f func(*node)) {
	for _, k := range n.all() {
		f(k)
		k.each(f)
	}
}

// extended is the value of an extended property of an item.
func (n *node) extended(tag string) string {
	want, err := strconv.ParseUint(tag, 0, 32)
	for _, k := range n.all() {
		if k.Local != "ExtendedProperty" || err != nil {
			continue
		}
		got, bad := strconv.ParseUint(k.kid("ExtendedFieldURI").attr("PropertyTag"), 0, 32) // Exchange writes 0xe07
		if bad == nil && got == want {
			return k.kid("Value").value()
		}
	}
	return ""
}

// answer is what came back for one call: one part for each thing asked for.
type ewsAnswer struct {
	parts []*node // response messages, in the order of what was asked
}

// readAnswer takes a SOAP answer apart. It must be the answer to op with as many parts as were
// asked for: anything else is somebody else's.
func readAnswer(octets []byte, op string, parts int) (ewsAnswer, *node, error) {
	root, err := parseXML(octets)
	if err != nil {
		return ewsAnswer{}, nil, err
	}
	body := root.kid("Body")
	if root.Name != (xml.Name{Space: soapSpace, Local: "Envelope"}) || body == nil || body.Space != soapSpace || len(body.kids) != 1 {
		return ewsAnswer{}, nil, errRubbish
	}
	content := body.kids[0]
	if content.Space == soapSpace && content.Local == "Fault" {
		return ewsAnswer{}, content, nil
	}
	var a ewsAnswer
	for _, part := range content.kid("ResponseMessages").all() {
		if part.Name != (xml.Name{Space: messSpace, Local: op + "ResponseMessage"}) {
			return ewsAnswer{}, nil, fmt.Errorf("%w: it answers %s to %s", errRubbish, oneLine(part.Local), op)
		}
		a.parts = append(a.parts, part)
	}
	if content.Name != (xml.Name{Space: messSpace, Local: op + "Response"}) || len(a.parts) != parts {
		return ewsAnswer{}, nil, fmt.Errorf("%w: %d answers to %d questions of %s", errRubbish, len(a.parts), parts, op)
	}
	return a, nil, nil
}
