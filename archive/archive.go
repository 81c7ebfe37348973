// Package archive sends what comes in and goes out during an event to an archive, as journal reports
// in the form in which Exchange writes them (design exchange.md, section 3): Exchange was away and
// could not journal it, and what goes back by APPEND or CreateItem passes its journal by.
//
// Exactly once is kept without being able to look: nobody can ask an archive what it has. So
//
//   - a message makes one report, whatever mailboxes it is in: the key is its identity. Its rows are
//     entered in the commit that plans the entries for Exchange;
//   - the intent is durable before the call. A report whose answer was lost, or whose process ended in
//     the middle, is in doubt: it is not repeated but shown, and a person says "send again" or "it is
//     there" after looking in the archive (design L10: where nothing can be looked up, the item stops);
//   - its Message-ID is derived from the message, so a report that a person repeats is the same one.
package archive

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// When says when reports leave.
type When string

const (
	AtOnce   When = "at once"   // while the event is on; in a lockdown when it is released
	OnReturn When = "on return" // when the gate of the mailbox is open again
)

// Deliverer hands a report to the archive; *exchange.SMTP.
type Deliverer interface {
	Deliver(ctx context.Context, from string, to []string, octets []byte) (words string, err error)
}

// Store is what the archive needs of the mail store.
type Store interface {
	DB() *database.DB
	Kept(ctx context.Context, m email.MailboxID, id email.MessageID) (mailstore.Message, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
}

// Events knows which events covered a mailbox, and whether its gate is closed.
type Events interface {
	Events(ctx context.Context, limit int) ([]continuity.Event, error)
	Covers(e continuity.Event, m email.MailboxID) bool
	Closed(tx *database.Tx, m email.MailboxID) (bool, continuity.Kind, error)
	Watch() (notices <-chan struct{}, stop func())
}

// Directory names a mailbox's addresses.
type Directory interface {
	Mailbox(id email.MailboxID) (directory.Mailbox, bool)
}

// Options of New; all are needed but those with a default.
type Options struct {
	Store     Store
	Events    Events
	Directory Directory
	SMTP      Deliverer
	Address   string        // of the archive
	From      string        // in the header of the reports; their envelope has the null sender, so that nothing bounces
	Host      string        // right side of the reports' Message-IDs
	When      When          // default AtOnce
	Node      string        // name of this node among all that share the database, default "node"
	Lease     time.Duration // longer than a call can take, default 45 min
	Now       func() time.Time
	Log       *slog.Logger

	at func(point string) error // fail points of this package's tests; an error is a kill
}

// Archive keeps the reports and sends them. It is safe for many goroutines.
type Archive struct {
	o    Options
	db   *database.DB
	more chan struct{} // something was entered or let go
}

// gather is how long a report waits for further recipients of the same message: deliveries to many
// mailboxes and the sender's own copy follow each other closely.
const gather = time.Minute

// New migrates the rows. What this node was sending when it ended is in doubt from here on.
func New(ctx context.Context, o Options) (*Archive, error) {
	if o.Store == nil || o.Events == nil || o.Directory == nil || o.SMTP == nil || o.Address == "" || o.From == "" || o.Host == "" {
		return nil, errors.New("archive: store, events, directory, connector, address, sender and host are needed")
	}
	if o.When == "" {
		o.When = AtOnce
	}
	if o.When != AtOnce && o.When != OnReturn {
		return nil, fmt.Errorf("archive: when is %q, not %q or %q", o.When, AtOnce, OnReturn)
	}
	if o.Node == "" {
		o.Node = "node"
	}
	if o.Lease <= 0 {
		o.Lease = 45 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	a := &Archive{o: o, db: o.Store.DB(), more: make(chan struct{}, 1)}
	if err := a.db.Migrate(ctx, "archive", migrations); err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return a, a.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE archive_report SET state='in doubt', fence=fence+1, changed=?, words='the call was cut off by a restart', remedy=? WHERE state='trying' AND worker=?`,
			o.Now().UnixMilli(), lookThere, o.Node)
		return err
	})
}

// lookThere is the remedy of a report in doubt.
const lookThere = "Look in the archive for the report's Message-ID, then say that it is there or send it again."

func (a *Archive) step(point string) error {
	if a.o.at == nil {
		return nil
	}
	return a.o.at(point)
}

func (a *Archive) nudge() {
	select {
	case a.more <- struct{}{}:
	default:
	}
}
