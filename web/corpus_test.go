package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// corpusDir is the folder of test mail, or skips: it is not part of the repository.
func corpusDir(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("HOLDOVER_CORPUS")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "corpus")
	}
	if _, err := os.Stat(filepath.Join(dir, "MANIFEST.tsv")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("no mail corpus at %s: set HOLDOVER_CORPUS", dir)
		}
		t.Skipf("no mail corpus at %s: set HOLDOVER_CORPUS to its folder", dir)
	}
	return dir
}

// payload is HTML that attacks its reader.
type payload struct{ ID, Payload string }

// payloads reads a list of attacks of the corpus, at least so many.
func payloads(t testing.TB, name string, least int) (list []payload) {
	t.Helper()
	octets, err := os.ReadFile(filepath.Join(corpusDir(t), "html-attacks", name))
	must(t, err)
	must(t, json.Unmarshal(octets, &list))
	if len(list) < least {
		t.Fatalf("%s has %d attacks only", name, len(list))
	}
	return list
}

// realBodies are newsletters, spam and Outlook's HTML.
func realBodies(t testing.TB, least int) (list []payload) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(corpusDir(t), "html-attacks", "real-bodies", "*.html"))
	must(t, err)
	for _, file := range files {
		octets, err := os.ReadFile(file)
		must(t, err)
		list = append(list, payload{ID: filepath.Base(file), Payload: string(octets)})
	}
	if len(list) < least {
		t.Fatalf("%d real bodies only", len(list))
	}
	return list
}
