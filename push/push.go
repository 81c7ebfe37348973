// Package push tells the browsers of people who asked for it that mail has come (Web Push, RFC 8030,
// 8291 and 8292). A notification says how many messages came and nothing of them: it crosses the
// browser maker's service. It is a courtesy, not a promise: what could not be delivered is dropped.
package push

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/SherClockHolmes/webpush-go"

	"holdover/database"
	"holdover/email"
)

//go:embed migrations/*.sql
var migrations embed.FS

// most is how many browsers one person may have; the oldest goes.
const most = 10

// ErrInvalid says that a subscription is none that a browser makes.
var ErrInvalid = errors.New("push: no subscription of a browser")

// Options of Open.
type Options struct {
	DB      *database.DB // sessions' database: what is lost with it is asked for again
	Source  Source
	Contact string // whom a push service may write to: "mailto:..." or a URL (RFC 8292, 2.1)
	Client  *http.Client
	Now     func() time.Time
	Log     *slog.Logger
}

// Push sends notifications. It is safe for many goroutines.
type Push struct {
	o               Options
	private, public string
}

// Subscription is one browser.
type Subscription struct {
	Endpoint, P256dh, Auth string
	Lang                   string
}

// Open migrates its tables and makes the key pair at the first start. A nil Client is one that
// reaches public addresses only: an endpoint is a person's input.
func Open(ctx context.Context, o Options) (*Push, error) {
	if o.Client == nil {
		o.Client = publicClient()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if err := o.DB.Migrate(ctx, "push", files); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	p := &Push{o: o}
	return p, p.keys(ctx)
}

func (p *Push) keys(ctx context.Context) error {
	private, public, err := webpush.GenerateVAPIDKeys()
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	return p.o.DB.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO push_key (id, private, public) VALUES (1, ?, ?) ON CONFLICT (id) DO NOTHING`, private, public); err != nil {
			return err
		}
		return tx.QueryRow(`SELECT private, public FROM push_key WHERE id = 1`).Scan(&p.private, &p.public)
	})
}

// Key is our public key, which a browser needs to subscribe.
func (p *Push) Key() string { return p.public }

// Subscribe keeps a browser of a person and sends it a first notification. Errors: ErrInvalid.
func (p *Push) Subscribe(ctx context.Context, m email.MailboxID, s Subscription) error {
	if err := s.check(); err != nil {
		return err
	}
	err := p.o.DB.Write(ctx, func(tx *database.Tx) error {
		if _, err := tx.Exec(`INSERT INTO push_subscription (endpoint, mailbox, p256dh, auth, lang, added, fails) VALUES (?,?,?,?,?,?,0)
			ON CONFLICT (endpoint) DO UPDATE SET mailbox=excluded.mailbox, p256dh=excluded.p256dh, auth=excluded.auth, lang=excluded.lang, added=excluded.added, fails=0`,
			s.Endpoint, string(m), s.P256dh, s.Auth, s.Lang, p.o.Now().UnixMilli()); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM push_subscription WHERE mailbox=? AND endpoint NOT IN (SELECT endpoint FROM push_subscription WHERE mailbox=? ORDER BY added DESC LIMIT ?)`,
			string(m), string(m), most)
		return err
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	return p.send(ctx, s, note{Lang: s.Lang, Test: true})
}

func (s Subscription) check() error {
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(s.Endpoint) > 2000 || len(s.P256dh) > 200 || len(s.Auth) > 100 || s.P256dh == "" || s.Auth == "" {
		return ErrInvalid
	}
	return nil
}

// Unsubscribe forgets a browser of a person.
func (p *Push) Unsubscribe(ctx context.Context, m email.MailboxID, endpoint string) error {
	return p.o.DB.Write(ctx, func(tx *database.Tx) error {
		_, err := tx.Exec(`DELETE FROM push_subscription WHERE mailbox=? AND endpoint=?`, string(m), endpoint)
		return err
	})
}

// of lists the browsers of a person.
func (p *Push) of(ctx context.Context, m email.MailboxID) (list []Subscription, err error) {
	err = p.o.DB.Read(ctx, func(tx *database.Tx) error {
		list = nil
		rows, err := tx.Query(`SELECT endpoint, p256dh, auth, lang FROM push_subscription WHERE mailbox=?`, string(m))
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var s Subscription
			if err := rows.Scan(&s.Endpoint, &s.P256dh, &s.Auth, &s.Lang); err != nil {
				return err
			}
			list = append(list, s)
		}
		return rows.Err()
	})
	return list, err
}
