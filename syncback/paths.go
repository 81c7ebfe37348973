package syncback

import (
	"fmt"
	"slices"
	"strings"

	"holdover/email"
	"holdover/mailstore"
)

// Cargo is a kind of item, as paths are chosen by it.
type Cargo string

const (
	InboundCargo  Cargo = "inbound"  // mail from outside that was withheld
	InternalCargo Cargo = "internal" // mail of a colleague, written in the portal
	SentCargo     Cargo = "sent"     // the sender's own copy, and what refills a mailbox
	DraftsCargo   Cargo = "drafts"
	StateCargo    Cargo = "state" // read, flag, answered, categories
	MovesCargo    Cargo = "moves" // moves, deletions, new folders
)

// Cargos are all of them.
func Cargos() []Cargo {
	return []Cargo{InboundCargo, InternalCargo, SentCargo, DraftsCargo, StateCargo, MovesCargo}
}

// Profile says where the organisation's mailboxes lie.
type Profile string

const (
	ProfileOnPremises Profile = "on-premises"
	ProfileHybrid     Profile = "hybrid" // on both sides; each mailbox's location is found
	ProfileOnline     Profile = "online"
)

// Locations answers where mailboxes of a profile can lie.
func (p Profile) Locations() []Location {
	switch p {
	case ProfileOnline:
		return []Location{Online}
	case ProfileHybrid:
		return []Location{OnPremises, Online}
	}
	return []Location{OnPremises}
}

// Paths are the ordered ways of each kind of item: the first that is configured for the mailbox's
// location and works carries it.
type Paths map[Cargo][]Protocol

// DefaultPaths answers the ways of mailboxes at a location where the configuration says nothing
// (exchange.md, section 5). What is not configured is passed over.
func DefaultPaths(at Location) Paths {
	if at == Online {
		return Paths{
			InboundCargo:  {SMTP},
			InternalCargo: {Internal, IMAP},
			SentCargo:     {IMAP, Graph},
			DraftsCargo:   {Graph, IMAP},
			StateCargo:    {Graph, IMAP},
			MovesCargo:    {Graph, IMAP},
		}
	}
	return Paths{
		InboundCargo:  {SMTP},
		InternalCargo: {Internal, EWS, IMAP},
		SentCargo:     {EWS, IMAP},
		DraftsCargo:   {EWS, IMAP},
		StateCargo:    {EWS, IMAP},
		MovesCargo:    {EWS, IMAP},
	}
}

// CanCarry says whether a protocol is a way for a kind of item at all.
func CanCarry(p Protocol, c Cargo) bool {
	switch p {
	case SMTP:
		return c == InboundCargo
	case Internal:
		return c == InternalCargo
	}
	return slices.Contains(Protocols(), p)
}

// timetable is Paths with the ways themselves, for each location. Location "" is a mailbox that was
// not found yet: only what Exchange itself routes can go.
type timetable map[Location]map[Cargo][]*Way

// newTimetable joins ways and paths. Every kind of item needs a way at every location of the profile.
func newTimetable(profile Profile, ways []Way, own Paths) (timetable, error) {
	table := timetable{"": {}}
	for i := range ways {
		if err := ways[i].prove(); err != nil {
			return nil, err
		}
	}
	for _, at := range profile.Locations() {
		table[at] = map[Cargo][]*Way{}
		for cargo, order := range DefaultPaths(at) {
			if len(own[cargo]) > 0 {
				order = own[cargo]
			}
			for _, p := range order {
				if w := wayFor(ways, p, at); w != nil {
					table[at][cargo] = append(table[at][cargo], w)
				}
			}
			if len(table[at][cargo]) == 0 {
				return nil, fmt.Errorf("sync-back: no way is configured that brings %q items into mailboxes %s", cargo, at)
			}
			if cargo == InboundCargo && table[at][cargo][0].Speaks == SMTP && table[""][cargo] == nil {
				table[""][cargo] = table[at][cargo][:1]
			}
		}
	}
	return table, nil
}

// wayFor finds the way that speaks p to mailboxes at a location. By SMTP the usual entry serves
// both sides: Exchange routes.
func wayFor(ways []Way, p Protocol, at Location) *Way {
	var entry *Way
	for i := range ways {
		w := &ways[i]
		if w.Speaks == p && w.At == at {
			return w
		}
		if w.Speaks == p && p == SMTP && entry == nil {
			entry = w
		}
	}
	return entry
}

