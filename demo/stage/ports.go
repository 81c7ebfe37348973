package stage

import (
	"fmt"
	"math/rand/v2"
	"net"
)

// ports are the loopback ports of the demo, in the order in which they follow the base.
type ports struct {
	web, webTLS, smtp, exchangeSMTP, exchangeIMAP, outsideSMTP, oidc, plug int
}

// choosePorts takes base, base+1 and so on, or free ones when base is 0. The ports of the product
// must be known before it starts: they are held while all are chosen, so that no two are the same.
func choosePorts(base int) (p ports, err error) {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for i, port := range []*int{&p.web, &p.webTLS, &p.smtp, &p.exchangeSMTP, &p.exchangeIMAP, &p.outsideSMTP, &p.oidc, &p.plug} {
		l, err := listen(base, i)
		if err != nil {
			return p, fmt.Errorf("a port of the demo is not free (%w): choose another base with --ports, or 0 for any free ones", err)
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

// listen holds the i-th port from base, or any when base is 0. Those are below the ports that outgoing connections get
// (Linux: from 32768): until the product listens there itself, no connection can have taken it.
func listen(base, i int) (l net.Listener, err error) {
	if base > 0 {
		return net.Listen("tcp", loopback(base+i))
	}
	for range 100 {
		if l, err = net.Listen("tcp", loopback(12000+rand.IntN(20000))); err == nil {
			return l, nil
		}
	}
	return nil, err
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
