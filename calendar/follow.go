package calendar

import (
	"bytes"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

//go:embed migrations/*.sql
var migrations embed.FS

// consumer is our name at the change log's cursors.
const consumer = "calendar"

// batch is how many entries one commit takes.
const batch = 200

// Source is the mail store, as far as the agenda follows it.
type Source interface {
	DB() *database.DB
	Behind(ctx context.Context, consumer string) ([]email.MailboxID, error)
	Cursor(ctx context.Context, consumer string, m email.MailboxID) (mailstore.Seq, error)
	Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error)
	Advance(ctx context.Context, consumer string, m email.MailboxID, from, to mailstore.Seq, f func(*database.Tx) error) error
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
	Watch() (notices <-chan mailstore.Notice, stop func())
	Busy() int
}

// Options of Open. Source is required.
type Options struct {
	Source Source
	Now    func() time.Time
	Log    *slog.Logger
}

// Calendar knows the invitations of every mailbox.
type Calendar struct {
	o  Options
	db *database.DB
}

// Open migrates its table and is ready. Run keeps it up to date.
func Open(ctx context.Context, o Options) (*Calendar, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	c := &Calendar{o: o, db: o.Source.DB()}
	if err := c.db.Migrate(ctx, "calendar", files); err != nil {
		return nil, fmt.Errorf("calendar: %w", err)
	}
	return c, nil
}

// Run follows the change log until ctx ends, and returns ctx's error. It waits while mail comes in.
func (c *Calendar) Run(ctx context.Context) error {
	notices, stop := c.o.Source.Watch()
	defer stop()
	sweep := time.NewTicker(time.Minute) // what was never noticed, and what failed
	defer sweep.Stop()
	for {
		c.CatchUp(ctx)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-sweep.C:
		case _, ok := <-notices:
			if !ok {
				notices = nil
			}
		}
		for wait := 0; c.o.Source.Busy() > 0 && wait < 100 && ctx.Err() == nil; wait++ {
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// CatchUp reads every mailbox's log to its end.
func (c *Calendar) CatchUp(ctx context.Context) {
	behind, err := c.o.Source.Behind(ctx, consumer)
	for _, m := range behind {
		for more := true; more && err == nil; {
			more, err = c.feed(ctx, m)
		}
		if err != nil && ctx.Err() == nil {
			c.o.Log.Error("the agenda is not following", "mailbox", m, "err", err)
		}
		err = nil
	}
	if err != nil && ctx.Err() == nil {
		c.o.Log.Error("the agenda is not following", "err", err)
	}
}

// feed takes the next entries of a mailbox.
func (c *Calendar) feed(ctx context.Context, m email.MailboxID) (more bool, err error) {
	cursor, err := c.o.Source.Cursor(ctx, consumer, m)
	if err != nil {
		return false, err
	}
	entries, err := c.o.Source.Entries(ctx, m, cursor, batch)
	if err != nil || len(entries) == 0 {
		return false, err
	}
	rows, gone, err := c.digest(ctx, m, entries)
	if err != nil {
		return false, err
	}
	err = c.o.Source.Advance(ctx, consumer, m, cursor, entries[len(entries)-1].Seq, func(tx *database.Tx) error {
		return keep(tx, m, rows, gone)
	})
	if errors.Is(err, mailstore.ErrCursor) {
		err = nil // another node was quicker
	}
	return len(entries) == batch, err
}

// row is one event to be kept.
type row struct {
	message  email.MessageID
	n        int
	uid      string
	own      bool
	last     time.Time
	received time.Time
	object   []byte
}

// digest reads what entries are about: events that came, and messages that are no more.
func (c *Calendar) digest(ctx context.Context, m email.MailboxID, entries []mailstore.Entry) (rows []row, gone []email.MessageID, err error) {
	for _, e := range entries {
		switch e.Kind {
		case mailstore.Arrived, mailstore.SentOut, mailstore.Found:
			found, err := c.read(ctx, m, e)
			if err != nil {
				return nil, nil, err
			}
			rows = append(rows, found...)
		case mailstore.Deleted, mailstore.Expired:
			gone = append(gone, e.Message)
		}
	}
	return rows, gone, nil
}

// read finds the events of one message. One that is no longer there is nothing to read.
func (c *Calendar) read(ctx context.Context, m email.MailboxID, e mailstore.Entry) (rows []row, err error) {
	octets, err := c.o.Source.Raw(ctx, m, e.Message)
	if errors.Is(err, mailstore.ErrNotFound) {
		return nil, nil
	}
	if err != nil || !mentionsCalendar(octets) {
		return nil, err
	}
	known, err := c.o.Source.Messages(ctx, m, []email.MessageID{e.Message})
	if err != nil || len(known) == 0 || known[0].Folder == mailstore.Junk {
		return nil, err
	}
	object, events := FromMail(email.Parse(octets))
	for n, event := range events {
		rows = append(rows, row{message: e.Message, n: n, uid: event.UID, own: known[0].Folder == mailstore.Sent && event.Method == Reply,
			last: event.lastEnd(), received: known[0].Received, object: object})
	}
	return rows, nil
}

func mentionsCalendar(octets []byte) bool {
	octets = bytes.ToLower(octets)
	return bytes.Contains(octets, []byte("text/calendar")) || bytes.Contains(octets, []byte("application/ics"))
}

// FromMail finds the calendar object of a message: the first part of that type that can be read.
func FromMail(m *email.Message) (object []byte, events []Event) {
	for _, p := range m.Parts {
		if p.Type != "text/calendar" && p.Type != "application/ics" {
			continue
		}
		octets, _ := m.Content(p.Index)
		if events, err := Read(octets); err == nil {
			return octets, events
		}
	}
	return nil, nil
}

// farOff stands for no end.
var farOff = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// lastEnd is when the event is over for good, or later.
func (e *Event) lastEnd() time.Time {
	switch {
	case !e.Recurs():
		return e.End
	case e.Rule.Every != "" && !e.Rule.Until.IsZero() && len(e.source.extra) == 0:
		return e.Rule.Until.Add(e.source.end + 48*time.Hour)
	}
	return farOff
}

// keep writes a batch. A message read twice has its rows once.
func keep(tx *database.Tx, m email.MailboxID, rows []row, gone []email.MessageID) error {
	for _, r := range rows {
		if len(r.object) > maxOctets {
			continue
		}
		if _, err := tx.Exec(`INSERT INTO calendar_event (mailbox, message, n, uid, own, last, received, object) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (mailbox, message, n) DO NOTHING`,
			string(m), string(r.message), r.n, r.uid, number(r.own), r.last.UnixMilli(), r.received.UnixMilli(), string(bytes.ToValidUTF8(bytes.ReplaceAll(r.object, []byte{0}, nil), []byte("?")))); err != nil {
			return err
		}
	}
	for _, id := range gone {
		if _, err := tx.Exec(`DELETE FROM calendar_event WHERE mailbox=? AND message=?`, string(m), string(id)); err != nil {
			return err
		}
	}
	return nil
}

func number(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
