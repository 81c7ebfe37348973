package search

import (
	"os"
	"strings"
	"testing"
)

// queries reads testdata/queries.txt.
func queries(t testing.TB) [][2]string {
	t.Helper()
	octets, err := os.ReadFile("testdata/queries.txt")
	if err != nil {
		t.Fatal(err)
	}
	var list [][2]string
	for line := range strings.Lines(string(octets)) {
		if line = strings.TrimSpace(line); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		query, want, ok := strings.Cut(line, "=>")
		if !ok {
			t.Fatalf("no => in %q", line)
		}
		list = append(list, [2]string{strings.TrimSpace(query), strings.TrimSpace(want)})
	}
	return list
}

// TestQueries: the plain list of queries, German and English, over a fixed mailbox. The same list goes through the pages in
// TestCheck17_Search.
func TestQueries(t *testing.T) {
	x := openIn(t, t.TempDir(), fixed(t))
	all := queries(t)
	if len(all) < 250 {
		t.Errorf("only %d queries", len(all))
	}
	for _, most := range []int{ask, -1} { // states asked for with the hits, and read beforehand
		x.ask = most
		for _, q := range all {
			if got := find(t, x, q[0]); got != q[1] {
				t.Errorf("%s => %s, want %s (%d)", q[0], got, q[1], most)
			}
		}
	}
}
