package mailstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"holdover/database"
	"holdover/email"
)

// Arrival is one message for one or more mailboxes.
type Arrival struct {
	ID     email.MessageID // "" : the store gives one
	To     []Recipient
	From   string // envelope sender, "" is the null reverse-path
	Origin Origin
	Folder FolderID // default Inbox
	Flags  Flags
	Trace  []byte    // our Received line and added fields, CRLF, may be empty
	Octets []byte    // normalised (L17)
	At     time.Time // default now
}

// Recipient is an envelope recipient inside.
type Recipient struct {
	Mailbox email.MailboxID
	Address string // the envelope recipient as given
}

// letter is the message for one mailbox.
type letter struct {
	mailbox email.MailboxID
	block   Block
	octets  []byte // of the block
	state   state
	name    string // of the file, while it may have to be removed
	outcome outcome
}

// Deliver makes the message durable in every mailbox (L1) before it returns nil: files, folder
// flushes, then one shared commit of rows and entries. The same identity a second time in a
// mailbox makes no second message (entry kind merged). All mailboxes get it, or none. The id is
// the one given, also when every mailbox had the message already. Errors: ErrFull, ErrUnhealthy,
// ErrNotFound (mailbox or folder), database.ErrBusy.
func (s *Store) Deliver(ctx context.Context, a Arrival) (email.MessageID, error) {
	s.arriving.Add(1)
	defer s.arriving.Add(-1)
	if a.ID == "" {
		a.ID = NewID()
	}
	if err := s.deliver(ctx, a); err != nil {
		return "", fmt.Errorf("deliver %s: %w", a.ID, err)
	}
	return a.ID, nil
}

func (s *Store) deliver(ctx context.Context, a Arrival) error {
	letters, err := s.letters(ctx, a)
	if err != nil {
		return err
	}
	if err := s.serviceable(); err != nil {
		return err
	}
	if err := s.SpaceLeft(int64(len(letters) * (len(a.Octets) + len(a.Trace)))); err != nil {
		return err
	}
	rest := a.Octets
	if len(a.Trace) > 0 {
		rest = slices.Concat(a.Trace, a.Octets)
	}
	sum := email.Summarize(rest)
	if err := s.write(letters, rest); err != nil {
		s.unwrite(letters)
		return err
	}
	return s.enter(ctx, a, letters, sum, rest)
}

// letters sorts the recipients by mailbox; locks are taken in this order everywhere.
func (s *Store) letters(ctx context.Context, a Arrival) ([]*letter, error) {
	if !safe(string(a.ID)) {
		return nil, fmt.Errorf("message id %q: only lower-case letters and digits", a.ID)
	}
	if a.Folder == "" {
		a.Folder = Inbox
	}
	if a.At.IsZero() {
		a.At = s.now()
	}
	a.Flags.Draft = false // drafts have their own way
	by := map[email.MailboxID]*letter{}
	var letters []*letter
	for _, r := range a.To {
		l := by[r.Mailbox]
		if l == nil {
			if err := s.exists(ctx, r.Mailbox, a.Folder); err != nil {
				return nil, err
			}
			l = &letter{
				mailbox: r.Mailbox,
				block:   Block{ID: a.ID, Origin: a.Origin, From: a.From, At: a.At.UTC().Truncate(time.Millisecond), Own: a.Folder == Sent},
				state:   state{folder: a.Folder, base: s.baseName(a.At, a.ID, 0), flags: a.Flags},
			}
			by[r.Mailbox] = l
			letters = append(letters, l)
		}
		if to := oneLine(r.Address); to != "" && !slices.Contains(l.block.To, to) {
			l.block.To = append(l.block.To, to)
		}
	}
	if len(letters) == 0 {
		return nil, errors.New("no recipient")
	}
	slices.SortFunc(letters, func(a, b *letter) int { return strings.Compare(string(a.mailbox), string(b.mailbox)) })
	for _, l := range letters {
		l.octets = l.block.octets()
	}
	return letters, nil
}

// manyFiles is how many files of one message are flushed at the same time.
const manyFiles = 8

