package database

import (
	"context"
	"database/sql"
)

// conn is one SQLite connection with its prepared statements. It belongs to one goroutine at a time.
type conn struct {
	*sql.Conn
	stmts map[string]*sql.Stmt
}

// manyStatements bounds the cache: queries with lists of changing length would grow it for ever.
const manyStatements = 300

func newConn(ctx context.Context, db *sql.DB) (*conn, error) {
	c, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) stmt(query string) (*sql.Stmt, error) {
	if s := c.stmts[query]; s != nil {
		return s, nil
	}
	s, err := c.PrepareContext(background(), query)
	if err != nil {
		return nil, err
	}
	if len(c.stmts) >= manyStatements {
		c.forget()
	}
	c.stmts[query] = s
	return s, nil
}

// forget closes all prepared statements; those whose rows are still being read close later.
func (c *conn) forget() {
	for q, s := range c.stmts {
		s.Close()
		delete(c.stmts, q)
	}
}

func (c *conn) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.ExecContext(ctx, args...)
}

func (c *conn) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	s, err := c.stmt(query)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(ctx, args...)
}

func (c *conn) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	s, err := c.stmt(query)
	if err != nil {
		return c.QueryRowContext(ctx, query, args...) // gives the same error, in a row
	}
	return s.QueryRowContext(ctx, args...)
}

func (c *conn) do(statement string) error {
	_, err := c.exec(background(), statement, nil)
	return err
}

func (c *conn) close() {
	c.forget()
	c.Conn.Close()
}
