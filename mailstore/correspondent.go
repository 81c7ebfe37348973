package mailstore

import (
	"context"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// Correspondent is somebody to whom a mailbox's owner wrote.
type Correspondent struct {
	email.Address
	Times int
	Last  time.Time // when the newest message to it was sent
}

// mostCorrespondents is how many are looked at for a suggestion, those written to last first.
const mostCorrespondents = 2000

// correspond counts whom the owner wrote to. The name is the one used last.
func (c *change) correspond(to []email.Address, at int64) error {
	for _, a := range to {
		address := strings.ToLower(clean(a.Addr))
		if address == "" || strings.HasSuffix(address, ".invalid") { // a piece that was no address yet (RFC 6761, 6.4)
			continue
		}
		_, err := c.tx.Exec(`INSERT INTO correspondent (mailbox, address, name, times, last, hidden) VALUES (?, ?, ?, 1, ?, 0)
			ON CONFLICT (mailbox, address) DO UPDATE SET times = correspondent.times + 1,
			name = CASE WHEN excluded.name <> '' AND excluded.last >= correspondent.last THEN excluded.name ELSE correspondent.name END,
			last = CASE WHEN excluded.last > correspondent.last THEN excluded.last ELSE correspondent.last END`,
			string(c.mailbox), address, clean(a.Name), at)
		if err != nil {
			return err
		}
	}
	return nil
}

// Correspondents lists to whom a mailbox's owner wrote and whom they still want suggested, latest first.
func (s *Store) Correspondents(ctx context.Context, m email.MailboxID) ([]Correspondent, error) {
	var all []Correspondent
	err := s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := tx.Query(`SELECT address, name, times, last FROM correspondent WHERE mailbox = ? AND hidden = 0
			ORDER BY last DESC, address LIMIT ?`, string(m), mostCorrespondents)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var one Correspondent
			var last int64
			if err := rows.Scan(&one.Addr, &one.Name, &one.Times, &last); err != nil {
				return err
			}
			one.Last = fromMS(last)
			all = append(all, one)
		}
		return rows.Err()
	})
	return all, err
}

// Unsuggest leaves an address out of a mailbox's own suggestions from now on, also when it is written to again.
func (s *Store) Unsuggest(ctx context.Context, m email.MailboxID, address string) error {
	return s.databaseError(s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("UPDATE correspondent SET hidden = 1 WHERE mailbox = ? AND address = ?", string(m), strings.ToLower(clean(address)))
		return err
	}))
}

// unforgotten is how long somebody is suggested after the last message to them. It is longer than any window:
// whom one writes to once a year is found, and nobody is kept for good.
const unforgotten = 400 * 24 * time.Hour

func (s *Store) forgetCorrespondents(ctx context.Context) error {
	before := ms(s.now().Add(-max(s.window, unforgotten)))
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec("DELETE FROM correspondent WHERE last < ?", before)
		return err
	})
}
