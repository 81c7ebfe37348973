package standin

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// face is one listening side of the stand-in, which can be cut and plugged in again on its port.
type face struct {
	name  string
	want  string
	serve func(net.Listener) (stop func())

	faults *Faults

	mu       sync.Mutex
	bound    string
	listener net.Listener
	stop     func()
	conns    map[*conn]struct{}
	done     sync.WaitGroup
}

func newFace(name, address string, faults *Faults, serve func(net.Listener) func()) *face {
	return &face{name: name, want: address, faults: faults, serve: serve, conns: map[*conn]struct{}{}}
}

func (f *face) address() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bound
}

// listen does nothing when the face listens already.
func (f *face) listen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener != nil {
		return nil
	}
	address := f.want
	if f.bound != "" {
		address = f.bound
	}
	l, err := listenPatiently(address)
	if err != nil {
		return fmt.Errorf("%s face: %w", f.name, err)
	}
	f.bound, f.listener = l.Addr().String(), l
	f.stop = f.serve(&tracked{Listener: l, face: f})
	return nil
}

// listenPatiently waits a little for a port that another process borrowed while we were cut.
func listenPatiently(address string) (net.Listener, error) {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		l, err := net.Listen("tcp", address)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) || time.Now().After(end) {
			return l, err
		}
	}
}

func (f *face) cut() {
	f.mu.Lock()
	if f.listener == nil {
		f.mu.Unlock()
		return
	}
	l, stop := f.listener, f.stop
	f.listener, f.stop = nil, nil
	l.Close()
	conns := make([]*conn, 0, len(f.conns))
	for c := range f.conns {
		conns = append(conns, c)
	}
	f.mu.Unlock()
	for _, c := range conns {
		c.reset()
	}
	stop()
}

func (f *face) up() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listener != nil
}

// tracked remembers the connections it accepted, so that cut can reset them.
type tracked struct {
	net.Listener
	face *face
}

func (t *tracked) Accept() (net.Conn, error) {
	for {
		inner, err := t.Listener.Accept()
		if err != nil {
			return nil, err
		}
		c := &conn{Conn: inner, face: t.face, gone: make(chan struct{})}
		if !t.face.remember(c) {
			inner.Close()
			return nil, net.ErrClosed
		}
		switch rule, _ := t.face.faults.at(t.face.name, "connect", ""); rule.Do {
		case "drop":
			c.reset()
		case "hang": // nobody serves it
		default:
			return c, nil
		}
	}
}

// remember answers false when the face was cut between accept and here.
func (f *face) remember(c *conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.listener == nil {
		return false
	}
	f.conns[c] = struct{}{}
	f.done.Add(1)
	return true
}

// conn is one tracked connection; gone closes with it.
type conn struct {
	net.Conn
	face *face
	once sync.Once
	gone chan struct{}
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		close(c.gone)
		c.face.mu.Lock()
		delete(c.face.conns, c)
		c.face.mu.Unlock()
		c.face.done.Done()
	})
	return err
}

// reset ends the connection with RST instead of FIN: what was in flight is lost.
func (c *conn) reset() {
	if tcp, ok := c.Conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
