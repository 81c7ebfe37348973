package continuity

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

var (
	// ErrNotOpening says that the event goes on, or that its gates are open already.
	ErrNotOpening = errors.New("the event is not waiting for its release")
	// ErrUnconfirmed says that nobody has confirmed that this is the right Exchange.
	ErrUnconfirmed = errors.New("nobody has confirmed yet that this is the right Exchange")
	// ErrReason says that a reason is missing.
	ErrReason = errors.New("a reason is needed")
)

// Openings lists the events that have ended and are not released, oldest first.
func (c *Continuity) Openings(ctx context.Context) (list []Event, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) (err error) {
		list, err = query(tx, `WHERE released = 0 AND ended <> 0 ORDER BY ended, id`)
		return err
	})
	return list, err
}

// OnlyOpening says that nothing closes the mailbox but events that have ended and wait for their
// release: what shall prove that Exchange takes mail again may go.
func (c *Continuity) OnlyOpening(tx *database.Tx, m email.MailboxID) (bool, error) {
	if off, _, err := switchedOff(tx); err != nil || off {
		return false, err
	}
	closing, err := query(tx, `WHERE released = 0`)
	if err != nil {
		return false, err
	}
	opening := false
	for _, e := range closing {
		if !e.Kind.Closes() || !c.Covers(e, m) {
			continue
		}
		if e.Active() {
			return false, nil
		}
		if confirmed, err := confirmedFor(tx, e.ID); err != nil || e.Kind == Lockdown && !confirmed {
			return false, err
		}
		opening = true
	}
	return opening, nil
}

// Release opens the gates of an event that has ended. by is who proved or decided it, why stands in
// the record. A lockdown is released only after Confirm. Errors: ErrNotFound, ErrNotOpening,
// ErrUnconfirmed, ErrReason.
func (c *Continuity) Release(ctx context.Context, id, by, why string) (e Event, err error) {
	if why == "" {
		return Event{}, ErrReason
	}
	err = c.o.DB.Write(ctx, func(tx *database.Tx) (err error) {
		if e, err = find(tx, id); err != nil {
			return err
		}
		if !e.Opening() {
			return ErrNotOpening
		}
		if confirmed, err := confirmedFor(tx, id); err != nil || e.Kind == Lockdown && !confirmed {
			return errors.Join(err, ErrUnconfirmed)
		}
		e.Released, e.ReleasedBy, e.ReleaseReason = c.now(), by, why
		done, err := tx.Exec(`UPDATE event SET released = ?, released_by = ?, release_reason = ? WHERE id = ? AND released = 0`,
			e.Released.UnixMilli(), by, why, id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrNotOpening) // somebody else was faster
		}
		return appendRecord(tx, Record{At: e.Released, Event: id, What: "release", By: by, Reason: why}, e)
	})
	if err != nil {
		return Event{}, fmt.Errorf("release event %s: %w", id, err)
	}
	c.o.Log.Info("event released: what waited goes to Exchange", "event", id, "by", by)
	c.watch.tell()
	return e, nil
}

// Note adds a line to the record of an event ("" is none): what an administrator ordered meanwhile.
func (c *Continuity) Note(ctx context.Context, event, what, by, reason string) error {
	return c.o.DB.Write(ctx, func(tx *database.Tx) error {
		e := Event{}
		if event != "" {
			var err error
			if e, err = find(tx, event); err != nil {
				return err
			}
		}
		return appendRecord(tx, Record{At: c.now(), Event: event, What: what, By: by, Reason: reason}, e)
	})
}

// Suspects says whether a lockdown is on or not yet released: then no answer of Exchange is to be
// trusted, by nobody and for no mailbox.
func (c *Continuity) Suspects(ctx context.Context) (suspects bool, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) error {
		off, kind, err := switchedOff(tx)
		if err != nil {
			return err
		}
		list, err := query(tx, `WHERE released = 0 AND kind = ?`, string(Lockdown))
		suspects = len(list) > 0 || off && kind == Lockdown
		return err
	})
	return suspects, err
}

// Opened answers when a mailbox's gate was opened last by the release of an event; zero: never.
func (c *Continuity) Opened(tx *database.Tx, m email.MailboxID) (last time.Time, err error) {
	all, err := query(tx, `WHERE released <> 0 AND kind <> ? ORDER BY released DESC`, string(Drill))
	for _, e := range all {
		if c.Covers(e, m) {
			return e.Released, err
		}
	}
	return last, err
}

// Lockdowns lists the released lockdowns over a mailbox, newest first: what waited in one is looked
// at again before Exchange is told.
func (c *Continuity) Lockdowns(tx *database.Tx, m email.MailboxID) (list []Event, err error) {
	all, err := query(tx, `WHERE kind = ? AND released <> 0 ORDER BY started DESC`, string(Lockdown))
	for _, e := range all {
		if c.Covers(e, m) {
			list = append(list, e)
		}
	}
	return list, err
}
