package database

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// job is one Write that waits for the writer.
type job struct {
	f     func(*Tx) error
	state atomic.Int32 // waiting, then started by the writer or dropped by its caller
	err   error
	done  chan struct{}
}

const (
	jobWaiting = iota
	jobStarted
	jobDropped
)

// shared is how many Writes share a commit at most. The gain is gone long before (measured: one
// commit 0.6 thousand rows a second, by ten 8, by a hundred 21), and all of them fail together.
const shared = 128

func (l *lite) Write(ctx context.Context, f func(*Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	j := &job{f: f, done: make(chan struct{})}
	select {
	case <-l.closing:
		return ErrClosed
	default:
	}
	select {
	case l.jobs <- j:
	case <-l.closing:
		return ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-j.done:
	case <-ctx.Done():
		if j.state.CompareAndSwap(jobWaiting, jobDropped) {
			return ctx.Err()
		}
		<-j.done
	}
	return classify(j.err)
}

// writer takes whatever waits whenever it is free. There is no delay to gather more: while one
// commit flushes, the next ones gather by themselves.
func (l *lite) writer(c *conn) {
	defer l.done.Done()
	defer c.close()
	batch := make([]*job, 0, shared)
	for {
		select {
		case <-l.closing:
			return
		case j := <-l.jobs:
			batch = append(batch[:0], j)
		}
	gather:
		for len(batch) < shared {
			select {
			case j := <-l.jobs:
				batch = append(batch, j)
			default:
				break gather
			}
		}
		l.commit(c, batch)
		for i, j := range batch {
			close(j.done)
			batch[i] = nil
		}
	}
}

// commit runs a batch and sets every job's outcome. Nearly always all of it succeeds, so it is first
// run without savepoints: each would copy every page that it changes. Only when one job fails, all
// are run once more, each in a savepoint of its own; a job may be run again on PostgreSQL too.
func (l *lite) commit(c *conn, batch []*job) {
	started := batch[:0:0]
	for _, j := range batch {
		if j.state.CompareAndSwap(jobWaiting, jobStarted) {
			started = append(started, j)
		}
	}
	if len(started) == 0 || l.transaction(c, started, together) || len(started) == 1 {
		return
	}
	l.transaction(c, started, apart)
}

// transaction answers whether the jobs ran in one that was not given up for a job's own error.
func (l *lite) transaction(c *conn, batch []*job, run func(*conn, []*job) (keep bool, err error)) bool {
	fail := func(err error) { // those that had succeeded so far did not
		for _, j := range batch {
			if j.err == nil {
				j.err = err
			}
		}
	}
	if err := c.do("BEGIN IMMEDIATE"); err != nil {
		fail(err)
		return true
	}
	keep, err := run(c, batch)
	if !keep || err != nil {
		l.rollback(c)
		if err != nil {
			fail(fmt.Errorf("a commit shared with a failed write: %w", err))
		}
		return keep
	}
	if err := c.do("COMMIT"); err != nil {
		l.rollback(c)
		if !errors.Is(kindOf(err), ErrBusy) && !errors.Is(kindOf(err), ErrFull) {
			err = fmt.Errorf("%w: %w", ErrUnsure, err) // a flush that failed may have written
		}
		fail(err)
	}
	return true
}

// together runs jobs until one fails, which gives up all.
func together(c *conn, batch []*job) (keep bool, err error) {
	for _, j := range batch {
		if j.err = call(j.f, &Tx{ctx: background(), dialect: SQLite, on: c}); j.err != nil {
			return false, nil
		}
	}
	return true, nil
}

// apart runs each job in a savepoint: one that fails is taken back alone.
func apart(c *conn, batch []*job) (keep bool, err error) {
	for _, j := range batch {
		if err := savepoint(c, j); err != nil {
			return true, err
		}
	}
	return true, nil
}

// savepoint runs one job. Its own error is in the job; the error returned says that the whole
// transaction is lost.
func savepoint(c *conn, j *job) error {
	if err := c.do("SAVEPOINT one"); err != nil {
		return err
	}
	j.err = call(j.f, &Tx{ctx: background(), dialect: SQLite, on: c})
	if j.err != nil {
		if err := c.do("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return c.do("RELEASE one")
}

// call runs f; a panic in it becomes an error, so that it harms nobody else.
func call(f func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack())
		}
	}()
	return f(tx)
}

// rollback ends a failed transaction. SQLite has often done so itself: then this fails, and that is fine.
func (l *lite) rollback(c *conn) {
	if err := c.do("ROLLBACK"); err != nil {
		l.log.Debug("rollback after a failed commit", "err", err)
	}
	c.forget()
}
