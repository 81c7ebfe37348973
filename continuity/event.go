// Package continuity knows the events, and computes from them whether a mailbox's gate is closed.
//
//	event         one row an event: kind, scope, start, end, who and why
//	event_record  the append-only record of starts, ends and what came between, each line hashed with
//	              the one before
//
// An event that ended stays closed until it is released: a canary has gone into Exchange and come out
// again, or an administrator went on without it (release.go). Two switches close every gate: the
// sync-back is stopped, or the credentials are withdrawn (switches.go). identity.go remembers what
// Exchange showed of itself in calm times, and what a person confirmed after a lockdown.
//
// No gate is stored anywhere: starting an event over 10,000 mailboxes writes one row (design L4).
package continuity

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/email"
)

var (
	// ErrNotFound says that no event has this id.
	ErrNotFound = errors.New("no such event")
	// ErrEnded says that the event has ended already.
	ErrEnded = errors.New("the event has ended already")
	// ErrInvalid is wrapped with what is missing.
	ErrInvalid = errors.New("the event is not complete")
)

// Kind of event, in the words of design.md.
type Kind string

const (
	Outage      Kind = "outage"
	Maintenance Kind = "maintenance" // hold only, "Quiet Time"
	Drill       Kind = "drill"       // the gate stays open
	Lockdown    Kind = "lockdown"    // Exchange is compromised: nothing flows until released
)

// strictness orders kinds that cover one mailbox: the stricter wins (L4).
var strictness = []Kind{Maintenance, Drill, Outage, Lockdown}

// Closes says whether this kind closes the gate. In a drill mail keeps flowing to Exchange.
func (k Kind) Closes() bool { return k != Drill }

// Known says whether the word is a kind.
func (k Kind) Known() bool { return slices.Contains(strictness, k) }

// Scope says whom an event concerns; All beats the lists, which add up.
type Scope struct {
	All       bool              `json:"all,omitempty"`
	Domains   []string          `json:"domains,omitempty"`
	Groups    []string          `json:"groups,omitempty"`
	Mailboxes []email.MailboxID `json:"mailboxes,omitempty"`
}

// Empty says that nobody is concerned.
func (s Scope) Empty() bool {
	return !s.All && len(s.Domains)+len(s.Groups)+len(s.Mailboxes) == 0
}

// Event is one continuity event. Ended is zero while it is active.
type Event struct {
	ID        string
	Kind      Kind
	Scope     Scope
	Reason    string
	Started   time.Time
	StartedBy string
	Ended     time.Time
	EndedBy   string
	EndReason string

	Released      time.Time // its gates open; zero: they are closed
	ReleasedBy    string
	ReleaseReason string
}

// Active says whether the event goes on.
func (e Event) Active() bool { return e.Ended.IsZero() }

// Opening says that the event has ended and its gates are still closed.
func (e Event) Opening() bool { return !e.Active() && e.Released.IsZero() }

// Start is an administrator's order to start an event.
type Start struct {
	Kind   Kind
	Scope  Scope
	Reason string
	By     string
}

func (s Start) check() error {
	switch {
	case !s.Kind.Known():
		return fmt.Errorf("%w: kind %q is not one of outage, maintenance, drill, lockdown", ErrInvalid, s.Kind)
	case s.Scope.Empty():
		return fmt.Errorf("%w: the scope names nobody", ErrInvalid)
	case strings.TrimSpace(s.Reason) == "":
		return fmt.Errorf("%w: a reason is needed", ErrInvalid)
	case s.By == "":
		return fmt.Errorf("%w: who starts it is not known", ErrInvalid)
	}
	return nil
}

// Record is one line of the append-only record.
type Record struct {
	N          int64
	At         time.Time
	Event      string
	What       string // start, end, release, confirm, stop, continue, withdraw, restore, retry
	By, Reason string
	Hash       string
}

// Latest is the event that started last among those that are wanted.
func Latest(events []Event, wanted func(Event) bool) (latest Event, ok bool) {
	for _, e := range events {
		if wanted(e) && (!ok || e.Started.After(latest.Started)) {
			latest, ok = e, true
		}
	}
	return latest, ok
}
