package continuity

import (
	"context"
	"crypto/rand"
	"database/sql"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"holdover/database"
	"holdover/email"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Directory tells what a scope's words mean for a mailbox.
type Directory interface {
	// Place answers the domains of the mailbox's addresses and the names of its groups.
	Place(m email.MailboxID) (domains, groups []string, ok bool)
}

// Options of Open; all but Held are needed.
type Options struct {
	DB        *database.DB
	Directory Directory
	Held      bool // an ended event keeps its gates closed until Release is called
	Now       func() time.Time
	Log       *slog.Logger
}

// Continuity starts and ends events, and answers for gates.
type Continuity struct {
	o     Options
	watch watchers
}

// Open migrates its tables and is ready.
func Open(ctx context.Context, o Options) (*Continuity, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "continuity", files); err != nil {
		return nil, fmt.Errorf("continuity: %w", err)
	}
	return &Continuity{o: o}, nil
}

// Start begins an event: one row, one line of the record, one commit. Errors: ErrInvalid.
func (c *Continuity) Start(ctx context.Context, s Start) (Event, error) {
	if err := s.check(); err != nil {
		return Event{}, err
	}
	e := Event{ID: rand.Text()[:12], Kind: s.Kind, Scope: s.Scope, Reason: s.Reason, Started: c.now(), StartedBy: s.By}
	scope, err := json.Marshal(e.Scope)
	if err != nil {
		return Event{}, err
	}
	err = c.o.DB.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO event (id, kind, scope, reason, started, started_by) VALUES (?, ?, ?, ?, ?, ?)`,
			e.ID, string(e.Kind), string(scope), e.Reason, e.Started.UnixMilli(), e.StartedBy); err != nil {
			return err
		}
		return appendRecord(tx, Record{At: e.Started, Event: e.ID, What: "start", By: s.By, Reason: s.Reason}, e)
	})
	if err != nil {
		return Event{}, fmt.Errorf("start event: %w", err)
	}
	c.o.Log.Info("event started", "event", e.ID, "kind", e.Kind, "by", e.StartedBy)
	c.watch.tell()
	return e, nil
}

// End ends an event; other events over the same mailboxes go on (L4). Errors: ErrNotFound, ErrEnded.
func (c *Continuity) End(ctx context.Context, id, by, reason string) (Event, error) {
	var e Event
	err := c.o.DB.Write(ctx, func(tx *database.Tx) (err error) {
		if e, err = find(tx, id); err != nil {
			return err
		}
		if !e.Active() {
			return ErrEnded
		}
		e.Ended, e.EndedBy, e.EndReason = c.now(), by, reason
		if !c.o.Held || !e.Kind.Closes() {
			e.Released, e.ReleasedBy = e.Ended, by
		}
		done, err := tx.Exec(`UPDATE event SET ended = ?, ended_by = ?, end_reason = ?, released = ?, released_by = ? WHERE id = ? AND ended = 0`,
			e.Ended.UnixMilli(), by, reason, unixMilli(e.Released), e.ReleasedBy, id)
		if err != nil {
			return err
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, ErrEnded) // somebody else was faster
		}
		return appendRecord(tx, Record{At: e.Ended, Event: id, What: "end", By: by, Reason: reason}, e)
	})
	if err != nil {
		return Event{}, fmt.Errorf("end event %s: %w", id, err)
	}
	c.o.Log.Info("event ended", "event", e.ID, "by", by)
	c.watch.tell()
	return e, nil
}

// Event answers one event. Errors: ErrNotFound.
func (c *Continuity) Event(ctx context.Context, id string) (e Event, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) (err error) {
		e, err = find(tx, id)
		return err
	})
	return e, err
}

// Events lists the newest events first.
func (c *Continuity) Events(ctx context.Context, limit int) (list []Event, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) (err error) {
		list, err = query(tx, `ORDER BY started DESC, id LIMIT ?`, limit)
		return err
	})
	return list, err
}

func (c *Continuity) now() time.Time { return c.o.Now().UTC().Truncate(time.Millisecond) }

func find(tx *database.Tx, id string) (Event, error) {
	list, err := query(tx, `WHERE id = ?`, id)
	if err != nil {
		return Event{}, err
	}
	if len(list) == 0 {
		return Event{}, ErrNotFound
	}
	return list[0], nil
}

func query(tx *database.Tx, rest string, args ...any) ([]Event, error) {
	rows, err := tx.Query(`SELECT id, kind, scope, reason, started, started_by, ended, ended_by, end_reason, released, released_by, release_reason FROM event `+rest, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Event
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, rows.Err()
}

func scan(rows *sql.Rows) (e Event, err error) {
	var scope string
	var started, ended, released int64
	if err := rows.Scan(&e.ID, &e.Kind, &scope, &e.Reason, &started, &e.StartedBy, &ended, &e.EndedBy, &e.EndReason,
		&released, &e.ReleasedBy, &e.ReleaseReason); err != nil {
		return e, err
	}
	e.Started, e.Ended, e.Released = timeOf(started), timeOf(ended), timeOf(released)
	return e, json.Unmarshal([]byte(scope), &e.Scope)
}

// unixMilli and timeOf store the zero time as 0.
func unixMilli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
