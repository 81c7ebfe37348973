package webtest

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback"
)

// Told stands for sync-back: a ledger of which a test sets what stands in it, before a page asks. Nothing
// waits unless it says so.
type Told struct {
	Sum     syncback.Report
	Tally   *syncback.Tally // nil: the counts of Sum, one message for each change
	Check   syncback.Crosscheck
	Entries []syncback.Line
	ByID    map[email.MessageID]syncback.State
	Gate    syncback.Position // "" open
	Ways    []syncback.Carried
	Alarm   []syncback.Alarm

	mu      sync.Mutex
	retried []mailstore.Seq
	filters []syncback.Filter
}

// Retried are the entries that somebody let try again.
func (l *Told) Retried() []mailstore.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.retried)
}

// Asked is the latest filter of a list.
func (l *Told) Asked() syncback.Filter {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.filters[len(l.filters)-1]
}

func (l *Told) Position(context.Context, email.MailboxID) (syncback.Position, error) {
	if l.Gate == "" {
		return syncback.Open, nil
	}
	return l.Gate, nil
}

func (l *Told) Alarms() []syncback.Alarm { return l.Alarm }

func (l *Told) Unverified(context.Context, email.MailboxID) (int, error) {
	return l.Sum.Total - l.Sum.Verified, nil
}

func (l *Told) States(_ context.Context, _ email.MailboxID, ids []email.MessageID) (map[email.MessageID]syncback.State, error) {
	found := map[email.MessageID]syncback.State{}
	for _, id := range ids {
		if state, ok := l.ByID[id]; ok {
			found[id] = state
		}
	}
	return found, nil
}

func (l *Told) Report(context.Context, time.Time, func(email.MailboxID) bool) (syncback.Report, error) {
	return l.Sum, nil
}

func (l *Told) Own(context.Context, email.MailboxID, syncback.Span) (syncback.Counts, error) {
	return l.Sum.Counts, nil
}

func (l *Told) Account(_ context.Context, _ syncback.Span, covers func(email.MailboxID) bool) (syncback.Account, error) {
	a := syncback.Account{Tally: syncback.Tally{Messages: l.Sum.Counts, Changes: l.Sum.Counts}}
	for _, m := range l.Sum.Mailboxes {
		if covers(m.Mailbox) {
			a.Boxes = append(a.Boxes, syncback.BoxTally{Mailbox: m.Mailbox, Position: m.Position, Tally: syncback.Tally{Messages: m.Counts, Changes: m.Counts}})
		}
	}
	if l.Tally != nil {
		a.Tally = *l.Tally
	}
	if len(a.Boxes) == 0 {
		a.Boxes = []syncback.BoxTally{{Tally: a.Tally}}
	}
	return a, nil
}

func (l *Told) Crosscheck(context.Context, syncback.Span, func(email.MailboxID) bool) (syncback.Crosscheck, error) {
	if l.Check.Store == 0 {
		return syncback.Crosscheck{Store: l.Sum.Total, Ledger: l.Sum.Total}, nil
	}
	return l.Check, nil
}

func (l *Told) Carried(context.Context, syncback.Span, func(email.MailboxID) bool) ([]syncback.Carried, error) {
	return l.Ways, nil
}

// Lines are the entries of a mailbox, or of all, in a state, or in any.
func (l *Told) Lines(_ context.Context, _ time.Time, m email.MailboxID, state syncback.State, limit int) (list []syncback.Line, err error) {
	for _, line := range l.Entries {
		if (m == "" || m == line.Mailbox) && (state == "" || state == line.State) && len(list) < limit {
			list = append(list, line)
		}
	}
	return list, nil
}

// List goes by pages, as the ledger does.
func (l *Told) List(_ context.Context, f syncback.Filter) (list []syncback.Line, next string, err error) {
	l.mu.Lock()
	l.filters = append(l.filters, f)
	l.mu.Unlock()
	from, _ := strconv.Atoi(f.After)
	for n, line := range l.Entries {
		if n < from || f.Mailboxes != nil && !slices.Contains(f.Mailboxes, line.Mailbox) || len(f.States) > 0 && !slices.Contains(f.States, line.State) {
			continue
		}
		if len(list) == f.Limit {
			return list, strconv.Itoa(n), nil
		}
		list = append(list, line)
	}
	return list, "", nil
}

// Retry notes a parked entry.
func (l *Told) Retry(_ context.Context, m email.MailboxID, seq mailstore.Seq, _ string) error {
	for _, line := range l.Entries {
		if line.Mailbox == m && line.Seq == seq && line.State == syncback.Parked {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.retried = append(l.retried, seq)
			return nil
		}
	}
	return syncback.ErrNotParked
}

func (l *Told) RetryAll(ctx context.Context, f syncback.Filter, by string) (n int, err error) {
	f.Limit = len(l.Entries) + 1
	lines, _, _ := l.List(ctx, f)
	for _, line := range lines {
		if l.Retry(ctx, line.Mailbox, line.Seq, by) == nil {
			n++
		}
	}
	return n, nil
}
