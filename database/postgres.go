package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
)

// postgres is a PostgreSQL database. pgx keeps prepared statements per connection by itself.
type postgres struct {
	pool   *sql.DB
	bind   rebinder
	open   sync.RWMutex // held for reading by every transaction, so that Close waits for them
	closed bool
}

const (
	poolSize = 24
	attempts = 12 // of a transaction that collides
)

func openPostgres(ctx context.Context, url string) (*postgres, error) {
	pool, err := sql.Open("pgx", url)
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(poolSize)
	pool.SetMaxIdleConns(poolSize)
	if err := pool.PingContext(ctx); err != nil {
		pool.Close()
		return nil, classify(err)
	}
	return &postgres{pool: pool}, nil
}

func (p *postgres) Dialect() string { return PostgreSQL }

func (p *postgres) Read(ctx context.Context, f func(*Tx) error) error {
	return p.run(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true}, ctx, f)
}

func (p *postgres) Write(ctx context.Context, f func(*Tx) error) error {
	for try := 1; ; try++ {
		// Once begun, the outcome is awaited: a cancelled COMMIT would leave it open.
		err := p.run(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted}, context.WithoutCancel(ctx), f)
		if try == attempts || !collided(err) {
			return err
		}
		pause := time.Duration(1+rand.IntN(1<<min(try, 7))) * time.Millisecond
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

func collided(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

func (p *postgres) run(ctx context.Context, o *sql.TxOptions, inside context.Context, f func(*Tx) error) error {
	p.open.RLock()
	defer p.open.RUnlock()
	if p.closed {
		return ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	c, err := p.pool.Conn(ctx)
	if err != nil {
		return classify(err)
	}
	defer c.Close()
	tx, err := c.BeginTx(inside, o)
	if err != nil {
		return classify(err)
	}
	defer tx.Rollback() // nothing after a commit
	on := pgRunner{tx, &p.bind}
	work := call
	if o.ReadOnly {
		work = func(f func(*Tx) error, t *Tx) error { return f(t) }
	}
	if err := work(f, &Tx{ctx: inside, dialect: PostgreSQL, on: on}); err != nil {
		return classify(err)
	}
	return classify(committed(tx.Commit(), o.ReadOnly))
}

// committed: an answer of the server is an answer; a lost connection is none.
func committed(err error, readOnly bool) error {
	var pg *pgconn.PgError
	if err == nil || readOnly || errors.As(err, &pg) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnsure, err)
}

func (p *postgres) Migrate(ctx context.Context, room string, files fs.FS) error {
	return classify(migrate(ctx, p.pool, PostgreSQL, room, files))
}

func (p *postgres) Close() error {
	p.open.Lock()
	defer p.open.Unlock()
	if p.closed {
		return ErrClosed
	}
	p.closed = true
	return p.pool.Close()
}

// pgRunner executes on one transaction with PostgreSQL's placeholders.
type pgRunner struct {
	tx   *sql.Tx
	bind *rebinder
}

func (r pgRunner) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	return r.tx.ExecContext(ctx, r.bind.rebind(query), args...)
}

func (r pgRunner) query(ctx context.Context, query string, args []any) (*sql.Rows, error) {
	return r.tx.QueryContext(ctx, r.bind.rebind(query), args...)
}

func (r pgRunner) queryRow(ctx context.Context, query string, args []any) *sql.Row {
	return r.tx.QueryRowContext(ctx, r.bind.rebind(query), args...)
}
