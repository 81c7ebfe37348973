package exchange

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
)

var errFlood = errors.New("the answer is longer than any answer needs to be")

// guard bounds what one call may read from Exchange, and lets a context cut the connection at any
// point: the libraries above reset deadlines on their own.
type guard struct {
	net.Conn
	left atomic.Int64
}

func newGuard(c net.Conn) *guard {
	g := &guard{Conn: c}
	g.left.Store(1 << 20) // greeting and login
	return g
}

func (g *guard) Read(b []byte) (int, error) {
	left := g.left.Load()
	if left <= 0 {
		return 0, errFlood
	}
	if int64(len(b)) > left {
		b = b[:left]
	}
	n, err := g.Conn.Read(b)
	g.left.Add(int64(-n))
	return n, err
}

// during gives the next call its budget of octets and closes the connection when ctx ends.
// The returned function ends the watch.
func (g *guard) during(ctx context.Context, budget int64) (stop func()) {
	g.left.Store(budget)
	cancel := context.AfterFunc(ctx, func() { g.Conn.Close() })
	return func() { cancel() }
}
