package search

import (
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2/search/query"
)

// dictionary lists the words of a field that begin so, the most frequent first, at most limit.
type dictionary func(field, start string, limit int) ([]string, error)

// named lists the messages that bear a category which fits.
type named func(fits func(category string) bool) ([]string, error)

const (
	maxExpand    = 400  // words that word* stands for, in each field
	maxExpandAll = 6000 // and in a whole query: the cap on its cost, checked before it is built
)

// compiler turns what depends on the index into Bleve's queries. It makes term and phrase queries
// only, never one from text.
type compiler struct {
	dict  dictionary
	named named
	spent int

	compounds map[string][]string // terms of the compounds that end with a stem
}

func (c *compiler) query(n node) (query.Query, error) {
	switch n := n.(type) {
	case nil:
		return query.NewMatchAllQuery(), nil
	case *leaf:
		return c.leaf(n)
	case not:
		q, err := c.query(n.of)
		return query.NewBooleanQuery([]query.Query{query.NewMatchAllQuery()}, nil, []query.Query{q}), err
	case and:
		return c.all(n)
	case or:
		parts, err := c.parts(n)
		return query.NewDisjunctionQuery(parts), err
	}
	return query.NewMatchNoneQuery(), nil
}

// all keeps what is excluded out of the conjunction, so that it costs no list of everything.
func (c *compiler) all(n and) (query.Query, error) {
	var must, mustNot []node
	for _, part := range n {
		if x, ok := part.(not); ok {
			mustNot = append(mustNot, x.of)
		} else {
			must = append(must, part)
		}
	}
	yes, err := c.parts(must)
	if err != nil {
		return nil, err
	}
	if len(mustNot) == 0 {
		return query.NewConjunctionQuery(yes), nil
	}
	if len(yes) == 0 {
		yes = []query.Query{query.NewMatchAllQuery()}
	}
	no, err := c.parts(mustNot)
	return query.NewBooleanQuery(yes, nil, no), err
}

func (c *compiler) parts(nodes []node) ([]query.Query, error) {
	queries := make([]query.Query, 0, len(nodes))
	for _, n := range nodes {
		q, err := c.query(n)
		if err != nil {
			return nil, err
		}
		queries = append(queries, q)
	}
	return queries, nil
}

func (c *compiler) leaf(l *leaf) (query.Query, error) {
	switch l.field {
	case fieldReceived, fieldSent, fieldSize:
		return rangeQuery(l), nil
	case fieldHas:
		return hasQuery(l), nil
	case fieldName: // as the store has them now: putting one on re-indexes nothing
		ids, err := c.named(l.fits)
		return query.NewDocIDQuery(ids), err
	}
	if groups := l.groups(); len(groups) > 1 { // as one number, or each of the groups anywhere
		each, err := c.parts(groups)
		if err != nil {
			return nil, err
		}
		one, err := c.text(l)
		return query.NewDisjunctionQuery([]query.Query{one, query.NewConjunctionQuery(each)}), err
	}
	return c.text(l)
}

func (c *compiler) text(l *leaf) (query.Query, error) {
	if l.field == "" {
		return c.anyField(l, fieldSubject, fieldBody, fieldFrom, fieldTo, fieldCc, fieldBcc, fieldAttachment)
	}
	return c.anyField(l, l.field)
}

func (c *compiler) anyField(l *leaf, fields ...string) (query.Query, error) {
	var any []query.Query
	for _, field := range fields {
		queries, err := c.textQueries(l, field)
		if err != nil {
			return nil, err
		}
		any = append(any, queries...)
	}
	if len(any) == 0 {
		return query.NewMatchNoneQuery(), nil
	}
	return query.NewDisjunctionQuery(any), nil
}

