package mailstore

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"holdover/database"
)

var errDead = errors.New("the process is dead")

// faultyDisk fails a chosen step of a chosen name; dead, it does nothing any more, like a killed process.
type faultyDisk struct {
	disk
	dead   atomic.Bool
	mu     sync.Mutex
	faults []*fault
	steps  []string // what was done since recording began
	record bool
}

// fault fails the steps named op whose file name contains part, after letting some pass. die: the
// process is dead from this step on.
type fault struct {
	op, part string
	skip     int
	times    int // 0: always
	err      error
	die      bool
	after    bool // the step is done first
}

func (d *faultyDisk) fail(f fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = append(d.faults, &f)
}

func (d *faultyDisk) mend() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = nil
}

// step says what a step has to answer; after is the answer once the step is done.
func (d *faultyDisk) step(op, name string) (before, after error) {
	if d.dead.Load() {
		return errDead, nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.record {
		d.steps = append(d.steps, op+" "+name)
	}
	for _, f := range d.faults {
		if f.op != op || !strings.Contains(name, f.part) {
			continue
		}
		if f.skip > 0 {
			f.skip--
			continue
		}
		if f.times > 0 {
			if f.times--; f.times == 0 {
				f.op = "spent"
			}
		}
		if f.die {
			d.dead.Store(true)
		}
		if f.after {
			return nil, f.err
		}
		return f.err, nil
	}
	return nil, nil
}

func (d *faultyDisk) around(op, name string, do func() error) error {
	before, after := d.step(op, name)
	if before != nil {
		return before
	}
	if err := do(); err != nil {
		return err
	}
	return after
}

func (d *faultyDisk) Create(name string) (file, error) {
	var f file
	err := d.around("create", name, func() (err error) { f, err = d.disk.Create(name); return err })
	if err != nil {
		return nil, err
	}
	return &faultyFile{f, d, name}, nil
}

func (d *faultyDisk) Rename(from, to string) error {
	return d.around("rename", to, func() error { return d.disk.Rename(from, to) })
}

func (d *faultyDisk) Link(from, to string) error {
	return d.around("link", to, func() error { return d.disk.Link(from, to) })
}

func (d *faultyDisk) Remove(name string) error {
	return d.around("remove", name, func() error { return d.disk.Remove(name) })
}

func (d *faultyDisk) Mkdir(name string) error {
	return d.around("mkdir", name, func() error { return d.disk.Mkdir(name) })
}

func (d *faultyDisk) SyncDir(name string) error {
	return d.around("syncdir", name, func() error { return d.disk.SyncDir(name) })
}

func (d *faultyDisk) ReadFile(name string) (b []byte, err error) {
	err = d.around("read", name, func() (err error) { b, err = d.disk.ReadFile(name); return err })
	return b, err
}

type faultyFile struct {
	file
	disk *faultyDisk
	name string
}

func (f *faultyFile) Write(b []byte) (n int, err error) {
	before, after := f.disk.step("write", f.name)
	if errors.Is(before, errShort) {
		return f.file.Write(b[:len(b)/2])
	}
	if before != nil {
		return 0, before
	}
	if n, err = f.file.Write(b); err == nil {
		err = after
	}
	return n, err
}

// steps are those after which a test kills: all of them on SQLite; on PostgreSQL, where a store takes
// long to make, the one before which nothing is in place and after which only the commit is missing.
func steps(t *testing.T, all ...string) []string {
	if strings.HasSuffix(t.Name(), "/"+database.PostgreSQL) {
		return []string{"rename"}
	}
	return all
}

// errShort lets a Write take only half of what it was given, without an error.
var errShort = errors.New("short write")

func (f *faultyFile) Sync() error  { return f.disk.around("sync", f.name, f.file.Sync) }
func (f *faultyFile) Close() error { return f.disk.around("close", f.name, f.file.Close) }
