package web

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// piece is a share of the full walk, which scripts/walk.py takes in turns: several at a time, each at most so many minutes.
// A state that has its verdict in the file is not visited again. The zero piece is the whole walk.
type piece struct {
	patience  time.Duration // of the browser
	until     time.Time     // no state begins after it
	file      string        // of verdicts, one JSON object a line; "" none
	share, of int
	done      map[string]bool
}

// pieceAtHand reads HOLDOVER_WALK_OUT=file, HOLDOVER_WALK_SHARE=0/2 and HOLDOVER_WALK_MINUTES=15.
func pieceAtHand(t *testing.T) piece {
	t.Helper()
	p := piece{patience: 15 * time.Minute, file: os.Getenv("HOLDOVER_WALK_OUT"), of: 1, done: map[string]bool{}}
	if fullWalk() {
		p.patience = 3 * time.Hour
	}
	if minutes, err := strconv.Atoi(os.Getenv("HOLDOVER_WALK_MINUTES")); err == nil {
		p.until = time.Now().Add(time.Duration(minutes) * time.Minute)
	}
	if share, of, ok := strings.Cut(os.Getenv("HOLDOVER_WALK_SHARE"), "/"); ok {
		var err1, err2 error
		p.share, err1 = strconv.Atoi(share)
		p.of, err2 = strconv.Atoi(of)
		must(t, errors.Join(err1, err2))
	}
	if p.file == "" {
		return p
	}
	f, err := os.Open(p.file)
	if errors.Is(err, fs.ErrNotExist) {
		return p
	}
	must(t, err)
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var v verdict
		must(t, json.Unmarshal(lines.Bytes(), &v))
		p.done[v.State] = true
	}
	must(t, lines.Err())
	return p
}

// wants tells whether a state falls to this piece.
func (p *piece) wants(name string) bool {
	return !p.done[name] && turn(name)*p.of/8 == p.share && (p.until.IsZero() || time.Now().Before(p.until))
}

// write appends a verdict to the file.
func (p *piece) write(t *testing.T, v verdict) {
	if p.file == "" {
		return
	}
	for _, part := range walkParts() {
		for _, s := range part.states {
			if s.walked() {
				v.Of++
			}
		}
	}
	v.Share = fmt.Sprintf("%d/%d", p.share, p.of)
	octets, err := json.Marshal(v)
	must(t, err)
	f, err := os.OpenFile(p.file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	must(t, err)
	_, err = f.Write(append(octets, '\n'))
	must(t, errors.Join(err, f.Close()))
}
