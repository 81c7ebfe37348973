package email

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
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

func corpusFile(t testing.TB, elem ...string) []byte {
	t.Helper()
	octets, err := os.ReadFile(filepath.Join(append([]string{corpusDir(t)}, elem...)...))
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// TestCorpus reads every file there is as a message: none may panic or be slow, and each shows
// something readable, a file, or a Problem.
func TestCorpus(t *testing.T) {
	dir := corpusDir(t)
	var files int
	var worst time.Duration
	var worstName string
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		octets, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		name, _ = filepath.Rel(dir, name)
		files++
		took := within(t, time.Second, name, func() { show(octets) })
		readAll(t, name, octets)
		if took > worst {
			worst, worstName = took, name
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, worst %v: %s", files, worst, worstName)
}

// empties have parts without any text in them.
var empties = map[string]bool{
	"mailparser-rs-malformed--000.eml":              true,
	"mailparser-rs-malformed--007.eml":              true,
	"mime4j--multipartemptypart.eml":                true,
	"mime4j--multipartnestedemptypartsnorfc822.eml": true,
	"nodemailer--htmllargecallstack.eml":            true, // a title and no body
}

// show is what the product does with a message that arrives and is opened.
func show(octets []byte) {
	Summarize(octets)
	m := Parse(octets)
	m.Text()
	m.SafeHTML(partLink)
}

func readAll(t *testing.T, name string, octets []byte) {
	before := string(octets)
	sum := Summarize(octets)
	m := Parse(octets)
	text := m.Text()
	safe, _ := m.SafeHTML(partLink)
	checkSafe(t, name, safe)
	fresh, quoted := Fold(text)
	if fresh+quoted != text {
		t.Errorf("%s: Fold loses text", name)
	}
	for _, p := range m.Parts {
		m.Content(p.Index)
	}
	for _, mode := range []ReplyMode{Reply, ReplyAll, Forward} {
		d := ReplyTo(m, mode, Address{Addr: "self@holdover.example"}, nil, "de")
		out, err := Compose(d, true)
		if err != nil {
			t.Errorf("%s: Compose: %v", name, err)
			continue
		}
		checkWire(t, name, out)
	}
	readable := strings.TrimSpace(text+safe) != "" || len(m.Attachments) > 0 || m.Problem != ""
	if strings.HasSuffix(name, ".eml") && !readable && !empties[filepath.Base(name)] && strings.TrimSpace(string(octets[m.root.start:])) != "" {
		t.Errorf("%s: nothing readable, no file, no problem", name)
	}
	if sum.BodyHash == "" || before != string(octets) {
		t.Errorf("%s: no body hash, or the octets were changed", name)
	}
}

// checkWire verifies what every mail server may expect of octets: ASCII header with CRLF and lines under 998.
func checkWire(t *testing.T, name string, octets []byte) {
	t.Helper()
	if !isCleanLines(octets) {
		t.Errorf("%s: composed octets are not clean ASCII lines with CRLF", name)
	}
}

// TestCharsets compares subjects and bodies with what the corpus expects of them.
func TestCharsets(t *testing.T) {
	dir := filepath.Join(corpusDir(t), "charset")
	expected, err := filepath.Glob(filepath.Join(dir, "*.expected.json"))
	if err != nil || len(expected) == 0 {
		t.Fatalf("no expectations in %s: %v", dir, err)
	}
	for _, file := range expected {
		var want struct {
			Subject string `json:"subject"`
			Body    string `json:"body_contains"`
		}
		content, err := os.ReadFile(file)
		if err == nil {
			err = json.Unmarshal(content, &want)
		}
		if err != nil {
			t.Fatal(err)
		}
		mail, err := os.ReadFile(strings.TrimSuffix(file, ".expected.json") + ".eml")
		if err != nil {
			t.Fatal(err)
		}
		m := Parse(mail)
		if m.Subject != want.Subject || !strings.Contains(m.Text(), want.Body) {
			t.Errorf("%s: subject %q, text %q", filepath.Base(file), m.Subject, m.Text())
		}
	}
}
