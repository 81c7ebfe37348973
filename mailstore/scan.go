package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// onDisk is a file of a Maildir as its name tells it.
type onDisk struct {
	name string // whole, relative to the data directory
	state
}

// listing is one mailbox, on disk and in the database.
type listing struct {
	mailbox email.MailboxID
	created int64 // of the mailbox's row
	files   []onDisk
	rows    map[string]*listed // by base name
	folders map[FolderID]bool  // that have a row
	dirs    map[FolderID]bool  // that are on disk
}

// listed is a row of a message.
type listed struct {
	id email.MessageID
	state
	at *onDisk // nil: not seen on disk
}

// look lists a mailbox. fs.ErrNotExist: its Maildir has vanished.
func (s *Store) look(ctx context.Context, m email.MailboxID) (*listing, error) {
	l := &listing{mailbox: m, rows: map[string]*listed{}, folders: map[FolderID]bool{}, dirs: map[FolderID]bool{}}
	// The files first: what is delivered meanwhile has a row by the time the rows are read.
	if err := s.lookAtDisk(l); err != nil {
		return nil, err
	}
	if err := s.db.Read(ctx, l.readRows); err != nil {
		return nil, err
	}
	for i := range l.files {
		f := &l.files[i]
		if r := l.rows[f.base]; r != nil && (r.at == nil || inPlace(m, r.state, f.name)) {
			r.at = f
		}
	}
	return l, nil
}

func (s *Store) lookAtDisk(l *listing) error {
	dirs, err := s.folderDirs(l.mailbox)
	if err != nil {
		return err
	}
	for i, dir := range dirs {
		folder := Inbox
		if i > 0 {
			folder = FolderID(dir[strings.LastIndex(dir, "/.")+2:])
		}
		complete := true
		for _, sub := range []string{"/new", "/cur"} {
			entries, err := s.disk.ReadDir(dir + sub)
			if errors.Is(err, fs.ErrNotExist) && i > 0 {
				complete = false
				continue
			}
			if err != nil {
				return err
			}
			for _, e := range entries {
				if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
					continue
				}
				base, flags, trashed := readSuffix(e.Name())
				f := onDisk{dir + sub + "/" + e.Name(), state{folder, base, flags, shown}}
				if trashed {
					f.hidden = deleted
				}
				l.files = append(l.files, f)
			}
		}
		l.dirs[folder] = complete
	}
	return nil
}

func (l *listing) readRows(tx *database.Tx) error {
	if err := tx.QueryRow("SELECT created FROM mailbox WHERE id = ?", string(l.mailbox)).Scan(&l.created); err != nil {
		return err
	}
	folders, err := column[FolderID](tx.Query("SELECT id FROM folder WHERE mailbox = ?", string(l.mailbox)))
	if err != nil {
		return err
	}
	for _, f := range folders {
		l.folders[f] = true
	}
	rows, err := tx.Query("SELECT id, "+stateColumns+" FROM message WHERE mailbox = ?", string(l.mailbox))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r listed
		if r.state, err = scanState(rows, &r.id); err != nil {
			return err
		}
		l.rows[r.base] = &r
	}
	return rows.Err()
}

func inPlace(m email.MailboxID, st state, name string) bool {
	for _, right := range places(m, st) {
		if name == right {
			return true
		}
	}
	return false
}

// strays are the files that no row names.
func (l *listing) strays() []onDisk {
	var all []onDisk
	for _, f := range l.files {
		if l.rows[f.base] == nil {
			all = append(all, f)
		}
	}
	return all
}

// lacks says whether a row has no file, or a folder no directory.
func (l *listing) lacks() bool {
	for _, r := range l.rows {
		if r.at == nil && r.hidden != gone {
			return true
		}
	}
	for f := range l.folders {
		if !l.dirs[f] {
			return true
		}
	}
	return false
}

// cleanTmp removes what a crash of this host left in tmp. Files of other hosts may be on their way
// in; after 36 hours nobody writes them any more.
func (s *Store) cleanTmp(dir string) error {
	entries, err := s.disk.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "."+s.host) {
			info, err := e.Info()
			if err != nil || time.Since(info.ModTime()) < 36*time.Hour {
				continue
			}
		}
		if err := s.disk.Remove(dir + "/" + e.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
