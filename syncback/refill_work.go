package syncback

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

const (
	refillAgain = 30 * time.Second // before a mailbox that could not be looked through is tried again
	refillChunk = 200              // messages entered in one commit
)

func (s *Syncback) wakeRefills() {
	select {
	case s.refills <- struct{}{}:
	default:
	}
}

// followRefills works on refills until ctx ends.
func (s *Syncback) followRefills(ctx context.Context) error {
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		for {
			worked, err := s.refillOne(ctx)
			if err != nil {
				s.complain(ctx, "", fmt.Errorf("refill: %w", err))
			}
			if !worked || err != nil {
				break
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.refills:
		case <-tick.C:
		}
	}
}

// refillOne looks at, or fills, the next mailbox of a refill; false: none is due.
func (s *Syncback) refillOne(ctx context.Context) (bool, error) {
	r, m, err := s.claimRefill(ctx)
	if err != nil || m == "" {
		return false, err
	}
	missing, counts, err := s.lookForHoldings(ctx, r.RefillWish, m)
	if err == nil && r.State == RefillFilling {
		for chunk := range slices.Chunk(missing, refillChunk) {
			if err = s.o.Store.Refill(ctx, m, chunk); err != nil && !errors.Is(err, mailstore.ErrNotFound) {
				break
			}
			err = nil
		}
	}
	return true, s.endRefill(context.WithoutCancel(ctx), r.ID, r.State, m, counts, err)
}

// claimRefill takes a mailbox of a refill for one worker.
func (s *Syncback) claimRefill(ctx context.Context) (r Refill, m email.MailboxID, err error) {
	now := millis(s.now())
	err = s.write(ctx, "", func(tx *database.Tx) error {
		m = ""
		list, err := refillsOf(tx, `WHERE state IN ('looking','filling') ORDER BY begun`)
		if err != nil {
			return err
		}
		for _, r = range list {
			rows, err := tx.Query(`SELECT mailbox FROM syncback_refill_box WHERE refill=? AND state<>'done' AND next<=? ORDER BY next, mailbox LIMIT 1`, r.ID, now)
			if err != nil {
				return err
			}
			for rows.Next() {
				err = errors.Join(err, rows.Scan(&m))
			}
			if err = errors.Join(err, rows.Err(), rows.Close()); err != nil || m != "" {
				if err == nil {
					_, err = tx.Exec(`UPDATE syncback_refill_box SET state='busy', next=? WHERE refill=? AND mailbox=?`, millis(s.now().Add(s.o.Lease)), r.ID, string(m))
				}
				return err
			}
		}
		return nil
	})
	return r, m, err
}

// endRefill notes how a mailbox went, and with the last one ends the look or the filling.
func (s *Syncback) endRefill(ctx context.Context, id string, at RefillState, m email.MailboxID, c RefillCounts, failed error) error {
	now := s.now()
	return s.write(ctx, m, func(tx *database.Tx) error {
		if failed != nil {
			_, err := tx.Exec(`UPDATE syncback_refill_box SET state='waiting', next=?, words=? WHERE refill=? AND mailbox=?`,
				millis(now.Add(refillAgain)), wordsOf(failed), id, string(m))
			return err
		}
		_, err := tx.Exec(`UPDATE syncback_refill_box SET state='done', next=0, words='', held=?, there=?, missing=?, under=?, deleted=?, unknown=? WHERE refill=? AND mailbox=?`,
			c.Held, c.There, c.Missing, c.Under, c.Deleted, c.Unknown, id, string(m))
		if err != nil {
			return err
		}
		next := map[RefillState]RefillState{RefillLooking: RefillLooked, RefillFilling: RefillFilled}[at]
		_, err = tx.Exec(`UPDATE syncback_refill SET state=?, changed=? WHERE id=? AND state=? AND NOT EXISTS (SELECT 1 FROM syncback_refill_box b WHERE b.refill=? AND b.state<>'done')`,
			string(next), millis(now), id, string(at), id)
		return err
	})
}

// errShut says that a mailbox's gate is closed: Exchange is asked nothing.
var errShut = errors.New("its gate is closed: Exchange is not asked before it opens")