// cargo is the kind of item of a row.
func (r *row) cargo() Cargo {
	switch r.op {
	case deliver:
		return InboundCargo
	case put:
		if r.kind == mailstore.SentOut || r.kind == mailstore.Refilled {
			return SentCargo
		}
		return InternalCargo
	case draft, erase:
		return DraftsCargo
	case flags, categories:
		return StateCargo
	}
	return MovesCargo
}

// carries bounds a query on rows i to kinds of items; none is no row.
func carries(cargos []Cargo) string {
	const own = `('` + string(mailstore.SentOut) + `','` + string(mailstore.Refilled) + `')`
	terms := []string{"1=0"}
	for _, c := range cargos {
		terms = append(terms, map[Cargo]string{
			InboundCargo:  "i.op='deliver'",
			InternalCargo: "i.op='append' AND i.kind NOT IN " + own,
			SentCargo:     "i.op='append' AND i.kind IN " + own,
			DraftsCargo:   "i.op IN ('draft','erase')",
			StateCargo:    "i.op IN ('flags','categories')",
			MovesCargo:    "i.op IN ('move','folder','rename','discard')",
		}[c])
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// movable lists the kinds of items of a mailbox for which a way works now and may carry something
// under its limits.
func (s *Syncback) movable(m email.MailboxID) (list []Cargo) {
	now, at := s.now(), s.location(m)
	for _, c := range Cargos() {
		if slices.ContainsFunc(s.table[at][c], func(w *Way) bool { return s.routes.isOpen(w, m, now) && s.pace.allows(w, m, now) > 0 }) {
			list = append(list, c)
		}
	}
	return list
}

// choose answers the way that carries a row now: the first of its path that can and works; nil:
// none does at the moment.
func (s *Syncback) choose(r row) *Way {
	now := s.now()
	for _, w := range s.suited(r) {
		if s.routes.isOpen(w, r.mailbox, now) {
			return w
		}
	}
	return nil
}

// suited lists the ways of a row that have not said that they cannot carry it. What was begun over
// one way is ended over it.
func (s *Syncback) suited(r row) (ways []*Way) {
	if begun := s.way(r.steps.Way); begun != nil {
		return []*Way{begun}
	}
	at := s.location(r.mailbox)
	listed := s.table[at][r.cargo()]
	if r.op == categories { // few ways can: after those of the path come all that open the mailbox
		listed = append(slices.Clone(listed), s.lookOrder(at)...)
	}
	for _, w := range listed {
		if !slices.Contains(cannot(r), w.Name()) && !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	return ways
}

// cannot lists the names of ways that have said that they cannot carry a row.
func cannot(r row) []string { return strings.Split(r.unsuited, ",") }

// lookWays lists the working ways over which a mailbox can be looked through, in a steady order: a
// place seen by one means nothing to another.
func (s *Syncback) lookWays(m email.MailboxID) (ways []*Way) {
	now := s.now()
	for _, w := range s.lookOrder(s.location(m)) {
		if s.routes.isOpen(w, m, now) {
			ways = append(ways, w)
		}
	}
	return ways
}

// lookOrder is every way that opens mailboxes at a location, those that change state first.
func (s *Syncback) lookOrder(at Location) (ways []*Way) {
	for _, c := range []Cargo{StateCargo, MovesCargo, DraftsCargo, SentCargo, InternalCargo, InboundCargo} {
		for _, w := range s.table[at][c] {
			if !w.Speaks.delivers() && !slices.Contains(ways, w) {
				ways = append(ways, w)
			}
		}
	}
	for i := range s.o.Ways {
		if w := &s.o.Ways[i]; w.At == at && !w.Speaks.delivers() && !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	return ways
}

// allWays is every way that matters for a mailbox.
func (s *Syncback) allWays(m email.MailboxID) (ways []*Way) {
	at := s.location(m)
	for _, c := range Cargos() {
		ways = append(ways, s.table[at][c]...)
	}
	return append(ways, s.lookOrder(at)...)
}

// way finds a way by its name; nil: it is not configured any more.
func (s *Syncback) way(name string) *Way {
	for i := range s.o.Ways {
		if s.o.Ways[i].Name() == name {
			return &s.o.Ways[i]
		}
	}
	return nil
}
