package desk

import (
	"fmt"
	"slices"
	"strings"

	"holdover/continuity"
	"holdover/directory"
	"holdover/email"
)

// organisation is what scopes are made of.
type organisation interface {
	Mailboxes() []directory.Mailbox
	Groups() []directory.Group
	Domains() []string
	Resolve(address string) (directory.Target, error)
	Mailbox(id email.MailboxID) (directory.Mailbox, bool)
}

// scopeWish is a scope as people and scripts write it: mailboxes by address.
type scopeWish struct {
	All       bool     `json:"all"`
	Domains   []string `json:"domains"`
	Groups    []string `json:"groups"`
	Mailboxes []string `json:"mailboxes"`
}

// wishError names the field that can't be taken, with the reason and what to do. Word is its key in the
// words catalogue for pages; scripts get the English sentences.
type wishError struct {
	Field, Word, Piece string
	Reason, Remedy     string
}

func (e *wishError) Error() string { return e.Field + ": " + e.Reason }

// api is the same for scripts.
func (e *wishError) api() apiError {
	return apiError{Field: e.Field, Reason: e.Reason, Remedy: e.Remedy}
}

// scopeOf turns a wish into a scope, or says what is wrong with it.
func scopeOf(org organisation, w scopeWish) (continuity.Scope, *wishError) {
	lists := len(w.Domains) + len(w.Groups) + len(w.Mailboxes)
	switch {
	case w.All && lists > 0:
		return continuity.Scope{}, &wishError{Field: "scope.all", Word: "desk.err.both",
			Reason: "\"all\" stands beside domains, groups or mailboxes", Remedy: "Leave out \"all\", or leave out the lists."}
	case w.All:
		return continuity.Scope{All: true}, nil
	case lists == 0:
		return continuity.Scope{}, &wishError{Field: "scope", Word: "desk.err.scope",
			Reason: "it names nobody", Remedy: "Set \"all\" to true, or list domains, groups or mailboxes."}
	}
	var s continuity.Scope
	var wrong *wishError
	if s.Domains, wrong = scopeDomains(org, w.Domains); wrong != nil {
		return s, wrong
	}
	if s.Groups, wrong = scopeGroups(org, w.Groups); wrong != nil {
		return s, wrong
	}
	s.Mailboxes, wrong = scopeMailboxes(org, w.Mailboxes)
	return s, wrong
}

func scopeDomains(org organisation, wanted []string) (known []string, wrong *wishError) {
	for n, name := range wanted {
		i := slices.IndexFunc(org.Domains(), func(d string) bool { return strings.EqualFold(d, strings.TrimSpace(name)) })
		if i < 0 {
			return nil, &wishError{Field: fmt.Sprintf("scope.domains[%d]", n), Word: "desk.err.domain", Piece: name,
				Reason: fmt.Sprintf("%q is no domain of this organisation", name), Remedy: "Use one of: " + strings.Join(org.Domains(), ", ") + "."}
		}
		known = appendOnce(known, org.Domains()[i])
	}
	return known, nil
}

func scopeGroups(org organisation, wanted []string) (known []string, wrong *wishError) {
	groups := org.Groups()
	for n, name := range wanted {
		i := slices.IndexFunc(groups, func(g directory.Group) bool { return strings.EqualFold(g.Name, strings.TrimSpace(name)) })
		if i < 0 {
			return nil, &wishError{Field: fmt.Sprintf("scope.groups[%d]", n), Word: "desk.err.group", Piece: name,
				Reason: fmt.Sprintf("%q is no group of the directory", name), Remedy: "Use a group's name as the directory has it."}
		}
		known = appendOnce(known, groups[i].Name)
	}
	return known, nil
}

func scopeMailboxes(org organisation, wanted []string) (known []email.MailboxID, wrong *wishError) {
	for n, address := range wanted {
		field := fmt.Sprintf("scope.mailboxes[%d]", n)
		target, err := org.Resolve(strings.TrimSpace(address))
		if err != nil || len(target.Mailboxes) == 0 {
			return nil, &wishError{Field: field, Word: "desk.err.mailbox", Piece: address,
				Reason: fmt.Sprintf("%q is no mailbox of the directory", address), Remedy: "Use a mailbox's address or one of its aliases."}
		}
		if target.Group != nil {
			return nil, &wishError{Field: field, Word: "desk.err.isgroup", Piece: address,
				Reason: fmt.Sprintf("%q is a group", address), Remedy: "Name the group under \"groups\"."}
		}
		known = appendOnce(known, target.Mailboxes[0].ID)
	}
	return known, nil
}

func appendOnce[T comparable](list []T, item T) []T {
	if slices.Contains(list, item) {
		return list
	}
	return append(list, item)
}
