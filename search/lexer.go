package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxQuery = 1000 // octets of a query that are read
	maxDepth = 16   // parentheses deeper than this count as spaces
	maxTerms = 8    // terms of a query; what follows is left out, and missing from the chips
	minStart = 3    // letters before the star of word*
)

type tokenKind int

const (
	tokEnd tokenKind = iota
	tokText
	tokOpen
	tokClose
	tokAnd
	tokOr
	tokNot
)

// token is a piece of the query. A text token may have a field, which is known, and an operator
// (">", ">=", "<", "<=") behind it. A field directly before a parenthesis has an open token.
type token struct {
	kind   tokenKind
	field  string // canonical
	typed  string // the field as typed, with its colon or operator
	op     string
	text   string
	quoted bool
}

// lex never fails: every octet is part of a token or a space.
func lex(query string) []token {
	if len(query) > maxQuery {
		query = query[:maxQuery]
	}
	query = strings.ToValidUTF8(query, " ")
	var tokens []token
	for {
		query = strings.TrimLeftFunc(query, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if query == "" {
			return spoken(tokens)
		}
		var t token
		t, query = next(query)
		tokens = append(tokens, t)
	}
}

// spoken takes small words as what they mean between two terms: "kaffee oder tee". A sentence that
// has them as words loses nothing but the demand that they be there. Not so "nicht", which would
// hide messages. A subject that was copied with its AW: is looked for without it.
func spoken(tokens []token) []token {
	plain := func(i int) bool {
		return tokens[i].kind == tokText && tokens[i].field == "" && !tokens[i].quoted
	}
	for i := 1; i+1 < len(tokens); i++ {
		before, behind := tokens[i-1].kind, tokens[i+1].kind
		if !plain(i) || before != tokText && before != tokClose || behind == tokClose || behind == tokAnd || behind == tokOr {
			continue
		}
		switch tokens[i].text {
		case "und", "and", "Und", "And":
			tokens[i].kind = tokAnd
		case "oder", "or", "Oder", "Or":
			tokens[i].kind = tokOr
		}
	}
	for len(tokens) > 1 && plain(0) && answerMarks[strings.ToLower(tokens[0].text)] {
		tokens = tokens[1:]
	}
	return tokens
}

// answerMarks stand before the subject of an answer.
var answerMarks = map[string]bool{"aw:": true, "wg:": true, "re:": true, "fw:": true, "fwd:": true, "antw:": true}

func next(query string) (token, string) {
	switch c := query[0]; {
	case c == '(':
		return token{kind: tokOpen, text: "("}, query[1:]
	case c == ')':
		return token{kind: tokClose, text: ")"}, query[1:]
	case c == '-' && len(query) > 1 && !strings.ContainsRune(" \t-", rune(query[1])):
		return token{kind: tokNot, text: "-"}, query[1:]
	}
	if t, rest, ok := fielded(query); ok {
		return t, rest
	}
	text, quoted, rest := value(query)
	t := token{kind: tokText, text: text, quoted: quoted}
	if !quoted {
		switch text {
		case "AND", "UND":
			t.kind = tokAnd
		case "OR", "ODER":
			t.kind = tokOr
		case "NOT", "NICHT":
			t.kind = tokNot
		}
	}
	return t, rest
}

// fielded reads name:value, name>value and name:( where the name is known.
func fielded(query string) (token, string, bool) {
	end := strings.IndexFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	if end <= 0 || !strings.ContainsRune(":<>=", rune(query[end])) {
		return token{}, "", false
	}
	field, known := fieldNames[fold(strings.ToLower(query[:end]))]
	if !known || query[end] != ':' && !ordered(field) {
		return token{}, "", false
	}
	rest := query[end:]
	rest = strings.TrimPrefix(rest, ":")
	op := ""
	if ordered(field) {
		for _, o := range []string{">=", "=>", "<=", "=<", ">", "<", "=", "≥", "≤"} {
			if strings.HasPrefix(rest, o) {
				op, rest = operators[o], strings.TrimLeft(rest[len(o):], " ")
				break
			}
		}
	}
	t := token{kind: tokText, field: field, typed: query[:len(query)-len(rest)], op: op}
	switch {
	case rest == "" || rest[0] == ')' || unicode.IsSpace(firstRune(rest)):
		t.text = "" // "from:" alone
		return t, rest, true
	case rest[0] == '(':
		t.kind = tokOpen
		return t, rest[1:], true
	}
	t.text, t.quoted, rest = value(rest)
	return t, rest, true
}

var operators = map[string]string{">=": ">=", "=>": ">=", "≥": ">=", "<=": "<=", "=<": "<=", "≤": "<=", ">": ">", "<": "<", "=": ""}

// value reads a quoted text, or up to the next space or parenthesis. A quote that is never closed
// reaches to the end.
func value(query string) (text string, quoted bool, rest string) {
	if open, size := utf8.DecodeRuneInString(query); strings.ContainsRune(`"“„”`, open) {
		query = query[size:]
		if end := strings.IndexAny(query, `"“”`); end >= 0 {
			_, size := utf8.DecodeRuneInString(query[end:])
			return query[:end], true, query[end+size:]
		}
		return query, true, ""
	}
	end := strings.IndexFunc(query, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`()"“„”`, r)
	})
	if end < 0 {
		end = len(query)
	}
	return query[:end], false, query[end:]
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
