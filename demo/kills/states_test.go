package kills_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"holdover/demo/sample"
)

// A state is where the product is when it dies. reach brings it there and answers true at a moment
// when it truly was there, so that a hit is counted only for what was seen.
type state struct {
	name  string
	reach func(context.Context, *run) (bool, error)
}

func states() []state {
	return []state{
		{"accepting", accepting},
		{"indexing", indexing},
		{"sending", sending},
		{"draining", draining},
		{"rebuilding", rebuilding},
	}
}

// accepting: a client has sent its final dot and waits for the answer.
func accepting(ctx context.Context, r *run) (bool, error) {
	r.somewhen(ctx, 30*time.Millisecond)
	return until(ctx, func() bool { return r.load.dots.Load() > 0 }), nil
}

// indexing: the log is ahead of the index: of a mailbox that has just accepted a message no file of
// the index has been written since. Half of the times a search makes the product write it right now.
func indexing(ctx context.Context, r *run) (bool, error) {
	r.somewhen(ctx, 300*time.Millisecond)
	i := r.ledger.newest(func(i *item) bool { return i.kind == "in" })
	if i == nil {
		return false, nil
	}
	written, err := lastWritten(filepath.Join(r.stage.Dir, "data", "index", mailboxID(i.to[0])))
	if err != nil || written.After(i.acked) {
		return false, err
	}
	if person := r.load.people[i.to[0]]; person != nil && r.dice.IntN(2) == 0 {
		go person.Search(ctx, i.token)
		r.somewhen(ctx, 12*time.Millisecond)
	}
	return true, nil
}

func mailboxID(address string) string {
	for _, p := range sample.People() {
		if p.Address() == address {
			return p.Mailbox()
		}
	}
	return ""
}

// lastWritten is when a file below the folder was changed last; a missing folder was never written.
func lastWritten(folder string) (last time.Time, err error) {
	err = filepath.WalkDir(folder, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil {
			var info fs.FileInfo
			if info, err = entry.Info(); err == nil && info.ModTime().After(last) {
				last = info.ModTime()
			}
		}
		if errors.Is(err, fs.ErrNotExist) { // files of an index come and go
			return nil
		}
		return err
	})
	return last, err
}

// sending: the portal is taking a message, or has acknowledged one that the world does not have yet.
func sending(ctx context.Context, r *run) (bool, error) {
	r.somewhen(ctx, 1200*time.Millisecond)
	if r.load.posts.Load() > 0 {
		return true, nil
	}
	there := r.outside()
	return r.ledger.newest(func(i *item) bool { return i.kind == "sent" && i.outside != "" && there[i.token] == 0 }) != nil, nil
}

// draining: an event has ended, and of what waited some was given back and some not.
func draining(ctx context.Context, r *run) (bool, error) {
	e, err := r.admin.Start(ctx, "kill test")
	if err != nil {
		return false, err
	}
	r.somewhen(ctx, 1500*time.Millisecond)
	if _, err := r.admin.End(ctx, e.ID, "kill test"); err != nil {
		return false, err
	}
	r.somewhen(ctx, 250*time.Millisecond)
	e, err = r.admin.Event(ctx, e.ID)
	c := e.Counts
	return c.Waiting+c.Trying+c.InDoubt > 0 && c.Accepted+c.Verified > 0, err
}

// rebuilding: the index was lost, and the search says itself that it is not complete.
func rebuilding(ctx context.Context, r *run) (bool, error) {
	r.kill()
	if err := os.RemoveAll(filepath.Join(r.stage.Dir, "data", "index")); err != nil {
		return false, err
	}
	if err := r.restart(ctx); err != nil {
		return false, err
	}
	r.somewhen(ctx, 150*time.Millisecond)
	who := watched()[r.dice.IntN(2)]
	_, incomplete, err := r.load.people[who].Search(ctx, "Nachricht")
	return incomplete, err
}

// somewhen waits a random time below most: kills must not always hit the same place.
func (r *run) somewhen(ctx context.Context, most time.Duration) {
	select {
	case <-time.After(time.Duration(r.dice.Int64N(int64(most)))):
	case <-ctx.Done():
	}
}

func until(ctx context.Context, holds func() bool) bool {
	for end := time.Now().Add(10 * time.Second); !holds(); {
		if ctx.Err() != nil || time.Now().After(end) {
			return false
		}
		time.Sleep(50 * time.Microsecond)
	}
	return true
}

// strike brings the product into a state and kills it there. After too many attempts it gives up.
func (r *run) strike(ctx context.Context, s state) error {
	for range 50 {
		there, err := s.reach(ctx, r)
		if err != nil {
			return fmt.Errorf("on the way to %s: %w", s.name, err)
		}
		if !there {
			continue
		}
		broken := r.load.broken.Load()
		r.kill()
		if s.name == "accepting" && !until(ctx, func() bool { return r.load.broken.Load() > broken }) {
			if err := r.restart(ctx); err != nil { // the answer was just in time
				return err
			}
			continue
		}
		r.hits[s.name]++
		return r.restart(ctx)
	}
	return fmt.Errorf("%s was not reached in 50 attempts", s.name)
}
