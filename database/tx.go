package database

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
	"sync"
)

// Tx is one transaction, good only inside the function it was given to and only on its goroutine.
type Tx struct {
	ctx     context.Context
	dialect string
	on      runner
}

// runner executes on one connection.
type runner interface {
	exec(ctx context.Context, query string, args []any) (sql.Result, error)
	query(ctx context.Context, query string, args []any) (*sql.Rows, error)
	queryRow(ctx context.Context, query string, args []any) *sql.Row
}

// Exec runs a statement.
func (t *Tx) Exec(query string, args ...any) (sql.Result, error) {
	return t.on.exec(t.ctx, query, args)
}

// Query runs a query; close the rows before the next one.
func (t *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	return t.on.query(t.ctx, query, args)
}

// QueryRow runs a query of at most one row; sql.ErrNoRows comes from Scan.
func (t *Tx) QueryRow(query string, args ...any) *sql.Row {
	return t.on.queryRow(t.ctx, query, args)
}

// QueryRowLocked is QueryRow which holds the row until the end of the Write, so that what was read stays
// true. SQLite has one writer and needs no lock.
func (t *Tx) QueryRowLocked(query string, args ...any) *sql.Row {
	if t.dialect == PostgreSQL {
		query += " FOR UPDATE"
	}
	return t.on.queryRow(t.ctx, query, args)
}

// QueryClaim is Query for rows that are to be claimed: rows which another worker is just claiming
// are left out instead of waited for.
func (t *Tx) QueryClaim(query string, args ...any) (*sql.Rows, error) {
	if t.dialect == PostgreSQL {
		query += " FOR UPDATE SKIP LOCKED"
	}
	return t.on.query(t.ctx, query, args)
}

// Changed runs a statement and says how many rows it changed.
func (t *Tx) Changed(query string, args ...any) (int64, error) {
	r, err := t.Exec(query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// In gives the placeholders "?,?,?" for n values of an IN list. Keep n below some hundreds.
func In(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// rebinder turns ? into $1, $2 ... outside quotes, and remembers what it did.
type rebinder struct{ known sync.Map }

func (r *rebinder) rebind(query string) string {
	if done, ok := r.known.Load(query); ok {
		return done.(string)
	}
	done := rebind(query)
	r.known.Store(query, done)
	return done
}

func rebind(query string) string {
	var b strings.Builder
	var quote byte
	n := 0
	for i := 0; i < len(query); i++ {
		c := query[i]
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '?':
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
			continue
		}
		b.WriteByte(c)
	}
	return b.String()
}
