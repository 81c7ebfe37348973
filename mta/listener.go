package mta

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// listener lets in who may come in, as wires.
type listener struct {
	net.Listener
	in *Inbound
}

func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		w := newWire(c, l.in)
		if l.in.sessions.join(w) {
			return w, nil
		}
		c.SetWriteDeadline(time.Now().Add(lingerTime / 10)) // nobody else is let in meanwhile
		c.Write([]byte("421 4.7.0 " + l.in.o.Host + " has too many sessions, try later\r\n"))
		c.Close()
	}
}

// sessions counts who is in, in all and by peer.
type sessions struct {
	most, mostPerPeer int

	mu     sync.Mutex
	wires  map[*wire]netip.Prefix
	byPeer map[netip.Prefix]int
}

func newSessions(most, mostPerPeer int) *sessions {
	return &sessions{
		most: most, mostPerPeer: mostPerPeer,
		wires: map[*wire]netip.Prefix{}, byPeer: map[netip.Prefix]int{},
	}
}

func (s *sessions) join(w *wire) bool {
	peer := neighbourhood(peerOf(w.Conn))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.wires) >= s.most || s.byPeer[peer] >= s.mostPerPeer {
		return false
	}
	s.wires[w] = peer
	s.byPeer[peer]++
	return true
}

// leave may be called twice.
func (s *sessions) leave(w *wire) {
	s.mu.Lock()
	defer s.mu.Unlock()
	peer, in := s.wires[w]
	if !in {
		return
	}
	delete(s.wires, w)
	if s.byPeer[peer]--; s.byPeer[peer] == 0 {
		delete(s.byPeer, peer)
	}
}

// each calls f for all who are in.
func (s *sessions) each(f func(*wire)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for w := range s.wires {
		f(w)
	}
}

// peerOf is the client's address, IPv4 also where it came through an IPv6 socket.
func peerOf(c net.Conn) netip.Addr {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// neighbourhood is what one client can have: an IPv4 address, an IPv6 /64.
func neighbourhood(a netip.Addr) netip.Prefix {
	bits := 64
	if a.Is4() {
		bits = 32
	}
	p, _ := a.Prefix(bits)
	return p
}
