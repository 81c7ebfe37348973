package syncback

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdover/continuity"
	"holdover/database"
	"holdover/database/databasetest"
	"holdover/exchange/exchangetest"
)

// TestCampaign plays seeds against the double: calm, an outage with people at work in the portal, its
// end in bad weather with kills at every fail point, more work while it drains, and fine weather at
// last. Then each item is in its place once. `make campaign seeds` runs the large form:
// HOLDOVER_SEEDS=1-200 HOLDOVER_ITEMS=500. A seed that fails is named; HOLDOVER_SEEDS=N plays it again.
func TestCampaign(t *testing.T) {
	first, last, items := span()
	points, total := map[string]int{}, count{}
	for seed := first; seed <= last; seed++ {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			playCampaign(t, seed, items, points, &total)
		})
	}
	t.Logf("items %d, rows %d, kills %d: %v", total.items, total.rows, total.kills, points)
	if out := os.Getenv("HOLDOVER_CAMPAIGN_OUT"); out != "" && !t.Failed() {
		f, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		fmt.Fprintf(f, "%d %d %d %d %d %d %d %d %s\n", first, last, total.items, total.rows, total.kills, total.faults, total.frozen, total.users, strings.Join(slices.Sorted(maps.Keys(points)), ","))
	}
}

type count struct{ items, rows, kills, faults, frozen, users int }

func span() (first, last uint64, items int) {
	first, last, items = 1, 6, 60
	if v := os.Getenv("HOLDOVER_SEEDS"); v != "" {
		from, to, ok := strings.Cut(v, "-")
		first, _ = strconv.ParseUint(from, 10, 64)
		if last = first; ok {
			last, _ = strconv.ParseUint(to, 10, 64)
		}
	}
	if n, err := strconv.Atoi(os.Getenv("HOLDOVER_ITEMS")); err == nil {
		items = n
	}
	return first, last, items
}

// nodesOf says how many nodes share a seed's store, and whether one of them freezes.
func nodesOf(seed uint64) (nodes int, freezes bool) {
	switch seed % 10 {
	case 3, 8:
		return 2, true
	case 5:
		return 5, true
	}
	return 1, false
}

func playCampaign(t *testing.T, seed uint64, items int, points map[string]int, total *count) {
	t.Helper()
	began := time.Now()
	nodes, freezes := nodesOf(seed)
	b := newBed(t, seed, campaignDB(t, seed), nodes)
	b.run(items, freezes, seed%4 == 2)
	for _, w := range b.wrong() {
		t.Error(w)
	}
	for point, n := range b.weather.killed {
		points[point] += n
	}
	done := 0
	for _, n := range b.plot.acts {
		done += n
	}
	rows := b.rows()
	total.items, total.rows, total.kills, total.faults = total.items+done, total.rows+rows, total.kills+b.kills, total.faults+b.double.FaultsMet()
	total.frozen, total.users = total.frozen+b.frosts, total.users+b.deeds
	t.Logf("seed %d (%s, ews %v, %d nodes): %d items, %d rows, %d kills, %d faults, %d freezes, %d deeds in Exchange, %v; %v", seed, b.profile, b.ews, nodes, done, rows, b.kills, b.double.FaultsMet(), b.frosts, b.deeds,
		time.Since(began).Round(time.Millisecond), b.plot.acts)
}

// campaignDB is SQLite but for some seeds with several nodes, which the product would have on
// PostgreSQL only.
func campaignDB(t *testing.T, seed uint64) *database.DB {
	if seed%20 == 8 || seed%20 == 15 {
		return databasetest.OpenPostgres(t)
	}
	return databasetest.Open(t)
}

// run plays one seed.
func (b *bed) run(items int, freezes, users bool) {
	b.t.Helper()
	b.plot = newPlot(b)
	for range items / 12 {
		b.plot.history()
	}
	act := func(n int) {
		for range n {
			b.plot.act()
			b.move(time.Second)
		}
	}
	act(items / 5) // calm: Exchange is told at once
	b.drain(nil)
	e := b.start(continuity.Outage, continuity.Scope{All: true})
	act(items / 2)
	b.weather.begin(30 + items/20)
	b.end(e)
	if freezes {
		b.weather.frosts = b.weather.cold()
	}
	left := items - items/5 - items/2
	b.drain(func() {
		if users && b.rnd.IntN(4) == 0 && b.deeds < items/10 {
			b.double.Work(exchangetest.DoubleWork{Seed: b.rnd.Uint64(), Steps: 2, Mailboxes: b.addresses()})
			b.deeds += 2
		}
		if n := min(left, 1+b.rnd.IntN(5)); n > 0 { // work goes on while it drains
			act(n)
			left -= n
		}
	})
	b.double.NoFaults()
	b.drain(nil)
	// A canary that a kill left lying is taken away with the next release.
	b.end(b.start(continuity.Maintenance, continuity.Scope{All: true}))
	b.drain(nil)
}

func (b *bed) addresses() (list []string) {
	for _, m := range boxes() {
		list = append(list, b.people[m])
	}
	return list
}

func (b *bed) rows() int {
	b.t.Helper()
	var n int
	b.must(b.db.Read(b.ctx, func(tx *database.Tx) error { return tx.QueryRow(`SELECT COUNT(*) FROM syncback_item`).Scan(&n) }))
	return n
}
