package mailstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"holdover/email"
)

// adoptBatch is how many found files share a commit.
const adoptBatch = 100

// found is a stray file, read.
type found struct {
	onDisk
	newMessage
	blocked bool // it had a store-only block
	outcome outcome
	old     *state // of the version of a draft that this one replaces
	drop    bool   // the file is a leftover: a row, newer or held, has what it says
}

// adopt gives stray files rows and entries. After a crash (rebuild false) a file whose block says
// that the message came from outside or from the portal is told to Exchange: its 250 may have been
// given. In a rebuild nothing is told. progress may be nil; it is called with the files done.
//
// They are entered in the order in which they came, so that a rebuild makes the threads that there were.
func (s *Store) adopt(ctx context.Context, l *listing, strays []onDisk, rebuild bool, progress func(int)) (added int, err error) {
	slices.SortStableFunc(strays, func(a, b onDisk) int {
		return cmp.Or(cmp.Compare(stampOf(a.base), stampOf(b.base)), cmp.Compare(a.base, b.base))
	})
	for len(strays) > 0 {
		n := min(adoptBatch, len(strays))
		batch := s.readAll(l, strays[:n], rebuild)
		strays = strays[n:]
		if err := s.enterFound(ctx, l.mailbox, batch); err != nil {
			return added, err
		}
		for _, f := range batch {
			if err := s.tidy(ctx, l.mailbox, f); err != nil {
				return added, err
			}
			if !f.drop && !f.outcome.merged {
				added++
			}
		}
		if progress != nil {
			progress(n)
		}
	}
	return added, nil
}

// readAll reads and parses files on all processors.
func (s *Store) readAll(l *listing, strays []onDisk, rebuild bool) []*found {
	batch := make([]*found, len(strays))
	next := make(chan int)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				batch[i] = s.readFound(l, strays[i], rebuild)
			}
		})
	}
	for i := range strays {
		next <- i
	}
	close(next)
	wg.Wait()
	all := batch[:0]
	for _, f := range batch {
		if f != nil {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b *found) int {
		return cmp.Or(a.block.At.Compare(b.block.At), cmp.Compare(a.block.ID, b.block.ID))
	})
	return all
}

func (s *Store) readFound(l *listing, d onDisk, rebuild bool) *found {
	octets, err := s.disk.ReadFile(d.name)
	if err != nil {
		s.log.Error("a file could not be read and stays as it is", "file", d.name, "err", err)
		return nil
	}
	f := &found{onDisk: d}
	block, rest, ok := ReadBlock(octets)
	f.blocked = ok && block.ID != ""
	origin := FromFound
	if rebuild {
		origin = FromRebuild
	}
	if !f.blocked {
		block = Block{ID: NewID(), Origin: origin, At: s.fileTime(d)}
	}
	if block.At.IsZero() {
		block.At = s.fileTime(d)
	}
	// What is older than the mailbox's row was here before this database, which knows nothing of
	// what became of it.
	if ms(block.At) < l.created {
		origin = FromRebuild
	} else if !rebuild && f.blocked {
		origin = block.Origin
	}
	st := d.state
	st.flags.Draft = f.blocked && block.Version > 0 || d.folder == Drafts && d.flags.Draft
	f.newMessage = newMessage{block: block, state: st, sum: email.Summarize(rest), rest: rest,
		size: int64(len(rest)), kind: Found, origin: origin, named: s.foundCategories(l.mailbox, d, f.blocked, rest)}
	return f
}

// fileTime is when a message without a block came: its name says so, else the file system.
func (s *Store) fileTime(d onDisk) time.Time {
	if n := stampOf(d.base); n > 0 {
		return time.Unix(n, 0).UTC()
	}
	if info, err := s.disk.Stat(d.name); err == nil {
		return info.ModTime().UTC().Truncate(time.Millisecond)
	}
	return s.now().UTC().Truncate(time.Millisecond)
}

// stampOf is the time in seconds with which the name of a Maildir's file begins, 0 when there is none.
func stampOf(base string) int64 {
	stamp, _, _ := strings.Cut(base, ".")
	if n, err := strconv.ParseInt(stamp, 10, 64); err == nil && n > 0 && n < 1<<40 {
		return n
	}
	return 0
}

func (s *Store) enterFound(ctx context.Context, m email.MailboxID, batch []*found) error {
	return s.change(ctx, m, func(c *change) error {
		for _, f := range batch {
			if err := c.adopt(f); err != nil {
				return err
			}
		}
		return nil
	})
}

// adopt enters one found file.
func (c *change) adopt(f *found) (err error) {
	f.drop, f.outcome, f.old = false, outcome{}, nil
	if f.blocked {
		if f.drop, err = c.heldCopy(f.block.ID); err != nil || f.drop {
			return err
		}
		version, err := c.draftVersion(f.block.ID)
		switch {
		case err != nil:
			return err
		case version >= f.block.Version && version > 0:
			f.drop = true // an older version whose file was not removed yet
			return nil
		case version > 0:
			return c.newVersion(f)
		}
		if err := c.freeID(f); err != nil {
			return err
		}
	}
	f.outcome, err = c.insert(f.newMessage)
	return err
}

// heldCopy: the copy for Sent of a submission that is still held was written, and its commit did
// not happen. The release will write it again.
func (c *change) heldCopy(id email.MessageID) (bool, error) {
	var n int
	err := c.tx.QueryRow("SELECT COUNT(*) FROM submission WHERE mailbox = ? AND message = ? AND state IN ('held', 'undone')",
		string(c.mailbox), string(id)).Scan(&n)
	return n > 0, err
}

// draftVersion is the version of a draft that the mailbox has, 0 when it has none of this id.
func (c *change) draftVersion(id email.MessageID) (version int, err error) {
	err = c.tx.QueryRow("SELECT version FROM message WHERE mailbox = ? AND id = ? AND draft = 1",
		string(c.mailbox), string(id)).Scan(&version)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return version, err
}

// freeID gives a message another id when a different message of this mailbox has it: a file that
// was copied and edited by hand.
func (c *change) freeID(f *found) error {
	var has string
	err := c.tx.QueryRow("SELECT identity FROM message WHERE mailbox = ? AND id = ?", string(c.mailbox), string(f.block.ID)).Scan(&has)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil && has != f.identity() {
		f.block.ID = NewID()
	}
	return err
}

// tidy gives the file its right name, or removes it where another one says the same.
func (s *Store) tidy(ctx context.Context, m email.MailboxID, f *found) error {
	if f.outcome.merged {
		l := &letter{mailbox: m, name: f.name, outcome: f.outcome, state: f.newMessage.state}
		return s.spare(ctx, l)
	}
	if f.old != nil {
		s.removeOld(m, *f.old)
	}
	if f.drop {
		if err := s.disk.Remove(f.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if !inPlace(m, f.newMessage.state, f.name) {
		return s.disk.Rename(f.name, place(m, f.newMessage.state))
	}
	return nil
}

// newVersion lets a draft's newer version, whose commit did not happen, take its place.
func (c *change) newVersion(f *found) error {
	old, err := c.rowState(f.block.ID)
	if err != nil {
		return err
	}
	f.outcome.id, f.old = f.block.ID, &old
	return c.replaceDraft(f.newMessage)
}

// rowState reads where a message belongs, inside a change.
func (c *change) rowState(id email.MessageID) (state, error) {
	st, err := scanState(c.tx.QueryRow("SELECT "+stateColumns+" FROM message WHERE mailbox = ? AND id = ?", string(c.mailbox), string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		err = ErrNotFound
	}
	return st, err
}
