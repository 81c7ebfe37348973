package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"holdover/database"
	"holdover/email"
)

// repair brings files and database together after whatever happened (D11). It deletes no message:
// what is missing on disk is an alarm (L3), what is missing in the database is found.
func (s *Store) repair(ctx context.Context) error {
	if s.alarms.has(AlarmVolume, "") {
		return nil
	}
	boxes, err := s.Mailboxes(ctx)
	if err != nil {
		return err
	}
	if err := s.repairSpool(ctx); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for _, m := range boxes {
		g.Go(func() error { return s.repairMailbox(ctx, m) })
	}
	return g.Wait()
}

func (s *Store) repairMailbox(ctx context.Context, m email.MailboxID) error {
	l, err := s.look(ctx, m)
	if errors.Is(err, fs.ErrNotExist) {
		s.missing(m)
		return nil
	}
	if err != nil {
		return err
	}
	if err := s.repairDirs(ctx, l); err != nil {
		return err
	}
	for dir := range l.dirs {
		if err := s.cleanTmp(folderDir(m, dir) + "/tmp"); err != nil {
			return err
		}
	}
	var leaving []leaver
	for _, r := range l.rows {
		switch {
		case r.hidden == gone:
			leaving = append(leaving, leaver{r.id, r.state})
		case r.at == nil:
			s.missingFile(m)
		case !inPlace(m, r.state, r.at.name):
			if err := s.disk.Rename(r.at.name, place(m, r.state)); err != nil {
				return err
			}
		}
	}
	if err := s.removeFiles(ctx, m, leaving); err != nil {
		return err
	}
	if s.alarms.has(AlarmDatabase, "") {
		return nil // strays, and what is kept beside them, are rebuild's: they may have been told to Exchange already
	}
	if _, err = s.adopt(ctx, l, s.settledStrays(l), false, nil); err != nil {
		return err
	}
	return s.repairCategories(ctx, l)
}

// repairDirs makes the folders anew that are missing and were empty, and learns those that were made
// on disk only.
func (s *Store) repairDirs(ctx context.Context, l *listing) error {
	used := map[FolderID]bool{}
	for _, r := range l.rows {
		used[r.folder] = true
	}
	for f := range l.folders {
		if !l.dirs[f] && !used[f] {
			if err := s.makeMaildirs(l.mailbox, []FolderID{f}); err != nil {
				return err
			}
			l.dirs[f] = true
		}
	}
	stray := map[FolderID]bool{}
	for _, f := range l.files {
		if !l.folders[f.folder] {
			stray[f.folder] = true
		}
	}
	for f := range stray {
		if err := s.learnFolder(ctx, l, f, FromFound); err != nil {
			return err
		}
	}
	return nil
}

// learnFolder makes the row of a folder that is only on disk.
func (s *Store) learnFolder(ctx context.Context, l *listing, f FolderID, o Origin) error {
	text, err := s.disk.ReadFile(folderDir(l.mailbox, f) + "/name")
	if err != nil {
		text = []byte(f)
	}
	name, rest, _ := strings.Cut(clean(string(text)), "\n")
	name = strings.TrimSpace(name)
	below := FolderID(strings.TrimSpace(rest))
	if name == "" { // deleted, and yet there is something in it
		name, below = string(f), ""
	}
	err = s.change(ctx, l.mailbox, func(c *change) error {
		if err := addFolder(c.tx, l.mailbox, f, name, below); err != nil {
			return err
		}
		return c.log("", NewFolder, o, Detail{To: f, From: below, Name: name})
	})
	l.folders[f] = err == nil
	return err
}

// settledStrays are the strays that nobody can be about to give a row: those of this host, which
// has just started, and old ones of others.
func (s *Store) settledStrays(l *listing) []onDisk {
	var all []onDisk
	for _, f := range l.strays() {
		if !strings.HasSuffix(f.base, "."+s.host) {
			info, err := s.disk.Stat(f.name)
			if err != nil || looksOurs(f.base) && time.Since(info.ModTime()) < time.Hour {
				continue
			}
		}
		all = append(all, f)
	}
	return all
}

// looksOurs: a name as baseName makes them, on whatever host.
func looksOurs(base string) bool {
	part := strings.Split(base, ".")
	return len(part) == 3 && len(part[1]) >= 26 && safe(part[1])
}

// leaver is a message whose row says gone: its file is removed, then the row.
type leaver struct {
	id email.MessageID
	state
}

// removeFiles removes the files of messages that are gone, flushes the folders, and only then the
// rows: else a power cut could bring a file back that nothing remembers, and it would be found.
func (s *Store) removeFiles(ctx context.Context, m email.MailboxID, leaving []leaver) error {
	if len(leaving) == 0 {
		return nil
	}
	dirs := map[string]bool{}
	for _, l := range leaving {
		name, err := s.find(m, l.state)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err == nil {
			dirs[parent(name)] = true
			err = s.disk.Remove(name)
		}
		if err == nil || errors.Is(err, fs.ErrNotExist) {
			err = s.writeCategories(m, l.base, nil)
		}
		if err != nil {
			return s.storageError("", err)
		}
	}
	for dir := range dirs {
		if err := s.syncDir(dir); err != nil {
			return s.storageError("", err)
		}
	}
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		for _, l := range leaving {
			_, err := tx.Exec("DELETE FROM message WHERE mailbox = ? AND id = ? AND hidden = ?", string(m), string(l.id), gone)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return s.databaseError(err)
}
