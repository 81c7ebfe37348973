package mailstore

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"holdover/database"
	"holdover/email"
)

func categoryDir(m email.MailboxID) string { return mailboxDir(m) + "/categories" }

// followCategories brings the files of categories in line with the database, after the commit. A
// failure is only logged: the next Open repairs it.
func (s *Store) followCategories(ctx context.Context, m email.MailboxID, ids []email.MessageID) {
	for _, id := range ids {
		if err := s.followCategory(context.WithoutCancel(ctx), m, id); err != nil {
			s.log.Warn("a file of categories could not follow the database", "mailbox", m, "message", id, "err", err)
		}
	}
}

func (s *Store) followCategory(ctx context.Context, m email.MailboxID, id email.MessageID) error {
	mu := s.stripe(m, id)
	mu.Lock()
	defer mu.Unlock()
	var base string
	var names email.Categories
	err := s.db.Read(ctx, func(tx *database.Tx) error { // as it is now: another change may have been quicker
		var text string
		err := tx.QueryRow("SELECT file, categories FROM message WHERE mailbox = ? AND id = ?", string(m), string(id)).Scan(&base, &text)
		return errors.Join(err, unlist(text, &names))
	})
	if err != nil {
		return err
	}
	return s.writeCategories(m, base, names)
}

// writeCategories makes the file of a message's categories be as given; without any there is none.
func (s *Store) writeCategories(m email.MailboxID, base string, names email.Categories) error {
	name := categoryDir(m) + "/" + base
	if len(names) == 0 {
		if err := s.disk.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if err := s.disk.Mkdir(categoryDir(m)); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	tmp := mailboxDir(m) + "/tmp/" + newID() + "." + s.host
	if err := s.writeFile(tmp, []byte(strings.Join(names, "\n")+"\n")); err != nil {
		return err
	}
	if err := s.disk.Rename(tmp, name); err != nil {
		s.disk.Remove(tmp)
		return err
	}
	return nil
}

// readCategories reads that file; ok is false when there is none. It may have come from a backup or by
// hand: what is no category is left out.
func (s *Store) readCategories(m email.MailboxID, base string) (names email.Categories, ok bool, err error) {
	text, err := s.disk.ReadFile(categoryDir(m) + "/" + base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return email.KnownCategories(strings.Split(string(text), "\n")), err == nil, err
}

// repairCategories brings the files of a mailbox's categories in line with its rows. A file whose
// message has neither row nor file is a leftover.
func (s *Store) repairCategories(ctx context.Context, l *listing) error {
	rows := map[string]email.Categories{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(rows)
		found, err := tx.Query("SELECT file, categories FROM message WHERE mailbox = ? AND categories > ''", string(l.mailbox))
		if err != nil {
			return err
		}
		defer found.Close()
		for found.Next() {
			var base, text string
			var names email.Categories
			if err := errors.Join(found.Scan(&base, &text), unlist(text, &names)); err != nil {
				return err
			}
			rows[base] = names
		}
		return found.Err()
	})
	if err != nil {
		return err
	}
	stray := map[string]bool{}
	for _, f := range l.strays() {
		stray[f.base] = true
	}
	entries, err := s.disk.ReadDir(categoryDir(l.mailbox))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, e := range entries {
		if rows[e.Name()] == nil && !stray[e.Name()] && !e.IsDir() {
			if err := s.writeCategories(l.mailbox, e.Name(), nil); err != nil {
				return err
			}
		}
	}
	for base, names := range rows {
		if has, ok, err := s.readCategories(l.mailbox, base); err == nil && ok && slices.Equal(has, names) {
			continue
		}
		if err := s.writeCategories(l.mailbox, base, names); err != nil {
			return err
		}
	}
	return nil
}

// foundCategories are those of a file that has no row: as kept beside it; else, for mail that was put into
// the Maildir from elsewhere, the keywords of its name and header. Mail that came to us (it has a block)
// keeps what its sender wrote there to itself: strangers put no names on anybody's mail.
func (s *Store) foundCategories(m email.MailboxID, d onDisk, blocked bool, octets []byte) email.Categories {
	names, ok, err := s.readCategories(m, d.base)
	if err != nil {
		s.log.Warn("a file of categories could not be read", "mailbox", m, "err", err)
	}
	if ok || blocked {
		return names
	}
	return email.KnownCategories(append(s.lettered(d.name), email.Keywords(octets)...))
}

// lettered reads the keyword letters of a file name (a to z behind its flags) with the list that Dovecot
// keeps in the folder: a line for each, "0 name" is a.
func (s *Store) lettered(name string) email.Categories {
	_, letters, _ := strings.Cut(path.Base(name), ":2,")
	if !strings.ContainsFunc(letters, lowerLetter) {
		return nil
	}
	text, err := s.disk.ReadFile(parent(parent(name)) + "/dovecot-keywords")
	if err != nil {
		return nil // nobody knows what the letters mean
	}
	var words []string
	for line := range strings.Lines(string(text)) {
		number, word, _ := strings.Cut(strings.TrimSpace(line), " ")
		if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < 26 && strings.ContainsRune(letters, rune('a'+n)) {
			words = append(words, word)
		}
	}
	return email.PersonsKeywords(words)
}

func lowerLetter(r rune) bool { return r >= 'a' && r <= 'z' }