// lookForHoldings compares what the store holds of a mailbox with what is in Exchange. A message is
// there when a copy with its Message-ID is in any folder; two messages of one Message-ID need two.
func (s *Syncback) lookForHoldings(ctx context.Context, w RefillWish, m email.MailboxID) (missing []email.MessageID, c RefillCounts, err error) {
	address, err := s.mayLook(ctx, m)
	if err != nil {
		return nil, c, err
	}
	held, err := s.o.Store.Holdings(ctx, m, w.From, w.Until)
	if err != nil {
		return nil, c, err
	}
	held = slices.DeleteFunc(held, func(h mailstore.Holding) bool {
		return !w.Bins && (h.Folder == mailstore.Trash || h.Folder == mailstore.Junk)
	})
	there, err := s.countThere(ctx, m, address, held)
	if err != nil {
		return nil, c, err
	}
	history, err := s.historyOf(ctx, m)
	if err != nil {
		return nil, c, err
	}
	c.Held = len(held)
	for _, h := range held {
		switch was := history[h.ID]; {
		case h.MessageID == "":
			c.Unknown++
		case there[h.MessageID] > 0:
			there[h.MessageID]--
			c.There++
		case was.under:
			c.Under++
		case was.gone, !w.Backup.IsZero() && inBackup(h, was, w.Backup):
			c.Deleted++
		default:
			c.Missing++
			missing = append(missing, h.ID)
		}
	}
	return missing, c, nil
}

// mayLook answers the mailbox's address when Exchange may be asked about it now.
func (s *Syncback) mayLook(ctx context.Context, m email.MailboxID) (address string, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		p, err := s.passage(tx, m)
		if err == nil && p.shut() {
			err = errShut
		}
		return err
	})
	if err == nil {
		err = s.settleWhere(ctx, m)
	}
	if err != nil {
		return "", err
	}
	return s.address(m)
}

// countThere reads every folder and counts copies by Message-ID; drafts count as well.
func (s *Syncback) countThere(ctx context.Context, m email.MailboxID, address string, held []mailstore.Holding) (map[string]int, error) {
	there := map[string]int{}
	var ids []string
	for _, h := range held {
		if h.MessageID != "" {
			ids = append(ids, h.MessageID)
		}
	}
	slices.Sort(ids)
	if ids = slices.Compact(ids); len(ids) == 0 {
		return there, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Call)
	defer cancel()
	copies, err := anyWay{s, m, address}.Find(ctx, exchange.Query{MessageIDs: ids})
	for _, c := range copies {
		there[c.MessageID]++
	}
	return there, err
}

// past is what the ledger knows of a message.
type past struct {
	seen  time.Time // last in Exchange
	gone  bool      // was deleted there after it was seen
	under bool      // is being brought there
}

func (s *Syncback) historyOf(ctx context.Context, m email.MailboxID) (map[email.MessageID]past, error) {
	history := map[email.MessageID]past{}
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		clear(history)
		rows, err := tx.Query(`SELECT item, op, state, note, changed, place FROM syncback_item WHERE mailbox=? ORDER BY seq`, string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var id email.MessageID
			var op operation
			var state State
			var note Note
			var changed int64
			var place string
			if err := rows.Scan(&id, &op, &state, &note, &changed, &place); err != nil {
				return err
			}
			p := history[id]
			switch {
			case state == Verified && note == Gone:
				p.gone = true
			case state == Verified && place != "":
				p.seen, p.gone = fromMillis(changed), false
			case state != Verified && state != Parked && (op.gives() || op == draft):
				p.under = true
			}
			history[id] = p
		}
		return rows.Err()
	})
	return history, err
}

// inBackup says that Exchange held a message before the backup was made. It is not in what was restored, so
// somebody had deleted it by then.
func inBackup(h mailstore.Holding, was past, backup time.Time) bool {
	if !was.seen.IsZero() {
		return was.seen.Before(backup)
	}
	return h.Known && h.Received.Before(backup)
}

// refilled looks through the whole mailbox for a message that is to be put back, just before it is: what
// came there since the dry look, or by another refill, is not doubled. nil: it is not there.
func (s *Syncback) refilled(ctx context.Context, r row, box traffic.Remote) (*exchange.Copy, error) {
	if r.msgid == "" {
		return nil, errNotThere
	}
	all, err := box.Find(ctx, exchange.Query{MessageIDs: []string{r.msgid}})
	if err != nil {
		return nil, err
	}
	kin, err := s.kinOf(ctx, r.mailbox, []row{r})
	if err != nil {
		return nil, err
	}
	kin.steady = false // of others too Exchange may have lost what was seen in it
	where, err := s.remoteFolder(ctx, r.mailbox, r.target())
	if err != nil {
		return nil, err
	}
	if own := kin.own(ctx, r, where, all); len(own) > 0 {
		return &own[0], nil
	}
	return nil, nil
}
