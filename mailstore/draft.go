package mailstore

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// A draft keeps its id over all versions. Each version is a file of its own: it is durable before
// its row says so, and only then the file of the version before is removed.

// SaveDraft stores a version of a draft durably. id "" makes a new draft. version must be the one
// last read, else ErrConflict; so is the draft of a submission on its way. The same octets twice
// in a row are one version: a form that did not hear the answer may ask again. Octets come from
// email.Compose(d, true).
func (s *Store) SaveDraft(ctx context.Context, m email.MailboxID, id email.MessageID, version int, octets []byte) (email.MessageID, int, error) {
	fail := func(err error) (email.MessageID, int, error) { return "", 0, fmt.Errorf("save draft: %w", err) }
	if err := s.ready(ctx, m, len(octets)); err != nil {
		return fail(err)
	}
	old := shownRow{state: state{folder: Drafts}}
	if id == "" {
		id, version = NewID(), 0
	} else {
		has, err := s.draft(ctx, m, id)
		if err != nil {
			return fail(err)
		}
		if has.version == version+1 && s.sameOctets(ctx, m, id, octets) {
			return id, has.version, nil
		}
		if has.version != version || has.hidden != shown {
			return fail(ErrConflict)
		}
		old = *has
	}
	n := s.newVersion(id, version+1, old.folder, octets)
	if err := s.storageError(m, s.putFile(m, n.state, n.block.octets(), octets)); err != nil {
		return fail(err)
	}
	if err := s.enterVersion(ctx, m, n, old); err != nil {
		if !errors.Is(err, database.ErrUnsure) {
			s.disk.Remove(places(m, n.state)[0])
		}
		return fail(err)
	}
	if old.base != "" {
		s.removeOld(m, old.state)
	}
	return id, version + 1, nil
}

// ready is nil when the store can take size octets for a mailbox.
func (s *Store) ready(ctx context.Context, m email.MailboxID, size int) error {
	if err := s.exists(ctx, m, Inbox); err != nil {
		return err
	}
	if err := s.serviceable(); err != nil {
		return err
	}
	return s.SpaceLeft(int64(size))
}

func (s *Store) newVersion(id email.MessageID, version int, f FolderID, octets []byte) newMessage {
	at := s.now().UTC().Truncate(time.Millisecond)
	return newMessage{
		block: Block{ID: id, Origin: FromPortal, At: at, Version: version},
		state: state{folder: f, base: s.baseName(at, id, version), flags: Flags{Seen: true, Draft: true}},
		sum:   email.Summarize(octets), rest: octets, size: int64(len(octets)),
		kind: DraftSave, origin: FromPortal,
	}
}

// draft reads the row of a draft, also of one that is held.
func (s *Store) draft(ctx context.Context, m email.MailboxID, id email.MessageID) (*shownRow, error) {
	var r *shownRow
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		r, err = (&change{tx: tx, mailbox: m}).anyRow(id)
		return err
	})
	if err == nil && (r == nil || !r.flags.Draft || r.hidden == gone || r.hidden == deleted) {
		err = ErrNotFound
	}
	return r, err
}

// anyRow reads a message whether pages show it or not; nil when there is none.
func (c *change) anyRow(id email.MessageID) (*shownRow, error) {
	r := shownRow{id: id}
	st, err := scanState(c.tx.QueryRow("SELECT thread, version, "+stateColumns+" FROM message WHERE mailbox = ? AND id = ?",
		string(c.mailbox), string(id)), &r.thread, &r.version)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	r.state = st
	return &r, err
}

func (s *Store) sameOctets(ctx context.Context, m email.MailboxID, id email.MessageID, octets []byte) bool {
	has, err := s.Raw(ctx, m, id)
	return err == nil && bytes.Equal(has, octets)
}

func (s *Store) enterVersion(ctx context.Context, m email.MailboxID, n newMessage, old shownRow) error {
	return s.change(ctx, m, func(c *change) error {
		if n.block.Version == 1 {
			_, err := c.insert(n)
			return err
		}
		r, err := c.shownRow(n.block.ID)
		if err != nil {
			return err
		}
		if r == nil || r.version != old.version || r.folder != old.folder {
			return ErrConflict
		}
		return c.replaceDraft(n)
	})
}

// replaceDraft lets a newer version of a draft take the place of the one in its row.
func (c *change) replaceDraft(n newMessage) error {
	r, err := c.anyRow(n.block.ID)
	if err != nil {
		return err
	}
	if r == nil {
		return ErrNotFound
	}
	s := n.sum
	_, err = c.tx.Exec(`UPDATE message SET file = ?, version = ?, msgid = ?, body_hash = ?, received = ?, date = ?, size = ?,
		subject = ?, base_subject = ?, snippet = ?, people = ?, in_reply_to = ?, refs = ?, attachments = ?
		WHERE mailbox = ? AND id = ?`,
		n.state.base, n.block.Version, clean(s.MessageID), s.BodyHash, ms(n.block.At), dateMS(s.Date), n.size,
		clean(s.Subject), clean(s.BaseSubject), clean(s.Snippet), peopleText(s), list(s.InReplyTo), list(s.References), s.Attachments,
		string(c.mailbox), string(n.block.ID))
	if err != nil {
		return err
	}
	if err := c.recount(r.folder, r.thread); err != nil {
		return err
	}
	return c.log(n.block.ID, n.kind, n.origin, Detail{To: r.folder})
}

// removeOld removes the file of a version that another one has replaced. If it fails the next
// start does it: the row names a newer version.
func (s *Store) removeOld(m email.MailboxID, old state) {
	name, err := s.find(m, old)
	if err == nil {
		err = s.disk.Remove(name)
	}
	if err != nil && !errors.Is(err, ErrNotFound) {
		s.log.Warn("an old version of a draft stays until the next start", "mailbox", m, "file", old.base, "err", err)
	}
}

// DiscardDraft throws a draft away for good. ErrNotFound: there is none, or it is being sent.
func (s *Store) DiscardDraft(ctx context.Context, m email.MailboxID, id email.MessageID) error {
	var left leaver
	err := s.change(ctx, m, func(c *change) error {
		r, err := c.shownRow(id)
		if err != nil {
			return err
		}
		if r == nil || !r.flags.Draft {
			return ErrNotFound
		}
		left = leaver{id, r.state}
		t := &touched{}
		if err := c.hide(t, *r, gone); err != nil {
			return err
		}
		if err := c.recountAll(t); err != nil {
			return err
		}
		return c.log(id, DraftGone, FromPortal, Detail{From: r.folder})
	})
	if err != nil {
		return fmt.Errorf("discard draft: %w", err)
	}
	s.removeLeft(ctx, m, left)
	return nil
}

// removeLeft removes the file of what is gone; if it fails the next start does it.
func (s *Store) removeLeft(ctx context.Context, m email.MailboxID, left ...leaver) {
	if err := s.removeFiles(context.WithoutCancel(ctx), m, left); err != nil {
		s.log.Warn("files of messages that are gone stay until the next start", "mailbox", m, "err", err)
	}
}
