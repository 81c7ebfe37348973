package search

import "slices"

// chips lists the terms as understood, each with the query that is left without it.
func chips(n node) []Chip {
	var list []Chip
	all := leaves(n)
	for _, l := range all {
		c := Chip{Field: l.field, Text: l.shown}
		if l.phrase && l.field == "" {
			c.Text = `"` + l.shown + `"`
		}
		if negated(n, l) {
			c.Text = "-" + c.Text
		}
		if left := without(n, l); left != nil {
			c.Without = left.String()
		}
		list = append(list, c)
	}
	return list
}

// negated says whether an odd number of NOTs stands above the term.
func negated(n node, l *leaf) bool {
	switch n := n.(type) {
	case not:
		return !negated(n.of, l) && slices.Contains(leaves(n.of), l)
	case and:
		return slices.ContainsFunc(n, func(part node) bool { return negated(part, l) })
	case or:
		return slices.ContainsFunc(n, func(part node) bool { return negated(part, l) })
	}
	return false
}

// without is the query with one term taken out; nil when nothing is left.
func without(n node, l *leaf) node {
	left := func(parts []node) []node {
		var rest []node
		for _, part := range parts {
			if r := without(part, l); r != nil {
				rest = append(rest, r)
			}
		}
		return rest
	}
	switch n := n.(type) {
	case *leaf:
		if n == l {
			return nil
		}
	case not:
		switch of := without(n.of, l).(type) {
		case nil:
			return nil
		case not:
			return of.of
		default:
			return not{of}
		}
	case and:
		return joinAnd(left(n))
	case or:
		return joinOr(left(n))
	}
	return n
}

// leaves lists all terms from left to right.
func leaves(n node) []*leaf {
	switch n := n.(type) {
	case *leaf:
		return []*leaf{n}
	case not:
		return leaves(n.of)
	case and:
		return leavesOf(n)
	case or:
		return leavesOf(n)
	}
	return nil
}

func leavesOf(parts []node) []*leaf {
	var all []*leaf
	for _, part := range parts {
		all = append(all, leaves(part)...)
	}
	return all
}
