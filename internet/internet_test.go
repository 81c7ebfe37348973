package internet

import (
	"errors"
	"net/netip"
	"testing"
)

// TestPublic is the list of addresses that are never dialled, in every dress, and some that are.
func TestPublic(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1": false, "127.255.255.254": false, "::1": false, "0.0.0.0": false, "::": false, "0.1.2.3": false,
		"10.1.2.3": false, "172.16.0.1": false, "172.31.255.255": false, "192.168.1.1": false, "100.64.0.1": false,
		"169.254.169.254": false, "169.254.170.2": false, "fd00:ec2::254": false, "168.63.129.16": false, "100.100.100.200": false, "192.0.0.192": false,
		"fc00::1": false, "fd12:3456::1": false, "fe80::1": false, "fec0::1": false, "ff02::1": false, "224.0.0.1": false, "255.255.255.255": false, "240.0.0.1": false,
		"::ffff:127.0.0.1": false, "::ffff:10.0.0.1": false, "::ffff:a9fe:a9fe": false, "::127.0.0.1": false, "::ffff:0:127.0.0.1": false,
		"64:ff9b::7f00:1": false, "64:ff9b::10.0.0.1": false, "64:ff9b:1::1": false, "2002:7f00:1::": false, "2002:a00:1::1": false, "2001:0:7f00:1::1": false, "2001:db8::1": false,
		"198.18.0.1": false, "192.0.2.1": false, "198.51.100.1": false, "203.0.113.1": false, "192.88.99.1": false, "100::1": false, "5f00::1": false, "3fff::1": false,
		"93.184.216.34": true, "8.8.8.8": true, "172.32.0.1": true, "100.128.0.1": true, "2606:2800:220:1::1": true, "2a00:1450::1": true, "::ffff:8.8.8.8": true,
	} {
		if got := Public(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %v", address, got)
		}
	}
	if Public(netip.MustParseAddr("fe80::1%eth0")) || Public(netip.Addr{}) {
		t.Error("zones and nothing pass")
	}
}

// TestRebinding: a name that resolves to an inner address is refused when it is dialled, whatever it was before.
func TestRebinding(t *testing.T) {
	for _, address := range []string{"127.0.0.1:80", "[::1]:443", "10.0.0.1:80", "[::ffff:10.0.0.1]:80", "8.8.8.8:25", "8.8.8.8:6379"} {
		if err := check("tcp4", address, nil); !errors.Is(err, ErrRefused) {
			t.Errorf("%s would be dialled", address)
		}
	}
	if err := check("tcp4", "8.8.8.8:443", nil); err != nil {
		t.Error(err)
	}
	if err := check("udp4", "8.8.8.8:443", nil); !errors.Is(err, ErrRefused) {
		t.Error("another protocol passes")
	}
}
