package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// Submission is a draft that goes out (L16): spool file, then one commit of queue rows held until
// Release and the draft taken out of Drafts.
type Submission struct {
	Mailbox email.MailboxID
	Draft   email.MessageID
	Version int
	Token   string // per form: the same token twice is the same submission
	Content string // what the form held, as its page compares it: with the same token it must be the same
	Own     []byte // the sender's copy (with Bcc)
	Out     []byte // what leaves (without Bcc)
	From    string
	Local   []Recipient // recipients inside
	Remote  []string    // recipients outside
	Release time.Time
	Answers email.MessageID // message answered, marked answered at release; may be ""
}

// States of a submission.
const (
	isHeld   = "held"   // until its release; undo takes it back
	isOut    = "out"    // released; recipients are queued
	isDone   = "done"   // nobody is queued any more
	isUndone = "undone" // taken back
)

// ErrResent tells that a form was sent before with another content. What it holds now was not sent.
var ErrResent = errors.New("this form was sent before with another content")

// Submit accepts a draft for sending; it is durable when this returns. ErrConflict: the draft is
// not at this version any more; ErrNotFound: there is no such draft; ErrResent: see there.
func (s *Store) Submit(ctx context.Context, sub Submission) (SendID, error) {
	fail := func(err error) (SendID, error) { return "", fmt.Errorf("submit: %w", err) }
	if sub.Draft == "" || len(sub.Local)+len(sub.Remote) == 0 {
		return fail(errors.New("needs a draft and a recipient"))
	}
	sub.Token = clean(sub.Token)
	if sub.Token != "" {
		if id, err := s.byToken(ctx, sub.Mailbox, sub.Token, sub.Content); err != nil || id != "" {
			return id, err
		}
	}
	if err := s.ready(ctx, sub.Mailbox, len(sub.Own)+len(sub.Out)); err != nil {
		return fail(err)
	}
	p := s.pack(sub)
	p.actor = actorOf(ctx, sub.Mailbox)
	if err := s.writeParcel(p); err != nil {
		return fail(err)
	}
	id, err := s.hold(ctx, p, sub.Version)
	if err != nil || id != p.id {
		if !errors.Is(err, database.ErrUnsure) {
			s.dropParcel(p.id)
		}
		if err != nil {
			return fail(err)
		}
		return id, nil
	}
	s.acceptParcel(id)
	s.follow(ctx, sub.Mailbox, []email.MessageID{sub.Draft})
	return id, nil
}

func (s *Store) pack(sub Submission) *parcel {
	now := s.now().UTC().Truncate(time.Millisecond)
	if sub.Release.Before(now) {
		sub.Release = now
	}
	p := &parcel{
		id: SendID(newID()), mailbox: sub.Mailbox, token: sub.Token, content: oneLine(sub.Content), draft: sub.Draft, message: NewID(),
		from: oneLine(sub.From), answers: sub.Answers, subject: oneLine(email.Summarize(sub.Own).Subject),
		created: now, release: sub.Release.UTC(), own: sub.Own, out: sub.Out,
	}
	p.local, p.remote = distinct(sub.Local, sub.Remote)
	return p
}

// distinct takes each recipient once.
func distinct(local []Recipient, remote []string) (l []Recipient, r []string) {
	inside, outside := map[Recipient]bool{}, map[string]bool{}
	for _, one := range local {
		one.Address = oneLine(one.Address)
		if !inside[one] {
			inside[one] = true
			l = append(l, one)
		}
	}
	for _, one := range remote {
		one = oneLine(one)
		if !outside[one] {
			outside[one] = true
			r = append(r, one)
		}
	}
	return l, r
}

func (s *Store) byToken(ctx context.Context, m email.MailboxID, token, content string) (id SendID, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		id, err = tokenID(tx, m, token, content)
		return err
	})
	return id, err
}

// tokenID is the submission that a form's token made; ErrResent when the form held something else then.
func tokenID(tx *database.Tx, m email.MailboxID, token, content string) (id SendID, err error) {
	var held string
	err = tx.QueryRow("SELECT id, content FROM submission WHERE mailbox = ? AND token = ?", string(m), token).Scan(&id, &held)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", nil
	case err == nil && held != "" && held != content:
		return "", ErrResent
	}
	return id, err
}

