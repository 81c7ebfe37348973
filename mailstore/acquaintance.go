package mailstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// mostMet caps the recipients of one message who are remembered.
const mostMet = 50

// person is how an address is kept: nobody can read a list of correspondents out of the database.
func person(m email.MailboxID, address string) string {
	sum := sha256.Sum256([]byte(string(m) + "\x00" + strings.ToLower(strings.TrimSpace(address))))
	return hex.EncodeToString(sum[:16])
}

// meet remembers who wrote, and to whom the mailbox's owner wrote. Nothing is written for whom the
// mailbox knows since longer.
func (c *change) meet(n newMessage) error {
	var met []email.Address
	switch {
	case n.state.flags.Draft:
		return nil
	case n.block.Own, n.state.folder == Sent:
		met = append(append(append(met, n.sum.To...), n.sum.Cc...), n.sum.Bcc...)
		if err := c.correspond(met[:min(len(met), mostMet)], ms(n.block.At)); err != nil {
			return err
		}
	case len(n.sum.From) > 0:
		met = n.sum.From[:1]
	}
	for _, a := range met[:min(len(met), mostMet)] {
		if a.Addr == "" {
			continue
		}
		_, err := c.tx.Exec(`INSERT INTO acquaintance (mailbox, person, since) VALUES (?, ?, ?)
			ON CONFLICT (mailbox, person) DO UPDATE SET since = excluded.since WHERE excluded.since < acquaintance.since`,
			string(c.mailbox), person(c.mailbox, a.Addr), ms(n.block.At))
		if err != nil {
			return err
		}
	}
	return nil
}

// Knows answers since when a mailbox knows an address: when the first message from it came, or the
// first one to it was sent; the zero time when it never has. Messages that came before this was
// counted are not known.
func (s *Store) Knows(ctx context.Context, m email.MailboxID, address string) (since time.Time, err error) {
	var at int64
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow("SELECT since FROM acquaintance WHERE mailbox = ? AND person = ?", string(m), person(m, address)).Scan(&at)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return time.Time{}, nil
	}
	return time.UnixMilli(at).UTC(), err
}
