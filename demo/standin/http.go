package standin

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"
)

// overHTTP serves a handler as a face. It speaks TLS to who begins with a TLS hello, if there is a
// certificate, and plain HTTP to everybody else.
func (e *Exchange) overHTTP(h http.Handler) func(net.Listener) func() {
	return func(l net.Listener) func() {
		server := &http.Server{
			Handler: h, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0),
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(context.WithValue(ctx, connKey{}, beneath(c)), eitherKey{}, c)
			},
		}
		go server.Serve(eitherListener{l, e.options.TLS})
		return func() { server.Close() }
	}
}

type (
	connKey   struct{}
	eitherKey struct{}
)

// meet plays a fault in an HTTP handler: true means that the handler answers the rule's Code and
// Text in its own dialect, and does nothing else. Where the connection is to be lost, meet does not
// return: the request ends without an answer.
func (e *Exchange) meet(r *http.Request, face, point, mailbox string) (Fault, bool) {
	rule, ok := e.faults.meet(r.Context(), connOf(r), face, point, mailbox)
	if ok && rule.Do != "reply" {
		panic(http.ErrAbortHandler)
	}
	return rule, ok
}

// connOf is the connection that a request came on; what is bound to a connection (NTLM) is kept by it.
func connOf(r *http.Request) *conn { return r.Context().Value(connKey{}).(*conn) }

// isTLS says whether a request came over TLS; the server above does not see it.
func isTLS(r *http.Request) bool {
	c, ok := r.Context().Value(eitherKey{}).(*either)
	if !ok {
		return false
	}
	_, ok = c.spoken.(*tls.Conn)
	return ok
}

// eitherListener accepts connections that speak TLS or not.
type eitherListener struct {
	net.Listener
	config *tls.Config
}

func (l eitherListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &either{Conn: c, config: l.config}, nil
}

// either decides with the first octet, that of a TLS hello being 0x16 (RFC 8446, 5.1).
type either struct {
	net.Conn
	config *tls.Config
	once   sync.Once
	spoken net.Conn
}

func (c *either) start() {
	var first [1]byte
	n, err := c.Conn.Read(first[:])
	c.spoken = &begun{Conn: c.Conn, first: first[:n], err: err}
	if n == 1 && first[0] == 0x16 && c.config != nil {
		config := c.config.Clone()
		config.NextProtos = []string{"http/1.1"}
		c.spoken = tls.Server(c.spoken, config)
	}
}

func (c *either) NetConn() net.Conn { return c.Conn }

func (c *either) Read(p []byte) (int, error) {
	c.once.Do(c.start)
	return c.spoken.Read(p)
}

func (c *either) Write(p []byte) (int, error) {
	c.once.Do(c.start)
	return c.spoken.Write(p)
}

// begun gives back the octet that was read of it.
type begun struct {
	net.Conn
	first []byte
	err   error
}

func (b *begun) Read(p []byte) (int, error) {
	if len(b.first) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.Conn.Read(p)
}
