package syncback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// nobody is a Message-ID that no message has: asking for it opens the mailbox and finds nothing.
const nobody = "location@holdover.invalid"

// location answers where a mailbox lies, as far as it is known; "": it must be found first.
func (s *Syncback) location(m email.MailboxID) traffic.Location {
	if at := s.o.Profile.Locations(); len(at) == 1 {
		return at[0]
	}
	if s.o.Located != nil {
		if at := s.o.Located(m); at != "" {
			return at
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.located[m]
}

// settleWhere finds out where a mailbox lies while its gate is open: a closed one is asked nothing.
func (s *Syncback) settleWhere(ctx context.Context, m email.MailboxID) error {
	if s.location(m) != "" {
		return nil
	}
	var p passage
	err := s.db.Read(ctx, func(tx *database.Tx) (err error) {
		p, err = s.passage(tx, m)
		return err
	})
	if err != nil || p.shut() {
		return err
	}
	return s.settleLocation(ctx, m)
}

// misplaced forgets where a mailbox was found: Exchange says that it lies elsewhere now.
func (s *Syncback) misplaced(m email.MailboxID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.located, m)
	s.moved[m] = true
}

// settleLocation finds out where a mailbox of a hybrid organisation lies: what was remembered,
// else both sides are asked and the answer is remembered. Call it only while the gate is open.
// A mailbox that is found nowhere keeps "": what only SMTP carries still goes.
func (s *Syncback) settleLocation(ctx context.Context, m email.MailboxID) error {
	if s.location(m) != "" {
		return nil
	}
	s.mu.Lock()
	moved := s.moved[m]
	s.mu.Unlock()
	if at, err := s.remembered(ctx, m); err != nil {
		return err
	} else if at != "" && !moved {
		s.remember(m, at)
		return nil
	}
	if until, _ := s.lostUntil(m); until.After(s.now()) {
		return nil
	}
	at, words := s.askLocation(ctx, m)
	if at == "" {
		s.mu.Lock()
		s.lost[m] = absence{until: s.now().Add(time.Minute), words: words}
		s.mu.Unlock()
		return nil
	}
	err := s.write(ctx, m, func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO syncback_location (mailbox, location, found) VALUES (?,?,?) ON CONFLICT (mailbox) DO UPDATE SET location=excluded.location, found=excluded.found`,
			string(m), string(at), millis(s.now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("location: %w", err)
	}
	s.remember(m, at)
	s.o.Log.Info("sync-back: found where a mailbox lies", "mailbox", m, "location", at)
	return nil
}

func (s *Syncback) remember(m email.MailboxID, at traffic.Location) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.located[m] = at
	delete(s.moved, m)
	delete(s.lost, m)
}

// absence is until when a mailbox that was found nowhere is not looked for, and why.
type absence struct {
	until time.Time
	words string
}

// lostUntil is when a mailbox that was found nowhere is asked for again, and why it was not found.
func (s *Syncback) lostUntil(m email.MailboxID) (time.Time, string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost[m].until, s.lost[m].words
}

func (s *Syncback) remembered(ctx context.Context, m email.MailboxID) (at traffic.Location, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		at = ""
		rows, err := tx.Query(`SELECT location FROM syncback_location WHERE mailbox=?`, string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := rows.Scan(&at); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return at, err
}

// askLocation asks both sides. One clear yes decides; two are a question for a person, and none is
// asked again later. words say why nothing was decided.
func (s *Syncback) askLocation(ctx context.Context, m email.MailboxID) (found traffic.Location, words string) {
	box, ok := s.o.Directory.Mailbox(m)
	if !ok || box.Address == "" {
		return "", "the directory has no address for this mailbox"
	}
	words = "no way works that could say where the mailbox lies"
	for _, at := range s.o.Profile.Locations() {
		here, err := s.holds(ctx, m, at, box.Address)
		switch {
		case err != nil:
			words = wordsOf(err)
		case here && found != "":
			return "", "both sides say that the mailbox lies there: write its location into the directory"
		case here:
			found = at
		}
	}
	return found, words
}

// holds asks the first way of a location that answers whether the mailbox lies there.
func (s *Syncback) holds(ctx context.Context, m email.MailboxID, at traffic.Location, address string) (here bool, err error) {
	for _, w := range s.lookOrder(at) {
		if !s.health.IsOpen(w, m, s.now()) {
			continue
		}
		_, err = w.Mailbox(address).Find(ctx, exchange.Query{MessageIDs: []string{nobody}, Folders: []exchange.Folder{{Role: exchange.Inbox}}})
		switch {
		case err == nil:
			return true, nil
		case errors.Is(err, exchange.ErrUnknownMailbox), errors.Is(err, exchange.ErrElsewhere):
			return false, nil
		case errors.Is(err, exchange.ErrUnreachable):
			s.missed(w, m, err)
		}
	}
	return false, err
}
