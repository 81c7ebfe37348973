package directory

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	pollEvery  = 3 * time.Second // how often the file is looked at
	readEvery  = time.Hour       // how often it is read even if it looks unchanged
	maxFile    = 64 << 20        // octets
	shrinkFrom = 10              // mailboxes from which on a sudden loss of half of them is refused
)

// Read reads a file and checks it without a database, for `holdover check`. It answers how many
// mailboxes and groups it names; a broken one is a *FileError.
func Read(file string) (mailboxes, groups int, err error) {
	p, err := readPlan(file)
	if err != nil {
		return 0, 0, err
	}
	return len(p.mailboxes), len(p.spelling), nil
}

func readPlan(file string) (*plan, error) {
	found := &problems{file: file}
	octets, err := readFile(file)
	if err != nil {
		found.add(0, "name a readable file in the configuration", "cannot be read: %v", err)
		return nil, found.err()
	}
	rows := readRows(octets, found)
	if rows == nil && len(found.list) > 0 {
		return nil, found.err()
	}
	p := planOf(rows, found)
	if err := found.err(); err != nil {
		return nil, err
	}
	return p, nil
}

func readFile(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	octets, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(octets) > maxFile {
		err = fmt.Errorf("larger than %d MiB", maxFile>>20)
	}
	return octets, err
}

// Refresh reads the CSV again; on error the last good state stays and ages.
func (d *Directory) Refresh(ctx context.Context) error {
	d.read.Lock()
	defer d.read.Unlock()
	at := d.now()
	err := d.refresh(ctx, at)
	if err != nil {
		err = fmt.Errorf("directory: %w", err)
	}
	d.last.Store(&attempt{err: err})
	return err
}

func (d *Directory) refresh(ctx context.Context, at time.Time) error {
	p, err := readPlan(d.file)
	if err != nil {
		return err
	}
	running := d.state.Load() != nil
	ids, err := d.identify(ctx, p, func(known knownIDs, c changes) error {
		if running && d.shrinks(known, c) {
			return fmt.Errorf("%s: more than half of the mailboxes are missing, which looks like a cut file; restart if that is meant", d.file)
		}
		return nil
	})
	if err != nil {
		return err
	}
	next := p.snapshot(at, ids)
	if d.admit != nil {
		if err := d.admit(ctx, next.mailboxes); err != nil {
			return fmt.Errorf("prepare mailboxes: %w", err)
		}
	}
	d.state.Store(next)
	d.log.Debug("directory read", "mailboxes", len(next.mailboxes), "groups", len(next.groups))
	return nil
}

// shrinks tells a file that was cut from one that people left.
func (d *Directory) shrinks(known knownIDs, c changes) bool {
	active := 0
	for _, k := range known {
		if !k.gone {
			active++
		}
	}
	return active >= shrinkFrom && len(c.gone)*2 > active
}

// stamp is how a file looks from outside.
type stamp struct {
	size int64
	mod  time.Time
}

func stampOf(file string) stamp {
	info, err := os.Stat(file)
	if err != nil {
		return stamp{size: -1}
	}
	return stamp{info.Size(), info.ModTime()}
}

// Run reads the file when it changed, and every hour, until ctx ends; it returns ctx's error. A
// file is read once it has looked the same twice, so that one being written is not read by halves.
func (d *Directory) Run(ctx context.Context) error {
	tick := time.NewTicker(d.poll)
	defer tick.Stop()
	done, before := stampOf(d.file), stampOf(d.file)
	next := d.now().Add(readEvery)
	// What changed between Open and here is read at once.
	d.refreshLogged(ctx)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		seen := stampOf(d.file)
		changed := seen != done && seen == before
		before = seen
		if changed || !d.now().Before(next) {
			d.refreshLogged(ctx)
			done, next = seen, d.now().Add(readEvery)
		}
	}
}

func (d *Directory) refreshLogged(ctx context.Context) {
	if err := d.Refresh(ctx); err != nil && ctx.Err() == nil {
		d.log.Error("the directory file is not usable, the last good state stays", "read", d.state.Load().at, "error", err)
	}
}
