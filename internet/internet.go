// Package internet knows which addresses are of the public internet, and dials no other. Where a stranger names the
// address (a picture in a mail, a browser's push service) our own network must be out of reach.
package internet

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// ErrRefused: the address is none of the public internet, or the port is not one of the web.
var ErrRefused = errors.New("this address is not dialled")

// closed are address ranges that are not the public internet (IANA's registries of special-purpose
// addresses), or that carry an IPv4 address inside which could be one of those.
var closed = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24",
	"192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"168.63.129.16/32", // a cloud's own service, public by its number only
	"::/96",            // unspecified, loopback, IPv4-compatible
	"::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16",
	"fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

func prefixes(list ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(list))
	for i, p := range list {
		all[i] = netip.MustParsePrefix(p)
	}
	return all
}

// Public says whether an address is one of the public internet. An IPv4 address in an IPv6 one is
// judged as what it is.
func Public(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if a.Is6() && !netip.MustParsePrefix("2000::/3").Contains(a) {
		return false // nothing else is given out
	}
	for _, p := range closed {
		if p.Contains(a) {
			return false
		}
	}
	return a.IsGlobalUnicast()
}

// Dialler connects to ports 80 and 443 of public addresses only. It is asked with the address that is about to be
// connected to, after names were looked up: a name that points elsewhere the second time gains nothing. allow admits
// further addresses and is for tests, which have no internet; nil in a program.
func Dialler(timeout time.Duration, allow func(netip.AddrPort) bool) *net.Dialer {
	return &net.Dialer{Timeout: timeout, FallbackDelay: -1, Control: func(network, address string, _ syscall.RawConn) error {
		return check(network, address, allow)
	}}
}

func check(network, address string, allow func(netip.AddrPort) bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("%w: %s %s", ErrRefused, network, address)
	}
	if allow != nil && allow(at) {
		return nil
	}
	if !Public(at.Addr()) || at.Port() != 80 && at.Port() != 443 {
		return fmt.Errorf("%w: %s", ErrRefused, at)
	}
	return nil
}
