package search

import (
	"container/list"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/blevesearch/bleve/v2"

	"holdover/email"
	"holdover/mailstore"
)

// format changes with whatever changes the terms of a document; an index of another one is built again.
const format = 2

var noteKey = []byte("holdover")

// note is what an index says of itself, written in the same commit as the documents it speaks of.
type note struct {
	Format  int
	Cursor  mailstore.Seq // entries up to here are in the index
	Print   string        // what entry Cursor said, so that another history is noticed
	Docs    uint64        // documents there must be
	Checked int64         // when the index was last compared with the store, Unix seconds
}

func printOf(e mailstore.Entry) string {
	return fmt.Sprintf("%s %s %d", e.Message, e.Kind, e.At.UnixMilli())
}

// shelf is one mailbox's index. Users of idx hold life for reading; opening, closing and throwing
// away hold it for writing.
type shelf struct {
	x        *Index
	id       email.MailboxID
	dir      string
	turn     chan struct{} // one query at a time
	arrivals arrivals      // used in its turn
	feed     sync.Mutex    // one batch at a time

	life     sync.RWMutex
	idx      bleve.Index // nil: closed
	openings uint64      // how often it was opened
	note     note        // guarded by feed once idx is open
	gone     bool        // removed

	building atomic.Bool // made anew, and not caught up since
	place    *list.Element
	failing  time.Time // since when batches fail, zero: they do not; guarded by feed
}

// shelf finds a mailbox's shelf; its index need not be open.
func (x *Index) shelf(m email.MailboxID) (*shelf, error) {
	if !validID(m) {
		return nil, fmt.Errorf("search: %q: %w", m, ErrMailbox)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.closed {
		return nil, fmt.Errorf("search: %w", os.ErrClosed)
	}
	s := x.shelves[m]
	if s == nil {
		s = &shelf{x: x, id: m, dir: filepath.Join(x.dir, string(m)), turn: make(chan struct{}, 1)}
		x.shelves[m] = s
	}
	return s, nil
}

// validID keeps everything that is no id out of paths (D7).
func validID(m email.MailboxID) bool {
	if m == "" || len(m) > 64 {
		return false
	}
	for _, c := range []byte(m) {
		if !asciiWord(c) && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

// use runs f with the open index. Nothing closes it meanwhile. Damage that shows while f runs is
// answered with errDamaged, and the index is thrown away.
func (s *shelf) use(ctx context.Context, f func(bleve.Index) error) error {
	for {
		s.life.RLock()
		if s.idx != nil {
			break
		}
		s.life.RUnlock()
		if err := s.open(ctx); err != nil {
			return err
		}
	}
	s.x.touch(s)
	idx := s.idx
	err := recovered(idx, f)
	s.life.RUnlock()
	if errors.Is(err, errDamaged) {
		s.x.log.Warn("search index is damaged and will be built again", "mailbox", s.id, "error", err)
		return errors.Join(err, s.discard(idx))
	}
	return err
}

func recovered(idx bleve.Index, f func(bleve.Index) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: panic: %v", errDamaged, r)
		}
	}()
	return f(idx)
}

// open opens the index, or makes a new one in place of a missing, damaged or foreign one.
func (s *shelf) open(ctx context.Context) error {
	s.life.Lock()
	defer s.life.Unlock()
	switch {
	case s.idx != nil:
		return nil
	case s.gone || s.x.isClosed():
		return fmt.Errorf("search: %s: %w", s.id, os.ErrClosed)
	}
	_, err := os.Stat(s.dir)
	if err == nil {
		err = s.openOld(ctx)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errDamaged) {
			return err
		}
		s.x.log.Warn("search index is not usable and will be built again", "mailbox", s.id, "error", err)
	}
	return s.openNew()
}

func (s *shelf) openOld(ctx context.Context) error {
	idx, err := openIndex(s.dir)
	if err != nil {
		return fmt.Errorf("%w: %w", errDamaged, err)
	}
	n, err := s.x.prove(ctx, s.id, idx)
	if err != nil {
		return errors.Join(err, idx.Close())
	}
	s.idx, s.note = idx, n
	s.openings++
	return nil
}

