package signin

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"holdover/database"
	"holdover/email"
)

// A session that has ended by itself stays in the table for a while, for exactly one purpose: a form that
// somebody was still filling may be saved as that person's draft. It opens no page, shows nothing and sends
// nothing. A session that was signed out of is deleted at once and so is of no use, and neither is that of a
// mailbox that has left the directory.

const (
	// writable is how long after its end something may be saved: over a weekend.
	writable = 72 * time.Hour
	// mostSaves and mostOctets bound what one ended session can bring into the store.
	mostSaves  = 120
	mostOctets = 160 << 20
)

// ErrSpent says that an ended session has saved as much as it may; signing in helps.
var ErrSpent = errors.New("this ended session has saved as much as it may")

// Lapse is a session that has ended by itself.
type Lapse struct {
	Person Person
	Saved  time.Time // when something was last saved since its end; zero: never
	token  string    // its hash
}

// keyLapsed is, in a session of a sign-in under way, the hash of the one that ended before in this browser. So
// a form can be saved also while the provider is asked, or does not answer.
const keyLapsed = "lapsed"

// Lapsed answers whose session this browser had until it ended. Not ok: nobody is known, or somebody is
// signed in.
func (s *Signin) Lapsed(ctx context.Context) (l Lapse, ok bool, err error) {
	v := of(ctx)
	if v.GetString(ctx, keyMailbox) != "" {
		return l, false, nil
	}
	l.token = v.GetString(ctx, keyLapsed)
	if l.token == "" && v.token != "" {
		l.token = hashed(v.token)
	}
	if l.token == "" {
		return l, false, nil
	}
	data, saved, err := v.store.lapsed(ctx, l.token)
	if errors.Is(err, sql.ErrNoRows) {
		return l, false, nil
	}
	var was encoded
	if err == nil {
		err = json.Unmarshal([]byte(data), &was)
	}
	if err != nil {
		return l, false, fmt.Errorf("ended session: %w", err)
	}
	box, known := s.o.Directory.Mailbox(email.MailboxID(was.Values[keyMailbox]))
	if !known {
		return l, false, nil
	}
	l.Person = Person{Mailbox: box.ID, Name: box.Name, Address: box.Address, Language: was.Values[keyLanguage], Theme: was.Values[keyTheme]}
	if l.Person.Language == "" {
		l.Person.Language = box.Language
	}
	if saved > 0 {
		l.Saved = time.UnixMilli(saved)
	}
	return l, true, nil
}

// Spend counts what is about to be saved for an ended session, in octets. ErrSpent: it has reached its bounds.
func (s *Signin) Spend(ctx context.Context, l Lapse, octets int64) error {
	return of(ctx).store.spend(ctx, l.token, octets)
}

// lapsed reads a session that has ended and can still be saved from.
func (s *store) lapsed(ctx context.Context, token string) (data string, saved int64, err error) {
	now := s.now()
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		return tx.QueryRow(`SELECT data, saved FROM session WHERE token = ? AND expires <= ? AND expires > ?`,
			token, now.UnixMilli(), now.Add(-writable).UnixMilli()).Scan(&data, &saved)
	})
	return data, saved, err
}

func (s *store) spend(ctx context.Context, token string, octets int64) error {
	now := s.now().UnixMilli()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		n, err := tx.Changed(`UPDATE session SET saves = saves + 1, octets = octets + ?, saved = ? WHERE token = ? AND expires <= ? AND saves < ? AND octets + ? <= ?`,
			octets, now, token, now, mostSaves, octets, mostOctets)
		if err == nil && n == 0 {
			err = ErrSpent
		}
		return err
	})
}

// sweep removes what has ended: sessions of people when nothing can be saved from them any more, sign-ins that
// were not finished at once.
func (s *store) sweep(ctx context.Context) error {
	now := s.now()
	return s.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM session WHERE expires <= ? OR expires <= ? AND data NOT LIKE ?`,
			now.Add(-writable).UnixMilli(), now.UnixMilli(), `%"`+keyMailbox+`":"%`)
		return err
	})
}

// cookieOf is the session's token as the browser sent it.
func (s *sessions) cookieOf(r *http.Request) string {
	if cookie, err := r.Cookie(s.Cookie.Name); err == nil {
		return cookie.Value
	}
	return ""
}

// forget removes the ended session of this browser, and what a sign-in under way remembers of it.
func (v visit) forget(ctx context.Context) error {
	before := v.PopString(ctx, keyLapsed)
	if before == "" && v.token != "" {
		before = hashed(v.token)
	}
	return v.store.db.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM session WHERE token = ?`, before)
		return err
	})
}
