package mailstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
)

// pause is when to come again after something failed.
const pause = 5 * time.Second

// Release lets go what was held and is due: sent copy in Sent with its entry, the answered mark,
// local deliveries (origin portal), outside recipients queued. Restart-safe and done once. It
// returns the next due time (zero: none held). One failure does not stop the others.
func (s *Store) Release(ctx context.Context) (next time.Time, err error) {
	s.releasing.Lock() // two at once would write the same file
	defer s.releasing.Unlock()
	due, err := s.held(ctx)
	if err != nil {
		return s.now().Add(pause), err
	}
	var errs []error
	for _, p := range due {
		if err := s.letGo(ctx, p.id, p.mailbox); err != nil {
			errs = append(errs, fmt.Errorf("release %s: %w", p.id, err))
		}
	}
	if err := s.deliverInside(ctx); err != nil {
		errs = append(errs, err)
	}
	if len(errs) > 0 {
		return s.now().Add(pause), errors.Join(errs...)
	}
	return s.nextRelease(ctx)
}

type heldRow struct {
	id      SendID
	mailbox email.MailboxID
}

func (s *Store) held(ctx context.Context) ([]heldRow, error) {
	var all []heldRow
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query("SELECT id, mailbox FROM submission WHERE state = ? AND due <= ? ORDER BY due", isHeld, ms(s.now()))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r heldRow
			if err := rows.Scan(&r.id, &r.mailbox); err != nil {
				return err
			}
			all = append(all, r)
		}
		return rows.Err()
	})
	return all, err
}

func (s *Store) nextRelease(ctx context.Context) (time.Time, error) {
	var due int64
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT COALESCE(MIN(due), 0) FROM submission WHERE state = ?", isHeld).Scan(&due)
	})
	return fromMS(due), err
}

// letGo releases one submission: the copy for Sent as a file, then everything in one commit that
// only happens while the row is still held.
func (s *Store) letGo(ctx context.Context, id SendID, m email.MailboxID) error {
	p, err := s.readSpool(id)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			if still, e := s.stillHeld(ctx, id); e == nil && !still {
				return nil // taken back this moment
			}
		}
		return err
	}
	if err := s.ready(ctx, m, len(p.own)); err != nil {
		return err
	}
	own := s.ownCopy(p)
	if err := s.storageError(m, s.putFile(m, own.state, own.block.octets(), p.own)); err != nil {
		return err
	}
	r, err := s.commitRelease(ctx, p, own)
	name := places(m, own.state)[0]
	if err != nil || !r.won {
		if !errors.Is(err, database.ErrUnsure) {
			s.disk.Remove(name)
		}
		return err
	}
	if err := s.spare(ctx, &letter{mailbox: m, name: name, state: own.state, outcome: r.copy}); err != nil {
		return err
	}
	s.removeLeft(ctx, m, r.left...)
	s.follow(ctx, m, r.marked)
	return s.finish(ctx, id)
}

func (s *Store) stillHeld(ctx context.Context, id SendID) (bool, error) {
	var state string
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT state FROM submission WHERE id = ?", string(id)).Scan(&state)
	})
	return state == isHeld, err
}

// ownCopy is the sender's copy for Sent.
func (s *Store) ownCopy(p *parcel) newMessage {
	at := s.now().UTC().Truncate(time.Millisecond)
	return newMessage{
		block: Block{ID: p.message, Origin: FromPortal, From: p.from, At: at, Own: true},
		state: state{folder: Sent, base: s.baseName(at, p.message, 0), flags: Flags{Seen: true}},
		sum:   email.Summarize(p.own), rest: p.own, size: int64(len(p.own)), kind: SentOut, origin: FromPortal,
	}
}

// released is what a release has to tidy after its commit.
type released struct {
	won    bool // the row was still held
	copy   outcome
	left   []leaver
	marked []email.MessageID
}

func (s *Store) commitRelease(ctx context.Context, p *parcel, own newMessage) (r released, err error) {
	err = s.change(ctx, p.mailbox, func(c *change) (err error) {
		r, c.actor = released{}, p.actor
		var is string
		err = c.tx.QueryRowLocked("SELECT state FROM submission WHERE id = ?", string(p.id)).Scan(&is)
		if errors.Is(err, sql.ErrNoRows) || err == nil && is != isHeld {
			return nil
		}
		if err != nil {
			return err
		}
		if r.copy, err = c.insert(own); err != nil {
			return err
		}
		if r.left, err = c.sentDraft(p.draft); err != nil {
			return err
		}
		if r.marked, err = c.markAnswered(p.answers); err != nil {
			return err
		}
		due := int64(math.MaxInt64)
		if len(p.remote) > 0 {
			due = c.now
		}
		_, err = c.tx.Exec("UPDATE submission SET state = ?, due = ?, released = ?, message = ? WHERE id = ?",
			isOut, due, c.now, string(r.copy.id), string(p.id))
		r.won = err == nil
		return err
	})
	return r, err
}

