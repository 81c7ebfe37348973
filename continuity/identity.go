package continuity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"holdover/database"
)

// Identity is what a way into Exchange has shown of itself: the certificate, or the tenant of its
// tokens.
type Identity struct {
	Way             string // "SMTP", "IMAP", ... as sync-back names its ways
	Pin             string // hex SHA-256 of the certificate's public key, or "tenant:" and its id
	Subject, Issuer string
	Expires         time.Time // zero: nothing that expires
	First, Last     time.Time // seen
	Confirmed       time.Time // by a person; zero: not
	ConfirmedBy     string
}

// Remember notes what a way shows in calm times. While a lockdown is on or not released nothing is
// noted: what Exchange shows then is not what it was. It answers at once when it was noted within
// the last hour.
func (c *Continuity) Remember(ctx context.Context, shown Identity) error {
	if suspects, err := c.Suspects(ctx); err != nil || suspects {
		return err
	}
	now := c.now()
	known, err := c.Identities(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(known, func(k Identity) bool { return k.Way == shown.Way && k.Pin == shown.Pin && now.Sub(k.Last) < time.Hour }) {
		return nil
	}
	return c.o.DB.Write(ctx, func(tx *database.Tx) error { return noteIdentity(tx, shown, now) })
}

func noteIdentity(tx *database.Tx, i Identity, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO exchange_identity (way, pin, subject, issuer, expires, first, last) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (way, pin) DO UPDATE SET subject = excluded.subject, issuer = excluded.issuer, expires = excluded.expires, last = excluded.last`,
		i.Way, i.Pin, i.Subject, i.Issuer, unixMilli(i.Expires), now.UnixMilli(), now.UnixMilli())
	return err
}

// ErrStranger says that a way shows what nobody has confirmed, although somebody has confirmed another.
var ErrStranger = errors.New("this certificate was not confirmed")

// Admit says whether a way that shows itself like that may be used: where a person has confirmed what
// it must show, nothing else is let through (ErrStranger). In calm times it is remembered.
func (c *Continuity) Admit(ctx context.Context, shown Identity) error {
	known, err := c.Identities(ctx)
	if err != nil {
		return err
	}
	confirmed := false
	for _, k := range known {
		if k.Way != shown.Way || k.Confirmed.IsZero() {
			continue
		}
		if k.Pin == shown.Pin {
			return c.Remember(ctx, shown)
		}
		confirmed = true
	}
	if confirmed {
		return ErrStranger
	}
	return c.Remember(ctx, shown)
}

// Identities lists all that was remembered, by way, the newest first.
func (c *Continuity) Identities(ctx context.Context) (list []Identity, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) error {
		list = nil
		rows, err := tx.Query(`SELECT way, pin, subject, issuer, expires, first, last, confirmed, confirmed_by FROM exchange_identity ORDER BY way, last DESC, pin`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var i Identity
			var expires, first, last, confirmed int64
			if err := rows.Scan(&i.Way, &i.Pin, &i.Subject, &i.Issuer, &expires, &first, &last, &confirmed, &i.ConfirmedBy); err != nil {
				return err
			}
			i.Expires, i.First, i.Last, i.Confirmed = timeOf(expires), timeOf(first), timeOf(last), timeOf(confirmed)
			list = append(list, i)
		}
		return rows.Err()
	})
	return list, err
}

// Confirm is an administrator's word that Exchange, as its ways show themselves now, is the right
// one. From then on each way named lets only these pins through. event is the lockdown that it
// releases, "" when a certificate was renewed in calm times. Errors: ErrNotFound.
func (c *Continuity) Confirm(ctx context.Context, event, by string, shown []Identity) error {
	err := c.o.DB.Write(ctx, func(tx *database.Tx) error {
		e, now := Event{}, c.now()
		if event != "" {
			var err error
			if e, err = find(tx, event); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO exchange_confirmed (event, at, actor) VALUES (?, ?, ?) ON CONFLICT (event) DO UPDATE SET at = excluded.at, actor = excluded.actor`,
				event, now.UnixMilli(), by); err != nil {
				return err
			}
		}
		for _, i := range shown {
			if err := noteIdentity(tx, i, now); err != nil {
				return err
			}
		}
		for _, i := range shown { // a new word on a way takes the place of the earlier one
			if _, err := tx.Exec(`UPDATE exchange_identity SET confirmed = 0, confirmed_by = '' WHERE way = ?`, i.Way); err != nil {
				return err
			}
		}
		words := "no way shows a certificate"
		for n, i := range shown {
			if _, err := tx.Exec(`UPDATE exchange_identity SET confirmed = ?, confirmed_by = ? WHERE way = ? AND pin = ?`, now.UnixMilli(), by, i.Way, i.Pin); err != nil {
				return err
			}
			if n == 0 {
				words = ""
			} else {
				words += "; "
			}
			words += i.Way + " " + i.Pin
		}
		return appendRecord(tx, Record{At: now, Event: event, What: "confirm", By: by, Reason: words}, e)
	})
	if err != nil {
		return fmt.Errorf("confirm Exchange's identity: %w", err)
	}
	c.watch.tell()
	return nil
}

// ConfirmedFor says whether somebody has confirmed Exchange's identity for this event.
func (c *Continuity) ConfirmedFor(ctx context.Context, event string) (confirmed bool, err error) {
	err = c.o.DB.Read(ctx, func(tx *database.Tx) error {
		confirmed, err = confirmedFor(tx, event)
		return err
	})
	return confirmed, err
}

func confirmedFor(tx *database.Tx, event string) (bool, error) {
	var n int
	err := tx.QueryRow(`SELECT COUNT(*) FROM exchange_confirmed WHERE event = ?`, event).Scan(&n)
	return n > 0, err
}
