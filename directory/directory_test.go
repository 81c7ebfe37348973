package directory

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
)

// place is a directory on a file that the test rewrites, with a clock that it sets.
type place struct {
	t    *testing.T
	file string
	o    Options
	now  atomic.Pointer[time.Time]
}

func newPlace(t *testing.T, db *database.DB, rows string) *place {
	t.Helper()
	p := &place{t: t, file: filepath.Join(t.TempDir(), "directory.csv")}
	p.set(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	p.write(rows)
	p.o = Options{DB: db, CSV: p.file, Complete: true, Now: func() time.Time { return *p.now.Load() }, Log: slog.New(slog.DiscardHandler)}
	return p
}

func (p *place) set(now time.Time) { p.now.Store(&now) }

// write replaces the file by rename, as the documentation advises.
func (p *place) write(rows string) {
	p.t.Helper()
	next := p.file + ".next"
	if err := os.WriteFile(next, []byte(header+rows), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if err := os.Rename(next, p.file); err != nil {
		p.t.Fatal(err)
	}
}

func (p *place) open() *Directory {
	p.t.Helper()
	d, err := Open(p.t.Context(), p.o)
	if err != nil {
		p.t.Fatal(err)
	}
	return d
}

func (p *place) id(d *Directory, address string) email.MailboxID {
	p.t.Helper()
	target, err := d.Resolve(address)
	if err != nil || len(target.Mailboxes) != 1 {
		p.t.Fatalf("%s: %v %v", address, target, err)
	}
	return target.Mailboxes[0].ID
}

const anna = "anna@firma.example,Anna,,,,,,\n"
const bernd = "bernd@firma.example,Bernd,,,,,,\n"

func TestIDsAreGivenOnce(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(t *testing.T) *database.DB) {
		p := newPlace(t, open(t), anna+bernd)
		d := p.open()
		a, b := p.id(d, "anna@firma.example"), p.id(d, "bernd@firma.example")
		if a == b || len(a) != 16 || strings.ToLower(string(a)) != string(a) {
			t.Fatalf("ids %q and %q", a, b)
		}
		again := p.open()
		if p.id(again, "ANNA@firma.example") != a {
			t.Error("a restart gave another id")
		}

		p.write("anna.neu@firma.example,Anna,,anna@firma.example,,,,\n" + bernd)
		p.refresh(d)
		if p.id(d, "anna.neu@firma.example") != a {
			t.Error("a rename that kept the former address as alias lost the id")
		}
		p.write("anna.neu@firma.example,Anna,,,,,,\n" + bernd + "anna@firma.example,Another Anna,,,,,,\n")
		p.refresh(d)
		if p.id(d, "anna.neu@firma.example") != a {
			t.Error("the id did not stay when the alias went")
		}
		if other := p.id(d, "anna@firma.example"); other == a || other == b {
			t.Error("the next owner of a former address got somebody's mailbox")
		}

		p.write(bernd)
		p.refresh(d)
		if _, err := d.Resolve("anna.neu@firma.example"); !errors.Is(err, ErrUnknown) {
			t.Errorf("somebody who left still gets mail: %v", err)
		}
		if _, ok := d.Mailbox(a); ok {
			t.Error("somebody who left is still a mailbox of the directory")
		}
		p.write(bernd + "anna.neu@firma.example,Anna,,,,,,\n")
		p.refresh(d)
		if p.id(d, "anna.neu@firma.example") != a {
			t.Error("back in the file with another id")
		}
	})
}

func (p *place) refresh(d *Directory) {
	p.t.Helper()
	if err := d.Refresh(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func TestIDsSurviveALostDatabase(t *testing.T) {
	p := newPlace(t, databasetest.Open(t), "anna.neu@firma.example,Anna,,Anna@firma.example,,,,\n"+bernd)
	p.o.Known = map[string]email.MailboxID{"anna@FIRMA.example": "aaaaaaaaaaaaaaaa", "carla@firma.example": "cccccccccccccccc"}
	d := p.open()
	if id := p.id(d, "anna.neu@firma.example"); id != "aaaaaaaaaaaaaaaa" {
		t.Errorf("id %s, want the one the Maildir remembers", id)
	}
	if id := p.id(d, "bernd@firma.example"); len(id) != 16 || id == "cccccccccccccccc" {
		t.Errorf("id %s for somebody unknown", id)
	}
}

func TestBinding(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(t *testing.T) *database.DB) {
		ctx := t.Context()
		p := newPlace(t, open(t), anna+bernd+"g@firma.example,G,group,,,anna@firma.example,,\n")
		d := p.open()
		a, b := p.id(d, "anna@firma.example"), p.id(d, "bernd@firma.example")
		try := func(issuer, subject, address string, want email.MailboxID, wantErr error) {
			t.Helper()
			m, err := d.Bind(ctx, issuer, subject, address)
			if m.ID != want || !errors.Is(err, wantErr) {
				t.Errorf("%s/%s with %s: %s %v, want %s %v", issuer, subject, address, m.ID, err, want, wantErr)
			}
		}
		try("idp", "1", "Anna@Firma.example", a, nil)
		try("idp", "1", "anna@firma.example", a, nil)
		try("idp", "1", "bernd@firma.example", a, nil) // the token's address does not matter any more
		try("idp", "1", "", a, nil)
		try("idp", "2", "anna@firma.example", "", ErrTaken)
		try("other", "1", "anna@firma.example", "", ErrTaken)
		try("idp", "3", "nobody@firma.example", "", ErrNotBound)
		try("idp", "3", "g@firma.example", "", ErrNotBound)
		try("", "3", "bernd@firma.example", "", ErrNotBound)
		try("idp", "", "bernd@firma.example", "", ErrNotBound)
		try("idp", "3", "bernd@firma.example", b, nil)

		p.write("anna.neu@firma.example,Anna,,anna@firma.example,,,,\n")
		p.refresh(d)
		try("idp", "1", "whatever", a, nil)
		try("idp", "3", "bernd@firma.example", "", ErrNotBound) // has left
		if err := d.Unbind(ctx, a); err != nil {
			t.Fatal(err)
		}
		try("idp", "2", "anna@firma.example", a, nil)
		try("idp", "1", "anna@firma.example", "", ErrTaken)
	})
}

