package push

import (
	"context"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

const (
	gather = 2 * time.Second  // mail that comes together is one notification
	fresh  = 10 * time.Minute // older mail is no news: a restored backup, a rebuild
	window = 200              // entries looked at
)

// Source is the mail store, as far as it brings news.
type Source interface {
	Entries(ctx context.Context, m email.MailboxID, after mailstore.Seq, limit int) ([]mailstore.Entry, error)
	Messages(ctx context.Context, m email.MailboxID, ids []email.MessageID) ([]mailstore.Message, error)
	Watch() (notices <-chan mailstore.Notice, stop func())
}

// Run tells of new mail until ctx ends, and returns ctx's error.
func (p *Push) Run(ctx context.Context) error {
	notices, stop := p.o.Source.Watch()
	defer stop()
	seen := map[email.MailboxID]mailstore.Seq{}
	moved := map[email.MailboxID]mailstore.Seq{}
	timer := time.NewTimer(gather)
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n, ok := <-notices:
			if !ok {
				notices = nil
				continue
			}
			if len(moved) == 0 {
				timer.Reset(gather)
			}
			moved[n.Mailbox] = n.Seq
		case <-timer.C:
			for m, seq := range moved {
				if err := p.tell(ctx, m, seen[m], seq); err != nil && ctx.Err() == nil {
					p.o.Log.Warn("a notification was not delivered", "mailbox", m, "err", err)
				}
				seen[m] = seq
			}
			clear(moved)
		}
	}
}

// tell notifies a person's browsers of what came into the Inbox after one place of the log and up to another.
func (p *Push) tell(ctx context.Context, m email.MailboxID, after, upTo mailstore.Seq) error {
	browsers, err := p.of(ctx, m)
	if err != nil || len(browsers) == 0 {
		return err
	}
	entries, err := p.o.Source.Entries(ctx, m, max(after, upTo-window), window)
	if err != nil {
		return err
	}
	var ids []email.MessageID
	for _, e := range entries {
		if e.Seq <= upTo && e.Kind == mailstore.Arrived && p.o.Now().Sub(e.At) < fresh && e.Origin != mailstore.FromExchange {
			ids = append(ids, e.Message)
		}
	}
	n, err := p.unread(ctx, m, ids)
	if err != nil || n == 0 {
		return err
	}
	for _, b := range browsers {
		if failed := p.send(ctx, b, note{N: n, Lang: b.Lang}); failed != nil {
			err = failed // the others are told all the same
		}
	}
	return err
}

func (p *Push) unread(ctx context.Context, m email.MailboxID, ids []email.MessageID) (n int, err error) {
	if len(ids) == 0 {
		return 0, nil
	}
	messages, err := p.o.Source.Messages(ctx, m, ids)
	for _, one := range messages {
		if one.Folder == mailstore.Inbox && !one.Flags.Seen {
			n++
		}
	}
	return n, err
}
