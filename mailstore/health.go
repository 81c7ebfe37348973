package mailstore

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"syscall"
	"time"

	"holdover/database"
	"holdover/email"
)

// Alarm is something that an administrator must see now.
type Alarm struct {
	Code    string // one of the Alarm constants
	Mailbox email.MailboxID
	Since   time.Time
	Text    string // English, with remedy
}

// Codes of alarms.
const (
	AlarmMaildir  = "maildir-missing" // a mailbox's folder vanished (L3)
	AlarmVolume   = "volume-missing"  // the mail volume is not mounted (L3)
	AlarmFiles    = "files-missing"   // some files of a mailbox vanished (L3)
	AlarmFlush    = "flush-failed"    // D3
	AlarmClock    = "clock-jumped"    // D10
	AlarmDatabase = "database-old"    // lost, or restored from an old backup
)

// alarms is the board of what is wrong now.
type alarms struct {
	mu  sync.Mutex
	now []Alarm
}

// raise puts an alarm up and says whether it is new.
func (a *alarms) raise(al Alarm) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if slices.ContainsFunc(a.now, func(b Alarm) bool { return b.Code == al.Code && b.Mailbox == al.Mailbox }) {
		return false
	}
	a.now = append(a.now, al)
	return true
}

func (a *alarms) clear(code string, m email.MailboxID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.now = slices.DeleteFunc(a.now, func(b Alarm) bool { return b.Code == code && b.Mailbox == m })
}

func (a *alarms) has(code string, m email.MailboxID) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.now, func(b Alarm) bool { return b.Code == code && b.Mailbox == m })
}

// Alarms lists what an administrator must see now: a mailbox folder or volume that vanished (L3),
// a failed flush (D3), a clock that jumped (D10). Missing things are alarms, never deletions.
func (s *Store) Alarms() []Alarm {
	s.alarms.mu.Lock()
	defer s.alarms.mu.Unlock()
	return slices.Clone(s.alarms.now)
}

func (s *Store) alarm(code string, m email.MailboxID, text string) {
	if s.alarms.raise(Alarm{Code: code, Mailbox: m, Since: s.now(), Text: text}) {
		s.log.Error("alarm: "+text, "code", code, "mailbox", m)
	}
}

// withheld says that nothing of this mailbox may be expired or told now (L3).
func (s *Store) withheld(m email.MailboxID) bool {
	return s.alarms.has(AlarmVolume, "") || s.alarms.has(AlarmMaildir, m) || s.alarms.has(AlarmFiles, m)
}

// serviceable is nil when mail may be taken. After a failed flush new mail is refused until a
// fresh file can be flushed again; what failed itself is never tried again (D3).
func (s *Store) serviceable() error {
	if s.alarms.has(AlarmVolume, "") {
		return fmt.Errorf("%w: the mail volume is missing", ErrUnhealthy)
	}
	if !s.alarms.has(AlarmFlush, "") {
		return nil
	}
	s.probing.Lock()
	defer s.probing.Unlock()
	if !s.alarms.has(AlarmFlush, "") {
		return nil
	}
	if time.Since(s.probed) < s.probeEvery {
		return ErrUnhealthy
	}
	s.probed = time.Now() // how often the disk is asked is no matter of the injected clock
	if err := s.probe(); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	s.alarms.clear(AlarmFlush, "")
	s.log.Warn("storage flushes again; mail is taken again")
	return nil
}

// probe writes and flushes a fresh file.
func (s *Store) probe() error {
	name := "maildir/probe-" + newID()
	defer s.disk.Remove(name)
	if err := s.writeFile(name, []byte("probe\r\n")); err != nil {
		return err
	}
	return s.disk.SyncDir("maildir")
}

// errFlush marks an error of a flush, after which nothing is known about what was written.
var errFlush = errors.New("flush failed")

// storageError turns an error of the file layer into one of this room, and takes the store out of
// service where the disk itself failed.
func (s *Store) storageError(m email.MailboxID, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case errors.Is(err, fs.ErrNotExist) && m != "":
		s.missing(m)
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	case errors.Is(err, errFlush), errors.Is(err, syscall.EIO), errors.Is(err, syscall.EROFS):
		s.alarm(AlarmFlush, "", "Storage failed ("+err.Error()+"). New mail is refused until a flush works again. Look at the disk and its log.")
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	return err
}

// databaseError does the same for the database.
func (s *Store) databaseError(err error) error {
	if errors.Is(err, database.ErrFull) {
		return fmt.Errorf("%w: %w", ErrFull, err)
	}
	if errors.Is(err, database.ErrIO) || errors.Is(err, database.ErrUnsure) && s.db.Dialect() == database.SQLite {
		s.alarm(AlarmFlush, "", "The database could not be flushed ("+err.Error()+"). New mail is refused until a flush works again. Look at the disk and its log.")
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	return err
}

// missing raises the alarm for a mailbox whose folder has vanished. It is never made anew: what
// comes back with the right disk or backup must find its place free.
func (s *Store) missing(m email.MailboxID) {
	if _, err := s.disk.Stat(marker); errors.Is(err, fs.ErrNotExist) {
		s.alarm(AlarmVolume, "", "The mail volume is missing: "+marker+" is not there. Mount it and start again. Nothing is deleted, expired or told meanwhile.")
		return
	}
	if m == "" {
		return
	}
	dir := mailboxDir(m)
	s.alarm(AlarmMaildir, m, "The folder "+dir+" or a part of it is missing. Restore it from a backup, or make it again with its cur, new and tmp to accept the loss. Nothing of this mailbox is deleted, expired or told meanwhile.")
}

// SpaceLeft is nil, or ErrFull when a message of size octets would break the reserve of octets or
// files (D8). It asks the file system each time: a system call of some microseconds.
func (s *Store) SpaceLeft(size int64) error {
	var fs syscall.Statfs_t
	if err := s.statfs(&fs); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	if int64(fs.Bavail)*fs.Bsize-size < s.reserve || fs.Files > 0 && fs.Ffree < reserveFiles {
		return ErrFull
	}
	return nil
}

// reserveFiles is how many more files the file system must be able to hold.
const reserveFiles = 1000
