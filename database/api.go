// Package database opens the store's databases, migrates them and commits for many writers at
// once. It is the one room that knows what differs between SQLite and PostgreSQL.
package database

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"log/slog"
)

var (
	ErrBusy   = errors.New("database is locked by another process")
	ErrFull   = errors.New("database has no space left")
	ErrClosed = errors.New("database is closed")
)

type Options struct {
	URL string // sqlite:PATH or postgres://...
	Log *slog.Logger
}

type DB struct{}

type Tx struct{}

func Open(ctx context.Context, o Options) (*DB, error) { panic("unbuilt") }

func (d *DB) Migrate(ctx context.Context, room string, files fs.FS) error { panic("unbuilt") }
func (d *DB) Read(ctx context.Context, f func(*Tx) error) error           { panic("unbuilt") }
func (d *DB) Write(ctx context.Context, f func(*Tx) error) error          { panic("unbuilt") }
func (d *DB) Close() error                                                { panic("unbuilt") }
func (d *DB) Dialect() string                                             { panic("unbuilt") }

func (t *Tx) Exec(query string, args ...any) (sql.Result, error) { panic("unbuilt") }
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) { panic("unbuilt") }
func (t *Tx) QueryRow(query string, args ...any) *sql.Row        { panic("unbuilt") }
