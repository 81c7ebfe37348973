package mta

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/sync/semaphore"
)

func TestNormalise(t *testing.T) {
	for in, want := range map[string]string{
		"":               "",
		"a\r\nb\r\n":     "a\r\nb\r\n",
		"a\nb":           "a\r\nb",
		"a\rb":           "a\r\nb",
		"a\r\r\nb":       "a\r\n\r\nb",
		"a\r\n\nb":       "a\r\n\r\nb",
		"\r":             "\r\n",
		"\n\r":           "\r\n\r\n",
		"ok\r\nx\n.\ny":  "ok\r\nx\r\n.\r\ny",
		"a\x00b\r\n\x80": "a\x00b\r\n\x80",
	} {
		if got := string(Normalise([]byte(in))); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
	clean := []byte(strings.Repeat("clean\r\n", 100))
	if got := Normalise(clean); &got[0] != &clean[0] {
		t.Error("a clean message was copied")
	}
}

func FuzzNormalise(f *testing.F) {
	for _, seed := range []string{"", "a\r\nb", "\r\r\n\n", "x\n.\r.\r\n", "\x00\r"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		before := bytes.Clone(in)
		out := Normalise(in)
		if !bytes.Equal(in, before) {
			t.Fatal("the input was written to")
		}
		rest := bytes.ReplaceAll(out, []byte("\r\n"), nil)
		if bytes.ContainsAny(rest, "\r\n") {
			t.Fatalf("bare line ends in %q", out)
		}
		if !bytes.Equal(Normalise(out), out) {
			t.Fatalf("a second pass changes %q", out)
		}
		if len(out) != normalSize(in) {
			t.Fatalf("%d octets, %d were counted", len(out), normalSize(in))
		}
		if clean := bytes.ReplaceAll(in, []byte("\r\n"), nil); !bytes.ContainsAny(clean, "\r\n") && !bytes.Equal(in, out) {
			t.Fatalf("clean %q became %q", in, out)
		}
		strip := func(p []byte) []byte {
			return bytes.ReplaceAll(bytes.ReplaceAll(p, []byte("\r"), nil), []byte("\n"), nil)
		}
		if !bytes.Equal(strip(in), strip(out)) {
			t.Fatalf("%q lost or won octets: %q", in, out)
		}
	})
}

// undot is dots told in one sentence each, on the whole data: lines end with CRLF, a line of one dot
// ends it, a first dot is taken off.
func undot(data string) (message string, rest string, end bool) {
	var out strings.Builder
	for {
		line, after, found := strings.Cut(data, "\r\n")
		if !found {
			return out.String(), "", false
		}
		data = after
		if line == "." {
			return out.String(), data, true
		}
		out.WriteString(strings.TrimPrefix(line, ".") + "\r\n")
	}
}

func FuzzDots(f *testing.F) {
	for _, seed := range []string{"a\r\n.\r\nQUIT\r\n", ".\r\n", "..\r\n.\r\r\n.\r\n", "x\r\r\n.\r\n", "\n.\n\r\n.\r\n", ".\r.\r\n\r\n.\r\n"} {
		f.Add([]byte(seed), uint8(1))
		f.Add([]byte(seed), uint8(3))
	}
	f.Fuzz(func(t *testing.T, data []byte, step uint8) {
		message, rest, end := undot(string(data))
		b := &body{max: 1 << 20, budget: semaphore.NewWeighted(1 << 22)}
		var d dots
		left, ended := data, false
		for len(left) > 0 && !ended {
			piece := left[:min(len(left), int(step)+1)]
			var used int
			used, ended = d.feed(b, piece)
			if !ended && used != len(piece) {
				t.Fatalf("%d of %d octets used without an end", used, len(piece))
			}
			left = left[used:]
		}
		if ended != end {
			t.Fatalf("%q in steps of %d: end %v, want %v", data, int(step)+1, ended, end)
		}
		if end && (string(b.octets) != message || string(left) != rest) {
			t.Fatalf("%q: message %q and rest %q, want %q and %q", data, b.octets, left, message, rest)
		}
	})
}
