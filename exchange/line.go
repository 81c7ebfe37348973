package exchange

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Secret gives a password at the moment when it is needed, so that nobody keeps it. An error is a
// login that does not take place.
type Secret func() (string, error)

// reveal answers the password for a login: from the secret where there is one.
func reveal(password string, secret Secret) (string, error) {
	if secret == nil {
		return password, nil
	}
	text, err := secret()
	if err != nil {
		return "", &Failure{Kind: ErrUnreachable, Op: "login", Words: oneLine(err.Error()), Err: err,
			Remedy: "The password cannot be read, or the credentials are withdrawn on the desk."}
	}
	return text, nil
}

// ErrCut is why nothing can be dialled over a line that was cut.
var ErrCut = errors.New("the credentials are withdrawn: no connection to Exchange is made")

// Line is what connectors dial over. Cutting it ends every connection at once, those in use too, and
// makes no new ones until it is mended. It is safe for many goroutines.
type Line struct {
	mu    sync.Mutex
	cut   bool
	conns map[*lineConn]struct{}
}

// NewLine answers a whole one.
func NewLine() *Line { return &Line{conns: map[*lineConn]struct{}{}} }

type lineConn struct {
	net.Conn
	line *Line
}

func (c *lineConn) Close() error {
	c.line.mu.Lock()
	delete(c.line.conns, c)
	c.line.mu.Unlock()
	return c.Conn.Close()
}

// Dial is for the Dial option of connectors.
func (l *Line) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if l.IsCut() {
		return nil, ErrCut
	}
	conn, err := (&net.Dialer{Timeout: 30 * time.Second}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &lineConn{conn, l}
	l.mu.Lock()
	cut := l.cut
	if !cut {
		l.conns[c] = struct{}{}
	}
	l.mu.Unlock()
	if cut { // meanwhile
		conn.Close()
		return nil, ErrCut
	}
	return c, nil
}

// IsCut says whether it is cut.
func (l *Line) IsCut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// Cut ends all connections; it answers how many there were.
func (l *Line) Cut() int {
	l.mu.Lock()
	l.cut = true
	var all []*lineConn
	for c := range l.conns {
		all = append(all, c)
	}
	l.mu.Unlock()
	for _, c := range all {
		c.Close()
	}
	return len(all)
}

// Mend lets connections be made again.
func (l *Line) Mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut = false
}
