package syncback

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/syncback/traffic"
)

// free is the condition on a row i that nothing of its item stands unfinished before it: order is
// kept per item, and a parked, deferred or doubtful row holds up only its own item (L7). Of one item
// at most one row is free. Categories that no way can carry are the exception: what comes later does
// not need them. state<>'verified' beside another state names the partial index to SQLite.
const free = `NOT EXISTS (SELECT 1 FROM syncback_item e WHERE e.mailbox=i.mailbox AND e.item=i.item AND e.seq<i.seq AND e.state<>'verified' AND NOT (e.op='categories' AND e.state='parked'))`

// errLost says that another worker has taken a row over; what we wanted to write is void.
var errLost = errors.New("the row was taken over")

// reclaim runs when a node starts: what it was trying when it ended is in doubt. The caller
// guarantees that no other process bears its name.
func (s *Syncback) reclaim(ctx context.Context) error {
	now := millis(s.now())
	return s.write(ctx, "", func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE syncback_item SET state='in doubt', changed=?, next=?, looks=0, fence=fence+1, words='the call was cut off by a restart' WHERE state='trying' AND worker=?`,
			now, now, s.o.Node)
		return err
	})
}

// claim writes the outcomes of the last calls, computes the gate and takes up to n rows, all in
// one commit: the intents are durable when it returns rows (X2). No rows mean that nothing is to
// be told now.
func (s *Syncback) claim(ctx context.Context, m email.MailboxID, done []outcome, n int) (next []row, err error) {
	now, cargos := s.now(), s.movable(m)
	if len(cargos) == 0 && len(done) == 0 && len(s.pace.Limits) > 0 {
		return nil, nil // a commit would say nothing
	}
	err = s.write(ctx, m, func(tx *database.Tx) error {
		next = nil
		p, err := s.gate(tx, m)
		if err != nil {
			return err
		}
		if err := s.settleAll(tx, done, p); err != nil {
			return err
		}
		if p.shut() || len(cargos) == 0 || n <= 0 {
			return nil
		}
		next, err = s.take(tx, m, p, cargos, n)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim: %w", err)
	}
	for _, r := range next {
		s.pace.Took(s.way(r.way), m, 1, now)
	}
	return next, nil
}

// settleAll writes outcomes. One that another worker has overtaken is void and harms no other.
func (s *Syncback) settleAll(tx *database.Tx, done []outcome, p passage) error {
	if p.locked {
		done = distrust(done)
	}
	for _, o := range done {
		if err := s.settle(tx, o); err != nil && !errors.Is(err, errLost) {
			return err
		}
	}
	return nil
}

// take marks the next free rows, of different items, as being tried, each over the way that is
// chosen for it now.
func (s *Syncback) take(tx *database.Tx, m email.MailboxID, p passage, cargos []traffic.Cargo, n int) ([]row, error) {
	if err := s.takeOver(tx, m); err != nil {
		return nil, err
	}
	now := s.now()
	rows, err := query(tx, `WHERE mailbox=? AND state<>'verified' AND state='waiting' AND next<=? AND `+p.rows()+` AND `+carries(cargos)+` AND `+free+` ORDER BY seq LIMIT ?`,
		string(m), millis(now), n)
	if err != nil {
		return nil, err
	}
	var taken []row
	used := map[*traffic.Way]int{}
	for _, r := range rows {
		if r.op == rename && len(taken) > 0 { // by itself: paths of what comes before and after differ
			break
		}
		tried := r
		w := s.choose(r)
		if w == nil { // the ways that could carry this one rest
			tried.next = millis(s.again(r, now))
			if _, err := save(tx, r, tried); err != nil {
				return nil, err
			}
			continue
		}
		if used[w]++; used[w] > s.pace.Allows(w, m, now) {
			continue
		}
		tried.way, tried.location = w.Name(), s.location(m)
		if s.o.faults.noIntent {
			taken = append(taken, tried)
			continue
		}
		tried.state, tried.changed, tried.looks = Trying, millis(now), 0
		tried.attempts++
		tried.lease, tried.worker = millis(now.Add(s.o.Lease)), s.o.Node
		ok, err := save(tx, r, tried)
		if err != nil {
			return nil, err
		}
		if ok {
			tried.fence = r.fence + 1
			taken = append(taken, tried)
		}
		if r.op == rename {
			break
		}
	}
	return taken, nil
}

// takeOver puts claims in doubt that outlived their lease: they belong to a frozen or dead worker
// of another node.
func (s *Syncback) takeOver(tx *database.Tx, m email.MailboxID) error {
	now := millis(s.now())
	_, err := tx.Exec(`UPDATE syncback_item SET state='in doubt', changed=?, next=?, looks=0, fence=fence+1, words='the worker fell silent' WHERE mailbox=? AND state<>'verified' AND state='trying' AND lease<=?`,
		now, now, string(m), now)
	return err
}

// gate computes what of the mailbox may flow and notes when it opens.
func (s *Syncback) gate(tx *database.Tx, m email.MailboxID) (p passage, err error) {
	if p, err = s.passage(tx, m); err != nil {
		return p, err
	}
	return p, s.noteGate(tx, m, p.closed)
}

func (s *Syncback) noteGate(tx *database.Tx, m email.MailboxID, closed bool) error {
	var was int64
	rows, err := tx.Query(`SELECT closed FROM syncback_gate WHERE mailbox=?`, string(m))
	if err != nil {
		return err
	}
	for rows.Next() {
		err = errors.Join(err, rows.Scan(&was))
	}
	if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
		return err
	}
	switch {
	case closed && was == 0:
		_, err = tx.Exec(`INSERT INTO syncback_gate (mailbox, closed, opened) VALUES (?,1,0) ON CONFLICT (mailbox) DO UPDATE SET closed=1`, string(m))
	case !closed && was == 1:
		_, err = tx.Exec(`UPDATE syncback_gate SET closed=0, opened=? WHERE mailbox=?`, millis(s.now()), string(m))
	}
	return err
}

// opened answers when the mailbox's gate opened last; zero: it was never seen closed. A gate that is
// still closed, but for a scout, opens now at the earliest.
func (s *Syncback) opened(tx *database.Tx, m email.MailboxID) (time.Time, error) {
	var closed, at int64
	err := tx.QueryRow(`SELECT closed, opened FROM syncback_gate WHERE mailbox=?`, string(m)).Scan(&closed, &at)
	switch {
	case closed == 1:
		return s.now(), err
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return time.Time{}, err
	case at == 0 && s.o.Release != nil: // nothing of it was claimed while it was closed
		return s.o.Release.Opened(tx, m)
	}
	return fromMillis(at), nil
}

// locked says whether a lockdown covers the mailbox: its calls are cut, not awaited (L4).
func (s *Syncback) locked(ctx context.Context, m email.MailboxID) (locked bool) {
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		p, err := s.passage(tx, m)
		locked = p.locked
		return err
	})
	return err == nil && locked
}

// alarmed says whether the store misses something of the mailbox: then Exchange is told nothing (L3).
func (s *Syncback) alarmed(m email.MailboxID) (string, bool) {
	for _, a := range s.o.Store.Alarms() {
		if a.Mailbox == m || a.Mailbox == "" && !strings.HasPrefix(a.Code, "clock") {
			return a.Text, true
		}
	}
	return "", false
}
