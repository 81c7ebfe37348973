// Package database opens the store's databases, migrates them and commits for many writers at
// once. It is the one room that knows what differs between SQLite and PostgreSQL.
//
// On SQLite one connection writes: writers that wait at the same moment share one commit, and
// with it one flush of the disk (WAL, synchronous=FULL). Readers have connections of their own
// and see the last commit. On PostgreSQL every Write is a transaction of its own.
//
// Queries are written once, in the subset both understand, with ? for arguments. Read the rows of
// a query to their end, or close them, before the next query: PostgreSQL has one at a time.
package database

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
)

// Names of the dialects.
const (
	SQLite     = "sqlite"
	PostgreSQL = "postgres"
)

// Options say which database is opened.
type Options struct {
	URL string // sqlite:PATH or postgres://...
	Log *slog.Logger
}

// DB is an open database. It is safe for many goroutines.
type DB struct{ engine }

// engine is what the dialects have in common.
type engine interface {
	// Read runs f on a snapshot. It never waits for a writer. f must not write.
	Read(ctx context.Context, f func(*Tx) error) error
	// Write runs f and makes what it did durable before it returns nil; an error of f, or a
	// panic in it, undoes all of it and nothing else. f may run more than once (PostgreSQL
	// repeats a transaction that collided), so it sets its results and does not add to them;
	// it must not call Read or Write, and should not wait for anything but the database. Once f
	// has started, the end of ctx no longer matters: the outcome is awaited. An error that is
	// ErrUnsure leaves open whether the commit happened; after any other, it did not.
	Write(ctx context.Context, f func(*Tx) error) error
	// Migrate brings the tables of one room up to date. files holds goose SQL files, at its top
	// or in a folder "migrations". Versions are counted per room; a database written by a newer
	// release is refused.
	Migrate(ctx context.Context, room string, files fs.FS) error
	// Dialect is SQLite or PostgreSQL.
	Dialect() string
	// Close waits for the writes under way; later calls answer ErrClosed.
	Close() error
}

// Open opens the database, making an SQLite file that is not there yet. After an unclean stop an
// SQLite file is checked first: ErrDamaged.
func Open(ctx context.Context, o Options) (*DB, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	var e engine
	var err error
	switch {
	case strings.HasPrefix(o.URL, "sqlite:"):
		e, err = openSQLite(ctx, strings.TrimPrefix(o.URL, "sqlite:"), o.Log)
	case strings.HasPrefix(o.URL, "postgres://"), strings.HasPrefix(o.URL, "postgresql://"):
		e, err = openPostgres(ctx, o.URL)
	default:
		return nil, fmt.Errorf("database: the URL must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("database: open: %w", err)
	}
	return &DB{e}, nil
}
