// Package syncback drains the change log into Exchange through connectors: order, retries, and proof that nothing is missing or doubled.
package syncback

import (
	"context"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

type State string // L10

const (
	Waiting  State = "waiting"
	Trying   State = "trying"
	InDoubt  State = "in doubt"
	Accepted State = "accepted"
	Verified State = "verified"
	Parked   State = "parked"
)

// Position of a mailbox's gate (L5).
type Position string

const (
	Closed   Position = "closed"
	Draining Position = "draining"
	Open     Position = "open"
)

type Syncback struct{}

// Run plans, tells and verifies until ctx ends.
func (s *Syncback) Run(ctx context.Context) error { panic("unbuilt") }

func (s *Syncback) Position(ctx context.Context, m email.MailboxID) (Position, error) {
	panic("unbuilt")
}

// States answers what a page's badges say; messages that were never told are absent.
func (s *Syncback) States(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]State, error) {
	panic("unbuilt")
}

// Counts close: Total = Waiting+Trying+InDoubt+Accepted+Verified+Parked. Collapsed entries count with what they collapsed into.
type Counts struct{ Total, Waiting, Trying, InDoubt, Accepted, Verified, Parked int }

func (c Counts) Done() bool { return c.Verified == c.Total }

type MailboxCounts struct {
	Mailbox  email.MailboxID
	Position Position
	Counts
}

type Report struct {
	Counts
	Mailboxes []MailboxCounts
	Rate      float64       // items a minute over the last minutes, 0 unknown
	Left      time.Duration // estimate, 0 unknown
	Trouble   string        // why nothing moves now, "" when it does (English; Exchange's words)
}

// Report accounts for every entry told or to be told since a time, of the mailboxes for which covers is true.
func (s *Syncback) Report(ctx context.Context, since time.Time, covers func(email.MailboxID) bool) (Report, error) {
	panic("unbuilt")
}

// Line is one item of the ledger.
type Line struct {
	Mailbox  email.MailboxID
	Seq      mailstore.Seq
	Message  email.MessageID
	Kind     mailstore.Kind
	State    State
	Attempts int
	At       time.Time // of the entry
	Changed  time.Time
	Next     time.Time // next try, zero: none
	Words    string    // Exchange's words or the reason
	Remedy   string
}

// Lines lists items; state "" is all, m "" is all; newest first.
func (s *Syncback) Lines(ctx context.Context, since time.Time, m email.MailboxID, state State, limit int) ([]Line, error) {
	panic("unbuilt")
}

// Retry lets a parked item try again now.
func (s *Syncback) Retry(ctx context.Context, m email.MailboxID, seq mailstore.Seq, by string) error {
	panic("unbuilt")
}
