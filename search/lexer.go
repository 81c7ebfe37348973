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
			return tokens
		}
		var t token
		t, query = next(query)
		tokens = append(tokens, t)
	}
}

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