// sentDraft: the draft has become the copy in Sent.
func (c *change) sentDraft(id email.MessageID) ([]leaver, error) {
	r, err := c.anyRow(id)
	if err != nil || r == nil || r.hidden != held {
		return nil, err
	}
	_, err = c.tx.Exec("UPDATE message SET hidden = ? WHERE mailbox = ? AND id = ?", gone, string(c.mailbox), string(id))
	return []leaver{{id, r.state}}, err
}

// markAnswered marks the message that was answered, if it is still there.
func (c *change) markAnswered(id email.MessageID) ([]email.MessageID, error) {
	if id == "" {
		return nil, nil
	}
	r, err := c.shownRow(id)
	if err != nil || r == nil {
		return nil, err
	}
	yes, t := true, &touched{}
	if err := c.setFlags(t, FromPortal, *r, FlagChange{Answered: &yes}); err != nil {
		return nil, err
	}
	return t.files, c.recountAll(t)
}

// insideAtOnce is how many recipients inside share one delivery (L14: above that the durable spool
// entry answers for them; here it always does).
const insideAtOnce = 20

// deliverInside delivers what was released to recipients inside. A crash between delivery and its
// note is harmless: the second delivery meets the first one's identity (L1).
func (s *Store) deliverInside(ctx context.Context) error {
	waiting, err := s.waitingInside(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for id, to := range waiting {
		p, err := s.readSpool(id)
		for chunk := range slices.Chunk(to, insideAtOnce) {
			if err == nil {
				err = s.deliverChunk(ctx, p, chunk)
			}
		}
		if err == nil {
			err = s.finish(ctx, id)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("deliver %s inside: %w", id, err))
		}
	}
	return errors.Join(errs...)
}

func (s *Store) waitingInside(ctx context.Context) (map[SendID][]Recipient, error) {
	waiting := map[SendID][]Recipient{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT s.id, r.mailbox, r.address FROM submission s JOIN recipient r ON r.submission = s.id
			WHERE s.state = ? AND r.mailbox <> '' AND r.state = 'queued' ORDER BY r.mailbox, r.address`, isOut)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id SendID
			var r Recipient
			if err := rows.Scan(&id, &r.Mailbox, &r.Address); err != nil {
				return err
			}
			waiting[id] = append(waiting[id], r)
		}
		return rows.Err()
	})
	return waiting, err
}

// stamp is the Received line of a delivery inside (RFC 5321, 4.4). By its id the copy is told from the
// sender's, which has the same Message-ID, also when both lie in one mailbox (L9).
func (s *Store) stamp(id SendID) []byte {
	return fmt.Appendf(nil, "Received: by %s id %s;\r\n\t%s\r\n", s.domain, id, s.now().UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"))
}

func (s *Store) deliverChunk(ctx context.Context, p *parcel, to []Recipient) error {
	_, err := s.Deliver(ctx, Arrival{
		ID: email.MessageID(p.id), // the copy in Sent has its own: a mail to oneself is two messages
		To: to, From: p.from, Origin: FromPortal, Octets: p.out, Trace: s.stamp(p.id),
	})
	state, words := "sent", ""
	if errors.Is(err, ErrNotFound) {
		if len(to) > 1 { // one of them has no mailbox: the others still get theirs
			for _, r := range to {
				if err := s.deliverChunk(ctx, p, []Recipient{r}); err != nil {
					return err
				}
			}
			return nil
		}
		state, words, err = "failed", "There is no such mailbox.", nil
	}
	if err != nil {
		return err
	}
	return s.databaseError(s.db.Write(ctx, func(tx *database.Tx) error {
		for _, r := range to {
			_, err := tx.Exec("UPDATE recipient SET state = ?, attempts = 1, words = ? WHERE submission = ? AND address = ? AND mailbox = ?",
				state, words, string(p.id), clean(r.Address), string(r.Mailbox))
			if err != nil {
				return err
			}
		}
		return nil
	}))
}
