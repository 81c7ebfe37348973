// Package desk is the continuity desk: what administrators see and decide in an event and after it, as
// pages (/desk) and for scripts (/api, docs/api.md).
package desk

import (
	"context"
	"log/slog"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
	"holdover/views"
	"holdover/web/page"
)

// Options are the rooms that the desk works with and what its pages need.
type Options struct {
	*page.Frame
	Organisation views.Organisation
	Mail         Mail
	Directory    Directory
	Events       Events
	Syncback     Syncback
	Gate         Gatekeeper // between the end of an event and the drain; nil: no estimates
	Releases     Releases
	Refills      Refills // nil: mailboxes cannot be refilled
	Archive      Archive // of journal reports; nil: none
	MaxUpload    int64   // octets for which the store must have space
	Zone         *time.Location
	Log          *slog.Logger
}

// Mail tells how the store and the outbound queue are.
type Mail interface {
	Alarms() []mailstore.Alarm
	SpaceLeft(size int64) error
	Submissions(ctx context.Context, m email.MailboxID, limit int) ([]mailstore.SubmissionRow, error)
}

// Directory knows whom an event can concern.
type Directory interface {
	organisation
	LastRead() (at time.Time, err error)
}

// Events are started, ended and told of.
type Events interface {
	Start(ctx context.Context, s continuity.Start) (continuity.Event, error)
	End(ctx context.Context, id, by, reason string) (continuity.Event, error)
	Event(ctx context.Context, id string) (continuity.Event, error)
	Events(ctx context.Context, limit int) ([]continuity.Event, error)
	Covers(e continuity.Event, m email.MailboxID) bool
	Records(ctx context.Context, event string) ([]continuity.Record, error)
}

// Syncback accounts for every change of an event, and tries again what was parked.
type Syncback interface {
	Alarms() []syncback.Alarm
	Report(ctx context.Context, since time.Time, covers func(email.MailboxID) bool) (syncback.Report, error)
	Lines(ctx context.Context, since time.Time, m email.MailboxID, state syncback.State, limit int) ([]syncback.Line, error)
	Account(ctx context.Context, span syncback.Span, covers func(email.MailboxID) bool) (syncback.Account, error)
	Crosscheck(ctx context.Context, span syncback.Span, covers func(email.MailboxID) bool) (syncback.Crosscheck, error)
	List(ctx context.Context, f syncback.Filter) (lines []syncback.Line, next string, err error)
	Carried(ctx context.Context, span syncback.Span, covers func(email.MailboxID) bool) ([]syncback.Carried, error)
	Retry(ctx context.Context, m email.MailboxID, seq mailstore.Seq, by string) error
	RetryAll(ctx context.Context, f syncback.Filter, by string) (int, error)
}
