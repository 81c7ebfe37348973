package mailstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"time"

	"holdover/database"
	"holdover/email"
)

// afterwards is how long a copy stays after Exchange was seen to have it, whatever the window:
// Exchange may be restored from a backup older than that (X6).
const afterwards = 14 * 24 * time.Hour

// expireBatch is how many messages one commit of Expire takes.
const expireBatch = 200

// Expire applies the retention window, and removes what was deleted for good: settled messages
// only, never a draft, never what a change is still to be told of, never in a mailbox whose files
// are missing (L3, L11). Exchange is not told. ErrClock on a clock that jumped (D10). It also trims
// the log (L12) and forgets old submissions and correspondents.
func (s *Store) Expire(ctx context.Context) (removed int, err error) {
	if s.alarms.has(AlarmVolume, "") || s.alarms.has(AlarmDatabase, "") {
		return 0, fmt.Errorf("expire: %w", ErrUnhealthy)
	}
	if _, err := s.disk.Stat(marker); err != nil {
		s.missing("")
		return 0, fmt.Errorf("expire: %w: %w", ErrUnhealthy, err)
	}
	ok, err := s.noteClock(ctx)
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	if !ok {
		return 0, fmt.Errorf("expire: %w", ErrClock)
	}
	s.recheck(ctx)
	boxes, err := s.Mailboxes(ctx)
	if err != nil {
		return 0, fmt.Errorf("expire: %w", err)
	}
	for _, m := range boxes {
		n, err := s.expireMailbox(ctx, m)
		removed += n
		if err != nil {
			return removed, fmt.Errorf("expire %s: %w", m, err)
		}
	}
	return removed, errors.Join(s.forgetSubmissions(ctx), s.forgetCorrespondents(ctx))
}

func (s *Store) expireMailbox(ctx context.Context, m email.MailboxID) (removed int, err error) {
	if _, err := s.disk.Stat(mailboxDir(m) + "/cur"); errors.Is(err, fs.ErrNotExist) {
		s.missing(m)
	}
	if s.withheld(m) {
		return 0, nil
	}
	old, err := s.expirable(ctx, m)
	for len(old) > 0 && err == nil {
		n := min(expireBatch, len(old))
		if err = s.expireBatch(ctx, m, old[:n]); err == nil {
			removed += n
		}
		old = old[n:]
	}
	if err == nil {
		err = s.trim(ctx, m)
	}
	return removed, err
}

// expirable lists the messages of a mailbox whose time has come.
func (s *Store) expirable(ctx context.Context, m email.MailboxID) (ids []email.MessageID, err error) {
	now := s.now()
	window, grace := ms(now.Add(-s.window)), ms(now.Add(-afterwards))
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		// What came from Exchange and was never touched here is settled since its arrival and needs
		// no grace. What was found or rebuilt gets a whole window from then on.
		all, err := column[email.MessageID](tx.Query(`SELECT id FROM message WHERE mailbox = ? AND draft = 0 AND settled > 0 AND
			((hidden = 0 AND received < ? AND (settled < ? OR settled <= stored)
				AND (stored < ? OR origin NOT IN ('found', 'rebuild')))
			OR (hidden = 1 AND settled < ?)) ORDER BY received`, string(m), window, grace, window, grace))
		if err != nil || len(all) == 0 {
			return err
		}
		keep, err := protected(tx, m, grace)
		if err != nil {
			return err
		}
		ids = nil
		for _, id := range all {
			if !keep[id] {
				ids = append(ids, id)
			}
		}
		return nil
	})
	return ids, err
}

// protected are the messages with an entry that a consumer has not read, or that was to be told
// lately.
func protected(tx *database.Tx, m email.MailboxID, grace int64) (map[email.MessageID]bool, error) {
	read, err := readByAll(tx, m)
	if err != nil {
		return nil, err
	}
	rows, err := tx.Query("SELECT seq, message, origin, at FROM entry WHERE mailbox = ? AND (seq > ? OR at >= ?)", string(m), int64(read), grace)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	keep := map[email.MessageID]bool{}
	for rows.Next() {
		var e Entry
		var at int64
		if err := rows.Scan(&e.Seq, &e.Message, &e.Origin, &at); err != nil {
			return nil, err
		}
		if e.Seq > read || e.Origin.Told() {
			keep[e.Message] = true
		}
	}
	return keep, rows.Err()
}

// readByAll is how far every consumer has come. A consumer that knows other mailboxes and not this
// one has read nothing; where there is no consumer nobody waits for anything.
func readByAll(tx *database.Tx, m email.MailboxID) (Seq, error) {
	var all, here, least int64
	if err := tx.QueryRow("SELECT COUNT(DISTINCT consumer) FROM cursor").Scan(&all); err != nil {
		return 0, err
	}
	err := tx.QueryRow("SELECT COUNT(*), COALESCE(MIN(seq), 0) FROM cursor WHERE mailbox = ?", string(m)).Scan(&here, &least)
	switch {
	case err != nil:
		return 0, err
	case all == 0:
		return math.MaxInt64, nil
	case here < all:
		return 0, nil
	}
	return Seq(least), nil
}

