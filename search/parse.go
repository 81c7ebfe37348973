package search

import (
	"strings"
	"time"
	"unicode/utf8"
)

// node is a parsed query or a part of it: and, or, not, *leaf.
type node interface{ String() string }

type (
	and []node
	or  []node
	not struct{ of node }
)

// leaf is one term.
type leaf struct {
	field string // canonical, "" is text anywhere
	shown string // value as a chip shows it
	typed string // value as it is typed to get the same leaf again, without the field

	words   []word // text: what is looked for
	phrase  bool   // text: words stand side by side, in just this form
	start   bool   // text: the (only, last) word is the beginning of one
	literal string // text of an address field: a whole address or a part of it
	number  string // text: groups of digits, as one
	begins  bool   // text: longer words that begin with the only word are meant too
	head    string // text: stem of the only word, as the end of compounds that are meant too; "": none

	from, to *int64 // numbers: both ends belong to it, nil is open
	state    string // is
	folder   string // folder, folded
	name     string // category: its words, folded; ends in a star when a word may go on
}

// parser is recursive descent over
//
//	any   = all { OR all }
//	all   = one { [AND] one }
//	one   = NOT one | "(" any ")" | field:"(" any ")" | term
//
// It has no errors: an operator without its terms is left out, as is a parenthesis without its
// partner, and a field that cannot be understood is text.
type parser struct {
	tokens []token
	at     int
	depth  int
	terms  int
	field  string // of field:( ... )
	typed  string
	now    time.Time
}

// parse reads a query; nil is one without any term. now gives "today" its meaning and place.
func parse(query string, now time.Time) node {
	tokens := lex(query)
	p := &parser{tokens: tokens, now: now}
	n := p.document()
	if n == nil && p.terms == 0 { // only operators: they were meant as words
		for i := range tokens {
			if tokens[i].kind != tokOpen && tokens[i].kind != tokClose {
				tokens[i].kind = tokText
			}
		}
		p = &parser{tokens: tokens, now: now}
		n = p.document()
	}
	return n
}

// document reads everything, whatever parentheses are left over.
func (p *parser) document() node {
	var parts and
	for p.at < len(p.tokens) {
		before := p.at
		if n := p.any(); n != nil {
			parts = append(parts, n)
		}
		if p.at == before {
			p.at++ // a parenthesis too many
		}
	}
	return joinAnd(parts)
}

func (p *parser) peek() token {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return token{}
}

func (p *parser) any() node {
	var parts or
	for {
		if n := p.all(); n != nil {
			parts = append(parts, n)
		}
		if p.peek().kind != tokOr {
			return joinOr(parts)
		}
		p.at++
	}
}

func (p *parser) all() node {
	var parts and
	for {
		switch p.peek().kind {
		case tokEnd, tokClose, tokOr:
			return joinAnd(parts)
		case tokAnd:
			p.at++
			continue
		}
		if n := p.one(); n != nil {
			parts = append(parts, n)
		}
	}
}

func (p *parser) one() node {
	t := p.peek()
	p.at++
	switch t.kind {
	case tokNot:
		return p.not()
	case tokOpen:
		return p.group(t)
	case tokText:
		return p.term(t)
	}
	return nil
}

func (p *parser) not() node {
	switch p.peek().kind {
	case tokEnd, tokClose, tokOr, tokAnd:
		return nil
	}
	if p.depth >= maxDepth {
		return p.one()
	}
	p.depth++
	defer func() { p.depth-- }()
	switch n := p.one().(type) {
	case nil:
		return nil
	case not:
		return n.of
	default:
		return not{n}
	}
}

func (p *parser) group(t token) node {
	if p.depth >= maxDepth {
		return nil
	}
	p.depth++
	field, typed := p.field, p.typed
	if t.field != "" {
		p.field, p.typed = t.field, t.typed
	}
	n := p.any()
	if p.peek().kind == tokClose {
		p.at++
	}
	p.field, p.typed = field, typed
	p.depth--
	return n
}

// term makes a leaf; nil when it has nothing to look for, or one term too many.
func (p *parser) term(t token) node {
	if t.field == "" && p.field != "" {
		t.field, t.typed = p.field, p.typed
	}
	if p.terms >= maxTerms {
		return nil
	}
	t = p.joinGroups(p.joinWords(t))
	l := leafOf(t, p.now)
	if l == nil {
		return nil
	}
	p.terms++
	return l
}

// joinWords takes a second word to a date that has two: received:last week.
func (p *parser) joinWords(t token) token {
	if t.quoted || t.field != fieldReceived && t.field != fieldSent {
		return t
	}
	if next := p.peek(); next.kind == tokText && next.field == "" && !next.quoted {
		if both := t.text + " " + next.text; relative(fold(strings.ToLower(both)), p.now) != (span{}) {
			p.at++
			t.text = both
		}
	}
	return t
}

// joinGroups takes the groups of digits that follow one: a telephone number written with blanks is one term.
func (p *parser) joinGroups(t token) token {
	if t.quoted || t.field != "" && t.field != fieldSubject && t.field != fieldBody || !isGroup(t.text) {
		return t
	}
	for {
		next := p.peek()
		if next.kind != tokText || next.field != "" || next.quoted || !isGroup(t.text+" "+next.text) {
			return t
		}
		p.at++
		t.text += " " + next.text
	}
}