// prove reads the index's note and compares it with the index and with the log.
func (x *Index) prove(ctx context.Context, m email.MailboxID, idx bleve.Index) (n note, err error) {
	err = recovered(idx, func(idx bleve.Index) error {
		octets, err := idx.GetInternal(noteKey)
		if err == nil {
			n, err = readNote(octets)
		}
		if err != nil || n.Format != format {
			return fmt.Errorf("%w: it has no note of this format", errDamaged)
		}
		if docs, err := idx.DocCount(); err != nil || docs != n.Docs {
			return fmt.Errorf("%w: %d documents where there should be %d: %w", errDamaged, docs, n.Docs, err)
		}
		return nil
	})
	if err != nil || n.Cursor == 0 {
		return n, err
	}
	at, err := x.src.Entries(ctx, m, n.Cursor-1, 1)
	switch {
	case err != nil:
		return n, fmt.Errorf("search: %w", err)
	case len(at) == 0:
		return n, fmt.Errorf("%w: it is ahead of the log, at %d", errDamaged, n.Cursor)
	case at[0].Seq == n.Cursor && printOf(at[0]) != n.Print:
		return n, fmt.Errorf("%w: it was built from another log", errDamaged)
	}
	return n, nil
}

// openNew replaces whatever is there by an empty index.
func (s *shelf) openNew() error {
	if err := os.RemoveAll(s.dir); err != nil {
		return fmt.Errorf("search: %w", err)
	}
	idx, err := createIndex(s.dir)
	if err != nil {
		return fmt.Errorf("search: make index: %w", err)
	}
	n := note{Format: format, Checked: s.x.now().Unix()}
	if err := idx.SetInternal(noteKey, n.octets()); err != nil {
		return fmt.Errorf("search: make index: %w", errors.Join(err, idx.Close()))
	}
	s.idx, s.note = idx, n
	s.openings++
	s.building.Store(true)
	s.x.nudge(s.id)
	return nil
}

func readNote(octets []byte) (n note, err error) {
	err = json.Unmarshal(octets, &n)
	return n, err
}

func (n note) octets() []byte {
	octets, err := json.Marshal(n)
	if err != nil {
		panic(err) // numbers and texts only
	}
	return octets
}

// discard throws the index away, nil: whichever is there; the next use makes a new one.
func (s *shelf) discard(doubtful bleve.Index) error {
	s.life.Lock()
	defer s.life.Unlock()
	if doubtful != nil && s.idx != doubtful {
		return nil // somebody else was faster
	}
	err := errors.Join(s.closeLocked(), os.RemoveAll(s.dir))
	s.building.Store(true)
	s.x.nudge(s.id)
	return err
}

// shut closes the index when nobody uses it any more.
func (s *shelf) shut() error {
	s.life.Lock()
	defer s.life.Unlock()
	return s.closeLocked()
}

func (s *shelf) closeLocked() error {
	if s.idx == nil {
		return nil
	}
	idx := s.idx
	s.idx = nil
	s.x.forget(s)
	return recovered(idx, bleve.Index.Close)
}

func (x *Index) isClosed() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.closed
}

// touch moves the shelf to the front of those used last and closes the one longest unused when
// there are too many; one that is in use stays.
func (x *Index) touch(s *shelf) {
	x.mu.Lock()
	if s.place != nil {
		x.recent.MoveToFront(s.place)
	} else {
		s.place = x.recent.PushFront(s)
	}
	var old *shelf
	for e := x.recent.Back(); e != nil && x.recent.Len() > x.max && old == nil; e = e.Prev() {
		if candidate := e.Value.(*shelf); candidate != s && candidate.life.TryLock() {
			old = candidate
		}
	}
	x.mu.Unlock()
	if old != nil {
		if err := old.closeLocked(); err != nil {
			x.log.Warn("closing a search index", "mailbox", old.id, "error", err)
		}
		old.life.Unlock()
	}
}

func (x *Index) forget(s *shelf) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if s.place != nil {
		x.recent.Remove(s.place)
		s.place = nil
	}
}

// nudge asks Run to look at a mailbox; when it has many to look at it finds it by itself soon.
func (x *Index) nudge(m email.MailboxID) {
	select {
	case x.wake <- m:
	default:
	}
}

// age says how long ago the index was compared with the store.
func (n note) age(now time.Time) time.Duration { return now.Sub(time.Unix(n.Checked, 0)) }
