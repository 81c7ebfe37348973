package syncback

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/email"
	"holdover/syncback/traffic"
)

// Releaser keeps the events that have ended and wait for their release; *continuity.Continuity.
type Releaser interface {
	Openings(ctx context.Context) ([]continuity.Event, error)
	OnlyOpening(tx *database.Tx, m email.MailboxID) (bool, error)
	Covers(e continuity.Event, m email.MailboxID) bool
	Switch(ctx context.Context, name continuity.SwitchName) (continuity.Switch, error)
	ConfirmedFor(ctx context.Context, event string) (bool, error)
	Opened(tx *database.Tx, m email.MailboxID) (time.Time, error)
	Lockdowns(tx *database.Tx, m email.MailboxID) ([]continuity.Event, error)
	Release(ctx context.Context, id, by, why string) (continuity.Event, error)
}

// Probe is the mailbox into which canaries go, on each side where ways lead to.
type Probe struct {
	Mailboxes map[traffic.Location]string // addresses in Exchange; none: the first item of an event goes alone
	Sender    string                      // of canaries that go by SMTP, default the mailbox itself
}

// conductor is who releases events, in the record.
const conductor = "Holdover"

// conduct releases the events that have ended: it lets a canary go in and come out by each way, and
// opens the gates then. It runs until ctx ends.
func (s *Syncback) conduct(ctx context.Context) error {
	if s.o.Release == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	gates, stop := s.o.Gate.Watch()
	defer stop()
	for {
		next, err := s.conductAll(ctx)
		if err != nil {
			s.complain(ctx, "", err)
		}
		wait := sweep
		if !next.IsZero() {
			wait = max(min(next.Sub(s.now()), sweep), 10*time.Millisecond)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-gates:
		case <-s.nudged:
		case <-timer.C:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// conductAll does what can be done now for each opening event, and answers when more can be done;
// zero: when something happens.
func (s *Syncback) conductAll(ctx context.Context) (next time.Time, err error) {
	events, err := s.o.Release.Openings(ctx)
	if err != nil {
		return next, err
	}
	for _, e := range events {
		at, failed := s.conductOne(ctx, e)
		err = errors.Join(err, failed)
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next, err
}

// conductOne brings one event nearer to its release.
func (s *Syncback) conductOne(ctx context.Context, e continuity.Event) (next time.Time, err error) {
	if blocked, err := s.blocked(ctx, e); err != nil || blocked != "" {
		return time.Time{}, err
	}
	mine, err := s.takeConduct(ctx, e.ID)
	if err != nil || !mine {
		return time.Time{}, err
	}
	if len(s.o.Probe.Mailboxes) == 0 {
		return s.sendScout(ctx, e)
	}
	canaries, err := s.flyAll(ctx, e)
	if err != nil {
		return time.Time{}, err
	}
	if missing := s.unproven(canaries); len(missing) == 0 && allTried(canaries) {
		return time.Time{}, s.open(ctx, e, canaryWords(canaries))
	}
	for _, c := range canaries {
		if c.State != CanaryPassed && (next.IsZero() || c.Next.Before(next)) {
			next = c.Next
		}
	}
	return next, nil
}

// Blocks of a release, for pages.
const (
	BlockStopped   = "stopped"   // the sync-back is stopped
	BlockWithdrawn = "withdrawn" // the credentials are
	BlockIdentity  = "identity"  // nobody has confirmed that this is the right Exchange
)

// blocked says what an administrator has to do before a canary can go in; "": nothing.
func (s *Syncback) blocked(ctx context.Context, e continuity.Event) (string, error) {
	for name, block := range map[continuity.SwitchName]string{continuity.Stopped: BlockStopped, continuity.Withdrawn: BlockWithdrawn} {
		if on, err := s.o.Release.Switch(ctx, name); err != nil || on.On {
			return block, err
		}
	}
	if e.Kind == continuity.Lockdown {
		if confirmed, err := s.o.Release.ConfirmedFor(ctx, e.ID); err != nil || !confirmed {
			return BlockIdentity, err
		}
	}
	return "", nil
}

// takeConduct makes this node the one that conducts an event, for some minutes.
func (s *Syncback) takeConduct(ctx context.Context, event string) (mine bool, err error) {
	now := s.now()
	err = s.write(ctx, "", func(tx *database.Tx) error {
		_, err := tx.Exec(`INSERT INTO syncback_conduct (event, worker, until) VALUES (?,?,?)
			ON CONFLICT (event) DO UPDATE SET worker=excluded.worker, until=excluded.until WHERE syncback_conduct.worker=excluded.worker OR syncback_conduct.until<=?`,
			event, s.o.Node, millis(now.Add(2*canaryCall)), millis(now))
		if err != nil {
			return err
		}
		var worker string
		err = tx.QueryRow(`SELECT worker FROM syncback_conduct WHERE event=?`, event).Scan(&worker)
		mine = worker == s.o.Node
		return err
	})
	return mine, err
}

// flyAll flies the canary of each way that is due, all ways at once.
func (s *Syncback) flyAll(ctx context.Context, e continuity.Event) ([]Canary, error) {
	canaries, err := s.canaries(ctx, e.ID)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer s.takeOff(e, cancel)()
	errs := make([]error, len(canaries))
	var all sync.WaitGroup
	for i, c := range canaries {
		if c.State == CanaryPassed || c.Next.After(s.now()) {
			continue
		}
		all.Go(func() { canaries[i], errs[i] = s.fly(ctx, e.ID, s.way(c.Way), c) })
	}
	all.Wait()
	return canaries, errors.Join(errs...)
}

// flight is the canaries of an event that are under way.
type flight struct {
	event  continuity.Event
	cancel context.CancelFunc
}

// takeOff keeps the calls about an event's canaries, so that they can be cut; landed ends it.
func (s *Syncback) takeOff(e continuity.Event, cancel context.CancelFunc) (landed func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.flights[e.ID] = flight{e, cancel}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.flights, e.ID)
	}
}

// cutFlights ends calls about canaries that may not go any more: the credentials were withdrawn.
func (s *Syncback) cutFlights(ctx context.Context) {
	s.mu.Lock()
	under := slices.Collect(maps.Values(s.flights))
	s.mu.Unlock()
	for _, f := range under {
		if blocked, err := s.blocked(ctx, f.event); err == nil && blocked != "" {
			f.cancel()
		}
	}
}

// canaries are the rows of all ways that lead to a side with a probe mailbox, new where none is kept.
func (s *Syncback) canaries(ctx context.Context, event string) (list []Canary, err error) {
	var kept map[string]Canary
	err = s.db.Read(ctx, func(tx *database.Tx) (err error) {
		kept, err = readCanaries(tx, event)
		return err
	})
	if err != nil {
		return nil, err
	}
	for i := range s.o.Ways {
		w := &s.o.Ways[i]
		address := s.o.Probe.Mailboxes[w.At]
		if address == "" {
			continue
		}
		c, known := kept[w.Name()]
		if !known || c.Address != address {
			c = Canary{Way: w.Name(), State: CanaryNew, Address: address}
		}
		c.Title = w.Title()
		list = append(list, c)
	}
	return list, nil
}

// unproven lists the kinds of items for which no way has passed, on the sides with a probe mailbox.
func (s *Syncback) unproven(canaries []Canary) (missing []string) {
	passed := func(w *traffic.Way) bool {
		return slices.ContainsFunc(canaries, func(c Canary) bool { return c.Way == w.Name() && c.State == CanaryPassed })
	}
	for _, at := range s.o.Profile.Locations() {
		if s.o.Probe.Mailboxes[at] == "" {
			continue
		}
		for _, cargo := range traffic.Cargos() {
			if ways := s.table[at][cargo]; !slices.ContainsFunc(ways, passed) {
				missing = append(missing, string(cargo))
			}
		}
	}
	return missing
}

// allTried says that each way has been asked: one that fails beside one that passed does not hold up
// the drain, but the page and the record name it.
func allTried(canaries []Canary) bool {
	return !slices.ContainsFunc(canaries, func(c Canary) bool { return c.State == CanaryNew || c.State == CanarySent })
}

func canaryWords(canaries []Canary) string {
	var passed, failed []string
	for _, c := range canaries {
		if c.State == CanaryPassed {
			passed = append(passed, c.Title)
		} else {
			failed = append(failed, c.Title+": "+c.Words)
		}
	}
	words := "a canary went in and came out by " + strings.Join(passed, ", ")
	if len(failed) > 0 {
		words += "; not by " + strings.Join(failed, "; ")
	}
	return words
}

// open releases an event; somebody else may have been faster.
func (s *Syncback) open(ctx context.Context, e continuity.Event, words string) error {
	_, err := s.o.Release.Release(ctx, e.ID, conductor, words)
	if errors.Is(err, continuity.ErrNotOpening) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	for at, address := range s.o.Probe.Mailboxes {
		if err := s.sweepLitter(ctx, at, address); err != nil {
			s.complain(ctx, "", err)
		}
	}
	return nil
}

// ReleaseReport is how far the release of an event has come.
type ReleaseReport struct {
	Blocked  string // one of the Block... words, "" when canaries may go
	Probe    bool   // a probe mailbox is configured; else the first item goes alone
	Canaries []Canary
}

// ReleaseOf answers for an event that has ended and is not released.
func (s *Syncback) ReleaseOf(ctx context.Context, e continuity.Event) (r ReleaseReport, err error) {
	if s.o.Release == nil {
		return r, nil
	}
	if r.Blocked, err = s.blocked(ctx, e); err != nil {
		return r, err
	}
	if r.Probe = len(s.o.Probe.Mailboxes) > 0; r.Probe {
		r.Canaries, err = s.canaries(ctx, e.ID)
		return r, err
	}
	scout, on, err := s.scoutOf(ctx, e.ID)
	if on {
		r.Canaries = []Canary{scout}
	}
	return r, err
}

// RetryRelease lets what failed in an event's release be tried again at once.
func (s *Syncback) RetryRelease(ctx context.Context, event string) error {
	s.health.Resume()
	err := s.write(ctx, "", func(tx *database.Tx) error {
		_, err := tx.Exec(`UPDATE syncback_canary SET next=0 WHERE event=? AND state<>'passed'`, event)
		return err
	})
	select {
	case s.nudged <- struct{}{}:
	default:
	}
	return err
}
