package mta

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"sync/atomic"
	"time"
)

const (
	longestCommand = 2048 // octets; RFC 5321, 4.5.3.1.4 asks for 512 and what extensions add
	leastBodyRate  = 512  // octets a second, on average over a body
	writeTime      = time.Minute
	lingerTime     = time.Second
)

// wire is the connection that go-smtp is given. Read hands it one vetted command at a time, Write
// sees every reply, so the wire knows where the session stands. All but kick and cut run on the one
// goroutine that go-smtp has for a session.
type wire struct {
	net.Conn          // the TCP connection: addresses, and the lowest deadline
	stream   net.Conn // what is spoken over: the TCP connection, or TLS on it
	in       *Inbound
	born     time.Time

	buf  [16 << 10]byte // read from the stream, not yet looked at: buf[r:w]
	r, w int

	forward []byte // for go-smtp, not yet fetched
	state   state
	letter  *body // the message of this transaction, as far as it came
	dead    bool  // the session is over: nothing is read, nothing is said any more

	out []byte // replies not yet sent; they leave before the next wait for the client

	busy atomic.Bool // in a transaction: a shutdown waits for it
}

var errGone = errors.New("the client is gone")

func newWire(c net.Conn, in *Inbound) *wire {
	return &wire{Conn: c, stream: c, in: in, born: time.Now()}
}

// Read gives go-smtp its next command, or the empty body of a DATA whose octets the wire keeps.
func (w *wire) Read(p []byte) (n int, err error) {
	defer func() {
		if cause := recover(); cause != nil { // go-smtp recovers in commands only; here it would end the process
			w.in.log.Error("panic on an SMTP connection", "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
			w.dead, n, err = true, 0, errGone
		}
	}()
	for len(w.forward) == 0 {
		if w.dead {
			return 0, io.EOF
		}
		if w.state.wantsBody() {
			if err := w.readBody(); err != nil {
				return 0, err
			}
			w.forward = append(w.forward[:0], ".\r\n"...)
			break
		}
		if err := w.nextCommand(); err != nil {
			return 0, io.EOF
		}
	}
	n = copy(p, w.forward)
	w.forward = w.forward[n:]
	return n, nil
}

// Write takes go-smtp's replies, one or more lines at a time.
func (w *wire) Write(p []byte) (int, error) {
	if w.dead {
		return len(p), nil
	}
	w.out = w.state.replied(w.out, p, w.offersTLS())
	w.busy.Store(w.state.open)
	return len(p), nil
}

// say sends a reply of the wire's own.
func (w *wire) say(format string, args ...any) {
	w.Write(fmt.Appendf(nil, format+"\r\n", args...))
}

// hangUp says a last word and ends the session. It lingers, since closing with unread octets would
// reset the connection and could lose that word on its way.
func (w *wire) hangUp(format string, args ...any) error {
	w.say(format, args...)
	if w.flush() == nil {
		for _, c := range []net.Conn{w.stream, w.Conn} {
			if half, ok := c.(interface{ CloseWrite() error }); ok {
				half.CloseWrite()
			}
		}
		w.Conn.SetReadDeadline(time.Now().Add(lingerTime))
		io.CopyN(io.Discard, w.Conn, 1<<20)
	}
	w.dead = true
	return errGone
}

// flush sends what was said.
func (w *wire) flush() error {
	if len(w.out) == 0 {
		return nil
	}
	w.Conn.SetWriteDeadline(time.Now().Add(writeTime))
	_, err := w.stream.Write(w.out)
	w.out = w.out[:0]
	return err
}

// fill waits for octets of the client, until the given moment at the latest.
func (w *wire) fill(until time.Time) error {
	if err := w.flush(); err != nil {
		w.dead = true
		return errGone
	}
	idle, end := time.Now().Add(w.in.o.Idle), w.born.Add(w.in.o.Session)
	deadline := idle
	for _, t := range []time.Time{end, until} {
		if !t.IsZero() && t.Before(deadline) {
			deadline = t
		}
	}
	w.Conn.SetReadDeadline(deadline)
	if w.in.closing.Load() && !w.busy.Load() { // after the deadline was set, so that no kick is lost
		return w.hangUp("421 4.3.2 %s is going down, try later", w.in.o.Host)
	}
	n, err := w.stream.Read(w.buf[w.w:])
	w.w += n
	switch {
	case n > 0:
		return nil
	case w.in.closing.Load() && !w.busy.Load():
		return w.hangUp("421 4.3.2 %s is going down, try later", w.in.o.Host)
	case isTimeout(err):
		return w.hangUp("421 4.4.2 %s waited long enough, closing", w.in.o.Host)
	}
	w.dead = true
	return errGone
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// kick wakes a session that waits for its client outside a transaction, so that it says goodbye.
func (w *wire) kick() {
	if !w.busy.Load() {
		w.Conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// cut ends the connection from outside; its goroutine then finds out.
func (w *wire) cut() { w.Conn.Close() }

// Close sends what is unsaid and ends the connection.
func (w *wire) Close() error {
	w.flush()
	w.dead = true
	w.dropLetter()
	w.in.sessions.leave(w)
	w.stream.Close()
	return w.Conn.Close()
}

// Deadlines are the wire's own; go-smtp's would be set once per command, whatever comes in it.
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

func (w *wire) encrypted() bool { return w.stream != w.Conn }
func (w *wire) offersTLS() bool { return w.in.tls != nil && !w.encrypted() }

// startTLS changes over to TLS. What the client sent before is not carried into it (RFC 3207, 4.2).
func (w *wire) startTLS() error {
	if w.r < w.w {
		return w.hangUp("501 5.5.1 nothing may follow STARTTLS before the handshake")
	}
	w.say("220 2.0.0 go ahead")
	if err := w.flush(); err != nil {
		return errGone
	}
	w.Conn.SetDeadline(time.Now().Add(min(w.in.o.Idle, writeTime)))
	secure := tls.Server(w.Conn, w.in.tls)
	if err := secure.Handshake(); err != nil {
		w.in.log.Info("TLS handshake failed", "error", err)
		w.dead = true
		return errGone
	}
	w.stream = secure
	w.dropLetter()
	w.state.afterTLS()
	return nil
}
