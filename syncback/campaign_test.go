package syncback

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
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
// last. Then each item is in its place once. `make campaign seeds` runs the large form; a seed that
// fails is named, and HOLDOVER_SEEDS=N HOLDOVER_ITEMS=M plays it again.
func TestCampaign(t *testing.T) {
	first, last, items := span()
	done, points := played(t), map[string]int{}
	for seed := first; seed <= last; seed++ {
		if done[seed] {
			continue
		}
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			tally := playCampaign(t, seed, items)
			tally.Failed = t.Failed()
			record(t, tally)
			for point, n := range tally.Points {
				points[point] += n
			}
		})
	}
	t.Logf("kills: %v", points)
}

// tally is what a seed was made of.
type tally struct {
	Seed, Items                      uint64
	Profile                          string
	Nodes, Acts, Rows, Kills, Faults int
	Freezes, Deeds                   int
	Failed                           bool
	Dialect                          string
	Seconds                          float64
	Points                           map[string]int
}

// played are the seeds that an earlier run of a campaign has finished, from the file of its lines.
func played(t *testing.T) map[uint64]bool {
	done := map[uint64]bool{}
	text, err := os.ReadFile(os.Getenv("HOLDOVER_CAMPAIGN_OUT"))
	if err != nil {
		return done
	}
	for line := range bytes.Lines(text) {
		var one tally
		if err := json.Unmarshal(line, &one); err != nil {
			t.Fatal(err)
		}
		done[one.Seed] = true
	}
	return done
}

func record(t *testing.T, one tally) {
	out := os.Getenv("HOLDOVER_CAMPAIGN_OUT")
	if out == "" {
		return
	}
	line, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Write(append(line, '\n')); err != nil {
		t.Fatal(err)
	}
}

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

func playCampaign(t *testing.T, seed uint64, items int) (one tally) {
	t.Helper()
	began := time.Now()
	nodes, freezes := nodesOf(seed)
	b := newBed(t, seed, campaignDB(t, seed), nodes, faults{})
	defer func() { // also of a seed that does not come to its end
		one = tally{Seed: seed, Profile: string(b.profile), Nodes: nodes, Kills: b.kills, Freezes: b.frosts, Deeds: b.deeds, Points: b.weather.killed, Dialect: b.db.Dialect(),
			Seconds: time.Since(began).Seconds()}
		if b.ews {
			one.Profile += " with EWS"
		}
		for _, n := range b.plot.acts {
			one.Acts += n
		}
		one.Rows, one.Faults = b.rows(), b.double.FaultsMet()
		t.Logf("%+v %v", one, b.plot.acts)
	}()
	b.run(items, freezes, seed%4 == 2)
	for _, w := range b.wrong() {
		t.Error(w)
	}
	return one
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
	before := b.census()
	act(items / 2)
	b.turns()
	if after := b.census(); after != before {
		b.early = fmt.Sprintf("the double has %d messages, and %d before the gate was closed", after, before)
	}
	b.weather.begin(30 + items/20)
	b.end(e)
	if freezes {
		b.weather.frosts = b.weather.cold()
	}
	left := items - items/5 - items/2
	b.drain(func() {
		if users && b.rnd.IntN(4) == 0 && b.deeds < items/10 {
			b.double.Work(exchangetest.DoubleWork{Seed: b.rnd.Uint64(), Steps: 2, Mailboxes: b.addresses(),
				Deeds: []string{"read", "unread", "flag", "move", "delete", "categorise", "categorise"}})
			b.deeds += 2
		}
		if n := min(left, 1+b.rnd.IntN(5)); n > 0 { // work goes on while it drains
			act(n)
			left -= n
		}
	})
	b.double.NoFaults()
	b.drain(nil)
	b.weather.end()
	// A canary that a kill left lying is taken away with the next release.
	b.end(b.start(continuity.Maintenance, continuity.Scope{All: true}))
	b.drain(nil)
}

// census counts the messages in the double.
func (b *bed) census() (n int) {
	for _, address := range b.addresses() {
		n += len(b.double.Messages(address, ""))
	}
	return n
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
