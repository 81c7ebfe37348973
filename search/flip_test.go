package search

import (
	"math/rand"
	"os"
	"path/filepath"
	"testing"
)

// TestAnyFlipOfTheSegmentList: wherever its file is overwritten, opening ends in the same answers.
func TestAnyFlipOfTheSegmentList(t *testing.T) {
	source := fixed(t)
	dir := t.TempDir()
	x := openIn(t, dir, source)
	complete(t, x)
	must(t, x.Close())
	want := answers(t, openIn(t, t.TempDir(), source))
	name := filepath.Join(dir, string(box), "store", "root.bolt")
	good, err := os.ReadFile(name)
	must(t, err)
	random := rand.New(rand.NewSource(1))
	for range 40 {
		at, n := random.Intn(len(good)), 1+random.Intn(8000)
		junk := make([]byte, n)
		random.Read(junk)
		again := t.TempDir()
		must(t, os.CopyFS(again, os.DirFS(dir)))
		must(t, overwrite(filepath.Join(again, string(box), "store", "root.bolt"), int64(at), junk))
		x := openIn(t, again, source)
		following(t, x)
		complete(t, x)
		if got := answers(t, x); got != want {
			t.Errorf("%d octets at %d: other answers than a fresh index", n, at)
		}
	}
}
