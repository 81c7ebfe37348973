package syncback

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// outage plays a day in the portal while Exchange is away and answers what must be there afterwards.
func outage(b *bench, rnd *rand.Rand) (wants []want, e continuity.Event) {
	seen := exchange.Flags{Seen: true}
	old, kept := b.history(anna, "alt1@x"), b.history(anna, "alt2@x")
	b.sync.work(b.ctx, anna)
	e = b.start(continuity.Outage, continuity.Scope{All: true})
	for i := range 2 + rnd.IntN(3) {
		id := fmt.Sprintf("neu%d@x", i)
		b.arrive(bert, id)
		wants = append(wants, want{bert, id, "INBOX", exchange.Flags{}})
	}
	plain, read, moved, deleted := b.arrive(anna, "a1@x"), b.arrive(anna, "a2@x"), b.arrive(anna, "a3@x"), b.arrive(anna, "a4@x")
	_ = plain
	b.flag(anna, read, true, false)
	b.flag(anna, read, false, true)
	b.flag(anna, read, true, true)
	b.move(anna, moved, mailstore.Junk)
	b.flag(anna, moved, true, false)
	b.move(anna, moved, mailstore.Archive)
	b.must(b.store.Delete(b.ctx, mailstore.FromPortal, anna, []email.MessageID{deleted}))
	b.colleague(anna, "intern@x")
	b.flag(anna, old, true, false)
	b.move(anna, kept, mailstore.Trash)
	draft, version := b.draft(anna, "", 0, "gesendet@x", "eins")
	draft, version = b.draft(anna, draft, version, "gesendet@x", "zwei")
	b.send(anna, draft, version, "gesendet@x")
	b.release()
	open, version := b.draft(anna, "", 0, "entwurf@x", "erste Fassung")
	b.draft(anna, open, version, "entwurf@x", "letzte Fassung")
	gone, _ := b.draft(anna, "", 0, "verworfen@x", "weg")
	b.must(b.store.DiscardDraft(b.ctx, anna, gone))
	return append(wants, want{anna, "a1@x", "INBOX", exchange.Flags{}}, want{anna, "a2@x", "INBOX", exchange.Flags{Seen: true, Flagged: true}},
		want{anna, "a3@x", "Archiv", seen}, want{anna, "a4@x", "Gelöschte Elemente", exchange.Flags{}}, want{anna, "intern@x", "INBOX", exchange.Flags{}},
		want{anna, "alt1@x", "INBOX", seen}, want{anna, "alt2@x", "Gelöschte Elemente", exchange.Flags{}}, want{anna, "gesendet@x", "Gesendete Elemente", seen},
		want{anna, "entwurf@x", "Entwürfe", exchange.Flags{Seen: true, Draft: true}}, want{anna, "verworfen@x", "", exchange.Flags{}}), e
}

// TestExactlyOnce drains an outage with answers lost before and after the effect, refusals for the
// time being, delayed visibility, and kills at every named step. Whatever the seed, each item is
// in Exchange once.
func TestExactlyOnce(t *testing.T) {
	points := map[string]int{}
	for seed := range uint64(24) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			b := newBench(t)
			playSeed(b, seed, points)
		})
	}
	t.Logf("kills per step: %v", points)
	for _, point := range []string{"plan", "planned", "claimed", "called", "step", "looked", "write", "written"} {
		if points[point] == 0 && !testing.Short() {
			t.Errorf("no kill hit %q", point)
		}
	}
}

// playSeed plays one outage and its drain; points counts the kills per step.
func playSeed(b *bench, seed uint64, points map[string]int) {
	b.t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 7))
	wants, e := outage(b, rnd)
	if n := b.world.count("deliver") + b.world.count("append"); n != 0 {
		b.t.Errorf("%d calls while the gate was closed", n)
	}
	if seed%2 == 1 {
		b.world.hidden = time.Duration(rnd.IntN(45)) * time.Minute // queues of Exchange's own
	}
	storm(b, rnd, points)
	b.end(e)
	b.drain()
	b.check(wants)
}

// storm lets 25 calls fail and kills the process 8 times, at random; then the weather is fine.
func storm(b *bench, rnd *rand.Rand, points map[string]int) {
	bad, kills := 25, 0
	b.world.script = func(op, box string) fault {
		if bad == 0 || rnd.IntN(3) == 0 {
			return fine
		}
		bad--
		return []fault{lostBefore, lostAfter, lostAfter, temporary, unreachable, throttled}[rnd.IntN(6)]
	}
	b.o.at = func(point string, _ email.MailboxID) error {
		often := 5
		if point == "write" || point == "written" { // around each of the others
			often = 40
		}
		if kills == 0 || rnd.IntN(often) != 0 {
			return nil
		}
		kills--
		points[point]++
		return errKilled
	}
	b.restart()
	kills = 8 // from here on, not in the start itself
}

// TestExactlyOnceOnBoth runs the same on SQLite and PostgreSQL: every query of the ledger.
func TestExactlyOnceOnBoth(t *testing.T) {
	databasetest.Each(t, func(t *testing.T, open func(*testing.T) *database.DB) {
		for seed := range uint64(3) {
			playSeed(newBenchOn(t, open(t)), 100+seed, map[string]int{})
		}
	})
}
