package mta

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// journal keeps what is logged, from all sessions.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// FuzzSession says anything to the server and hangs up. Nothing may panic or stay, and what is
// delivered is normalised. The dialogues are its seeds.
func FuzzSession(f *testing.F) {
	files, err := filepath.Glob("testdata/*.smtp")
	if err != nil || len(files) == 0 {
		f.Fatalf("no dialogues: %v", err)
	}
	for _, file := range files {
		f.Add(clientSide(f, file))
	}
	var log journal
	s := serve(f, func(o *InboundOptions) {
		o.MaxSize, o.Log = 4000, slog.New(slog.NewTextHandler(&log, nil))
	})
	f.Fuzz(func(t *testing.T, said []byte) {
		conn, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patient))
		go func() {
			conn.Write(said)
			conn.(*net.TCPConn).CloseWrite()
		}()
		answers, err := io.ReadAll(conn)
		if isTimeout(err) {
			t.Fatalf("the session does not end; it said %q", answers)
		}
		if strings.Contains(log.String(), "panic") {
			t.Fatal(log.String())
		}
		for _, a := range s.store.all() {
			if firstBare(a.Octets) >= 0 || bytes.IndexByte(a.Octets, 0) >= 0 || len(a.To) == 0 {
				t.Fatalf("delivered %q to %v", a.Octets, a.To)
			}
		}
		s.store.set(func(m *memory) { m.arrivals = nil })
	})
}

// clientSide is all that the client says in a dialogue.
func clientSide(f *testing.F, file string) (said []byte) {
	script, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(script)) {
		line = strings.TrimSuffix(line, "\n")
		if rest, ok := strings.CutPrefix(line, "C: "); ok {
			said = append(said, rest+"\r\n"...)
		} else if rest, ok := strings.CutPrefix(line, "C~ "); ok {
			text, err := strconv.Unquote(rest)
			if err != nil {
				f.Fatal(err)
			}
			said = append(said, text...)
		}
	}
	return said
}
