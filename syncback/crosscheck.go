package syncback

import (
	"context"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
)

// Crosscheck compares what the store says it took on with what the ledger accounts for. The ledger's
// own sums close by the way they are counted; only this comparison shows a message whose entry was
// never written, or was skipped, or whose row is gone.
type Crosscheck struct {
	Store   int      // messages taken on in the span, counted from the messages themselves
	Ledger  int      // of them, those with a row in the ledger
	Coming  int      // of them, those in the log and not yet in the ledger
	Missing []Orphan // of them, those in neither: nothing tells Exchange of them
}

// Orphan is a message that nothing accounts for.
type Orphan struct {
	Mailbox email.MailboxID
	Message email.MessageID
}

// Good says that every message is accounted for.
func (c Crosscheck) Good() bool { return len(c.Missing) == 0 && c.Store == c.Ledger+c.Coming }

// Crosscheck asks the store for the messages of the span and looks for each in the ledger and in the
// part of the log that was not read yet.
func (s *Syncback) Crosscheck(ctx context.Context, span Span, covers func(email.MailboxID) bool) (c Crosscheck, err error) {
	owed := map[email.MailboxID]map[email.MessageID]bool{}
	covered := map[email.MailboxID]bool{}
	err = s.o.Store.Entrusted(ctx, span.Since, span.Until, func(m email.MailboxID, id email.MessageID) {
		yes, asked := covered[m]
		if !asked {
			yes = covers(m)
			covered[m] = yes
		}
		if !yes {
			return
		}
		if owed[m] == nil {
			owed[m] = map[email.MessageID]bool{}
		}
		owed[m][id] = true
	})
	if err != nil {
		return c, err
	}
	for m, ids := range owed {
		c.Store += len(ids)
		if err := s.crosscheck(ctx, m, ids, &c); err != nil {
			return c, err
		}
	}
	slices.SortFunc(c.Missing, func(a, b Orphan) int {
		return strings.Compare(string(a.Mailbox)+string(a.Message), string(b.Mailbox)+string(b.Message))
	})
	return c, nil
}

// crosscheck looks for one mailbox's messages. While it reads, the planner may carry entries from the
// log into the ledger: what was in neither is looked for in the ledger once more.
func (s *Syncback) crosscheck(ctx context.Context, m email.MailboxID, owed map[email.MessageID]bool, c *Crosscheck) error {
	all := len(owed)
	if err := s.inLedger(ctx, m, owed); err != nil || len(owed) == 0 {
		c.Ledger += all - len(owed)
		return err
	}
	coming, err := s.inLog(ctx, m, owed)
	if err != nil {
		return err
	}
	if err := s.inLedger(ctx, m, owed); err != nil {
		return err
	}
	c.Coming += coming
	c.Ledger += all - coming - len(owed)
	for id := range owed {
		c.Missing = append(c.Missing, Orphan{m, id})
	}
	return nil
}

// inLedger takes out of owed what has a row that gives it to Exchange.
func (s *Syncback) inLedger(ctx context.Context, m email.MailboxID, owed map[email.MessageID]bool) error {
	if len(owed) == 0 {
		return nil
	}
	return s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT item FROM syncback_item WHERE mailbox=? AND op IN ('deliver', 'append')`, string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id email.MessageID
			if err := rows.Scan(&id); err != nil {
				return err
			}
			delete(owed, id)
		}
		return rows.Err()
	})
}

// inLog takes out of owed what stands in the log behind our cursor, and counts it.
func (s *Syncback) inLog(ctx context.Context, m email.MailboxID, owed map[email.MessageID]bool) (coming int, err error) {
	at, err := s.o.Store.Cursor(ctx, consumer, m)
	for err == nil {
		entries, failed := s.o.Store.Entries(ctx, m, at, planBatch)
		if failed != nil || len(entries) == 0 {
			return coming, failed
		}
		for _, e := range entries {
			at = e.Seq
			if op, told := operationOf(e); told && op.gives() && owed[e.Message] {
				delete(owed, e.Message)
				coming++
			}
		}
	}
	return coming, err
}
