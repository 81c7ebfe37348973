package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"holdover/email"
)

// writeFile writes a new file and flushes it. Each step's error counts (D1); nothing is left after one.
func (s *Store) writeFile(name string, parts ...[]byte) error {
	f, err := s.disk.Create(name)
	if err != nil {
		return err
	}
	if err := fill(f, parts); err != nil {
		f.Close()
		s.disk.Remove(name)
		return err
	}
	return nil
}

func fill(f file, parts [][]byte) error {
	for _, p := range parts {
		n, err := f.Write(p)
		if err == nil && n < len(p) {
			err = io.ErrShortWrite
		}
		if err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("%w: %w", errFlush, err)
	}
	return f.Close()
}

// syncDir flushes a directory, together with whoever else wants the same.
func (s *Store) syncDir(dir string) error {
	if err := s.dirs.flush(dir); err != nil {
		return fmt.Errorf("%w: %w", errFlush, err)
	}
	return nil
}

// putFile makes a message durable in a Maildir: tmp, flush, rename, flush of the folder (D1).
func (s *Store) putFile(m email.MailboxID, st state, parts ...[]byte) error {
	tmp := folderDir(m, st.folder) + "/tmp/" + st.base
	if err := s.writeFile(tmp, parts...); err != nil {
		return err
	}
	to := places(m, st)[0]
	if err := s.disk.Rename(tmp, to); err != nil {
		s.disk.Remove(tmp)
		return err
	}
	if err := s.syncDir(parent(to)); err != nil {
		s.disk.Remove(to)
		return err
	}
	return nil
}

// linkFile gives the file of another mailbox a name in this one, where not an octet differs.
func (s *Store) linkFile(from string, m email.MailboxID, st state) error {
	to := places(m, st)[0]
	if err := s.disk.Link(from, to); err != nil {
		return err
	}
	if err := s.syncDir(parent(to)); err != nil {
		s.disk.Remove(to)
		return err
	}
	return nil
}

// replaceFile writes dir/name anew, whole or not at all.
func (s *Store) replaceFile(dir, name string, octets []byte) error {
	tmp := dir + "/" + name + "." + newID()
	if err := s.writeFile(tmp, octets); err != nil {
		return err
	}
	if err := s.disk.Rename(tmp, dir+"/"+name); err != nil {
		s.disk.Remove(tmp)
		return err
	}
	return s.syncDir(dir)
}

func parent(name string) string { return name[:strings.LastIndexByte(name, '/')] }

// find gives the name of a message's file. Names follow the database and may lag behind it by a
// moment, so what is not in its place is looked for by its base name. ErrNotFound: nowhere.
func (s *Store) find(m email.MailboxID, st state) (string, error) {
	for _, name := range places(m, st) {
		if _, err := s.disk.Stat(name); err == nil {
			return name, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	folders, err := s.folderDirs(m)
	if err != nil {
		return "", err
	}
	for _, dir := range append([]string{folderDir(m, st.folder)}, folders...) {
		for _, sub := range []string{"/cur", "/new"} {
			entries, err := s.disk.ReadDir(dir + sub)
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", err
			}
			for _, e := range entries {
				if base, _, _ := readSuffix(e.Name()); base == st.base {
					return dir + sub + "/" + e.Name(), nil
				}
			}
		}
	}
	return "", fmt.Errorf("file %s: %w", st.base, ErrNotFound)
}

// folderDirs lists the Maildirs of a mailbox as they are on disk, the inbox first.
func (s *Store) folderDirs(m email.MailboxID) ([]string, error) {
	entries, err := s.disk.ReadDir(mailboxDir(m))
	if err != nil {
		return nil, err
	}
	dirs := []string{mailboxDir(m)}
	for _, e := range entries {
		if e.IsDir() && strings.HasPrefix(e.Name(), ".") && safe(e.Name()[1:]) {
			dirs = append(dirs, mailboxDir(m)+"/"+e.Name())
		}
	}
	return dirs, nil
}

// follow brings the names of files in line with the database, after the commit. A failure is only
// logged: readers find the file by its base name, and the next Open repairs its name.
func (s *Store) follow(ctx context.Context, m email.MailboxID, ids []email.MessageID) {
	for _, id := range ids {
		if err := s.rename(context.WithoutCancel(ctx), m, id); err != nil {
			s.log.Warn("a file's name could not follow the database", "mailbox", m, "message", id, "err", err)
		}
	}
}

func (s *Store) rename(ctx context.Context, m email.MailboxID, id email.MessageID) error {
	mu := s.stripe(m, id)
	mu.Lock()
	defer mu.Unlock()
	st, err := s.state(ctx, m, id) // the state now: another change may have been quicker
	if err != nil || st.hidden == gone {
		return err
	}
	from, err := s.find(m, st)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			s.missingFile(m)
		}
		return err
	}
	for _, right := range places(m, st) {
		if from == right {
			return nil
		}
	}
	return s.disk.Rename(from, place(m, st))
}

// missingFile raises the alarm for files that vanished (L3).
func (s *Store) missingFile(m email.MailboxID) {
	if _, err := s.disk.Stat(mailboxDir(m) + "/cur"); errors.Is(err, fs.ErrNotExist) {
		s.missing(m)
		return
	}
	s.alarm(AlarmFiles, m, "Files of messages are missing in "+mailboxDir(m)+". Restore them from a backup; holdover verify lists them. Nothing of this mailbox is deleted, expired or told meanwhile.")
}
