// Package kills kills the product, again and again, under mixed load, and compares what its clients
// were told with what lies in the stand-in Exchange at the end.
package kills_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"holdover/demo/portal"
	"holdover/demo/sample"
	"holdover/demo/stage"
	"holdover/demo/standin"
)

// readyWithin is how long a start after a kill may take.
const readyWithin = 15 * time.Second

// run is one campaign.
type run struct {
	t       *testing.T
	stage   *stage.Stage
	child   *stage.Child
	ledger  *ledger
	load    *load
	admin   portal.Admin
	dice    *rand.Rand
	hits    map[string]int
	slowest time.Duration // from start to ready
}

func number(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKills: HOLDOVER_KILLS sets how many (60), HOLDOVER_SEED repeats a run's choices.
func TestKills(t *testing.T) {
	binary := product(t)
	kills, seed := int(number(t, "HOLDOVER_KILLS", 60)), number(t, "HOLDOVER_SEED", rand.Uint64())
	t.Logf("%d kills, HOLDOVER_SEED=%d", kills, seed)
	ctx, cancel := context.WithTimeout(t.Context(), time.Duration(kills)*15*time.Second+4*time.Minute)
	defer cancel()
	r := begin(ctx, t, binary, seed)
	loading, stop := context.WithCancel(ctx)
	r.load.start(loading, ctx, seed)
	order := spread(kills, r.dice)
	for n, s := range order {
		if err := r.strike(ctx, s); err != nil {
			stop()
			t.Fatalf("kill %d of %d, seed %d: %v", n+1, kills, seed, err)
		}
	}
	stop()
	r.load.running.Wait()
	r.finish(ctx)
	v := r.check()
	t.Log(r.table(v))
	r.judge(ctx, v, seed)
	record(t, r, v, kills, seed)
}

func product(t *testing.T) string {
	t.Helper()
	path := os.Getenv("HOLDOVER_BINARY")
	if path == "" {
		path = filepath.Join("..", "..", "bin", "holdover")
	}
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("the product is not built: %v", err)
		}
		t.Skipf("the product is not built (make build): %v", err)
	}
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// spread gives each state its share, in random order.
func spread(kills int, dice *rand.Rand) []state {
	all := states()
	order := make([]state, kills)
	for n := range order {
		order[n] = all[n%len(all)]
	}
	dice.Shuffle(kills, func(a, b int) { order[a], order[b] = order[b], order[a] })
	return order
}

func begin(ctx context.Context, t *testing.T, binary string, seed uint64) *run {
	t.Helper()
	dir := t.TempDir()
	s, err := stage.Open(ctx, stage.Options{Dir: dir, Binary: binary, Seed: 1, Undo: "1s", LookAgain: []string{"300ms", "1s", "2s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			keep(t, dir)
		}
	})
	// A drain must last long enough to be hit; Exchange is not instant either.
	s.Exchange.Faults().Add(standin.Fault{Face: "smtp", Point: "before", Do: "delay", Delay: 4 * time.Millisecond})
	l := &ledger{seed: seed}
	r := &run{t: t, stage: s, ledger: l, load: newLoad(l, s.SMTP()), admin: portal.Admin{Web: s.Web(), Token: s.AdminToken},
		dice: rand.New(rand.NewPCG(seed, 7)), hits: map[string]int{}}
	t.Cleanup(func() {
		if r.child != nil {
			r.child.Kill()
		}
	})
	if err := r.restart(ctx); err != nil {
		t.Fatal(err)
	}
	for _, address := range watched() {
		person, err := portal.SignIn(ctx, s.Web(), address, sample.Password)
		if err != nil {
			t.Fatal(err)
		}
		r.load.people[address] = person
	}
	return r
}

// keep saves everything of a failed run: log, database, what the stand-in holds.
func keep(t *testing.T, dir string) {
	t.Helper()
	kept := filepath.Join(os.TempDir(), fmt.Sprintf("holdover-kills-%d", time.Now().Unix()))
	if err := os.Rename(dir, kept); err != nil {
		t.Logf("the run could not be kept: %v", err)
		return
	}
	t.Logf("everything of this run is kept in %s", kept)
}

