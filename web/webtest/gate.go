package webtest

import (
	"context"
	"strings"
	"time"

	"holdover/continuity"
	"holdover/email"
	"holdover/syncback"
	"holdover/syncback/traffic"
)

// Gate is a gatekeeper whose answers a test sets, and that counts what it was asked.
type Gate struct {
	Report  syncback.ReleaseReport
	Shown   []syncback.Shown
	Coming  syncback.Estimate
	Bounds  []traffic.Limit
	Dry     syncback.DryRun
	Retried int
	Resumed int
	Looked  int
	Checked bool
}

func (g *Gate) ReleaseOf(context.Context, continuity.Event) (syncback.ReleaseReport, error) {
	return g.Report, nil
}
func (g *Gate) RetryRelease(context.Context, string) error { g.Retried++; return nil }
func (g *Gate) Present(context.Context) []syncback.Shown   { g.Looked++; return g.Shown }
func (g *Gate) Resume(context.Context)                     { g.Resumed++ }
func (g *Gate) Limits() []traffic.Limit                    { return g.Bounds }
func (g *Gate) Estimate(context.Context, func(email.MailboxID) bool) (syncback.Estimate, error) {
	return g.Coming, nil
}
func (g *Gate) DryRun(_ context.Context, _ func(email.MailboxID) bool, checks bool, each func(syncback.Doubt)) (syncback.DryRun, error) {
	g.Checked = checks
	for _, d := range g.Dry.Doubts {
		if each != nil {
			each(d)
		}
	}
	return g.Dry, nil
}

// Shown is what a way shows of itself, with a pinned certificate.
func Shown(way, pin string) syncback.Shown {
	return syncback.Shown{Door: syncback.Door{Way: way, Title: strings.ToUpper(way), Pinned: true},
		Identity: continuity.Identity{Way: way, Pin: pin, Subject: "CN=ex.firma.test", Issuer: "CN=CA", Expires: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}}
}
