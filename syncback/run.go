package syncback

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"holdover/email"
	"holdover/mailstore"
)

// sweep is how often everything is looked over without being told: another node may have planned
// or died.
const sweep = 15 * time.Second

// Run plans, tells and verifies until ctx ends. A call under way is cut then, and its row is in
// doubt or waiting again.
func (s *Syncback) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.follow(ctx) })
	group.Go(func() error { return s.followRefills(ctx) })
	group.Go(func() error { return s.conduct(ctx) })
	for range s.o.Workers {
		group.Go(func() error { return s.serve(ctx) })
	}
	err := group.Wait()
	if ctx.Err() != nil && (err == nil || err == context.Canceled) {
		return nil
	}
	return err
}

// follow plans what the change log brings, and wakes mailboxes when a gate may have moved.
func (s *Syncback) follow(ctx context.Context) error {
	notices, stop := s.o.Store.Watch()
	defer stop()
	gates, stopGates := s.o.Gate.Watch()
	defer stopGates()
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		s.catchUp(ctx)
		s.wakeAll(ctx)
		for stir := false; !stir; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case n := <-notices:
				for m := range s.gather(ctx, n, notices) {
					s.planAndWake(ctx, m)
				}
			case <-gates:
				s.cut(ctx)
				stir = true
			case <-tick.C:
				stir = true
			}
		}
	}
}

// Notices are gathered for a moment before they are planned, and longer while mail is coming in:
// each commit of ours is a flush that deliveries wait for.
const (
	gatherCalm = 10 * time.Millisecond
	gatherBusy = 2 * time.Second
)

func (s *Syncback) gather(ctx context.Context, first mailstore.Notice, notices <-chan mailstore.Notice) map[email.MailboxID]bool {
	moved := map[email.MailboxID]bool{first.Mailbox: true}
	calm, busy := time.NewTimer(gatherCalm), time.NewTimer(gatherBusy)
	defer calm.Stop()
	defer busy.Stop()
	for {
		select {
		case n := <-notices:
			moved[n.Mailbox] = true
		case <-calm.C:
			if s.o.Store.Busy() == 0 {
				return moved
			}
			calm.Reset(gatherCalm)
		case <-busy.C:
			return moved
		case <-ctx.Done():
			return moved
		}
	}
}

// catchUp plans every mailbox whose log is ahead of us.
func (s *Syncback) catchUp(ctx context.Context) {
	behind, err := s.o.Store.Behind(ctx, consumer)
	if err != nil {
		s.complain(ctx, "", err)
		return
	}
	for _, m := range behind {
		s.planAndWake(ctx, m)
	}
}

func (s *Syncback) planAndWake(ctx context.Context, m email.MailboxID) {
	if err := s.plan(ctx, m); err != nil {
		s.complain(ctx, m, err)
		return // the sweep comes back to it
	}
	s.agenda.put(m, s.now())
}

func (s *Syncback) wakeAll(ctx context.Context) {
	list, err := s.unfinished(ctx)
	if err != nil {
		s.complain(ctx, "", err)
	}
	for _, m := range list {
		s.agenda.put(m, s.now())
	}
}

// serve is one worker: it takes mailboxes that are due, one at a time.
func (s *Syncback) serve(ctx context.Context) error {
	for {
		m, ok := s.agenda.take(ctx)
		if !ok {
			return ctx.Err()
		}
		due, err := s.work(ctx, m)
		if err != nil {
			s.complain(ctx, m, err)
			due = s.now().Add(5 * time.Second)
		}
		s.agenda.done(m, due, s.now())
	}
}

func (s *Syncback) complain(ctx context.Context, m email.MailboxID, err error) {
	if ctx.Err() == nil {
		s.o.Log.Error("sync-back: cannot go on for now", "mailbox", m, "err", err)
	}
}
