package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"holdover/database"
	"holdover/email"
)

// Finding is a broken invariant.
type Finding struct {
	Mailbox email.MailboxID
	What    string // English sentence: what is wrong, and the remedy
}

// Check re-derives every invariant: files and rows, their octets, log without gaps, counts,
// threads, spool and queue. It changes nothing. On a store in use, what is only half done this
// moment is looked at a second time.
func (s *Store) Check(ctx context.Context) ([]Finding, error) {
	var all []Finding
	for _, a := range s.Alarms() {
		all = append(all, Finding{a.Mailbox, a.Text})
	}
	boxes, err := s.Mailboxes(ctx)
	if err != nil {
		return nil, err
	}
	for _, m := range boxes {
		files, err := s.checkFiles(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", m, err)
		}
		rows, err := s.checkRows(ctx, m)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", m, err)
		}
		all = append(all, files...)
		all = append(all, rows...)
	}
	spool, err := s.twice(func() ([]Finding, error) { return s.checkSpool(ctx) })
	return append(all, spool...), err
}

// twice reports what two looks in a row both see: files are changed before and after commits, and a
// delivery or a change may be under way.
func (s *Store) twice(look func() ([]Finding, error)) ([]Finding, error) {
	first, err := look()
	if err != nil || len(first) == 0 {
		return nil, err
	}
	second, err := look()
	again := map[Finding]bool{}
	for _, f := range second {
		again[f] = true
	}
	var both []Finding
	for _, f := range first {
		if again[f] {
			both = append(both, f)
		}
	}
	return both, err
}

func (s *Store) checkFiles(ctx context.Context, m email.MailboxID) ([]Finding, error) {
	return s.twice(func() ([]Finding, error) {
		l, err := s.look(ctx, m)
		if errors.Is(err, fs.ErrNotExist) {
			s.missing(m)
			return []Finding{{m, "The Maildir " + mailboxDir(m) + " is missing. Restore it from a backup."}}, nil
		}
		if err != nil {
			return nil, err
		}
		var all []Finding
		for _, f := range l.strays() {
			all = append(all, Finding{m, "The file " + f.name + " has no row. A restart gives it one, or holdover rebuild."})
		}
		for _, r := range l.rows {
			switch {
			case r.hidden == gone:
			case r.at == nil:
				all = append(all, Finding{m, fmt.Sprintf("The file %s of message %s is missing. Restore it from a backup.", place(m, r.state), r.id)})
			case !inPlace(m, r.state, r.at.name):
				all = append(all, Finding{m, fmt.Sprintf("The file %s does not say what its row says: %s. A restart renames it.", r.at.name, place(m, r.state))})
			default:
				octets, err := s.checkOctets(ctx, m, r)
				if err != nil {
					return nil, err
				}
				all = append(all, octets...)
			}
		}
		return all, nil
	})
}

// checkOctets compares a file with what its row remembers of it.
func (s *Store) checkOctets(ctx context.Context, m email.MailboxID, r *listed) ([]Finding, error) {
	file, err := s.disk.ReadFile(r.at.name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) { // renamed since
			return nil, nil
		}
		return []Finding{{m, fmt.Sprintf("The file %s cannot be read: %v.", r.at.name, err)}}, nil
	}
	b, rest, ok := ReadBlock(file)
	var hash string
	var size int64
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT body_hash, size FROM message WHERE mailbox = ? AND id = ? AND file = ?", string(m), string(r.id), r.base).Scan(&hash, &size)
	})
	if err != nil {
		return nil, nil // another version since
	}
	if size != int64(len(rest)) || hash != email.Summarize(rest).BodyHash {
		return []Finding{{m, fmt.Sprintf("The file %s of message %s is not what was stored. Restore it from a backup.", r.at.name, r.id)}}, nil
	}
	if ok && b.Version != 0 && b.ID != r.id {
		return []Finding{{m, fmt.Sprintf("The file %s belongs to draft %s and not to %s.", r.at.name, b.ID, r.id)}}, nil
	}
	return nil, nil
}

// checkSpool compares spool files and queue.
func (s *Store) checkSpool(ctx context.Context) ([]Finding, error) {
	entries, err := s.disk.ReadDir(spoolOut)
	if err != nil {
		return []Finding{{"", "The folder " + spoolOut + " cannot be read: " + err.Error()}}, nil
	}
	states, err := s.submissionStates(ctx)
	if err != nil {
		return nil, err
	}
	var all []Finding
	has := map[SendID]bool{}
	for _, e := range entries {
		id := SendID(e.Name())
		has[id] = true
		if state := states[id]; state != isHeld && state != isOut {
			all = append(all, Finding{"", "The spool file " + outName(id) + " has no row that waits. A restart puts it right."})
		} else if _, err := s.readSpool(id); err != nil {
			all = append(all, Finding{"", "The spool file " + outName(id) + " cannot be read: " + err.Error()})
		}
	}
	for id, state := range states {
		if (state == isHeld || state == isOut) && !has[id] {
			all = append(all, Finding{"", "The spool file " + outName(id) + " is missing, and with it a mail on its way out. Restore it from a backup."})
		}
	}
	return all, nil
}
