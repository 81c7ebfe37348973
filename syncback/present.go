package syncback

import (
	"context"
	"sync"
	"time"

	"holdover/continuity"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// Door is where a way into Exchange, or the tenant behind it, can be asked who it is. No credential is
// sent for that.
type Door struct {
	Way    string // as the handshakes of the way are remembered under
	Title  string
	Pinned bool // a confirmation holds the way to this one; else it only shows (certificates of Exchange Online change often)
	Look   func(ctx context.Context) (exchange.Presented, error)
}

// Shown is what a door shows now.
type Shown struct {
	Door
	Identity continuity.Identity
	Trouble  string // why the configured authorities do not vouch for it
	Failed   string // why nothing was shown
}

// lookAtDoor is the longest time that one door is waited for.
const lookAtDoor = 10 * time.Second

// Present asks every door at once what it shows. Call it when a person asks: in a lockdown nothing else
// touches Exchange.
func (s *Syncback) Present(ctx context.Context) []Shown {
	ctx, cancel := context.WithTimeout(ctx, lookAtDoor)
	defer cancel()
	list := make([]Shown, len(s.o.Doors))
	var all sync.WaitGroup
	for i, d := range s.o.Doors {
		all.Go(func() {
			list[i].Door = d
			shown, err := d.Look(ctx)
			if err != nil {
				list[i].Failed = oneLine(err)
				return
			}
			list[i].Trouble = shown.Trouble
			list[i].Identity = continuity.Identity{Way: d.Way, Pin: shown.Pin, Subject: shown.Subject, Issuer: shown.Issuer, Expires: shown.Expires}
		})
	}
	all.Wait()
	return list
}

// Resume lets every way and every mailbox be tried at once, whatever rested.
func (s *Syncback) Resume(ctx context.Context) {
	s.health.Resume()
	s.pace.Resume()
	s.wakeAll(ctx)
}

// Limits are how much Exchange takes, as this sync-back keeps them.
func (s *Syncback) Limits() []traffic.Limit { return s.o.Limits }
