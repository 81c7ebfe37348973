package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
)

// Counts are the reports by state; they close.
type Counts struct{ Total, Waiting, Trying, Sent, InDoubt, Parked int }

// Account counts the reports of messages since a time, of the mailboxes for which covers is true.
func (a *Archive) Account(ctx context.Context, since time.Time, covers func(email.MailboxID) bool) (c Counts, err error) {
	err = a.db.Read(ctx, func(tx *database.Tx) error {
		c = Counts{}
		rows, err := tx.Query(`SELECT mailbox, state, COUNT(*) FROM archive_report WHERE at>=? GROUP BY mailbox, state`, since.UnixMilli())
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var m email.MailboxID
			var state State
			var n int
			if err := rows.Scan(&m, &state, &n); err != nil {
				return err
			}
			if covers(m) {
				c.add(state, n)
			}
		}
		return rows.Err()
	})
	return c, err
}

func (c *Counts) add(state State, n int) {
	c.Total += n
	switch state {
	case Waiting:
		c.Waiting += n
	case Trying:
		c.Trying += n
	case Sent:
		c.Sent += n
	case InDoubt:
		c.InDoubt += n
	case Parked:
		c.Parked += n
	}
}

// Line is one report that needs a person.
type Line struct {
	ID        string // for Again and There
	MessageID string // of the report, to look for in the archive
	Mailbox   email.MailboxID
	At        time.Time
	State     State
	Attempts  int
	Words     string
	Remedy    string
}

// Open lists the reports in doubt and parked, the oldest first.
func (a *Archive) Open(ctx context.Context, limit int) (lines []Line, err error) {
	err = a.db.Read(ctx, func(tx *database.Tx) error {
		lines = nil
		rows, err := tx.Query(`SELECT id, fork, mailbox, at, state, attempts, words, remedy FROM archive_report WHERE state IN ('in doubt', 'parked') ORDER BY at, id LIMIT ?`, limit)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var l Line
			var r report
			var at int64
			if err := rows.Scan(&r.id, &r.fork, &l.Mailbox, &at, &l.State, &l.Attempts, &l.Words, &l.Remedy); err != nil {
				return err
			}
			l.ID, l.MessageID, l.At = fmt.Sprintf("%s.%d", r.id, r.fork), a.messageID(r), time.UnixMilli(at).UTC()
			lines = append(lines, l)
		}
		return rows.Err()
	})
	return lines, err
}

// ErrNotOpen is the answer for a report that is neither in doubt nor parked.
var ErrNotOpen = errors.New("the report is neither in doubt nor parked")

// Again sends a report once more, on a person's word.
func (a *Archive) Again(ctx context.Context, id, by string) error {
	err := a.decide(ctx, id, Waiting, "")
	a.nudge()
	if err == nil {
		a.o.Log.Info("archive: a report is sent again", "report", id, "by", by)
	}
	return err
}

// There notes a person's word that the archive has the report.
func (a *Archive) There(ctx context.Context, id, by string) error {
	err := a.decide(ctx, id, Sent, "seen in the archive by "+by)
	if err == nil {
		a.o.Log.Info("archive: a report is there, as a person says", "report", id, "by", by)
	}
	return err
}

func (a *Archive) decide(ctx context.Context, id string, state State, words string) error {
	now := a.o.Now().UnixMilli()
	return a.db.Write(ctx, func(tx *database.Tx) error {
		n, err := tx.Changed(`UPDATE archive_report SET state=?, next=?, fence=fence+1, changed=?, words=?, remedy=''
			WHERE id || '.' || CAST(fork AS TEXT)=? AND state IN ('in doubt', 'parked')`, string(state), now, now, words, id)
		if err == nil && n == 0 {
			err = ErrNotOpen
		}
		return err
	})
}

// Address is where reports go, and when.
func (a *Archive) Address() (address string, when When) { return a.o.Address, a.o.When }
