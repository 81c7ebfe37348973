package kills_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"
)

// item is one thing that a client asked of the product, known by a token that stands in its subject.
type item struct {
	token     string
	kind      string // "in": by SMTP from outside; "sent": by the portal
	from      string // "sent": the sender's mailbox
	to        []string
	outside   string // "sent": a recipient beyond the organisation, or ""
	messageID string // "in": as sent
	body      string // "in": SHA-256 of what is below the header
	acked     time.Time
	read      bool // the portal has acknowledged that it was marked read
	asked     bool // somebody asked to mark it read
}

// ledger is what the clients were told. Nothing is ever taken out.
type ledger struct {
	mu    sync.Mutex
	items []*item
	n     int
	seed  uint64
}

// token is unique, and one word for the search.
func (l *ledger) token() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n++
	return fmt.Sprintf("zq%xn%d", l.seed&0xffff, l.n)
}

func (l *ledger) ack(i *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.acked = time.Now()
	l.items = append(l.items, i)
}

// acked is a copy of everything acknowledged so far.
func (l *ledger) acked() []*item {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.items)
}

// newest answers the newest acknowledged item that fits.
func (l *ledger) newest(fits func(*item) bool) *item {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, i := range slices.Backward(l.items) {
		if fits(i) {
			return i
		}
	}
	return nil
}

func (l *ledger) askRead(i *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.asked = true
}

func (l *ledger) ackRead(i *item) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i.read = true
}

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
