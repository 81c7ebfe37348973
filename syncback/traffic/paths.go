package traffic

import (
	"fmt"
	"slices"
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

// Table is Paths with the ways themselves, for each location. Location "" is a mailbox that was
// not found yet: only what Exchange itself routes can go.
type Table map[Location]map[Cargo][]*Way

// NewTable joins ways and paths. Every kind of item needs a way at every location of the profile.
func NewTable(profile Profile, ways []Way, own Paths) (Table, error) {
	table := Table{"": {}}
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
