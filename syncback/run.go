package syncback

import (
	"context"
	"sync"
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
	group.Go(func() error { return s.agenda.keep(ctx) })
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

// agenda says which mailbox is due when, and lets one worker at a time have it.
type agenda struct {
	mu    sync.Mutex
	at    map[email.MailboxID]time.Time // due, by the time of the wall
	busy  map[email.MailboxID]bool
	again map[email.MailboxID]bool // became due while busy
	ready chan email.MailboxID
	moved chan struct{}
}

func newAgenda() *agenda {
	return &agenda{at: map[email.MailboxID]time.Time{}, busy: map[email.MailboxID]bool{}, again: map[email.MailboxID]bool{},
		ready: make(chan email.MailboxID), moved: make(chan struct{}, 1)}
}

// put makes a mailbox due now.
func (a *agenda) put(m email.MailboxID, now time.Time) { a.set(m, now, now) }

// set makes a mailbox due at a time of the injected clock, which reads now.
func (a *agenda) set(m email.MailboxID, due, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	wall := time.Now().Add(due.Sub(now))
	switch old, waits := a.at[m]; {
	case a.busy[m]:
		a.again[m] = true
	case !waits || wall.Before(old):
		a.at[m] = wall
		a.nudge()
	}
}

func (a *agenda) nudge() {
	select {
	case a.moved <- struct{}{}:
	default:
	}
}

// keep hands out what is due until ctx ends.
func (a *agenda) keep(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		m, at, ok := a.first()
		hand := a.ready
		if !ok || at.After(time.Now()) {
			hand = nil
			timer.Reset(a.until(at, ok))
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case hand <- m:
			a.begin(m)
		case <-a.moved:
		case <-timer.C:
		}
	}
}

func (a *agenda) until(at time.Time, ok bool) time.Duration {
	if !ok {
		return time.Hour
	}
	return max(time.Until(at), time.Millisecond)
}

func (a *agenda) first() (m email.MailboxID, at time.Time, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for box, due := range a.at {
		if !ok || due.Before(at) {
			m, at, ok = box, due, true
		}
	}
	return m, at, ok
}

func (a *agenda) begin(m email.MailboxID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.at, m)
	a.busy[m] = true
}

func (a *agenda) take(ctx context.Context) (email.MailboxID, bool) {
	select {
	case m := <-a.ready:
		return m, true
	case <-ctx.Done():
		return "", false
	}
}

// done gives a mailbox back; due zero: only when something happens.
func (a *agenda) done(m email.MailboxID, due, now time.Time) {
	a.mu.Lock()
	delete(a.busy, m)
	again := a.again[m]
	delete(a.again, m)
	a.mu.Unlock()
	if again {
		a.set(m, now, now)
	} else if !due.IsZero() {
		a.set(m, due, now)
	}
}
