package desk

import (
	"context"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/syncback/traffic"
)

// Gatekeeper is what stands between the end of an event and the drain; *syncback.Syncback.
type Gatekeeper interface {
	ReleaseOf(ctx context.Context, e continuity.Event) (syncback.ReleaseReport, error)
	RetryRelease(ctx context.Context, event string) error
	Present(ctx context.Context) []syncback.Shown
	Estimate(ctx context.Context, covers func(email.MailboxID) bool) (syncback.Estimate, error)
	Limits() []traffic.Limit
	DryRun(ctx context.Context, covers func(email.MailboxID) bool, checks bool, each func(syncback.Doubt)) (syncback.DryRun, error)
	Resume(ctx context.Context)
}

// Releases keeps what administrators decide about it; *continuity.Continuity.
type Releases interface {
	Release(ctx context.Context, id, by, why string) (continuity.Event, error)
	Switch(ctx context.Context, name continuity.SwitchName) (continuity.Switch, error)
	Turn(ctx context.Context, name continuity.SwitchName, on bool, by, reason string) error
	Identities(ctx context.Context) ([]continuity.Identity, error)
	Confirm(ctx context.Context, event, by string, shown []continuity.Identity) error
	ConfirmedFor(ctx context.Context, event string) (bool, error)
	Note(ctx context.Context, event, what, by, reason string) error
	Records(ctx context.Context, event string) ([]continuity.Record, error)
}
