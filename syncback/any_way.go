package syncback

import (
	"context"
	"errors"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// finder looks for messages in one mailbox.
type finder interface {
	Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error)
}

// anyWay looks for messages of a mailbox over the first of its ways that answers. Looking changes
// nothing, so every way may be asked, also for what another one left in doubt.
type anyWay struct {
	s       *Syncback
	mailbox email.MailboxID
	address string
}

func (a anyWay) Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error) {
	var failed error
	for _, w := range a.s.lookWays(a.mailbox) {
		copies, err := w.Mailbox(a.address).Find(ctx, q)
		if err == nil {
			a.s.health.Well(w, a.mailbox)
			return copies, nil
		}
		if errors.Is(err, exchange.ErrNoFolder) || ctx.Err() != nil {
			return nil, err
		}
		a.s.missed(w, a.mailbox, err)
		if errors.Is(err, exchange.ErrThrottled) || errors.Is(err, exchange.ErrElsewhere) {
			return nil, err
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil {
		failed = &exchange.Failure{Kind: exchange.ErrUnreachable, Op: "look", Words: "no way into the mailbox works now"}
	}
	return nil, failed
}

// missed notes a look-up that failed: over a way as a whole, over it for this mailbox, or because
// the mailbox asks for patience. Nothing is proven by it.
func (s *Syncback) missed(w *traffic.Way, m email.MailboxID, err error) {
	var f *exchange.Failure
	if !errors.As(err, &f) {
		f = &exchange.Failure{}
	}
	now, words := s.now(), wordsOf(err)
	switch {
	case errors.Is(err, exchange.ErrUnreachable):
		s.health.Ail(w, now, words, f.Remedy)
	case errors.Is(err, exchange.ErrRoute): // somebody else answers there
		s.health.Stop(w, now, words, f.Remedy)
	case errors.Is(err, exchange.ErrElsewhere):
		s.misplaced(m)
	case errors.Is(err, exchange.ErrLogin):
		s.health.Rest(w, m, now, f.After, words, f.Remedy)
	case errors.Is(err, exchange.ErrThrottled):
		s.pace.Pause(m, now.Add(max(f.After, 10*time.Second)), words)
	}
}