func (s *Store) expireBatch(ctx context.Context, m email.MailboxID, ids []email.MessageID) error {
	var left []leaver
	threads := map[ThreadID]bool{}
	err := s.change(ctx, m, func(c *change) error {
		left = nil
		t := &touched{}
		for _, id := range ids {
			r, err := c.anyRow(id)
			if err != nil {
				return err
			}
			if r == nil || r.hidden == gone {
				continue
			}
			if r.hidden == shown {
				err = c.hide(t, *r, gone)
			} else {
				_, err = c.tx.Exec("UPDATE message SET hidden = ? WHERE mailbox = ? AND id = ?", gone, string(m), string(id))
			}
			if err != nil {
				return err
			}
			left = append(left, leaver{id, r.state})
			threads[r.thread] = true
			if _, err := c.tx.Exec("DELETE FROM deed WHERE mailbox = ? AND message = ?", string(m), string(id)); err != nil {
				return err
			}
			if _, err := c.tx.Exec("DELETE FROM preference WHERE mailbox = ? AND name LIKE ?", string(m), "message "+string(id)+" %"); err != nil {
				return err
			}
			if err := c.log(id, Expired, FromExpiry, Detail{From: r.folder}); err != nil {
				return err
			}
		}
		return c.recountAll(t)
	})
	if err != nil {
		return err
	}
	if err := s.removeFiles(ctx, m, left); err != nil {
		return err
	}
	return s.forgetThreads(ctx, m, threads)
}

// forgetThreads removes what is known of threads that have no message any more.
func (s *Store) forgetThreads(ctx context.Context, m email.MailboxID, threads map[ThreadID]bool) error {
	return s.change(ctx, m, func(c *change) error {
		for t := range threads {
			var n int
			err := c.tx.QueryRow("SELECT COUNT(*) FROM message WHERE mailbox = ? AND thread = ?", string(m), string(t)).Scan(&n)
			if err != nil || n > 0 {
				if err != nil {
					return err
				}
				continue
			}
			for _, statement := range []string{
				"DELETE FROM ref WHERE mailbox = ? AND thread = ?",
				"DELETE FROM joined WHERE mailbox = ? AND thread = ?",
				"DELETE FROM conversation WHERE mailbox = ? AND id = ?",
			} {
				if _, err := c.tx.Exec(statement, string(m), string(t)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// trim removes old entries of messages that are gone, as far as every consumer has read (L12).
func (s *Store) trim(ctx context.Context, m email.MailboxID) error {
	before := ms(s.now().Add(-s.window))
	return s.change(ctx, m, func(c *change) error {
		read, err := readByAll(c.tx, m)
		if err != nil || read == 0 {
			return err
		}
		read = min(read, c.seq)
		n, err := c.tx.Changed(`DELETE FROM entry WHERE mailbox = ? AND seq <= ? AND at < ? AND NOT EXISTS
			(SELECT 1 FROM message m WHERE m.mailbox = entry.mailbox AND m.id = entry.message)`, string(m), int64(read), before)
		if err != nil || n == 0 {
			return err
		}
		_, err = c.tx.Exec("UPDATE mailbox SET trimmed = ? WHERE id = ? AND trimmed < ?", int64(read), string(m), int64(read))
		return err
	})
}

// forgetSubmissions removes old rows of what was sent or taken back. Their files went before; the
// flush makes sure that none of them comes back without a row, and would be sent again.
func (s *Store) forgetSubmissions(ctx context.Context) error {
	if err := s.syncDir(spoolOut); err != nil {
		return s.storageError("", err)
	}
	var old []SendID
	before := ms(s.now().Add(-max(s.window, afterwards)))
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		old, err = column[SendID](tx.Query("SELECT id FROM submission WHERE state IN ('done', 'undone') AND created < ?", before))
		return err
	})
	if err != nil {
		return err
	}
	for _, id := range old {
		if _, err := s.disk.Stat(outName(id)); !errors.Is(err, fs.ErrNotExist) {
			s.dropParcel(id)
			continue // next time
		}
		err := s.db.Write(ctx, func(tx *database.Tx) error {
			if _, err := tx.Exec("DELETE FROM recipient WHERE submission = ?", string(id)); err != nil {
				return err
			}
			_, err := tx.Exec("DELETE FROM submission WHERE id = ?", string(id))
			return err
		})
		if err != nil {
			return s.databaseError(err)
		}
	}
	return nil
}
