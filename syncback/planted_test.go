package syncback

import (
	"math/rand/v2"
	"testing"

	"holdover/email"
)

// caught plays outages with a mistake planted and answers whether the checker found it. plan sets
// the storm up; nil is no storm.
func caught(t *testing.T, planted faults, setup func(b *bench)) bool {
	t.Helper()
	b := newBench(t)
	b.o.faults = planted
	b.restart()
	wants, e := outage(b, rand.New(rand.NewPCG(1, 1)))
	early := b.world.count("deliver") + b.world.count("append")
	if !planted.noGate {
		early = 0
	} else if _, err := b.pass(); err == nil {
		early = b.world.count("deliver") + b.world.count("append")
	}
	if setup != nil {
		setup(b)
	}
	b.restart()
	b.end(e)
	b.drain()
	found := b.wrong(wants)
	if early > 0 {
		found = append(found, "Exchange was told while the gate was closed")
	}
	for _, f := range found {
		t.Log("found: ", f)
	}
	return len(found) > 0
}

// loseAnswers loses the answer of each operation's first calls, after they took effect.
func loseAnswers(b *bench) {
	left := map[string]int{"deliver": 2, "append": 2}
	b.world.script = func(op, box string) fault {
		if left[op] == 0 {
			return fine
		}
		left[op]--
		return lostAfter
	}
}

// killAfterCalls ends the process twice after a call, before its outcome is written.
func killAfterCalls(b *bench) {
	left := 2
	b.o.at = func(point string, _ email.MailboxID) error {
		if point != "called" || left == 0 {
			return nil
		}
		left--
		return errKilled
	}
}

// Without a mistake the checker is silent, in the same weather: else the tests below mean nothing.
func TestPlantedNothing(t *testing.T) {
	for name, setup := range map[string]func(*bench){"calm": nil, "lost answers": loseAnswers, "kills": killAfterCalls} {
		if caught(t, faults{}, setup) {
			t.Errorf("%s: the checker complains about nothing", name)
		}
	}
}

func TestPlantedLookupLeftOut(t *testing.T) {
	if !caught(t, faults{noLookup: true}, loseAnswers) {
		t.Error("a look-up left out went unnoticed")
	}
}

func TestPlantedIntentNotWritten(t *testing.T) {
	if !caught(t, faults{noIntent: true}, killAfterCalls) {
		t.Error("an intent not written went unnoticed")
	}
}

func TestPlantedGateIgnored(t *testing.T) {
	if !caught(t, faults{noGate: true}, nil) {
		t.Error("an ignored gate went unnoticed")
	}
}

func TestPlantedCursorSkipped(t *testing.T) {
	if !caught(t, faults{skipEntry: true}, nil) {
		t.Error("a cursor that skips an entry went unnoticed")
	}
}
