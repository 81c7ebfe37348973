package syncback

import (
	"slices"
	"strings"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// cargo is the kind of item of a row.
func (r *row) cargo() traffic.Cargo {
	switch r.op {
	case deliver:
		return traffic.InboundCargo
	case put:
		if r.kind == mailstore.SentOut || r.kind == mailstore.Refilled {
			return traffic.SentCargo
		}
		return traffic.InternalCargo
	case draft, erase:
		return traffic.DraftsCargo
	case flags, categories:
		return traffic.StateCargo
	}
	return traffic.MovesCargo
}

// carries bounds a query on rows i to kinds of items; none is no row.
func carries(cargos []traffic.Cargo) string {
	const own = `('` + string(mailstore.SentOut) + `','` + string(mailstore.Refilled) + `')`
	terms := []string{"1=0"}
	for _, c := range cargos {
		terms = append(terms, map[traffic.Cargo]string{
			traffic.InboundCargo:  "i.op='deliver'",
			traffic.InternalCargo: "i.op='append' AND i.kind NOT IN " + own,
			traffic.SentCargo:     "i.op='append' AND i.kind IN " + own,
			traffic.DraftsCargo:   "i.op IN ('draft','erase')",
			traffic.StateCargo:    "i.op IN ('flags','categories')",
			traffic.MovesCargo:    "i.op IN ('move','folder','rename','discard')",
		}[c])
	}
	return "(" + strings.Join(terms, " OR ") + ")"
}

// movable lists the kinds of items of a mailbox for which a way works now and may carry something
// under its limits.
func (s *Syncback) movable(m email.MailboxID) (list []traffic.Cargo) {
	now, at := s.now(), s.location(m)
	for _, c := range traffic.Cargos() {
		if slices.ContainsFunc(s.table[at][c], func(w *traffic.Way) bool { return s.health.IsOpen(w, m, now) && s.pace.Allows(w, m, now) > 0 }) {
			list = append(list, c)
		}
	}
	return list
}

// choose answers the way that carries a row now: the first of its path that can and works; nil:
// none does at the moment.
func (s *Syncback) choose(r row) *traffic.Way {
	now := s.now()
	for _, w := range s.suited(r) {
		if s.health.IsOpen(w, r.mailbox, now) {
			return w
		}
	}
	return nil
}

// suited lists the ways of a row that have not said that they cannot carry it. What was begun over
// one way is ended over it.
func (s *Syncback) suited(r row) (ways []*traffic.Way) {
	if begun := s.way(r.steps.Way); begun != nil {
		return []*traffic.Way{begun}
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
func (s *Syncback) lookWays(m email.MailboxID) (ways []*traffic.Way) {
	now := s.now()
	for _, w := range s.lookOrder(s.location(m)) {
		if s.health.IsOpen(w, m, now) {
			ways = append(ways, w)
		}
	}
	return ways
}

// lookOrder is every way that opens mailboxes at a location, those that change state first.
func (s *Syncback) lookOrder(at traffic.Location) (ways []*traffic.Way) {
	for _, c := range []traffic.Cargo{traffic.StateCargo, traffic.MovesCargo, traffic.DraftsCargo, traffic.SentCargo, traffic.InternalCargo, traffic.InboundCargo} {
		for _, w := range s.table[at][c] {
			if !w.Speaks.Delivers() && !slices.Contains(ways, w) {
				ways = append(ways, w)
			}
		}
	}
	for i := range s.o.Ways {
		if w := &s.o.Ways[i]; w.At == at && !w.Speaks.Delivers() && !slices.Contains(ways, w) {
			ways = append(ways, w)
		}
	}
	return ways
}

// allWays is every way that matters for a mailbox.
func (s *Syncback) allWays(m email.MailboxID) (ways []*traffic.Way) {
	at := s.location(m)
	for _, c := range traffic.Cargos() {
		ways = append(ways, s.table[at][c]...)
	}
	return append(ways, s.lookOrder(at)...)
}

// way finds a way by its name; nil: it is not configured any more.
func (s *Syncback) way(name string) *traffic.Way {
	for i := range s.o.Ways {
		if s.o.Ways[i].Name() == name {
			return &s.o.Ways[i]
		}
	}
	return nil
}
