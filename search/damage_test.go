package search

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"

	"holdover/mailstore"
)

// answers are the hits of all queries of testdata, as one text.
func answers(t *testing.T, x *Index) string {
	t.Helper()
	var b strings.Builder
	for _, q := range queries(t) {
		b.WriteString(q[0] + " => " + find(t, x, q[0]) + "\n")
	}
	return b.String()
}

// following runs the index's Run until the test ends.
func following(t *testing.T, x *Index) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := x.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

func complete(t *testing.T, x *Index) {
	t.Helper()
	await(t, "a complete index", func() bool {
		r, err := x.Search(t.Context(), box, "rechnung", 0, 1)
		return err == nil && !r.Partial
	})
}

// each runs f on the files whose name ends so; there must be one.
func each(t *testing.T, dir, suffix string, f func(name string) error) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, suffix) {
			return err
		}
		n++
		return f(path)
	})
	if err != nil || n == 0 {
		t.Fatalf("%d files %s: %v", n, suffix, err)
	}
}

func overwrite(name string, at int64, octets []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if info, err := f.Stat(); err == nil && at < 0 {
		at = info.Size() / 2
	}
	_, err = f.WriteAt(octets, at)
	return errors.Join(err, f.Close())
}

// TestDamage: whatever happened to the files, the answers are those of a fresh index.
func TestDamage(t *testing.T) {
	source := fixed(t)
	want := answers(t, openIn(t, t.TempDir(), source))
	half := func(name string) error {
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		return os.Truncate(name, info.Size()/2)
	}
	flip := func(name string) error { return overwrite(name, -1, []byte("\xde\xad\xbe\xef")) }
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
	}{
		{"nothing", func(*testing.T, string) {}},
		{"removed", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)) }},
		{"emptied", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.Mkdir(dir, 0o700)) }},
		{"a file in its place", func(t *testing.T, dir string) { must(t, os.RemoveAll(dir)); must(t, os.WriteFile(dir, nil, 0o600)) }},
		{"store removed", func(t *testing.T, dir string) { must(t, os.RemoveAll(filepath.Join(dir, "store"))) }},
		{"description removed", func(t *testing.T, dir string) { each(t, dir, "index_meta.json", os.Remove) }},
		{"description garbled", func(t *testing.T, dir string) {
			each(t, dir, "index_meta.json", func(name string) error { return os.WriteFile(name, []byte("{"), 0o600) })
		}},
		{"segment removed", func(t *testing.T, dir string) { each(t, dir, ".zap", os.Remove) }},
		{"segment cut", func(t *testing.T, dir string) { each(t, dir, ".zap", half) }},
		{"segment empty", func(t *testing.T, dir string) {
			each(t, dir, ".zap", func(name string) error { return os.Truncate(name, 0) })
		}},
		{"segment overwritten", func(t *testing.T, dir string) { each(t, dir, ".zap", flip) }},
		{"root removed", func(t *testing.T, dir string) { each(t, dir, "root.bolt", os.Remove) }},
		{"root cut", func(t *testing.T, dir string) { each(t, dir, "root.bolt", half) }},
		{"root empty", func(t *testing.T, dir string) {
			each(t, dir, "root.bolt", func(name string) error { return os.Truncate(name, 0) })
		}},
		{"root overwritten at the start", func(t *testing.T, dir string) {
			each(t, dir, "root.bolt", func(name string) error { return overwrite(name, 0, make([]byte, 8192)) })
		}},
		{"root overwritten behind the start", func(t *testing.T, dir string) {
			each(t, dir, "root.bolt", func(name string) error { return overwrite(name, 8192, []byte(strings.Repeat("\xff", 40000))) })
		}},
		{"another format", func(t *testing.T, dir string) { rewrite(t, dir, func(n *note) { n.Format-- }) }},
		{"no note", func(t *testing.T, dir string) {
			inside(t, dir, func(idx bleve.Index) error { return idx.DeleteInternal(noteKey) })
		}},
		{"ahead of the log", func(t *testing.T, dir string) { rewrite(t, dir, func(n *note) { n.Cursor += 1000 }) }},
		{"of another history", func(t *testing.T, dir string) { rewrite(t, dir, func(n *note) { n.Print = "other" }) }},
		{"documents lost", func(t *testing.T, dir string) {
			inside(t, dir, func(idx bleve.Index) error { return idx.Delete("m01") })
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			x := openIn(t, dir, source)
			complete(t, x)
			must(t, x.Close())
			c.damage(t, filepath.Join(dir, string(box)))
			x = openIn(t, dir, source)
			following(t, x)
			complete(t, x)
			if got := answers(t, x); got != want {
				t.Errorf("answers differ from a fresh index:\n%s", got)
			}
			if findings, err := x.Check(t.Context(), box); err != nil || len(findings) > 0 {
				t.Errorf("check: %v %v", findings, err)
			}
		})
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// inside changes a closed index behind the room's back.
func inside(t *testing.T, dir string, f func(bleve.Index) error) {
	t.Helper()
	idx, err := bleve.OpenUsing(dir, settings())
	must(t, err)
	must(t, f(idx))
	must(t, idx.Close())
}

