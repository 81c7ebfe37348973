package web

import (
	"holdover/email"
	"holdover/views"
)

// mostExpanded is how many members of a group a line may be given: more are better left to the group.
const mostExpanded = 100

// membersOf are the people behind a group's address, as recipients; none when it is no group or too large.
func membersOf(book addressBook, address string) (members []email.Address) {
	target, err := book.Resolve(address)
	if err != nil || target.Group == nil || len(target.Mailboxes)+len(target.Group.Outside) > mostExpanded {
		return nil
	}
	for _, m := range target.Mailboxes {
		members = append(members, email.Address{Name: m.Name, Addr: m.Address})
	}
	for _, outside := range target.Group.Outside {
		members = append(members, email.Address{Addr: outside})
	}
	return members
}

// expand puts its members in a group's place on a recipient line; who stands there already is not doubled.
func (f *composeForm) expand(field, group string, book addressBook) {
	line := map[string]*string{"to": &f.To, "cc": &f.Cc, "bcc": &f.Bcc}[field]
	members := membersOf(book, group)
	if line == nil || len(members) == 0 {
		return
	}
	good, bad := email.ParseAddressList(*line)
	l, there := typedList{Bad: bad}, addressSet{}
	for _, a := range good {
		there.add(a.Addr)
	}
	for _, a := range good {
		if a.Addr != group {
			l.Good = append(l.Good, a)
			continue
		}
		for _, m := range members {
			if !there.has(m.Addr) {
				there.add(m.Addr)
				l.Good = append(l.Good, m)
			}
		}
	}
	*line = addressLine(l.asTyped())
}

// groupsOn are the groups of a line, each with the button that shows who is in it.
func (s *server) groupsOn(w *views.Words, field, typed string) (groups []views.GroupOn) {
	good, _ := email.ParseAddressList(typed)
	for _, a := range good {
		if members := membersOf(s.Directory, a.Addr); len(members) > 0 {
			groups = append(groups, views.GroupOn{Text: w.N("expand.members", len(members)), Name: nameOf(a), Button: "expand:" + field + ":" + a.Addr})
		}
	}
	return groups
}

// expanded offers a suggested group's members one by one, too.
func (s *server) expanded(w *views.Words, group views.Suggestion) (one views.Suggestion, ok bool) {
	members := membersOf(s.Directory, group.Address)
	if len(members) == 0 {
		return one, false
	}
	return views.Suggestion{Name: group.Name, Address: w.N("expand.each", len(members)), Value: addressLine(members)}, true
}
