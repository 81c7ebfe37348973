// Package syncback drains the change log into Exchange through connectors: order, retries, and
// proof that nothing is missing or doubled.
//
// Each entry that Exchange must hear of is a row of the ledger (table syncback_item), made in the
// same commit that moves our cursor over the entry. A row goes
//
//	waiting → trying → accepted → verified
//	            └→ in doubt ┘        parked: needs a person
//
// trying is durable before the call and the outcome after it. Who finds trying without its
// worker knows nothing of what Exchange did: the row is in doubt, and is told again only when
// Exchange was looked through and the message proven absent (design L10). The gate is computed
// in the transaction that claims (L4); rows are planned while it is closed, so that pages can
// count what waits.
package syncback

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

//go:embed migrations/*.sql
var migrations embed.FS

// consumer is our name at the change log's cursors.
const consumer = "syncback"

// Store is what sync-back needs of the mail store.
type Store interface {
	DB() *database.DB
	Alarms() []mailstore.Alarm
	Behind(ctx context.Context, consumer string) ([]email.MailboxID, error)
	Cursor(ctx context.Context, consumer string, m email.MailboxID) (mailstore.Seq, error)
	Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error)
	Advance(ctx context.Context, consumer string, m email.MailboxID, from, to mailstore.Seq, f func(*database.Tx) error) error
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Kept(ctx context.Context, m email.MailboxID, id email.MessageID) (mailstore.Message, error)
	Folders(ctx context.Context, m email.MailboxID) ([]mailstore.Folder, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
	Holdings(ctx context.Context, m email.MailboxID, from, before time.Time) ([]mailstore.Holding, error)
	Refill(ctx context.Context, m email.MailboxID, ids []email.MessageID) error
	Settle(tx *database.Tx, m email.MailboxID, ids ...email.MessageID) error
	Entrusted(ctx context.Context, from, before time.Time, each func(m email.MailboxID, id email.MessageID)) error
	Watch() (notices <-chan mailstore.Notice, stop func())
	Busy() int // deliveries under way
}

// Gate says whether changes of a mailbox may flow (L4).
type Gate interface {
	Closed(tx *database.Tx, m email.MailboxID) (bool, continuity.Kind, error)
	Watch() (notices <-chan struct{}, stop func())
}

// Archive is told of entries in the commit that plans them; *archive.Archive. What Enter answers is nil,
// or enters what it must know.
type Archive interface {
	Enter(ctx context.Context, m email.MailboxID, entries []mailstore.Entry) (func(*database.Tx) error, error)
}

// Directory names a mailbox's address in Exchange.
type Directory interface {
	Mailbox(id email.MailboxID) (directory.Mailbox, bool)
}

// Options are what sync-back is given. Zero values take the defaults named.
type Options struct {
	Store      Store
	Gate       Gate
	Directory  Directory
	Archive    Archive                                  // nil: none
	Ways       []traffic.Way                            // into Exchange; every kind of item needs one, see DefaultPaths
	Profile    traffic.Profile                          // where mailboxes lie, default on-premises
	Paths      traffic.Paths                            // in place of the defaults, per kind of item
	Located    func(m email.MailboxID) traffic.Location // what the directory says of a mailbox, "" unknown; may be nil
	Node       string                                   // name of this node, its own among all that share the database; default "node"
	Workers    int                                      // mailboxes worked on at once, default 4
	Batch      int                                      // items of a mailbox claimed in one commit, at most; default 128
	Deliveries int                                      // by SMTP at once for one mailbox; default 5
	Limits     []traffic.Limit                          // how much Exchange takes, see LimitsWith; default: no bound
	Waits      []time.Duration                          // when an item in doubt is looked for again, default 1, 5, 30, 60 min (L10)
	Call       time.Duration                            // longest time of one call, default 12 min
	Lease      time.Duration                            // a claim outlives any call; default 3 min more than an idle connection lives, 33 min
	Hold       time.Duration                            // how long after the gate opened an unknown mailbox is held, default 1 h
	First      func(m email.MailboxID) bool             // whose mailboxes go first; nil: the oldest changes do
	Release    Releaser                                 // releases events that have ended; nil: their gates open at once
	Doors      []Door                                   // where Exchange shows who it is
	Checks     []Check                                  // of what waited through a lockdown, before it goes in
	Probe      Probe                                    // where canaries go before an event is released
	Now        func() time.Time
	Log        *slog.Logger

	faults faults                                      // planted by this package's tests only
	at     func(point string, m email.MailboxID) error // fail points of this package's tests; an error is a kill
}

