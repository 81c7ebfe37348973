package mailstore

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"sync"
	"testing"

	"holdover/email"
)

// volatileDisk is a disk whose power can be cut: what was written and not flushed, named and not
// flushed with its folder, is gone then. It is more forgetful than any real file system, and the
// database is left out of it (its own flushes are SQLite's and PostgreSQL's affair).
type volatileDisk struct {
	disk
	forget string // the planted fault: "folders" or "files" are never flushed

	mu      sync.Mutex
	unsaved map[string]bool // files whose octets were not flushed
	undo    []unflushed     // names that their folder may forget, in order
}

// unflushed is a name that was made, and how it is unmade.
type unflushed struct {
	folder string
	unmake func(*os.Root) error
}

func newVolatile(d disk) *volatileDisk { return &volatileDisk{disk: d, unsaved: map[string]bool{}} }

func (d *volatileDisk) made(name string, unmake func(*os.Root) error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.undo = append(d.undo, unflushed{path.Dir(name), unmake})
}

func (d *volatileDisk) Create(name string) (file, error) {
	f, err := d.disk.Create(name)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	d.unsaved[name] = true
	d.mu.Unlock()
	d.made(name, func(r *os.Root) error { return r.Remove(name) })
	return &volatileFile{f, d, name}, nil
}

func (d *volatileDisk) Mkdir(name string) error {
	if err := d.disk.Mkdir(name); err != nil {
		return err
	}
	d.made(name, func(r *os.Root) error { return r.RemoveAll(name) })
	return nil
}

func (d *volatileDisk) Link(from, to string) error {
	if err := d.disk.Link(from, to); err != nil {
		return err
	}
	d.made(to, func(r *os.Root) error { return r.Remove(to) })
	return nil
}

func (d *volatileDisk) Rename(from, to string) error {
	if err := d.disk.Rename(from, to); err != nil {
		return err
	}
	d.mu.Lock()
	if d.unsaved[from] {
		delete(d.unsaved, from)
		d.unsaved[to] = true
	}
	d.mu.Unlock()
	d.made(to, func(r *os.Root) error { return r.Rename(to, from) })
	return nil
}

func (d *volatileDisk) SyncDir(name string) error {
	if d.forget == "folders" {
		return nil
	}
	if err := d.disk.SyncDir(name); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.undo = slices.DeleteFunc(d.undo, func(u unflushed) bool { return u.folder == path.Clean(name) })
	return nil
}

type volatileFile struct {
	file
	disk *volatileDisk
	name string
}

func (f *volatileFile) Sync() error {
	if f.disk.forget == "files" {
		return nil
	}
	if err := f.file.Sync(); err != nil {
		return err
	}
	f.disk.mu.Lock()
	defer f.disk.mu.Unlock()
	delete(f.disk.unsaved, f.name)
	return nil
}

// cut takes back, the newest first, what no flush has saved.
func (d *volatileDisk) cut(t *testing.T, dir string) {
	t.Helper()
	root, err := os.OpenRoot(dir)
	must(t, err)
	defer root.Close()
	for name := range d.unsaved {
		if err := os.Truncate(path.Join(dir, name), 0); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	for _, u := range slices.Backward(d.undo) {
		if err := u.unmake(root); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// outage delivers, cuts the power in the middle of it, again and again, and answers which
// acknowledged messages cannot be read in the end.
func outage(t *testing.T, seed uint64, forget string) (lost []string) {
	h := newHouse(t, "sqlite:"+t.TempDir()+"/mail.db")
	h.bad = forget != ""
	dice := rand.New(rand.NewPCG(seed, 1))
	acknowledged := map[email.MessageID]string{}
	for round := range 4 {
		power := newVolatile(h.disk.disk)
		power.forget = forget
		h.disk.disk = power
		if round > 0 { // the cut comes in the middle of a delivery
			ops := []string{"create", "write", "sync", "close", "rename", "syncdir"}
			h.disk.fail(fault{op: ops[dice.IntN(len(ops))], skip: 5 + dice.IntN(60), die: true, after: dice.IntN(2) == 0, err: errDead})
		}
		for n := range 12 {
			text := fmt.Sprintf("Message-ID: <%d.%d@power.example>\r\nSubject: Strom %[1]d %[2]d\r\n\r\nNummer %[2]d\r\n", round, n)
			a := Arrival{To: []Recipient{{Mailbox: anna}}, Origin: FromOutside, Octets: []byte(text)}
			if n%3 == 0 {
				a.To = append(a.To, Recipient{Mailbox: bert})
			}
			id, err := h.Deliver(t.Context(), a)
			if err == nil {
				acknowledged[id] = text
			}
		}
		h.disk.dead.Store(true)
		h.Store.Close()
		h.db.Close()
		power.cut(t, h.dir)
		h.open()
	}
	for id, text := range acknowledged {
		if raw, err := h.Raw(t.Context(), anna, id); err != nil || string(raw) != text {
			lost = append(lost, string(id))
		}
	}
	return lost
}

func TestPowerCutLosesNothingAcknowledged(t *testing.T) {
	for seed := range uint64(25) {
		if lost := outage(t, seed, ""); len(lost) > 0 {
			t.Errorf("seed %d: %d acknowledged messages are lost: %v", seed, len(lost), lost)
		}
	}
}

// Without the flush the same check finds the loss.
func TestPlantedFolderNotSynced(t *testing.T) { plantedFlush(t, "folders") }
func TestPlantedFileNotSynced(t *testing.T)   { plantedFlush(t, "files") }

func plantedFlush(t *testing.T, forget string) {
	for seed := range uint64(5) {
		if len(outage(t, seed, forget)) > 0 {
			return
		}
	}
	t.Errorf("%s were never flushed and nothing was lost: the check shows nothing", forget)
}
