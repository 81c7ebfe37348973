package stage

import (
	"fmt"
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
		want := 0
		if base > 0 {
			want = base + i
		}
		l, err := net.Listen("tcp", loopback(want))
		if err != nil {
			return p, fmt.Errorf("port %d of the demo is not free (%w): choose another base with --ports, or 0 for any free ones", want, err)
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return p, nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