// faults are mistakes that the tests plant, to see that their checker finds them.
type faults struct{ noLookup, noIntent, noGate, skipEntry, noFence bool }

// Syncback tells Exchange what has happened. It is safe for many goroutines; several nodes may
// share one database.
type Syncback struct {
	o       Options
	db      *database.DB
	pace    *traffic.Pace
	health  *traffic.Health
	agenda  *agenda
	order   *order
	meters  meters
	strides *strides
	refills chan struct{} // one is there when refills may have become due
	table   traffic.Table
	nudged  chan struct{} // a release is to be tried at once

	mu      sync.Mutex
	calls   map[email.MailboxID]context.CancelFunc // under way, for a lockdown to cut
	located map[email.MailboxID]traffic.Location   // as found and remembered
	moved   map[email.MailboxID]bool               // to be asked for anew
	lost    map[email.MailboxID]absence            // found nowhere
	looks   map[email.MailboxID]time.Time          // when each was last looked through
	braked  stuck                                  // Exchange's transport seems to stand still
	flights map[string]flight                      // canaries under way, by event
}

// New migrates the ledger. What this node was trying when it ended is in doubt from here on.
func New(ctx context.Context, o Options) (*Syncback, error) {
	if o.Store == nil || o.Gate == nil || o.Directory == nil || len(o.Ways) == 0 {
		return nil, errors.New("sync-back: store, gate, directory and ways into Exchange are needed")
	}
	o = o.withDefaults()
	table, err := traffic.NewTable(o.Profile, o.Ways, o.Paths)
	if err != nil {
		return nil, err
	}
	if o.Lease <= o.Call {
		return nil, fmt.Errorf("sync-back: the lease (%v) must outlive the longest call (%v)", o.Lease, o.Call)
	}
	order := newOrder(o.First)
	s := &Syncback{o: o, db: o.Store.DB(), pace: traffic.NewPace(o.Limits, order.first), health: traffic.NewHealth(), agenda: newAgenda(order), order: order, strides: newStrides(o.Batch), table: table, refills: make(chan struct{}, 1),
		nudged: make(chan struct{}, 1), flights: map[string]flight{},
		located: map[email.MailboxID]traffic.Location{}, moved: map[email.MailboxID]bool{}, lost: map[email.MailboxID]absence{}, calls: map[email.MailboxID]context.CancelFunc{}, looks: map[email.MailboxID]time.Time{}}
	if err := s.db.Migrate(ctx, "syncback", migrations); err != nil {
		return nil, fmt.Errorf("sync-back: %w", err)
	}
	return s, s.reclaim(ctx)
}

// idleMost is how long Exchange keeps a connection on which nothing happens: 30 min by IMAP (RFC 9051,
// 5.4), less by SMTP and HTTP. Who wakes up from a longer sleep finds it closed, so what he had
// claimed can be somebody else's then (X4).
const idleMost = 30 * time.Minute

func (o Options) withDefaults() Options {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Call, 12*time.Minute)
	def(&o.Lease, max(o.Call, idleMost)+3*time.Minute)
	def(&o.Hold, time.Hour)
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Batch <= 0 {
		o.Batch = 128
	}
	if o.Deliveries <= 0 {
		o.Deliveries = 5
	}
	if len(o.Waits) == 0 {
		o.Waits = []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 60 * time.Minute}
	}
	if o.Profile == "" {
		o.Profile = traffic.ProfileOnPremises
	}
	o.Ways = slices.Clone(o.Ways)
	if o.Node == "" {
		o.Node = "node"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// step is a fail point: tests end an instance there as a kill would.
func (s *Syncback) step(point string, m email.MailboxID) error {
	if s.o.at == nil {
		return nil
	}
	return s.o.at(point, m)
}

// write is every write to the ledger.
func (s *Syncback) write(ctx context.Context, m email.MailboxID, f func(*database.Tx) error) error {
	if err := s.step("write", m); err != nil {
		return err
	}
	if err := s.db.Write(ctx, f); err != nil {
		return err
	}
	return s.step("written", m)
}

func (s *Syncback) now() time.Time { return s.o.Now() }
