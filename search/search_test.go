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

func TestQueries(t *testing.T) {
	x := openIn(t, t.TempDir(), fixed(t))
	for _, q := range queries(t) {
		if got := find(t, x, q[0]); got != q[1] {
			t.Errorf("%s => %s, want %s", q[0], got, q[1])
		}
	}
}
