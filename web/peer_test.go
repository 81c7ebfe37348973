package web

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// asNotmuch are those of the queries that notmuch has words for, where they differ from ours; "" are those it has none for.
var asNotmuch = map[string]string{"has:attachment": "tag:attachment", "received:last month": "date:2026-02-01..2026-02-28", "-Angebot is:flagged": "not Angebot and is:flagged",
	"in:sent Lieferung": "", "size:>100kB": ""}

// TestBudgetPeer is the piece of make campaign budgets that makes notmuch's index; it goes on where it stopped.
func TestBudgetPeer(t *testing.T) {
	dir := os.Getenv("HOLDOVER_BUDGETS_DIR")
	if _, err := exec.LookPath("notmuch"); err != nil || dir == "" {
		t.Skip("make campaign budgets, with notmuch")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	took := runNotmuch(ctx, t, dir, "new", "--quiet", "--no-hooks")
	t.Logf("notmuch new took %v", took)
}

// runNotmuch runs a command of it over the corpus in dir. At the end of ctx notmuch is asked to stop, and keeps what it has.
func runNotmuch(ctx context.Context, t *testing.T, dir string, args ...string) time.Duration {
	t.Helper()
	database, config := filepath.Join(dir, "notmuch"), filepath.Join(dir, "notmuch-config")
	must(t, os.MkdirAll(database, 0o700))
	must(t, os.WriteFile(config, []byte("[database]\npath="+database+"\nmail_root="+filepath.Join(dir, "corpus", "u1", "Maildir")+
		"\n[user]\nname=k\nprimary_email=u1@bench.test\n[new]\ntags=inbox;unread\n[search]\nexclude_tags=\n[maildir]\nsynchronize_flags=true\n"), 0o600))
	start := time.Now()
	command := exec.CommandContext(ctx, "notmuch", args...)
	command.Cancel, command.WaitDelay = func() error { return command.Process.Signal(os.Interrupt) }, time.Minute
	command.Env = append(os.Environ(), "NOTMUCH_CONFIG="+config, "HOME="+dir)
	if out, err := command.CombinedOutput(); err != nil || ctx.Err() != nil {
		t.Fatalf("notmuch %v: %v, %v: %.300s", args, err, ctx.Err(), out)
	}
	return time.Since(start)
}

// notmuch searches the same messages as the pages do and answers its p50 / p95 in milliseconds, process start included,
// or why there is none.
func notmuch(t *testing.T, dir string) string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, "notmuch")); err != nil || dir == "" {
		return "not there"
	}
	run := func(args ...string) float64 {
		return float64(runNotmuch(t.Context(), t, dir, args...).Microseconds()) / 1000
	}
	var ms, floor []float64
	for range 10 {
		for _, q := range queries08 {
			other, differs := asNotmuch[q]
			if !differs {
				other = q
			}
			if other != "" {
				ms = append(ms, run("search", "--format=json", "--sort=newest-first", "--limit=50", other))
			}
		}
		floor = append(floor, run("--version"))
	}
	return fmt.Sprintf("%.0f / %.0f, start %.0f", p(ms, 50), p(ms, 95), p(floor, 50))
}
