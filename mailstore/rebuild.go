package mailstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Rebuild makes rows from the Maildir where rows are missing (origin rebuild: nothing is ever
// sent), mailboxes and folders included, and the queue from the spool. Flags come from file names,
// the folder from the directory. What was waiting for Exchange is not settled, so retention leaves
// it alone. progress may be nil; it is called now and then.
func (s *Store) Rebuild(ctx context.Context, progress func(done, total int)) (added int, err error) {
	if s.alarms.has(AlarmVolume, "") {
		return 0, fmt.Errorf("rebuild: %w: the mail volume is missing", ErrUnhealthy)
	}
	if err := s.rebuildMailboxes(ctx); err != nil {
		return 0, fmt.Errorf("rebuild: %w", err)
	}
	boxes, err := s.Mailboxes(ctx)
	if err != nil {
		return 0, fmt.Errorf("rebuild: %w", err)
	}
	total, strays, err := s.allStrays(ctx, boxes)
	if err != nil {
		return 0, fmt.Errorf("rebuild: %w", err)
	}
	done := 0
	for _, l := range strays {
		n, err := s.adopt(ctx, l, l.strays(), true, func(n int) {
			done += n
			if progress != nil {
				progress(done, total)
			}
		})
		added += n
		if err != nil {
			return added, fmt.Errorf("rebuild %s: %w", l.mailbox, err)
		}
	}
	s.alarms.clear(AlarmDatabase, "")
	if err := s.repair(ctx); err != nil { // the spool, and names
		return added, fmt.Errorf("rebuild: %w", err)
	}
	if err := s.setSeen(ctx, ms(s.now())); err != nil {
		return added, fmt.Errorf("rebuild: %w", err)
	}
	return added, nil
}

// rebuildMailboxes makes the rows of mailboxes that have a Maildir and no row.
func (s *Store) rebuildMailboxes(ctx context.Context) error {
	entries, err := s.disk.ReadDir("maildir")
	if err != nil {
		return err
	}
	for _, e := range entries {
		id := email.MailboxID(e.Name())
		if !e.IsDir() || !safe(e.Name()) {
			continue
		}
		if _, known := s.known.Load(id); known {
			continue
		}
		address, err := s.disk.ReadFile(mailboxDir(id) + "/address")
		if errors.Is(err, fs.ErrNotExist) {
			s.log.Error("a Maildir has no file address; its mailbox gets one when the directory names it", "mailbox", id)
		} else if err != nil {
			return err
		}
		text := strings.TrimSpace(string(address))
		if err := s.makeMaildirs(id, roles()); err != nil {
			return err
		}
		err = s.db.Write(ctx, func(tx *database.Tx) error { return addMailbox(tx, id, text, ms(s.now())) })
		if err != nil {
			return s.databaseError(err)
		}
		s.known.Store(id, text)
	}
	return nil
}

// wasDeleted says whether a person deleted a folder; if messages lie in it, they make it known all the same.
func (s *Store) wasDeleted(m email.MailboxID, f FolderID) bool {
	text, err := s.disk.ReadFile(folderDir(m, f) + "/name")
	return err == nil && len(bytes.TrimSpace(text)) == 0
}

// allStrays lists what has no row, and learns folders that are only on disk.
func (s *Store) allStrays(ctx context.Context, boxes []email.MailboxID) (total int, all []*listing, err error) {
	for _, m := range boxes {
		l, err := s.look(ctx, m)
		if errors.Is(err, fs.ErrNotExist) {
			s.missing(m)
			continue
		}
		if err != nil {
			return 0, nil, err
		}
		for f, complete := range l.dirs {
			if complete && !l.folders[f] && !s.wasDeleted(m, f) {
				if err := s.learnFolder(ctx, l, f, FromRebuild); err != nil {
					return 0, nil, err
				}
			}
		}
		if n := len(l.strays()); n > 0 {
			total += n
			all = append(all, l)
		}
	}
	return total, all, nil
}