func leafOf(t token, now time.Time) *leaf {
	switch t.field {
	case fieldReceived, fieldSent, fieldBefore, fieldAfter:
		if l := dateLeaf(t, now); l != nil {
			return l
		}
	case fieldSize, fieldLarger, fieldLess:
		if l := sizeLeaf(t); l != nil {
			return l
		}
	case fieldName:
		if l := categoryLeaf(t); l != nil {
			return l
		}
	case fieldIs, fieldIsRead, fieldIsFlag, fieldHas, fieldHasYes, fieldFolder:
		if l := stateLeaf(t); l != nil {
			return l
		}
	default:
		return textLeaf(t)
	}
	// not understood: text, as typed
	return textLeaf(token{kind: tokText, text: t.typed + t.text, quoted: t.quoted && t.text != ""})
}

func stateLeaf(t token) *leaf {
	value := fold(strings.ToLower(strings.Join(strings.Fields(t.text), " ")))
	answer, isAnswer := yes[value]
	is := func(state string) *leaf { return &leaf{field: fieldIs, shown: state, typed: state, state: state} }
	has := func(state string) *leaf { return &leaf{field: fieldHas, shown: state, typed: state, state: state} }
	switch {
	case t.field == fieldIs && states[value] != "":
		return is(states[value])
	case t.field == fieldIsRead && isAnswer:
		return is(map[bool]string{true: "read", false: "unread"}[answer])
	case t.field == fieldIsFlag && isAnswer:
		return is(map[bool]string{true: "flagged", false: "unflagged"}[answer])
	case t.field == fieldHas && attachmentWords[value]:
		return has(hasAttachment)
	case t.field == fieldHasYes && isAnswer:
		return has(map[bool]string{true: hasAttachment, false: "none"}[answer])
	case t.field == fieldFolder && value != "":
		name := value
		if role, ok := folderNames[value]; ok {
			name = role
		}
		return &leaf{field: fieldFolder, shown: shownFolder(name, t.text), typed: shownFolder(name, t.text), folder: name}
	}
	return nil
}

// categoryLeaf finds a category by its name or some of its words; an empty value is text.
func categoryLeaf(t token) *leaf {
	shown := strings.Join(strings.Fields(t.text), " ")
	name := fold(strings.ToLower(shown))
	if strings.Trim(name, "* ") == "" {
		return nil
	}
	return &leaf{field: fieldName, shown: shown, typed: shown, phrase: t.quoted, name: name}
}

func shownFolder(name, typed string) string {
	for _, role := range folderNames {
		if name == role {
			return role
		}
	}
	return strings.Join(strings.Fields(typed), " ")
}

func textLeaf(t token) *leaf {
	if !t.quoted && t.field == "" {
		t.text = strings.TrimLeft(t.text, "-")
	}
	l := &leaf{field: t.field, shown: t.text, typed: t.text, phrase: t.quoted, words: wordsOf(t.text)}
	if !t.quoted && strings.HasSuffix(t.text, "*") && len(l.words) > 0 {
		last := l.words[len(l.words)-1]
		l.start = len(l.words) == 1 && utf8.RuneCountInString(last.folded) >= minStart
	}
	if len(l.words) == 0 {
		return nil
	}
	if len(l.words) > maxPhrase {
		l.words = l.words[:maxPhrase]
	}
	switch t.field {
	case "", fieldFrom, fieldTo, fieldCc, fieldBcc:
		if address := strings.Trim(fold(strings.ToLower(t.text)), "<>,;* "); strings.ContainsAny(address, "@.") && !strings.Contains(address, " ") {
			l.literal = strings.Trim(strings.TrimPrefix(address, "mailto:"), "@")
		}
	}
	if numbers := numbersOf(t.text, l.words); !l.phrase && len(numbers) == 1 && numbers[0].last-numbers[0].first == len(l.words)-1 {
		l.number = numbers[0].joined
	}
	if len(l.words) == 1 && !l.phrase && !l.start && l.literal == "" {
		l.begins, l.head = l.words[0].mayBegin(), l.words[0].head()
	}
	return l
}

// maxPhrase is how many words of a phrase are looked at.
const maxPhrase = 16

// distinct leaves out parts that were there before: they change nothing but the cost.
func distinct(parts []node) []node {
	seen := map[string]bool{}
	var kept []node
	for _, part := range parts {
		if text := part.String(); !seen[text] {
			seen[text] = true
			kept = append(kept, part)
		}
	}
	return kept
}

func joinAnd(parts and) node {
	parts = distinct(parts)
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return parts
}

func joinOr(parts or) node {
	parts = distinct(parts)
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return parts
}

// String writes a query that parses to the same node.
func (n and) String() string { return join(n, " ") }

// String writes a query that parses to the same node.
func (n or) String() string { return join(n, " OR ") }

// String writes a query that parses to the same node.
func (n not) String() string {
	if l, ok := n.of.(*leaf); ok {
		return "-" + l.String()
	}
	return "-(" + n.of.String() + ")"
}

// String writes a query that parses to the same node.
func (l *leaf) String() string {
	value := l.typed
	if l.phrase || l.number == "" && strings.ContainsAny(value, " \t()") {
		value = `"` + value + `"`
	}
	if l.field == "" {
		return value
	}
	return l.field + ":" + value
}

func join(parts []node, between string) string {
	texts := make([]string, len(parts))
	for i, n := range parts {
		texts[i] = n.String()
		switch n.(type) {
		case and, or:
			texts[i] = "(" + texts[i] + ")"
		}
	}
	return strings.Join(texts, between)
}
