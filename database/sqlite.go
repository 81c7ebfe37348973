package database

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// lite is an SQLite file: one connection that writes, a few that read.
type lite struct {
	path    string
	pool    *sql.DB
	log     *slog.Logger
	readers chan *conn
	jobs    chan *job
	closing chan struct{}
	once    sync.Once
	done    sync.WaitGroup // the writer
}

// busyTimeout is how long SQLite waits for another process before it answers that it is locked.
const busyTimeout = 5 * time.Second

func dsn(path string) string {
	v := url.Values{}
	for _, p := range []string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)", // D5: a commit is on disk when it answers
		"foreign_keys(1)",
		"cache_size(-16384)",       // 16 MiB a connection
		"wal_autocheckpoint(4000)", // 16 MB: fewer pauses for copying back
		"temp_store(MEMORY)",       // a savepoint's copies of pages would go to a file
		"trusted_schema(0)",
	} {
		v.Add("_pragma", p)
	}
	v.Set("_txlock", "immediate")
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + v.Encode()
}

func openSQLite(ctx context.Context, path string, log *slog.Logger) (*lite, error) {
	if path == "" {
		return nil, errors.New("sqlite: needs a path")
	}
	unclean := stoppedUnclean(path)
	pool, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, err
	}
	pool.SetConnMaxIdleTime(0)
	l := &lite{path: path, pool: pool, log: log, jobs: make(chan *job), closing: make(chan struct{})}
	if err := l.start(ctx, unclean); err != nil {
		pool.Close()
		return nil, classify(err)
	}
	return l, nil
}

// stoppedUnclean: the last connection to close copies the write-ahead log back and removes it, so
// one that is still there means that nobody closed.
func stoppedUnclean(path string) bool {
	wal, err := os.Stat(path + "-wal")
	return err == nil && wal.Size() > 0
}

// private takes the file from other users, and makes its name durable.
func private(path string) error {
	if err := os.Chmod(path, 0o600); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (l *lite) start(ctx context.Context, unclean bool) error {
	w, err := newConn(ctx, l.pool)
	if err != nil {
		return err
	}
	if err := private(l.path); err != nil {
		return err
	}
	if unclean {
		if err := l.check(ctx, w); err != nil {
			return err
		}
	}
	n := max(4, 2*runtime.GOMAXPROCS(0))
	l.readers = make(chan *conn, n)
	for range n {
		r, err := newConn(ctx, l.pool)
		if err != nil {
			return err
		}
		l.readers <- r
	}
	l.done.Add(1)
	go l.writer(w)
	return nil
}

// check is the integrity check after an unclean stop (D5).
func (l *lite) check(ctx context.Context, c *conn) error {
	began := time.Now()
	rows, err := c.QueryContext(ctx, "PRAGMA quick_check(10)")
	if err != nil {
		return err
	}
	defer rows.Close()
	var bad []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			bad = append(bad, line)
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if len(bad) > 0 {
		return fmt.Errorf("%w: %s: %s; restore a backup, or move it away and run holdover rebuild",
			ErrDamaged, l.path, strings.Join(bad, "; "))
	}
	l.log.Info("database was not closed cleanly; its check found nothing wrong", "file", l.path, "took", time.Since(began))
	return nil
}

func (l *lite) Dialect() string { return SQLite }

func (l *lite) Read(ctx context.Context, f func(*Tx) error) error {
	var c *conn
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case c = <-l.readers:
	case <-l.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	err := read(ctx, c, f)
	l.readers <- c
	return classify(err)
}

func read(ctx context.Context, c *conn, f func(*Tx) error) (err error) {
	if err := c.do("BEGIN DEFERRED"); err != nil {
		return err
	}
	defer func() { // also when f panics: the connection goes back to its pool
		if end := c.do("ROLLBACK"); end != nil && err == nil {
			err = end
		}
	}()
	return f(&Tx{ctx: ctx, dialect: SQLite, on: reading{c}})
}

// reading keeps a Read from changing anything: PostgreSQL would refuse it too.
type reading struct{ *conn }

func (reading) exec(context.Context, string, []any) (sql.Result, error) {
	return nil, errors.New("a Read cannot change anything")
}

func (l *lite) Migrate(ctx context.Context, room string, files fs.FS) error {
	pool, err := sql.Open("sqlite", dsn(l.path)) // the writer's connection is the writer's own
	if err != nil {
		return err
	}
	defer pool.Close()
	return classify(migrate(ctx, pool, SQLite, room, files))
}

func (l *lite) Close() error {
	err := ErrClosed
	l.once.Do(func() {
		close(l.closing)
		l.done.Wait()
		for range cap(l.readers) {
			(<-l.readers).close()
		}
		err = l.pool.Close()
	})
	return err
}