func rewrite(t *testing.T, dir string, f func(*note)) {
	t.Helper()
	inside(t, dir, func(idx bleve.Index) error {
		octets, err := idx.GetInternal(noteKey)
		if err != nil {
			return err
		}
		n, err := readNote(octets)
		if err != nil {
			return err
		}
		f(&n)
		return idx.SetInternal(noteKey, n.octets())
	})
}

// TestCheckFindsWhatOpeningCannot: a skipped entry, a document too many, other words.
func TestCheckFindsWhatOpeningCannot(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"skipped entry", "message m03 is not in the index"},
		{"document too many", "documents for"},
		{"other words", "message m03 is indexed with other words than it has"},
		{"text back", "message m03 was indexed without its text, which can be read now"},
	} {
		t.Run(c.name, func(t *testing.T) {
			source := fixed(t)
			x := openIn(t, t.TempDir(), source)
			if c.name == "text back" {
				octets := source.raw["m03"]
				delete(source.raw, "m03")
				find(t, x, "rechnung")
				source.raw["m03"] = octets
			}
			find(t, x, "rechnung")
			s, err := x.shelf(box)
			must(t, err)
			must(t, s.use(t.Context(), func(idx bleve.Index) error {
				switch c.name {
				case "skipped entry":
					return idx.Delete("m03")
				case "document too many":
					return idx.Index("m99", map[string]any{"a": "b"})
				case "other words":
					b := idx.NewBatch()
					if err := b.IndexAdvanced(documentOf(source.messages[box]["m03"], content{text: "falsch"}, lexicon{})); err != nil {
						return err
					}
					return idx.Batch(b)
				}
				return nil
			}))
			findings, err := x.Check(t.Context(), box)
			if all := strings.Join(findings, "\n"); err != nil || !strings.Contains(all, c.want) {
				t.Errorf("findings %q, want %q (%v)", findings, c.want, err)
			}
			x.now = func() time.Time { return today().Add(scrubAge) }
			x.scrub(t.Context())
			find(t, x, "rechnung")
			if findings, err := x.Check(t.Context(), box); err != nil || len(findings) > 0 {
				t.Errorf("after the scrub: %q %v", findings, err)
			}
		})
	}
}

// TestUnreadableMessages: a file that is gone is indexed by its metadata, one that cannot be read
// just now is waited for, but not for ever.
func TestUnreadableMessages(t *testing.T) {
	source := fixed(t)
	source.rawErr = errors.New("input/output error")
	x := openIn(t, t.TempDir(), source)
	for range 3 {
		r, err := x.Search(t.Context(), box, "betreff:rechnung", 0, 10)
		if err != nil || !r.Partial || len(r.Hits) != 0 {
			t.Fatalf("%+v %v", r, err)
		}
	}
	source.mu.Lock()
	source.rawErr = nil
	source.mu.Unlock()
	if got := find(t, x, "abgeholt"); got != "m01" {
		t.Errorf("after the trouble: %s", got)
	}
	source.mu.Lock()
	source.rawErr = errors.New("input/output error")
	source.mu.Unlock()
	source.put(box, mailstore.Message{ID: "m50", Folder: "inbox", Received: today()}, []byte("Subject: Kaputte Platte\r\n\r\nx\r\n"))
	for range 3 {
		if got := find(t, x, "kaputt"); got != "" {
			t.Fatalf("indexed at once: %s", got)
		}
	}
	x.now = func() time.Time { return today().Add(patience) }
	if got := find(t, x, "kaputt"); got != "m50" {
		t.Errorf("one bad file stops the index: %q", got)
	}
}

// TestEveryOctetIsProven: no changed octet of a segment gets as far as Bleve, which would read it
// where a panic ends the process, or not notice it at all.
func TestEveryOctetIsProven(t *testing.T) {
	dir := t.TempDir()
	x := openIn(t, dir, fixed(t))
	complete(t, x)
	must(t, x.Close())
	store := filepath.Join(dir, string(box), "store")
	must(t, proveFiles(store))
	each(t, store, ".zap", func(name string) error {
		sound, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for at := 0; at < len(sound); at += max(1, len(sound)/200) {
			must(t, overwrite(name, int64(at), []byte{sound[at] ^ 0x10}))
			if err := proveFiles(store); !errors.Is(err, errDamaged) {
				t.Fatalf("octet %d of %d changed: %v", at, len(sound), err)
			}
			must(t, overwrite(name, int64(at), sound[at:at+1]))
		}
		return proveFiles(store)
	})
}
