// Package search finds messages of one mailbox: query language, one index per mailbox, following
// the change log.
//
// On disk is a cache and nothing else:
//
//	index/<mailbox>/      one Bleve index; its documents are the mailbox's messages, by id
//	index/.lock           held while a process uses the indexes
//
// The place in the change log up to which an index is built is written inside the index, in the
// same commit as the documents, so that it can never be ahead of them. Whatever is doubtful about
// an index is answered in one way: it is thrown away and built again from the log.
//
// Flags and folders are not in the index. They are read with the hits, from the store, so that
// marking a thousand messages as read costs the index nothing and a hit never shows a state of
// yesterday.
package search

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

var (
	// ErrInUse says that another process uses the indexes of this directory.
	ErrInUse = errors.New("the search index is in use by another process")
	// ErrMailbox says that a text cannot be a mailbox id.
	ErrMailbox = errors.New("not a mailbox id")
)

// Source is what the index reads from: the store.
type Source interface {
	Mailboxes(ctx context.Context) ([]email.MailboxID, error)
	Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error)
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Standings(ctx context.Context, m email.MailboxID, ids []email.MessageID) (map[email.MessageID]mailstore.Standing, error)
	Unseen(ctx context.Context, m email.MailboxID, limit int) ([]email.MessageID, error)
	Flagged(ctx context.Context, m email.MailboxID, limit int) ([]email.MessageID, error)
	Within(ctx context.Context, m email.MailboxID, f mailstore.FolderID, limit int) ([]email.MessageID, error)
	Folders(ctx context.Context, m email.MailboxID) ([]mailstore.Folder, error)
	Categorised(ctx context.Context, m email.MailboxID) (map[email.MessageID]email.Categories, error)
	Raw(ctx context.Context, m email.MailboxID, id email.MessageID) ([]byte, error)
	Watch() (<-chan mailstore.Notice, func())
	Busy() int
}

// Options is what an Index needs.
type Options struct {
	Dir    string // created 0700
	Source Source
	Open   int              // indexes kept open, default 200
	Now    func() time.Time // default time.Now; its location is that of "today" in queries
	Log    *slog.Logger     // default slog.Default
}

// Index is all mailboxes' indexes. All methods may be called at any time from any goroutine.
type Index struct {
	dir  string
	src  Source
	max  int
	ask  int // hits up to which the store is asked for the state of each
	now  func() time.Time
	log  *slog.Logger
	lock *os.File
	wake chan email.MailboxID // mailboxes that a search found behind

	mu      sync.Mutex
	shelves map[email.MailboxID]*shelf
	recent  *list.List // of *shelf that are open, the last used in front
	closed  bool
}

// Open takes the directory for this process. Indexes are opened when they are needed.
func Open(o Options) (*Index, error) {
	x := &Index{
		dir: o.Dir, src: o.Source, max: o.Open, ask: ask, now: o.Now, log: o.Log,
		wake: make(chan email.MailboxID, 64), shelves: map[email.MailboxID]*shelf{}, recent: list.New(),
	}
	if x.max <= 0 {
		x.max = 200
	}
	if x.now == nil {
		x.now = time.Now
	}
	if x.log == nil {
		x.log = slog.Default()
	}
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	lock, err := os.OpenFile(filepath.Join(x.dir, ".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("search: %w", err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, fmt.Errorf("search: %s: %w", x.dir, errors.Join(ErrInUse, err, lock.Close()))
	}
	x.lock = lock
	return x, nil
}

// Close closes all indexes once the queries and batches under way have ended.
func (x *Index) Close() error {
	x.mu.Lock()
	if x.closed {
		x.mu.Unlock()
		return nil
	}
	x.closed = true
	var open []*shelf
	for _, s := range x.shelves {
		open = append(open, s)
	}
	x.mu.Unlock()
	var err error
	for _, s := range open {
		err = errors.Join(err, s.shut())
	}
	return errors.Join(err, x.lock.Close())
}

// Result is one page of hits.
type Result struct {
	Hits    []Hit
	Total   int
	Open    bool   // Total is what was counted before the search ended; there may be more
	Chips   []Chip // the query as understood
	Partial bool   // the index is behind or being rebuilt: more may be found in a moment
}

// Hit is one message; Subject and Snippet are cut into pieces, the marked ones matched.
type Hit struct {
	Message email.MessageID
	Subject []Piece
	Snippet []Piece
}

// Piece is a run of text. It is text, not markup.
type Piece struct {
	Text string
	Mark bool
}

// Chip is one understood term. Field is its canonical name ("from", "to", "cc", "bcc", "subject",
// "body", "attachment", "has", "received", "sent", "size", "is", "folder") or "" for text anywhere.
// Text begins with "-" when the term is excluded. Without is the query that is left without it.
type Chip struct{ Field, Text, Without string }