// write makes the files durable. Where not an octet differs, one file gets several names.
func (s *Store) write(letters []*letter, rest []byte) error {
	var first, linked []*letter
	for _, l := range letters {
		l.name = places(l.mailbox, l.state)[0]
		if slices.ContainsFunc(first, func(f *letter) bool { return bytes.Equal(f.octets, l.octets) }) {
			linked = append(linked, l)
		} else {
			first = append(first, l)
		}
	}
	err := each(first, func(l *letter) error {
		return s.storageError(l.mailbox, s.putFile(l.mailbox, l.state, l.octets, rest))
	})
	if err != nil {
		return err
	}
	return each(linked, func(l *letter) error {
		i := slices.IndexFunc(first, func(f *letter) bool { return bytes.Equal(f.octets, l.octets) })
		err := s.linkFile(first[i].name, l.mailbox, l.state)
		if err != nil { // too many links, or a file system without them
			err = s.putFile(l.mailbox, l.state, l.octets, rest)
		}
		return s.storageError(l.mailbox, err)
	})
}

// each runs f for all letters, some at a time, and gives the first error.
func each(letters []*letter, f func(*letter) error) error {
	if len(letters) == 1 {
		return f(letters[0])
	}
	errs := make([]error, len(letters))
	slots := make(chan struct{}, manyFiles)
	var wg sync.WaitGroup
	for i, l := range letters {
		slots <- struct{}{}
		wg.Go(func() {
			errs[i] = f(l)
			<-slots
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// unwrite removes the files of a delivery that did not happen.
func (s *Store) unwrite(letters []*letter) {
	for _, l := range letters {
		if l.name != "" {
			s.disk.Remove(l.name)
		}
	}
}

// enter makes rows and entries in one commit with whoever else waits.
func (s *Store) enter(ctx context.Context, a Arrival, letters []*letter, sum email.Summary, rest []byte) error {
	seqs := make([]Seq, len(letters))
	err := s.db.Write(ctx, func(tx *database.Tx) error {
		for i, l := range letters {
			c, err := begin(tx, l.mailbox, s.now())
			if err != nil {
				return err
			}
			l.outcome, err = c.insert(newMessage{block: l.block, state: l.state, sum: sum, rest: rest,
				size: int64(len(rest)), kind: Arrived, origin: a.Origin})
			if err != nil {
				return err
			}
			seqs[i] = 0
			if c.seq > c.first {
				seqs[i] = c.seq
			}
			if err := c.end(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		if !errors.Is(err, database.ErrUnsure) { // else the rows may be there: then files must be
			s.unwrite(letters)
		}
		return s.databaseError(err)
	}
	for i, l := range letters {
		if seqs[i] > 0 {
			s.notify(l.mailbox, seqs[i])
		}
		if err := s.spare(ctx, l); err != nil {
			return err
		}
	}
	return nil
}

// spare removes the file of a second arrival, unless the file of the first one has vanished: then
// the second takes its place (L3).
func (s *Store) spare(ctx context.Context, l *letter) error {
	if !l.outcome.merged || l.outcome.file.base == l.state.base {
		return nil
	}
	_, err := s.find(l.mailbox, l.outcome.file)
	if err == nil {
		if err := s.disk.Remove(l.name); err != nil {
			s.log.Warn("the file of a second arrival stays until the next start", "mailbox", l.mailbox, "message", l.outcome.id, "err", err)
		}
		return nil
	}
	if !errors.Is(err, ErrNotFound) {
		return err
	}
	s.log.Warn("the file of a message had vanished; its second arrival takes its place", "mailbox", l.mailbox, "message", l.outcome.id)
	err = s.change(context.WithoutCancel(ctx), l.mailbox, func(c *change) error {
		_, err := c.tx.Exec("UPDATE message SET file = ? WHERE mailbox = ? AND id = ? AND file = ?",
			l.state.base, string(l.mailbox), string(l.outcome.id), l.outcome.file.base)
		return err
	})
	if err == nil {
		s.follow(ctx, l.mailbox, []email.MessageID{l.outcome.id})
		s.followCategories(ctx, l.mailbox, []email.MessageID{l.outcome.id})
	}
	return err
}
