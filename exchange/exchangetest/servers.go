// Package exchangetest starts real mail servers for tests: Debian's Dovecot and Postfix on free
// ports of the loopback address, over one Maildir. They check syntax and stand in for a server that
// keeps what it is told; they are no Exchange.
package exchangetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Password opens every mailbox of Dovecot; the login name is the local part of the address.
const Password = "secret"

// Maildirs makes the folder that both servers keep mail in, as <local part>/Maildir.
func Maildirs(t testing.TB) string {
	t.Helper()
	mail := daemonDir(t)
	if os.Geteuid() == 0 {
		if err := os.Chown(mail, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return mail
}

// Dovecot serves IMAP with German folder names and answers its host:port. It skips the test where
// it cannot run.
func Dovecot(t testing.TB, mail string) (address string) {
	t.Helper()
	need(t, "/usr/lib/dovecot/imap", "dovecot-imapd")
	dir, port := daemonDir(t), freePort(t)
	conf := filepath.Join(dir, "dovecot.conf")
	writeFile(t, conf, fmt.Sprintf(`base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
mail_location = maildir:%[2]s/%%n/Maildir
mail_uid = 65534
mail_gid = 65534
first_valid_uid = 100
mail_max_userip_connections = 1000
auth_mechanisms = plain
passdb {
 driver = static
 args = password=secret
}
userdb {
 driver = static
 args = uid=65534 gid=65534 home=%[2]s/%%n allow_all_users=yes
}
namespace inbox {
 inbox = yes
 separator = /
 mailbox "Gesendete Elemente" {
  auto = create
  special_use = \Sent
 }
 mailbox "Entwürfe" {
  auto = create
 }
 mailbox "Gelöschte Elemente" {
  auto = create
 }
 mailbox "Archiv" {
  auto = create
 }
}
service imap-login {
 chroot =
 inet_listener imap {
  port = %[3]d
 }
 inet_listener imaps {
  port = 0
 }
}
service anvil {
 chroot =
}
service stats {
 chroot =
}
`, dir, mail, port))
	run(t, exec.Command("dovecot", "-F", "-c", conf))
	address = fmt.Sprintf("127.0.0.1:%d", port)
	waitFor(t, address, filepath.Join(dir, "dovecot.log"))
	return address
}

// Postfix serves SMTP for anna@example.test and nobody else, and answers its host:port.
func Postfix(t testing.TB, mail string) (address string) {
	t.Helper()
	need(t, "/usr/sbin/postfix", "postfix")
	dir, port := daemonDir(t), freePort(t)
	for _, d := range []string{"etc", "queue", "data"} {
		if err := os.Mkdir(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := exec.Command("chown", "postfix", filepath.Join(dir, "data")).CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("Postfix's account is missing: %s", out)
		}
		t.Skipf("Postfix's account is missing: %s", out)
	}
	writeFile(t, filepath.Join(dir, "etc", "master.cf"), masterFile(t, port))
	writeFile(t, filepath.Join(dir, "etc", "vmap"), "anna@example.test anna/Maildir/\n")
	writeFile(t, filepath.Join(dir, "etc", "main.cf"), fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/mail.log
maillog_file_prefixes = %[1]s
myhostname = mail.example.test
mydestination =
alias_maps =
alias_database =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = reject_unlisted_recipient, permit_mynetworks, reject
smtp_host_lookup = native
disable_dns_lookups = yes
smtpd_client_connection_count_limit = 0
smtpd_peername_lookup = no
default_transport = error:none
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_junk_command_limit = 10000
virtual_mailbox_domains = example.test
virtual_mailbox_base = %[2]s
virtual_mailbox_maps = texthash:%[1]s/etc/vmap
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
virtual_minimum_uid = 100
`, dir, mail))
	etc := filepath.Join(dir, "etc")
	if out, err := exec.Command("postfix", "-c", etc, "start").CombinedOutput(); err != nil {
		t.Fatalf("Postfix did not start: %v %s", err, out)
	}
	t.Cleanup(func() { exec.Command("postfix", "-c", etc, "abort").Run() })
	address = fmt.Sprintf("127.0.0.1:%d", port)
	waitFor(t, address, filepath.Join(dir, "mail.log"))
	return address
}

func masterFile(t testing.TB, port int) string {
	t.Helper()
	var text []byte
	for _, name := range []string{"/etc/postfix/master.cf.proto", "/usr/share/postfix/master.cf.dist"} {
		if b, err := os.ReadFile(name); err == nil {
			text = b
			break
		}
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "smtp ") && strings.Contains(line, " inet "):
			fmt.Fprintf(&out, "127.0.0.1:%d inet n - n - - smtpd\n", port)
		case len(f) >= 8 && !strings.ContainsAny(line[:1], "# \t"):
			f[4] = "n" // no chroot
			out.WriteString(strings.Join(f, " ") + "\n")
		default:
			out.WriteString(line)
		}
	}
	if !strings.Contains(out.String(), "\npostlog") {
		out.WriteString("postlog unix-dgram n - n - 1 postlogd\n")
	}
	return out.String()
}

// need skips without root or the program; under CI=true both are failures.
func need(t testing.TB, path, pkg string) {
	t.Helper()
	_, err := os.Stat(path)
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatalf("%s is missing: apt-get install %s", path, pkg)
	case err != nil:
		t.Skipf("%s is missing (Debian: apt-get install %s)", path, pkg)
	case os.Geteuid() != 0 && os.Getenv("CI") == "true":
		t.Fatal("real mail servers must be started as root")
	case os.Geteuid() != 0:
		t.Skip("real mail servers must be started as root")
	}
}

// daemonDir is a folder that other users may pass through, unlike t.TempDir's parents.
func daemonDir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "holdover-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func writeFile(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run starts a daemon in the foreground and ends it with the test.
func run(t testing.TB, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
}

func waitFor(t testing.TB, address, logFile string) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
	}
	text, _ := os.ReadFile(logFile)
	t.Fatalf("nobody listens at %s; log: %s", address, text)
}
