package mta

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestDialogues plays each testdata/*.smtp against the server, as a stranger would speak it:
//
//	# comment
//	C: a line sent with CRLF        C~ "a Go string sent as it is\r"
//	S: 250 the reply begins so      X: the server ends the connection
//	N: how many messages were stored in all, in the end
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.smtp")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".smtp"), func(t *testing.T) {
			t.Parallel()
			playDialogue(t, file)
		})
	}
}

func playDialogue(t *testing.T, file string) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	s := serve(t)
	c := s.dial(t)
	stored := 0
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line := lines.Text()
		kind, rest, _ := strings.Cut(line, " ")
		t.Logf("%s:%d: %s", file, n, line)
		switch kind {
		case "", "#":
		case "C:":
			c.send(rest + "\r\n")
		case "C~":
			text, err := strconv.Unquote(rest)
			if err != nil {
				t.Fatal(err)
			}
			c.send(text)
		case "S:":
			c.want(rest)
		case "X:":
			c.closed()
		case "N:":
			if stored, err = strconv.Atoi(rest); err != nil {
				t.Fatal(err)
			}
		default:
			t.Fatalf("a line of no kind")
		}
	}
	c.Close()
	s.stop()
	if n := len(s.store.all()); n != stored {
		t.Errorf("%d messages stored, want %d", n, stored)
	}
}