// TestOneOfManyFirstSignIns: two accounts at the same moment, one mailbox.
func TestOneOfManyFirstSignIns(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(t *testing.T) *database.DB) {
		d := newPlace(t, open(t), anna).open()
		var won, taken atomic.Int32
		var all sync.WaitGroup
		for _, subject := range strings.Split("abcdefgh", "") {
			all.Go(func() {
				switch _, err := d.Bind(context.Background(), "idp", subject, "anna@firma.example"); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ErrTaken):
					taken.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 || taken.Load() != 7 {
			t.Errorf("%d accounts won, %d were refused", won.Load(), taken.Load())
		}
	})
}

func TestABrokenFileKeepsTheLastGoodState(t *testing.T) {
	p := newPlace(t, databasetest.Open(t), anna)
	d := p.open()
	start := p.o.Now()
	if !d.Final() {
		t.Error("a complete directory just read is not final")
	}
	p.write("anna@firma.example,Anna,robot,,,,,\n")
	p.set(start.Add(23 * time.Hour))
	var bad *FileError
	if err := d.Refresh(t.Context()); !errors.As(err, &bad) || bad.Problems[0].Line != 2 {
		t.Fatalf("refresh of a broken file: %v", err)
	}
	if p.id(d, "anna@firma.example") == "" || !d.Final() {
		t.Error("the last good state did not stay")
	}
	if at, err := d.LastRead(); !at.Equal(start) || !errors.As(err, &bad) {
		t.Errorf("last read %v %v", at, err)
	}
	for _, c := range []struct {
		at    time.Duration
		final bool
	}{{24*time.Hour - time.Second, true}, {24 * time.Hour, false}, {-time.Hour, false}} {
		if p.set(start.Add(c.at)); d.Final() != c.final {
			t.Errorf("after %v final is %v", c.at, !c.final)
		}
	}
	p.set(start.Add(25 * time.Hour))
	p.write(anna)
	p.refresh(d)
	if at, err := d.LastRead(); !d.Final() || err != nil || !at.Equal(p.o.Now()) {
		t.Error("a good file did not make the directory final again")
	}
	p.o.Complete = false
	if p.open().Final() {
		t.Error("a directory that nobody declared complete is final")
	}
	p.write("broken\n")
	if _, err := Open(t.Context(), p.o); !errors.As(err, &bad) {
		t.Errorf("opened on a broken file: %v", err)
	}
}

func TestACutFileIsRefused(t *testing.T) {
	var rows strings.Builder
	for _, c := range "abcdefghijkl" {
		rows.WriteString(string(c) + "@firma.example,,,,,,,\n")
	}
	p := newPlace(t, databasetest.Open(t), rows.String())
	d := p.open()
	p.write(rows.String()[:rows.Len()/3])
	if err := d.Refresh(t.Context()); err == nil || !strings.Contains(err.Error(), "more than half") {
		t.Errorf("two thirds gone: %v", err)
	}
	if len(d.Mailboxes()) != 12 {
		t.Error("the last good state did not stay")
	}
	if n := len(p.open().Mailboxes()); n != 4 {
		t.Errorf("a restart took %d mailboxes, want 4", n)
	}
}

// TestRunFollowsTheFile: a changed file is in force without a restart, a broken one changes nothing.
func TestRunFollowsTheFile(t *testing.T) {
	p := newPlace(t, databasetest.Open(t), anna)
	d := p.open()
	d.poll = 2 * time.Millisecond
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- d.Run(ctx) }()
	p.write(anna + bernd)
	await(t, "the new line", func() bool { _, err := d.Resolve("bernd@firma.example"); return err == nil })
	p.write(anna + bernd + bernd)
	await(t, "the report of a broken file", func() bool { _, err := d.LastRead(); return err != nil })
	if len(d.Mailboxes()) != 2 {
		t.Error("a broken file changed the directory")
	}
	p.write(anna)
	await(t, "the good file", func() bool { _, err := d.Resolve("bernd@firma.example"); return err != nil })
	before, _ := d.LastRead()
	p.set(p.o.Now().Add(readEvery))
	await(t, "the hourly read", func() bool { at, _ := d.LastRead(); return at.After(before) })
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(time.Millisecond)
	}
}
