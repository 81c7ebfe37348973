package views

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestGeneratedIsCurrent generates the Go code of every template once more and compares.
func TestGeneratedIsCurrent(t *testing.T) {
	names, err := filepath.Glob("*.templ")
	if err != nil {
		t.Fatal(err)
	}
	tool, err := exec.Command("go", "tool", "-n", "templ").Output()
	if err != nil {
		t.Fatalf("templ is not to be had: %v", err)
	}
	dir := filepath.Join(t.TempDir(), "views") // positions in the generated code name the folder
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		source, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), source, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	generate := exec.Command(string(bytes.TrimSpace(tool)), "generate")
	generate.Dir = filepath.Dir(dir)
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("templ generate: %v\n%s", err, out)
	}
	for _, name := range names {
		name = name[:len(name)-len(".templ")] + "_templ.go"
		want, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(name); !bytes.Equal(got, want) {
			t.Errorf("%s is not what its template makes: run `make generate`", name)
		}
	}
}
