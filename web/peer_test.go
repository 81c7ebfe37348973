package web

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// asNotmuch are those of the queries that notmuch has words for, where they differ from ours; "" are those it has none for.
var asNotmuch = map[string]string{"has:attachment": "tag:attachment", "received:last month": "date:2026-02-01..2026-02-28", "-Angebot is:flagged": "not Angebot and is:flagged",
	"in:sent Lieferung": "", "size:>100kB": ""}

// notmuch searches the same messages as the pages do and answers its p50 / p95 in milliseconds, process start included,
// or why there is none.
func notmuch(t *testing.T, dir string) string {
	t.Helper()
	if _, err := exec.LookPath("notmuch"); err != nil || dir == "" {
		return "not there"
	}
	database, config := filepath.Join(dir, "notmuch"), filepath.Join(dir, "notmuch-config")
	must(t, os.MkdirAll(database, 0o700))
	must(t, os.WriteFile(config, []byte("[database]\npath="+database+"\nmail_root="+filepath.Join(dir, "corpus", "u1", "Maildir")+
		"\n[user]\nname=k\nprimary_email=u1@bench.test\n[new]\ntags=inbox;unread\n[search]\nexclude_tags=\n[maildir]\nsynchronize_flags=true\n"), 0o600))
	run := func(args ...string) time.Duration {
		start := time.Now()
		command := exec.Command("notmuch", args...)
		command.Env = append(os.Environ(), "NOTMUCH_CONFIG="+config, "HOME="+dir)
		if out, err := command.CombinedOutput(); err != nil {
			t.Fatalf("notmuch %v: %v: %.300s", args, err, out)
		}
		return time.Since(start)
	}
	t.Logf("notmuch new took %v", run("new", "--quiet", "--no-hooks")) // short when it was there
	var ms, floor []float64
	for range 10 {
		for _, q := range queries08 {
			other, differs := asNotmuch[q]
			if !differs {
				other = q
			}
			if other != "" {
				ms = append(ms, float64(run("search", "--format=json", "--sort=newest-first", "--limit=50", other).Microseconds())/1000)
			}
		}
		floor = append(floor, float64(run("--version").Microseconds())/1000)
	}
	slices.Sort(floor)
	return fmt.Sprintf("%.0f / %.0f, start %.0f", p(ms, 50), p(ms, 95), p(floor, 50))
}
