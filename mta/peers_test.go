package mta

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tool finds one of Postfix's test programs, which tests do without where they are not installed.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if found, err := exec.LookPath(path); err == nil {
			return found
		}
	}
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s is not installed: it comes with Debian's postfix", name)
	}
	t.Skipf("%s is not installed: it comes with Debian's postfix", name)
	return ""
}

// Postfix's own client brings a burst over ten sessions, by IPv4 and IPv6.
func TestPostfixSends(t *testing.T) {
	program := tool(t, "smtp-source")
	for _, family := range []string{"127.0.0.1:0", "[::1]:0"} {
		s := serve(t, func(o *InboundOptions) { o.Addresses = []string{family} })
		run := exec.Command(program, "-s", "10", "-m", "300", "-l", "10240", "-f", "a@b.example", "-t", "anna@corp.example", "inet:"+s.addr)
		if out, err := run.CombinedOutput(); err != nil || len(out) > 0 {
			t.Errorf("%s: %v: %s", family, err, out)
		}
		if n := len(s.store.all()); n != 300 {
			t.Errorf("%s: %d messages, want 300", family, n)
		}
	}
}

// Postfix's own sink takes what goes out.
func TestPostfixReceives(t *testing.T) {
	program := tool(t, "smtp-sink")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	l.Close()
	dir := t.TempDir()
	args := []string{"-d", dir + "/mail.%M", addr, "16"}
	if os.Getuid() == 0 { // it insists on being somebody else
		args = append([]string{"-u", "nobody"}, args...)
		if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o777)); err != nil {
			t.Fatal(err)
		}
	}
	run := exec.Command(program, args...)
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill(); run.Wait() })
	until(t, "the sink to listen", func() bool {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
	_, q := outbound(t, &sink{addr: addr})
	id := q.add(plainMail, "a@far.example")
	until(t, "sent", func() bool { return q.states(id) == "sent" })
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		octets, _ := os.ReadFile(fmt.Sprintf("%s/%s", dir, f.Name()))
		all.Write(octets)
	}
	if got := all.String(); !strings.Contains(got, "Subject: x") || !strings.Contains(got, "text") {
		t.Errorf("the sink has %q", got)
	}
}