// textQueries are the ways in which a text can stand in a field.
func (c *compiler) textQueries(l *leaf, field string) ([]query.Query, error) {
	if l.literal != "" && isPeople(field) {
		return literalQueries(l, field), nil
	}
	switch {
	case l.start:
		words, err := c.expand(field, l.words[0].folded)
		return terms(field, words), err
	case len(l.words) == 1:
		words, err := c.longer(l, field)
		if l.number != "" {
			words = append(words, numberMark+l.number)
		}
		return terms(field, append(l.words[0].forms(field, l.phrase), words...)), err
	}
	forms := make([][]string, len(l.words))
	for i, w := range l.words {
		forms[i] = w.forms(field, l.phrase)
	}
	any := []query.Query{query.NewMultiPhraseQuery(forms, field)}
	if l.number != "" {
		any = append(any, terms(field, []string{numberMark + l.number})...)
	}
	return any, nil
}

// literalQueries find an address or a part of it; a dotted text without @ may be words of a name too.
func literalQueries(l *leaf, field string) []query.Query {
	queries := terms(field, []string{addressMark + l.literal})
	if strings.Contains(l.typed, "@") {
		return queries
	}
	words := make([][]string, len(l.words))
	for i, w := range l.words {
		words[i] = []string{w.folded}
	}
	return append(queries, query.NewMultiPhraseQuery(words, field))
}

func isPeople(field string) bool {
	return field == fieldFrom || field == fieldTo || field == fieldCc || field == fieldBcc
}

// forms are the terms under which a word is found: in just this form, or by its stems too.
func (w word) forms(field string, exact bool) []string {
	if exact || isPeople(field) {
		return []string{w.folded}
	}
	forms := []string{w.folded, stemMark + w.folded}
	for _, s := range w.stems() {
		forms = append(forms, s, stemMark+s)
	}
	return forms
}

// longer are the words of a field that begin with the term's only word, or are compounds that end with it.
func (c *compiler) longer(l *leaf, field string) (words []string, err error) {
	if l.begins {
		if words, err = c.expand(field, l.words[0].folded); err != nil {
			return nil, err
		}
		words = slices.DeleteFunc(words, func(w string) bool { return !longer(w, l.words[0].folded) })
	}
	if l.head == "" || isPeople(field) {
		return words, nil
	}
	if c.compounds == nil {
		c.compounds = map[string][]string{}
	}
	stems, known := c.compounds[l.head]
	if !known {
		ends, err := c.expand(fieldEnding, backwards(l.head))
		if err != nil {
			return nil, err
		}
		for _, end := range ends {
			if stem := backwards(end); compound(stem, l.head) {
				stems = append(stems, stem, stemMark+stem)
			}
		}
		c.compounds[l.head] = stems
	}
	return append(words, stems...), nil
}

// expand replaces the beginning of a word by the words that begin so, as far as the cap allows.
func (c *compiler) expand(field, start string) ([]string, error) {
	limit := min(maxExpand, maxExpandAll-c.spent)
	if limit <= 0 {
		return nil, nil
	}
	words, err := c.dict(field, start, limit)
	c.spent += len(words)
	return words, err
}

func terms(field string, words []string) []query.Query {
	queries := make([]query.Query, 0, len(words))
	for _, w := range words {
		q := query.NewTermQuery(w)
		q.SetField(field)
		queries = append(queries, q)
	}
	return queries
}

func hasQuery(l *leaf) query.Query {
	has := terms(fieldHas, []string{hasAttachment})
	if l.state == hasAttachment {
		return has[0]
	}
	return query.NewBooleanQuery([]query.Query{query.NewMatchAllQuery()}, nil, has)
}

func rangeQuery(l *leaf) query.Query {
	included := true
	q := query.NewNumericRangeInclusiveQuery(float(l.from), float(l.to), &included, &included)
	q.SetField(l.field)
	return q
}

func float(n *int64) *float64 {
	if n == nil {
		return nil
	}
	f := float64(*n)
	return &f
}

// fits says whether the words of a term stand side by side in a category's name.
func (l *leaf) fits(category string) bool {
	whole := " " + fold(strings.ToLower(category)) + " "
	if start, open := strings.CutSuffix(l.name, "*"); open {
		return strings.Contains(whole, " "+start)
	}
	return strings.Contains(whole, " "+l.name+" ")
}
