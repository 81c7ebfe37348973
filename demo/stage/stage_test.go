package stage

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPortsAreConsecutiveOrFree(t *testing.T) {
	p, err := choosePorts(0)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range []int{p.web, p.webTLS, p.smtp, p.exchangeSMTP, p.exchangeIMAP, p.outsideSMTP, p.oidc, p.plug} {
		if port == 0 || seen[port] {
			t.Errorf("ports %+v", p)
		}
		seen[port] = true
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := choosePorts(taken.Addr().(*net.TCPAddr).Port); err == nil || !strings.Contains(err.Error(), "--ports") {
		t.Errorf("a taken port gives %v, which names no remedy", err)
	}
}

func TestCertificatesServeLocalhostAndStay(t *testing.T) {
	dir := t.TempDir()
	server, err := certificates(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := certificates(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !server.Certificates[0].Leaf.Equal(again.Certificates[0].Leaf) {
		t.Error("a second start made another certificate: browsers would have to trust again")
	}
	authority, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(authority)
	l, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.(*tls.Conn).Handshake()
			c.Close()
		}
	}()
	for name, good := range map[string]bool{"localhost": true, "127.0.0.1": true, "example.org": false} {
		c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{RootCAs: pool, ServerName: name})
		if (err == nil) != good {
			t.Errorf("as %s: %v", name, err)
		}
		if err == nil {
			c.Close()
		}
	}
}

func TestChildIsStoppedKilledAndReported(t *testing.T) {
	stopped, err := startChild(io.Discard, "/bin/sh", "-c", `trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done`)
	if err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(10 * time.Second); stopped.tail.String() == ""; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the child said nothing")
		}
	}
	if err := stopped.Stop(10 * time.Second); err != nil {
		t.Errorf("a clean end is reported as %v", err)
	}
	dead, err := startChild(io.Discard, "/bin/sh", "-c", "echo the disk is on fire >&2; exit 3")
	if err != nil {
		t.Fatal(err)
	}
	<-dead.Done()
	if err := dead.Err(); err == nil || !strings.Contains(err.Error(), "the disk is on fire") {
		t.Errorf("a death is reported as %v, without its last lines", err)
	}
	if _, err := startChild(io.Discard, filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a missing binary started")
	}
}
