// Package mailstore keeps each mailbox's mail, and the log of what happened to it.
//
//	maildir/holdover-volume              the volume is mounted; when the database was last seen
//	maildir/<mailbox>/address            primary address: a lost database can be rebuilt
//	maildir/<mailbox>/{tmp,new,cur}      the inbox: a message is a file and is never rewritten
//	maildir/<mailbox>/.<folder>/...      the other folders (Maildir++), with a file name each
//	spool/{tmp,out}                      mail on its way out, with its envelope
//	database                             metadata, threads, change log, queue
//
// The files are the truth of what a message says, the database is the truth of where it is and
// what happened to it. File names repeat folder and flags where they fit; they follow the
// database and are repaired from it (design L1).
package mailstore

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"holdover/database"
	"holdover/email"
)

type (
	FolderID string // a role's name ("inbox") or 12 random letters
	ThreadID string // per mailbox
	Seq      int64  // a place in one mailbox's change log, from 1 without gaps
	SendID   string // one submission on its way out
)

// Errors of this room.
var (
	ErrFull       = errors.New("storage is below its reserve")
	ErrUnhealthy  = errors.New("storage failed and was taken out of service") // D3, L3
	ErrNotFound   = errors.New("no such message, folder or thread in this mailbox")
	ErrConflict   = errors.New("the draft was changed elsewhere meanwhile")
	ErrTooLate    = errors.New("already released")
	ErrCursor     = errors.New("cursor is not where the consumer believed")
	ErrLostLease  = errors.New("the lease was taken over")
	ErrFolderName = errors.New("not a folder name")
	ErrClock      = errors.New("the clock jumped; retention waits for an administrator's word")
	ErrInUse      = errors.New("the data directory is in use by another process")
)

// Options say where a store lives and how it works.
type Options struct {
	Dir     string // data directory; created 0700
	DB      *database.DB
	Host    string        // for file names and generated Message-IDs
	Window  time.Duration // retention window, default 30 days
	Reserve int64         // bytes that must stay free, default 256 MiB; negative: none
	Now     func() time.Time
	Log     *slog.Logger
}

// Store is an open store. It is safe for many goroutines.
type Store struct {
	dir     string
	host    string
	domain  string // the same as it is written in mail
	db      *database.DB
	disk    disk
	lock    *os.File
	window  time.Duration
	reserve int64
	now     func() time.Time
	log     *slog.Logger

	dirs     *flusher
	alarms   alarms
	watchers watchers
	arriving atomic.Int64
	naming   [64]sync.Mutex // one file's names are changed by one goroutine at a time
	known    sync.Map       // email.MailboxID -> address, of mailboxes that exist

	releasing sync.Mutex

	probing    sync.Mutex
	probed     time.Time
	probeEvery time.Duration

	closing chan struct{}
	closed  sync.Once
	ticking sync.WaitGroup
}

//go:embed migrations
var migrations embed.FS

// Open migrates, repairs from crashes (L1: tmp cleaned, files without a row found, names brought in
// line with the database) and is ready. 100,000 messages open in under 5 s. What is missing is an
// alarm, not an error (L3). ErrInUse: another process with the same host name has it open.
func Open(ctx context.Context, o Options) (*Store, error) {
	d, err := openDisk(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("mailstore: %w", err)
	}
	s := newStore(o, d)
	if err := s.open(ctx); err != nil {
		s.release()
		return nil, fmt.Errorf("mailstore: open %s: %w", o.Dir, err)
	}
	return s, nil
}

func newStore(o Options, d disk) *Store {
	s := &Store{
		dir: o.Dir, host: hostName(o.Host), domain: o.Host, db: o.DB, disk: d,
		window: o.Window, reserve: o.Reserve, now: o.Now, log: o.Log,
		probeEvery: time.Second, closing: make(chan struct{}),
	}
	if s.window <= 0 {
		s.window = 30 * 24 * time.Hour
	}
	if s.reserve == 0 {
		s.reserve = 256 << 20
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.dirs = newFlusher(func(dir string) error { return s.disk.SyncDir(dir) })
	return s
}

func (s *Store) open(ctx context.Context) error {
	if err := s.takeLock(); err != nil {
		return err
	}
	if err := s.db.Migrate(ctx, "mailstore", migrations); err != nil {
		return err
	}
	if err := s.mount(ctx); err != nil {
		return err
	}
	if err := s.repair(ctx); err != nil {
		return err
	}
	s.ticking.Add(1)
	go s.tick()
	return nil
}

// takeLock keeps a second process of the same host away: repairing while another one delivers
// would take its files in flight for those of a crash.
func (s *Store) takeLock() error {
	f, err := os.OpenFile(s.dir+"/lock-"+s.host, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return ErrInUse
		}
		return err
	}
	s.lock = f
	return nil
}

// Close ends the store's own work and leaves the database open, which its owner closes.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		close(s.closing)
		s.ticking.Wait()
		s.watchers.close()
		err = s.release()
	})
	return err
}

// release lets go of the directory.
func (s *Store) release() error {
	if s.lock != nil {
		s.lock.Close() // and with it the lock
	}
	return s.disk.Close()
}

// DB is the database of the store, for consumers whose own tables share its commits.
func (s *Store) DB() *database.DB { return s.db }

// Busy says how many deliveries are under way: the indexer yields to them.
func (s *Store) Busy() int { return int(s.arriving.Load()) }

func (s *Store) statfs(fs *syscall.Statfs_t) error { return syscall.Statfs(s.dir, fs) }

// stripe is the lock for changing the name of a message's file.
func (s *Store) stripe(m email.MailboxID, id email.MessageID) *sync.Mutex {
	h := uint32(2166136261) // FNV-1a
	for _, c := range []byte(string(m) + "/" + string(id)) {
		h = (h ^ uint32(c)) * 16777619
	}
	return &s.naming[h%uint32(len(s.naming))]
}

func ms(t time.Time) int64 { return t.UnixMilli() }

func fromMS(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

func bit(b bool) int64 {
	if b {
		return 1
	}
	return 0
}
