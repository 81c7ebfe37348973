package mailstore

import (
	"context"
	"errors"
	"fmt"

	"holdover/email"
)

// Changes by people. Each is one commit of new state and entries; file names follow. Ids that the
// mailbox does not show (any more) are passed over; ErrNotFound when there is none left. What is so
// already makes no entry.

// FlagChange says what becomes of flags: nil leaves a flag as it is.
type FlagChange struct{ Seen, Flagged, Answered *bool }

func (f Flags) with(c FlagChange) Flags {
	set := func(flag *bool, to *bool) {
		if to != nil {
			*flag = *to
		}
	}
	set(&f.Seen, c.Seen)
	set(&f.Flagged, c.Flagged)
	set(&f.Answered, c.Answered)
	return f
}

// SetFlags changes the marks of messages.
func (s *Store) SetFlags(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID, fc FlagChange) error {
	return s.changeEach(ctx, "set flags", m, ids, func(c *change, t *touched, r shownRow) error {
		return c.setFlags(t, o, r, fc)
	})
}

func (c *change) setFlags(t *touched, o Origin, r shownRow, fc FlagChange) error {
	flags := r.flags.with(fc)
	if flags == r.flags {
		return nil
	}
	_, err := c.tx.Exec("UPDATE message SET seen = ?, flagged = ?, answered = ? WHERE mailbox = ? AND id = ?",
		bit(flags.Seen), bit(flags.Flagged), bit(flags.Answered), string(c.mailbox), string(r.id))
	if err != nil {
		return err
	}
	t.add(r)
	if err := c.total(r.folder, 0, bit(r.flags.Seen)-bit(flags.Seen)); err != nil {
		return err
	}
	return c.log(r.id, Flagged, o, Detail{Flags: &flags, Was: &r.flags})
}

// Move puts messages into another folder of the mailbox. ErrNotFound also when there is no such folder.
func (s *Store) Move(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID, to FolderID) error {
	return s.changeEach(ctx, "move", m, ids, func(c *change, t *touched, r shownRow) error {
		if err := c.total(to, 0, 0); err != nil || r.folder == to {
			return err
		}
		_, err := c.tx.Exec("UPDATE message SET folder = ? WHERE mailbox = ? AND id = ?", string(to), string(m), string(r.id))
		if err != nil {
			return err
		}
		unread := bit(!r.flags.Seen)
		if err := errors.Join(c.total(r.folder, -1, -unread), c.total(to, 1, unread)); err != nil {
			return err
		}
		t.add(r)
		moved := r
		moved.folder = to
		t.add(moved)
		return c.log(r.id, Moved, o, Detail{From: r.folder, To: to})
	})
}

// Delete is "delete for good": the message is hidden at once; its file stays while it is not
// settled (L7, L11), and 14 days longer.
func (s *Store) Delete(ctx context.Context, o Origin, m email.MailboxID, ids []email.MessageID) error {
	return s.changeEach(ctx, "delete", m, ids, func(c *change, t *touched, r shownRow) error {
		if err := c.hide(t, r, deleted); err != nil {
			return err
		}
		return c.log(r.id, Deleted, o, Detail{From: r.folder})
	})
}

// hide takes a message off every page.
func (c *change) hide(t *touched, r shownRow, why int) error {
	_, err := c.tx.Exec("UPDATE message SET hidden = ? WHERE mailbox = ? AND id = ?", why, string(c.mailbox), string(r.id))
	if err != nil {
		return err
	}
	t.add(r)
	return c.total(r.folder, -1, -bit(!r.flags.Seen))
}

// shownRow is what a change needs to know of a message that pages show.
type shownRow struct {
	state
	id      email.MessageID
	thread  ThreadID
	version int
}

// shownRow reads a message that pages show; nil when they do not.
func (c *change) shownRow(id email.MessageID) (*shownRow, error) {
	r, err := c.anyRow(id)
	if err != nil || r == nil || r.hidden != shown {
		return nil, err
	}
	return r, nil
}

// touched remembers which lines of lists a change has to derive anew, and which files it renames.
type touched struct {
	lines map[line]bool
	files []email.MessageID
}

type line struct {
	folder FolderID
	thread ThreadID
}

func (t *touched) add(r shownRow) {
	if t.lines == nil {
		t.lines = map[line]bool{}
	}
	t.lines[line{r.folder, r.thread}] = true
	if n := len(t.files); n == 0 || t.files[n-1] != r.id {
		t.files = append(t.files, r.id)
	}
}

// recountAll derives the touched lines anew.
func (c *change) recountAll(t *touched) error {
	for l := range t.lines {
		if err := c.recount(l.folder, l.thread); err != nil {
			return err
		}
	}
	return nil
}

// changeEach runs f for each of the messages in one commit; the names of their files follow.
func (s *Store) changeEach(ctx context.Context, what string, m email.MailboxID, ids []email.MessageID, f func(*change, *touched, shownRow) error) error {
	var t touched
	err := s.change(ctx, m, func(c *change) error {
		t = touched{}
		known := 0
		for _, id := range ids {
			r, err := c.shownRow(id)
			if err != nil {
				return err
			}
			if r == nil {
				continue
			}
			known++
			if err := f(c, &t, *r); err != nil {
				return err
			}
		}
		if known == 0 {
			return ErrNotFound
		}
		return c.recountAll(&t)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.follow(ctx, m, t.files)
	return nil
}