// hold is the one commit of Submit. It gives the id of the submission that has the token already,
// when a second request was quicker.
func (s *Store) hold(ctx context.Context, p *parcel, version int) (id SendID, err error) {
	err = s.change(ctx, p.mailbox, func(c *change) error {
		id = p.id
		if p.token != "" {
			if has, err := tokenID(c.tx, p.mailbox, p.token, p.content); err != nil || has != "" {
				id = has
				return err
			}
		}
		r, err := c.anyRow(p.draft)
		switch {
		case err != nil:
			return err
		case r == nil || !r.flags.Draft || r.hidden == gone || r.hidden == deleted:
			return ErrNotFound
		case r.version != version || r.hidden != shown:
			return ErrConflict
		}
		if err := c.takeDraft(*r); err != nil {
			return err
		}
		return enqueue(c.tx, p, isHeld)
	})
	return id, err
}

// takeDraft takes a draft out of Drafts while its submission is held.
func (c *change) takeDraft(r shownRow) error {
	t := &touched{}
	if err := c.hide(t, r, held); err != nil {
		return err
	}
	if err := c.recountAll(t); err != nil {
		return err
	}
	return c.log(r.id, DraftGone, FromPortal, Detail{From: r.folder, To: Sent})
}

// enqueue makes the rows of a submission.
func enqueue(tx *database.Tx, p *parcel, state string) error {
	due := ms(p.created)
	if state == isHeld {
		due = ms(p.release)
	}
	var token any
	if p.token != "" {
		token = p.token
	}
	_, err := tx.Exec(`INSERT INTO submission (id, mailbox, token, content, draft, message, sender, subject, answers, state, due,
		released, created, lease, lease_until) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '', 0)`,
		string(p.id), string(p.mailbox), token, clean(p.content), string(p.draft), string(p.message), clean(p.from), clean(p.subject),
		string(p.answers), state, due, ms(p.release), ms(p.created))
	if err != nil {
		return err
	}
	for _, r := range p.local {
		if err := addRecipient(tx, p.id, r.Address, r.Mailbox); err != nil {
			return err
		}
	}
	for _, address := range p.remote {
		if err := addRecipient(tx, p.id, address, ""); err != nil {
			return err
		}
	}
	return nil
}

func addRecipient(tx *database.Tx, id SendID, address string, m email.MailboxID) error {
	_, err := tx.Exec(`INSERT INTO recipient (submission, address, mailbox, state, attempts, next, words)
		VALUES (?, ?, ?, 'queued', 0, 0, '') ON CONFLICT (submission, address, mailbox) DO NOTHING`, string(id), clean(address), string(m))
	return err
}

// Undo takes a held submission back into Drafts; ErrTooLate when it was released. Asked twice it
// answers the same.
func (s *Store) Undo(ctx context.Context, m email.MailboxID, id SendID) (draft email.MessageID, err error) {
	err = s.change(ctx, m, func(c *change) error {
		var is string
		err := c.tx.QueryRowLocked("SELECT state, draft FROM submission WHERE id = ? AND mailbox = ?", string(id), string(m)).Scan(&is, &draft)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return ErrNotFound
		case err != nil:
			return err
		case is == isUndone:
			return nil
		case is != isHeld:
			return ErrTooLate
		}
		// The token is free again: whoever presses Send after an undo means it.
		if _, err := c.tx.Exec("UPDATE submission SET state = ?, token = NULL WHERE id = ?", isUndone, string(id)); err != nil {
			return err
		}
		return c.giveDraft(draft)
	})
	if err != nil {
		return "", fmt.Errorf("undo: %w", err)
	}
	s.dropParcel(id)
	return draft, nil
}

// giveDraft puts a held draft back.
func (c *change) giveDraft(id email.MessageID) error {
	r, err := c.anyRow(id)
	if err != nil {
		return err
	}
	if r == nil || r.hidden != held {
		return ErrNotFound
	}
	_, err = c.tx.Exec("UPDATE message SET hidden = ? WHERE mailbox = ? AND id = ?", shown, string(c.mailbox), string(id))
	if err != nil {
		return err
	}
	if err := c.total(r.folder, 1, bit(!r.flags.Seen)); err != nil {
		return err
	}
	if err := c.recount(r.folder, r.thread); err != nil {
		return err
	}
	return c.log(id, DraftSave, FromPortal, Detail{To: r.folder})
}