func (r *run) kill() {
	r.load.fall()
	r.child.Kill()
}

func (r *run) restart(ctx context.Context) (err error) {
	began := time.Now()
	if r.child, err = r.stage.Serve(); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := r.stage.Ready(waiting, r.child); err != nil {
		return err
	}
	r.slowest = max(r.slowest, time.Since(began))
	r.load.rise()
	return nil
}

// finish ends every event and waits for the drain.
func (r *run) finish(ctx context.Context) {
	r.t.Helper()
	events, err := r.admin.Events(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range events {
		if e.Active {
			if _, err := r.admin.End(ctx, e.ID, "the load is over"); err != nil {
				r.t.Fatal(err)
			}
		}
	}
	r.settle(ctx)
}

func (r *run) judge(ctx context.Context, v verdict, seed uint64) {
	r.t.Helper()
	for name, list := range map[string][]string{"lost": v.lost, "doubled": v.doubled, "changed": v.torn, "not marked read": v.unread} {
		if len(list) > 0 {
			r.t.Errorf("seed %d: %d %s: %s", seed, len(list), name, strings.Join(list[:min(len(list), 10)], "; "))
		}
	}
	for _, s := range states() {
		if r.hits[s.name] == 0 {
			r.t.Errorf("no kill hit the state %s", s.name)
		}
	}
	if v.accepted == 0 || v.sent == 0 || v.read == 0 {
		r.t.Errorf("the load was not mixed: %d accepted, %d sent, %d marked read", v.accepted, v.sent, v.read)
	}
	if err := r.child.Stop(20 * time.Second); err != nil {
		r.t.Error(err)
	}
	if err := r.stage.Verify(ctx); err != nil {
		r.t.Error(err)
	}
}

func (r *run) table(v verdict) string {
	var b strings.Builder
	fmt.Fprintln(&b, "\n  killed while   hits")
	for _, s := range states() {
		fmt.Fprintf(&b, "  %-12s %6d\n", s.name, r.hits[s.name])
	}
	fmt.Fprintf(&b, "  acknowledged: %d accepted, %d sent, %d marked read\n", v.accepted, v.sent, v.read)
	fmt.Fprintf(&b, "  lost %d, doubled %d, changed %d; delivered twice to the outside world %d; slowest start %v",
		len(v.lost), len(v.doubled), len(v.torn), v.outsideTwice, r.slowest.Round(time.Millisecond))
	return b.String()
}

// record appends one line to the table of docs/measurements.md, when asked to.
func record(t *testing.T, r *run, v verdict, kills int, seed uint64) {
	t.Helper()
	path := os.Getenv("HOLDOVER_MEASUREMENTS")
	if path == "" || t.Failed() {
		return
	}
	const head = "| date | commit | kills | seed | accepting | indexing | sending | draining | rebuilding | accepted | sent | read | lost | doubled | slowest start |\n"
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	page := string(text)
	if !strings.Contains(page, head) {
		page += "\n## Kills\n\n`make campaign kills`: the product is killed (-9) under mixed load; the ledger of what was acknowledged is\ncompared with the stand-in Exchange (a scripted double) at the end.\n\n" +
			head + "|" + strings.Repeat(" --- |", 15) + "\n"
	}
	commit, _ := exec.Command("git", "rev-parse", "--short", "HEAD").Output()
	row := fmt.Sprintf("| %s | %s | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %d | %v |\n",
		time.Now().Format("2006-01-02"), strings.TrimSpace(string(commit)), kills, seed,
		r.hits["accepting"], r.hits["indexing"], r.hits["sending"], r.hits["draining"], r.hits["rebuilding"],
		v.accepted, v.sent, v.read, len(v.lost), len(v.doubled), r.slowest.Round(time.Millisecond))
	at := strings.Index(page, head) + len(head)
	for at < len(page) && page[at] == '|' { // below the last row
		at += strings.IndexByte(page[at:], '\n') + 1
	}
	if err := os.WriteFile(path, []byte(page[:at]+row+page[at:]), 0o644); err != nil {
		t.Fatal(err)
	}
}
