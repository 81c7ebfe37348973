package directory

import (
	"maps"
	"slices"
	"strings"
	"time"

	"holdover/email"
)

// snapshot is one good state of the file; it never changes once it is published.
type snapshot struct {
	at        time.Time
	mailboxes []Mailbox
	byID      map[email.MailboxID]int
	groups    []Group
	targets   map[string]Target // by key of each address
	domains   []string          // sorted
	entries   []entry           // for suggestions
}

// plan is a file whose lines have been compared with each other; only the ids are missing.
type plan struct {
	mailboxes []row
	groups    []row
	byName    map[string]int    // groups that have a line, by groupKey
	owner     map[string]*row   // by key of each address; mailboxes and groups share them
	members   map[string][]*row // by groupKey: mailboxes whose line names the group
	spelling  map[string]string // by groupKey: as the group's own line has it, or as first written
}

// planOf compares the lines with each other.
func planOf(rows []row, found *problems) *plan {
	p := &plan{
		byName: map[string]int{}, owner: map[string]*row{},
		members: map[string][]*row{}, spelling: map[string]string{},
	}
	for i := range rows {
		p.claim(&rows[i], found)
	}
	for _, r := range rows {
		if r.kind == group {
			p.addGroup(r, found)
		} else {
			p.mailboxes = append(p.mailboxes, r)
		}
	}
	if len(p.mailboxes) == 0 && len(found.list) == 0 {
		found.add(0, "list at least one mailbox", "the file names no mailbox")
	}
	for i := range p.mailboxes {
		p.join(&p.mailboxes[i], found)
	}
	p.checkMembers(found)
	p.checkShared(found)
	return p
}

// claim notes whose an address is; a second owner is an error.
func (p *plan) claim(r *row, found *problems) {
	all := append([]string{r.address}, r.aliases...)
	r.aliases = nil
	for i, a := range all {
		if a == "" {
			continue
		}
		k := key(a)
		switch other := p.owner[k]; {
		case other == nil:
			p.owner[k] = r
			if i > 0 {
				r.aliases = append(r.aliases, a)
			}
		case other == r: // exports list the primary address among the aliases
		case i == 0:
			found.add(r.line, "give each address to one mailbox or group", "%s is used on line %d already", a, other.line)
		default:
			found.add(r.line, "take the alias away from one of them", "the alias %s is used on line %d already", a, other.line)
		}
	}
}

func (p *plan) addGroup(r row, found *problems) {
	name := groupKey(r.name)
	if i, taken := p.byName[name]; taken {
		found.add(r.line, "give the groups different names", "the group name %q is used on line %d already", r.name, p.groups[i].line)
		return
	}
	p.byName[name] = len(p.groups)
	p.spelling[name] = r.name
	p.groups = append(p.groups, r)
}

// join puts a mailbox into the groups that its line names.
func (p *plan) join(r *row, found *problems) {
	for _, name := range p.groupNames(r.groups) {
		if strings.Contains(name, "@") {
			g := p.owner[key(name)]
			if g == nil || g.kind != group {
				found.add(r.line, "name a group of this file", "there is no group with the address %s", name)
				continue
			}
			name = g.name
		}
		folded := groupKey(name)
		if _, ok := p.spelling[folded]; !ok {
			p.spelling[folded] = name
		}
		if !slices.Contains(p.members[folded], r) {
			p.members[folded] = append(p.members[folded], r)
		}
	}
}

// groupNames splits at bars if there is one, else at spaces; a known name with spaces stays whole.
func (p *plan) groupNames(cell string) []string {
	if _, whole := p.byName[groupKey(cell)]; whole {
		return []string{cell}
	}
	if !strings.Contains(cell, "|") {
		return strings.Fields(cell)
	}
	var names []string
	for part := range strings.SplitSeq(cell, "|") {
		if part = strings.TrimSpace(part); part != "" {
			names = append(names, part)
		}
	}
	return names
}

// groupKey is the form in which names of groups are compared.
func groupKey(name string) string { return strings.ToLower(oneLine(name)) }

