package syncback

import (
	"fmt"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// passage is what of a mailbox may flow now: all, nothing, or one entry that goes ahead of the rest.
type passage struct {
	closed bool
	locked bool          // by a lockdown: no answer of Exchange counts
	only   mailstore.Seq // of a closed mailbox: the scout
}

// shut says that nothing flows.
func (p passage) shut() bool { return p.closed && p.only == 0 }

// rows bounds a query on rows to what may flow.
func (p passage) rows() string {
	switch {
	case p.shut():
		return "1=0"
	case p.closed:
		return fmt.Sprintf("seq=%d", p.only)
	}
	return "1=1"
}

// passage computes the gate (L4) and the scout's way around it.
func (s *Syncback) passage(tx *database.Tx, m email.MailboxID) (p passage, err error) {
	closed, kind, err := s.o.Gate.Closed(tx, m)
	if err != nil {
		return passage{closed: true}, err
	}
	if !closed || s.o.faults.noGate {
		return passage{}, nil
	}
	p = passage{closed: true, locked: kind == continuity.Lockdown}
	seq, on, err := s.scouting(tx, m)
	if on && err == nil {
		p.only, p.locked = seq, false
	}
	return p, err
}

// distrust puts in doubt what Exchange said while a lockdown came over the mailbox.
func distrust(done []outcome) []outcome {
	list := make([]outcome, len(done))
	for i, o := range done {
		if o.now.state == Accepted || o.now.state == Verified {
			o.now.state = o.was.state // entering it anew sets its clock
			o.now.enter(InDoubt, fromMillis(o.now.changed), fromMillis(o.now.changed), "Exchange answered while a lockdown began: not trusted", "")
		}
		list[i] = o
	}
	return list
}
