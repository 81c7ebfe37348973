package syncback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
)

// RefillWish is what an administrator asks for: messages of the store are looked for in Exchange, and
// what is missing is put back.
type RefillWish struct {
	Mailboxes   []email.MailboxID
	From, Until time.Time // received from then on and before; zero: no bound
	Backup      time.Time // Exchange was restored from a backup of this moment; zero: it was built anew and is empty
	Bins        bool      // Deleted Items and junk too
	By, Reason  string
}

// RefillState is where a refill stands.
type RefillState string

const (
	RefillLooking   RefillState = "looking" // the dry look is under way: nothing is changed
	RefillLooked    RefillState = "looked"  // it waits for the administrator's word
	RefillFilling   RefillState = "filling" // what is missing is entered into the log
	RefillFilled    RefillState = "filled"  // all is entered; the ledger says how far it has come
	RefillCancelled RefillState = "cancelled"
)

// RefillCounts say what was found. Held = There+Missing+Under+Deleted+Unknown.
type RefillCounts struct {
	Held    int // messages of the store in the window
	There   int // in Exchange: left as they are
	Missing int // not there: they go back
	Under   int // not there, and on their way already
	Deleted int // not there because somebody deleted them: they stay so
	Unknown int // without a Message-ID, so they cannot be looked up: not sent
}

// RefillBox is one mailbox of a refill.
type RefillBox struct {
	Mailbox email.MailboxID
	RefillCounts
	Done  bool   // looked at, or (filling) entered
	Words string // why it waits, "" it does not
	Back  Counts // of what was entered: how far it has come
}

// Refill is a wish and what became of it.
type Refill struct {
	ID    string
	Begun time.Time
	RefillWish
	State RefillState
	RefillCounts
	Boxes []RefillBox
	Back  Counts
}

// Done says that all that was missing is back.
func (r Refill) Done() bool { return r.State == RefillFilled && r.Back.Done() }

var (
	// ErrNoRefill is the answer for a refill that is not there.
	ErrNoRefill = errors.New("there is no such refill")
	// ErrRefillState is the answer when a refill is not where the wish needs it to be.
	ErrRefillState = errors.New("the refill is not at that point")
)

