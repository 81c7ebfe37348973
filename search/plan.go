package search

import (
	"holdover/mailstore"
)

// State terms (is:, folder:) are answered by the store, all others by the index. A query that has
// both is split by cases: for each way in which the state terms can be true or false the rest is
// a query for the index alone. Cases with the same rest are one, most are impossible.
//
//	is:unread kupplung      one case: unread, and kupplung in the index
//	is:unread OR kupplung   two cases: unread, and anything; not unread, and kupplung

// plan is a parsed query, ready to be answered.
type plan struct {
	states []*leaf // distinct state terms
	cases  []oneCase
	trash  bool // a folder is named, so the trash is not left out
}

// oneCase is a query for the index and the truths of the states under which its hits count.
type oneCase struct {
	rest  node // nil: everything
	masks []uint
}

func planOf(n node) plan {
	var p plan
	names := map[string]int{}
	for _, l := range leaves(n) {
		if l.field != fieldIs && l.field != fieldFolder {
			continue
		}
		p.trash = p.trash || l.field == fieldFolder
		if _, known := names[l.String()]; !known {
			names[l.String()] = len(p.states)
			p.states = append(p.states, l)
		}
	}
	byRest := map[string]int{}
	for mask := range uint(1) << len(p.states) {
		truth, rest := simplify(n, func(l *leaf) (bool, bool) {
			i, isState := names[l.String()]
			return mask&(1<<i) != 0, isState
		})
		if truth == never {
			continue
		}
		text := ""
		if truth == depends {
			text = rest.String()
		} else {
			rest = nil
		}
		i, known := byRest[text]
		if !known {
			i = len(p.cases)
			byRest[text] = i
			p.cases = append(p.cases, oneCase{rest: rest})
		}
		p.cases[i].masks = append(p.cases[i].masks, mask)
	}
	return p
}

type truth int

const (
	never truth = iota
	always
	depends
)

// simplify puts known truths in; what depends on the index is left in rest.
func simplify(n node, known func(*leaf) (value, ok bool)) (truth, node) {
	switch n := n.(type) {
	case *leaf:
		if value, ok := known(n); ok {
			return map[bool]truth{true: always, false: never}[value], nil
		}
		return depends, n
	case not:
		switch t, rest := simplify(n.of, known); t {
		case never:
			return always, nil
		case always:
			return never, nil
		default:
			return depends, not{rest}
		}
	case and:
		t, rest := simplifyAll(n, known, never)
		return t, joinAnd(rest)
	case or:
		t, rest := simplifyAll(n, known, always)
		return t, joinOr(rest)
	}
	return never, nil
}

// simplifyAll ends at a part that decides; parts that cannot decide vanish.
func simplifyAll(parts []node, known func(*leaf) (value, ok bool), decides truth) (truth, []node) {
	var rest []node
	for _, part := range parts {
		switch t, r := simplify(part, known); t {
		case decides:
			return decides, nil
		case depends:
			rest = append(rest, r)
		}
	}
	if len(rest) == 0 {
		return always + never - decides, nil
	}
	return depends, rest
}

// mask says which of the states a message has.
func (p plan) mask(m mailstore.Standing, folders map[mailstore.FolderID]string) uint {
	var mask uint
	for i, l := range p.states {
		if l.holds(m, folders) {
			mask |= 1 << i
		}
	}
	return mask
}

func (l *leaf) holds(m mailstore.Standing, folders map[mailstore.FolderID]string) bool {
	if l.field == fieldFolder {
		return l.within(m.Folder, folders)
	}
	switch l.state {
	case "read":
		return m.Flags.Seen
	case "unread":
		return !m.Flags.Seen
	case "flagged":
		return m.Flags.Flagged
	case "unflagged":
		return !m.Flags.Flagged
	case "answered":
		return m.Flags.Answered
	case "unanswered":
		return !m.Flags.Answered
	case "draft":
		return m.Flags.Draft || m.Folder == mailstore.Drafts
	}
	return false
}

// within says whether the term names a folder.
func (l *leaf) within(f mailstore.FolderID, folders map[mailstore.FolderID]string) bool {
	return l.folder == anywhere || l.folder == string(f) || folders[f] != "" && l.folder == folders[f]
}
