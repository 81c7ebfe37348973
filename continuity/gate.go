package continuity

import (
	"context"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Covers says whether an event's scope holds a mailbox, whether or not the event is active.
func (c *Continuity) Covers(e Event, m email.MailboxID) bool {
	if e.Scope.All || slices.Contains(e.Scope.Mailboxes, m) {
		return true
	}
	domains, groups, ok := c.o.Directory.Place(m)
	return ok && (shares(e.Scope.Domains, domains) || shares(e.Scope.Groups, groups))
}

func shares(a, b []string) bool {
	return slices.ContainsFunc(a, func(x string) bool {
		return slices.ContainsFunc(b, func(y string) bool { return strings.EqualFold(x, y) })
	})
}

// Covering is the strictest active event over a mailbox (L4); ok is false when there is none.
func (c *Continuity) Covering(ctx context.Context, m email.MailboxID) (e Event, ok bool, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) (err error) {
		e, ok, err = c.covering(tx, m)
		return err
	})
	return e, ok, err
}

// Closed computes a mailbox's gate inside the transaction in which an entry is claimed (L4), so
// that no claim slips past an event that was committed before it. An event that ended and is not
// released closes as before; so do the switches, withdrawn credentials like a lockdown.
func (c *Continuity) Closed(tx *database.Tx, m email.MailboxID) (closed bool, kind Kind, err error) {
	if closed, kind, err = switchedOff(tx); err != nil {
		return true, "", err
	}
	closing, err := query(tx, `WHERE released = 0`)
	if err != nil {
		return true, "", err
	}
	for _, e := range closing {
		if e.Kind.Closes() && c.Covers(e, m) && (!closed || stricter(e.Kind, kind)) {
			closed, kind = true, e.Kind
		}
	}
	return closed, kind, nil
}

func (c *Continuity) covering(tx *database.Tx, m email.MailboxID) (strictest Event, ok bool, err error) {
	active, err := query(tx, `WHERE ended = 0 ORDER BY started`)
	if err != nil {
		return Event{}, false, err
	}
	for _, e := range active {
		if c.Covers(e, m) && (!ok || stricter(e.Kind, strictest.Kind)) {
			strictest, ok = e, true
		}
	}
	return strictest, ok, nil
}

func stricter(a, b Kind) bool { return slices.Index(strictness, a) > slices.Index(strictness, b) }