// StartRefill begins the dry look. Nothing is changed in Exchange before FillRefill.
func (s *Syncback) StartRefill(ctx context.Context, w RefillWish) (id string, err error) {
	if len(w.Mailboxes) == 0 || strings.TrimSpace(w.Reason) == "" || !w.Until.IsZero() && !w.From.Before(w.Until) {
		return "", fmt.Errorf("%w: mailboxes, a reason and a window are needed", ErrRefillState)
	}
	id = string(mailstore.NewID())
	err = s.write(ctx, "", func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO syncback_refill (id, begun, author, reason, since, until, backup, bins, state, changed) VALUES (?,?,?,?,?,?,?,?,?,?)`,
			id, millis(s.now()), w.By, w.Reason, millis(w.From), millis(w.Until), millis(w.Backup), bit(w.Bins), string(RefillLooking), millis(s.now()))
		for _, m := range slices.Compact(slices.Sorted(slices.Values(w.Mailboxes))) {
			if err == nil {
				_, err = tx.Exec(`INSERT INTO syncback_refill_box (refill, mailbox, state, next, held, there, missing, under, deleted, unknown, words) VALUES (?,?,'waiting',0,0,0,0,0,0,0,'')`, id, string(m))
			}
		}
		return err
	})
	if err != nil {
		return "", fmt.Errorf("start refill: %w", err)
	}
	s.o.Log.Info("sync-back: a refill looks what is missing", "refill", id, "mailboxes", len(w.Mailboxes), "by", w.By)
	s.wakeRefills()
	return id, nil
}

// FillRefill is the administrator's word after the dry look: what is missing goes back.
func (s *Syncback) FillRefill(ctx context.Context, id, by string) error {
	return s.turnRefill(ctx, id, by, RefillLooked, RefillFilling)
}

// CancelRefill ends a refill; what was entered already goes on.
func (s *Syncback) CancelRefill(ctx context.Context, id, by string) error {
	r, err := s.Refill(ctx, id)
	if err != nil {
		return err
	}
	if r.State == RefillFilled || r.State == RefillCancelled {
		return ErrRefillState
	}
	return s.turnRefill(ctx, id, by, r.State, RefillCancelled)
}

func (s *Syncback) turnRefill(ctx context.Context, id, by string, from, to RefillState) error {
	err := s.write(ctx, "", func(tx *database.Tx) error {
		n, err := tx.Changed(`UPDATE syncback_refill SET state=?, changed=? WHERE id=? AND state=?`, string(to), millis(s.now()), id, string(from))
		if err == nil && n == 0 {
			err = ErrRefillState
		}
		if err == nil && to == RefillFilling {
			n, err = tx.Changed(`UPDATE syncback_refill_box SET state='waiting', next=0 WHERE refill=? AND missing>0`, id)
			if err == nil && n == 0 {
				_, err = tx.Exec(`UPDATE syncback_refill SET state=? WHERE id=?`, string(RefillFilled), id)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s.o.Log.Info("sync-back: a refill goes on", "refill", id, "state", to, "by", by)
	s.wakeRefills()
	return nil
}

// Refills lists the newest refills, without their mailboxes.
func (s *Syncback) Refills(ctx context.Context, limit int) (list []Refill, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		list, err = refillsOf(tx, `ORDER BY begun DESC, id LIMIT ?`, limit)
		return err
	})
	for i := range list {
		if err == nil {
			err = s.countRefill(ctx, &list[i])
		}
	}
	return list, err
}

// Refill answers one with all its mailboxes; ErrNoRefill when there is none.
func (s *Syncback) Refill(ctx context.Context, id string) (r Refill, err error) {
	var list []Refill
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		list, err = refillsOf(tx, `WHERE id=?`, id)
		return err
	})
	if err != nil {
		return r, err
	}
	if len(list) == 0 {
		return r, ErrNoRefill
	}
	return list[0], s.countRefill(ctx, &list[0])
}

func refillsOf(tx *database.Tx, where string, args ...any) (list []Refill, err error) {
	rows, err := tx.Query(`SELECT id, begun, author, reason, since, until, backup, bins, state FROM syncback_refill `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var r Refill
		var begun, since, until, backup, bins int64
		if err := rows.Scan(&r.ID, &begun, &r.By, &r.Reason, &since, &until, &backup, &bins, &r.State); err != nil {
			return nil, err
		}
		r.Begun, r.From, r.Until, r.Backup, r.Bins = fromMillis(begun), fromMillis(since), fromMillis(until), fromMillis(backup), bins != 0
		list = append(list, r)
	}
	return list, rows.Err()
}

// countRefill reads the mailboxes of a refill, and how far what was entered has come.
func (s *Syncback) countRefill(ctx context.Context, r *Refill) error {
	return s.db.Read(ctx, func(tx *database.Tx) error {
		r.Boxes, r.Mailboxes, r.RefillCounts, r.Back = nil, nil, RefillCounts{}, Counts{}
		rows, err := tx.Query(`SELECT mailbox, state, held, there, missing, under, deleted, unknown, words FROM syncback_refill_box WHERE refill=? ORDER BY mailbox`, r.ID)
		if err != nil {
			return err
		}
		if err := r.readBoxes(rows); err != nil {
			return err
		}
		if r.State != RefillFilling && r.State != RefillFilled {
			return nil
		}
		for i := range r.Boxes {
			b := &r.Boxes[i]
			err := eachCount(tx, func(_ email.MailboxID, state State, n int, _ int64) { b.Back.add(state, n); r.Back.add(state, n) },
				`SELECT mailbox, state, COUNT(*), 0 FROM syncback_item WHERE mailbox=? AND kind=? AND at>=? GROUP BY mailbox, state`, string(b.Mailbox), string(mailstore.Refilled), millis(r.Begun))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Refill) readBoxes(rows *sql.Rows) error {
	defer rows.Close()
	for rows.Next() {
		var b RefillBox
		var state string
		if err := rows.Scan(&b.Mailbox, &state, &b.Held, &b.There, &b.Missing, &b.Under, &b.Deleted, &b.Unknown, &b.Words); err != nil {
			return err
		}
		b.Done = state == "done"
		r.Boxes = append(r.Boxes, b)
		r.Mailboxes = append(r.Mailboxes, b.Mailbox)
		r.Held += b.Held
		r.There += b.There
		r.Missing += b.Missing
		r.Under += b.Under
		r.Deleted += b.Deleted
		r.Unknown += b.Unknown
	}
	return rows.Err()
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}
