package search

import (
	"context"
	"errors"
	"os"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

const (
	collect  = time.Second      // entries of a mailbox are collected for so long
	quietFor = 15 * time.Second // longest wait for deliveries to pause before a batch
	look     = 50 * time.Millisecond
	sweep    = 5 * time.Minute // every mailbox is looked at, whatever was noticed
	retry    = 10 * time.Second
	scrubAge = 24 * time.Hour   // every index is compared with the store
	scrubFor = 10 * time.Second // at each sweep, in all
)

// Run follows the log until ctx ends, and returns ctx's error. It yields while mail is coming in:
// it waits for a pause up to fifteen seconds, and after a batch beside deliveries rests nine times as
// long as that took.
func (x *Index) Run(ctx context.Context) error {
	notices, stop := x.src.Watch()
	defer stop()
	f := follower{x: x, due: map[email.MailboxID]time.Time{}}
	f.all(ctx)
	tick := time.NewTicker(collect / 4)
	defer tick.Stop()
	swept := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case n, ok := <-notices:
			if !ok {
				notices = nil // the store is closing; ctx ends soon
				continue
			}
			f.mark(n.Mailbox, collect)
		case m := <-x.wake:
			f.mark(m, 0)
		case <-tick.C:
		}
		f.work(ctx, notices)
		if time.Since(swept) >= sweep {
			f.all(ctx)
			x.scrub(ctx)
			swept = time.Now()
		}
	}
}

// follower knows which mailboxes are to be looked at, and when.
type follower struct {
	x   *Index
	due map[email.MailboxID]time.Time
}

// mark makes a mailbox due; the first of many notices counts.
func (f *follower) mark(m email.MailboxID, in time.Duration) {
	at := time.Now().Add(in)
	if before, waiting := f.due[m]; !waiting || at.Before(before) {
		f.due[m] = at
	}
}

// all makes every mailbox due: at start, and now and then in case something was never noticed.
func (f *follower) all(ctx context.Context) {
	mailboxes, err := f.x.src.Mailboxes(ctx)
	if err != nil && ctx.Err() == nil {
		f.x.log.Error("search cannot list the mailboxes", "error", err)
	}
	for _, m := range mailboxes {
		f.mark(m, 0)
	}
}

// next is the mailbox that has been due longest.
func (f *follower) next() (m email.MailboxID, ok bool) {
	var first time.Time
	now := time.Now()
	for candidate, at := range f.due {
		if !at.After(now) && (!ok || at.Before(first)) {
			m, first, ok = candidate, at, true
		}
	}
	return m, ok
}

// work feeds what is due, batch by batch, so that no mailbox waits for the whole of another.
func (f *follower) work(ctx context.Context, notices <-chan mailstore.Notice) {
	for ctx.Err() == nil {
		m, ok := f.next()
		if !ok {
			return
		}
		delete(f.due, m)
		f.pause(ctx, quietFor)
		began := time.Now()
		more, err := f.x.feed(ctx, m)
		switch {
		case ctx.Err() != nil || errors.Is(err, os.ErrClosed):
			return
		case errors.Is(err, errDamaged):
			f.mark(m, 0)
		case err != nil:
			f.x.log.Error("search index is not following", "mailbox", m, "error", err)
			f.mark(m, retry)
		case more:
			f.mark(m, 0)
		}
		if f.x.src.Busy() > 0 {
			f.pause(ctx, 9*time.Since(began))
		}
		f.drain(notices)
	}
}

// drain takes notices that came during a batch.
func (f *follower) drain(notices <-chan mailstore.Notice) {
	for {
		select {
		case n, ok := <-notices:
			if !ok {
				return
			}
			f.mark(n.Mailbox, collect)
		default:
			return
		}
	}
}

// pause waits until no delivery is under way, at most for long.
func (f *follower) pause(ctx context.Context, long time.Duration) {
	end := time.Now().Add(long)
	for f.x.src.Busy() > 0 && time.Now().Before(end) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(min(look, long)):
		}
	}
}

func (x *Index) feed(ctx context.Context, m email.MailboxID) (more bool, err error) {
	s, err := x.shelf(m)
	if err != nil {
		return false, err
	}
	return s.feedBatch(ctx, batchSize)
}
