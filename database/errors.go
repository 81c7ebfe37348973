package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that Read and Write can be asked for with errors.Is; the driver's own words stay below.
var (
	ErrBusy    = errors.New("database is locked by another process")
	ErrFull    = errors.New("database has no space left")
	ErrClosed  = errors.New("database is closed")
	ErrIO      = errors.New("database storage failed")                   // the disk, not the data
	ErrDamaged = errors.New("database file is damaged")                  // restore a backup, or rebuild
	ErrUnsure  = errors.New("database cannot tell whether it committed") // the answer to COMMIT was lost
)

// classify puts a sentinel of this room above an error of a driver.
func classify(err error) error {
	if err == nil {
		return nil
	}
	kind := kindOf(err)
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func kindOf(err error) error {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff { // the low octet is the primary result code
		case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
			return ErrBusy
		case sqlite3.SQLITE_FULL:
			return ErrFull
		case sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN:
			return ErrIO
		case sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
			return ErrDamaged
		}
		return nil
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		switch pg.Code {
		case "40001", "40P01", "55P03", "53300", "57P03": // collided, deadlock, locked, too many clients, starting
			return ErrBusy
		case "53100": // disk full
			return ErrFull
		case "58030": // I/O error
			return ErrIO
		case "XX001", "XX002": // data or index corrupted
			return ErrDamaged
		}
		return nil
	}
	if errors.Is(err, sql.ErrConnDone) {
		return ErrClosed
	}
	return nil
}

// IsUnique says whether an insert failed because such a row is there already.
func IsUnique(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		return lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "23505"
}

// background is the context of statements whose outcome is awaited whatever becomes of the caller:
// an interrupted statement would undo what others wrote in the same commit.
func background() context.Context { return context.Background() }
