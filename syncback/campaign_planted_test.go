package syncback

import (
	"testing"
	"time"

	"holdover/database/databasetest"
	"holdover/exchange/exchangetest"
)

// TestCampaignFindsMistakes: the campaign's checker finds each mistake that is planted, in the weather
// that shows it, and is silent in the same weather without it.
func TestCampaignFindsMistakes(t *testing.T) {
	lost := func(b *bed) { // answers are lost after the effect
		for _, f := range []exchangetest.DoubleFault{{Face: "smtp", Point: "after", Do: "drop", Times: 3}, {Face: "imap", Point: "appended", Do: "drop", Times: 3}} {
			b.double.Fault(f)
		}
	}
	killed := func(b *bed) { b.weather.only = []string{"after Deliver", "after AppendAll", "after Append", "called"} }
	slept := func(b *bed) { // longer than a lease, in the middle of what others then do
		b.weather.frosts = []frost{{point: "before Append", lasts: 50 * time.Minute}}
	}
	for name, c := range map[string]struct {
		planted faults
		weather func(*bed)
		nodes   int
	}{
		"a look-up left out":    {faults{noLookup: true}, lost, 1},
		"no intent":             {faults{noIntent: true}, killed, 1},
		"the gate ignored":      {faults{noGate: true}, func(*bed) {}, 1},
		"an entry skipped":      {faults{skipEntry: true}, func(*bed) {}, 1},
		"a fence not respected": {faults{noFence: true}, slept, 2},
	} {
		t.Run(name, func(t *testing.T) {
			play := func(planted faults) []string {
				b := newBed(t, 3, databasetest.Open(t), c.nodes, planted)
				b.weather.own = c.weather
				b.run(30, false, false)
				if c.nodes > 1 && b.frosts == 0 {
					t.Error("nobody froze")
				}
				return b.wrong()
			}
			if found := play(faults{}); len(found) > 0 {
				t.Errorf("the checker complains about nothing: %q", found)
			}
			found := play(c.planted)
			if len(found) == 0 {
				t.Error("it went unnoticed")
			}
			t.Logf("%q", found)
		})
	}
}