// checkMembers looks up members inside our domains, and refuses groups whose mail would reach nobody.
func (p *plan) checkMembers(found *problems) {
	ours := p.domains()
	for _, g := range p.groups {
		whole := true
		for _, a := range g.members {
			_, domain, ok := cutAddress(key(a))
			_, inside := slices.BinarySearch(ours, domain)
			switch fault := faultOf(a); {
			case fault != "" || !ok:
				found.add(g.line, "correct the address (several are separated by spaces)", "the member %q %s", a, fault)
				whole = false
			case inside && p.owner[key(a)] == nil:
				found.add(g.line, "add a line for it, or remove it from the members", "the member %s is in our domain %s but not in this file", a, domain)
				whole = false
			}
		}
		if inside, outside := p.expand(g.name); whole && len(inside)+len(outside) == 0 {
			found.add(g.line, "list members, or name the group in the column groups of people", "the group %q has no members: mail to it would reach nobody", g.name)
		}
	}
}

func (p *plan) domains() []string {
	set := map[string]bool{}
	for k := range p.owner {
		if _, domain, ok := cutAddress(k); ok {
			set[domain] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// expand lists a group's mailboxes by key of their primary address, and its members elsewhere,
// groups within included. A group that contains itself is expanded once.
func (p *plan) expand(name string) (inside, outside []string) {
	seenGroup, seen := map[string]bool{}, map[string]bool{}
	add := func(to *[]string, address string) {
		if k := key(address); !seen[k] {
			seen[k] = true
			*to = append(*to, address)
		}
	}
	var visit func(folded string)
	visit = func(folded string) {
		if seenGroup[folded] {
			return
		}
		seenGroup[folded] = true
		for _, r := range p.members[folded] {
			add(&inside, r.address)
		}
		i, ok := p.byName[folded]
		if !ok {
			return
		}
		for _, a := range p.groups[i].members {
			switch r := p.owner[key(a)]; {
			case r == nil:
				add(&outside, a)
			case r.kind == group:
				visit(groupKey(r.name))
			default:
				add(&inside, r.address)
			}
		}
	}
	visit(groupKey(name))
	return inside, outside
}

// snapshot publishes the plan with the ids that the database gave, by key of the primary address.
func (p *plan) snapshot(at time.Time, ids map[string]email.MailboxID) *snapshot {
	s := &snapshot{at: at, byID: map[email.MailboxID]int{}, targets: map[string]Target{}, domains: p.domains()}
	index := map[string]int{}
	for i, r := range p.mailboxes {
		id := ids[key(r.address)]
		s.mailboxes = append(s.mailboxes, Mailbox{
			ID: id, Kind: r.kind, Address: r.address, Aliases: r.aliases, Name: r.name, Admin: r.admin, Language: r.language, Location: r.location,
			Title: r.title, Department: r.office, Phone: r.phone,
		})
		s.byID[id], index[key(r.address)] = i, i
	}
	members := make([][]int, 0, len(p.spelling))
	for _, folded := range slices.Sorted(maps.Keys(p.spelling)) {
		g := Group{Name: p.spelling[folded]}
		if i, ok := p.byName[folded]; ok {
			g.Address, g.Aliases = p.groups[i].address, p.groups[i].aliases
		}
		inside, outside := p.expand(g.Name)
		g.Outside = outside
		var at []int
		for _, address := range inside {
			i := index[key(address)]
			at = append(at, i)
			g.Members = append(g.Members, s.mailboxes[i].ID)
			s.mailboxes[i].Groups = append(s.mailboxes[i].Groups, g.Name)
		}
		s.groups, members = append(s.groups, g), append(members, at)
	}
	p.share(s, index)
	s.address(members)
	s.entries = entriesOf(s)
	return s
}

// address fills targets: by now every mailbox knows its groups.
func (s *snapshot) address(members [][]int) {
	for i, m := range s.mailboxes {
		t := Target{Mailboxes: s.mailboxes[i : i+1 : i+1]}
		for _, a := range append([]string{m.Address}, m.Aliases...) {
			s.targets[key(a)] = t
		}
	}
	for i := range s.groups {
		g := &s.groups[i]
		if g.Address == "" {
			continue
		}
		t := Target{Group: g}
		for _, at := range members[i] {
			t.Mailboxes = append(t.Mailboxes, s.mailboxes[at])
		}
		for _, a := range append([]string{g.Address}, g.Aliases...) {
			s.targets[key(a)] = t
		}
	}
}
