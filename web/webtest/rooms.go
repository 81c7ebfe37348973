// Package webtest is what tests of pages stand on: the real rooms in a temporary folder, doubles for what
// is not there (the identity provider, Exchange, an archive), whose answers a test sets, and a browser
// without a script.
package webtest

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/directory"
	"holdover/mailstore"
)

// Must ends a test that cannot go on.
func Must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Rooms are directory, store and events in a temporary folder.
type Rooms struct {
	T      testing.TB
	Clock  *Clock
	Dir    string // the folder
	CSV    string // the directory's file
	People *directory.Directory
	Mail   *mailstore.Store
	Events *continuity.Continuity
}

// Open takes the directory as CSV, and whether events that have ended wait for their release. The store is
// closed at the end of the test.
func Open(t testing.TB, people string, held bool) *Rooms {
	t.Helper()
	return OpenIn(t, t.TempDir(), databasetest.Open(t), people, held)
}

// OpenIn takes the place and the database, too, for what is kept from run to run.
func OpenIn(t testing.TB, dir string, db *database.DB, people string, held bool) *Rooms {
	t.Helper()
	ctx, log := context.Background(), slog.New(slog.DiscardHandler)
	r := &Rooms{T: t, Dir: dir, Clock: NewClock(Monday), CSV: filepath.Join(dir, "people.csv")}
	Must(t, os.WriteFile(r.CSV, []byte(people), 0o600))
	var err error
	r.People, err = directory.Open(ctx, directory.Options{DB: db, CSV: r.CSV, Complete: true, Now: r.Clock.Now, Log: log})
	Must(t, err)
	r.Mail, err = mailstore.Open(ctx, mailstore.Options{Dir: filepath.Join(dir, "data"), DB: db, Host: "test", Reserve: -1, Now: r.Clock.Now, Log: log})
	Must(t, err)
	t.Cleanup(func() { Must(t, r.Mail.Close()) })
	r.Events, err = continuity.Open(ctx, continuity.Options{DB: db, Directory: r.People, Held: held, Now: r.Clock.Now, Log: log})
	Must(t, err)
	for _, m := range r.People.Mailboxes() {
		Must(t, r.Mail.EnsureMailbox(ctx, m.ID, m.Address))
	}
	return r
}

// Box is the mailbox with this address.
func (r *Rooms) Box(address string) directory.Mailbox {
	r.T.Helper()
	target, err := r.People.Resolve(address)
	Must(r.T, err)
	return target.Mailboxes[0]
}

// Monday is 2026-11-23, 14:12 in Germany: the time at which tests begin.
var Monday = time.Date(2026, 11, 23, 13, 12, 0, 0, time.UTC)

// Germany is the zone of the pages, without summer time.
var Germany = time.FixedZone("CET", 3600)

// Clock is set by hand.
type Clock struct {
	mu sync.Mutex
	at time.Time
}

// NewClock shows a time until it is moved.
func NewClock(at time.Time) *Clock { return &Clock{at: at} }

// Now is what the clock shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

// Set makes the clock show another time.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = at
}

// Pass moves the clock on.
func (c *Clock) Pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}
