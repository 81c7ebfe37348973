package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"database/sql"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a directory with a working configuration; what is not under test answers on loopback.
type site struct {
	dir, file string
	web, mail string
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), web: freeAddress(t), mail: freeAddress(t)}
	issuer := httptest.NewServer(nil)
	t.Cleanup(issuer.Close)
	issuer.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":"%[2]s/a","token_endpoint":"%[2]s/t","jwks_uri":"%[2]s/k"}`, issuer.URL, issuer.URL)
	})
	peer := listening(t)
	s.write(t, "people.csv", "address,name,kind,role\nanna@stadt.example,Anna Berg,user,admin\n")
	s.write(t, "secret", "s\n")
	s.write(t, "admin.token", "token\n")
	certificate(t, s.dir, "mail.stadt.example", 90*24*time.Hour)
	s.file = s.write(t, "holdover.toml", fmt.Sprintf(`
[organisation]
name = "Stadt"
[storage]
dir = "data"
reserve = "1MiB"
[directory]
csv = "people.csv"
complete = true
[smtp]
host = "mail.stadt.example"
listen = [%q]
certificate = "cert.pem"
key = "key.pem"
[sending]
smart_host = %q
tls = "none"
postmaster = "postmaster@stadt.example"
[exchange.smtp]
address = %[2]q
tls = "none"
[exchange.imap]
address = %[2]q
tls = "none"
password_file = "secret"
[signin]
issuer = %[3]q
client_id = "holdover"
client_secret_file = "secret"
[web]
url = "http://localhost%[4]s"
listen = [%[5]q]
admin_token_file = "admin.token"
`, s.mail, peer, issuer.URL, s.web[strings.LastIndex(s.web, ":"):], s.web))
	return s
}

func (s *site) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// run runs a command to its end; out is what it prints.
func (s *site) run(t *testing.T, command string) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	err = run(t.Context(), []string{command, "--config", s.file}, &b, t.Output())
	return b.String(), err
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// listening takes connections and says nothing.
func listening(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.Close()
		}
	}()
	return l.Addr().String()
}

func certificate(t *testing.T, dir, host string, good time.Duration) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(good)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// serve runs the product inside this process until the test ends it.
func (s *site) serve(t *testing.T) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"serve", "--config", s.file}, t.Output(), t.Output())
	}()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if r, err := http.Get("http://" + s.web + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				break
			}
		}
		select {
		case err := <-done:
			t.Fatalf("serve ended: %v", err)
		default:
		}
		if time.Now().After(deadline) {
			t.Fatal("serve is not ready after 20 s")
		}
	}
	return func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("serve ended with %v", err)
		}
	}
}

func TestServeTakesMailAndVerifyFindsItWhole(t *testing.T) {
	s := newSite(t)
	end := s.serve(t)
	const text = "From: kunde@welt.example\r\nTo: anna@stadt.example\r\nSubject: Angebot\r\nMessage-ID: <1@welt.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nGuten Tag\r\n"
	if err := smtp.SendMail(s.mail, nil, "kunde@welt.example", []string{"anna@stadt.example"}, []byte(text)); err == nil || !strings.Contains(err.Error(), "certificate") {
		// net/smtp insists on a known certificate when STARTTLS is offered, which proves that ours is.
		t.Errorf("an unknown certificate was taken: %v", err)
	}
	deliver(t, s.mail, text)
	if out, err := s.run(t, "verify"); err == nil || !strings.Contains(err.Error(), "another holdover process") {
		t.Errorf("verify beside a running service: %v\n%s", err, out)
	}
	end()
	out, err := s.run(t, "verify")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(out, "1 mailboxes verified, 0 findings") {
		t.Errorf("verify says %q", out)
	}
	files, err := filepath.Glob(filepath.Join(s.dir, "data/maildir/*/new/*"))
	if err != nil || len(files) != 1 {
		t.Fatalf("%d files in the Maildir (%v)", len(files), err)
	}
	if err := os.Remove(files[0]); err != nil {
		t.Fatal(err)
	}
	if out, err := s.run(t, "verify"); err == nil {
		t.Errorf("verify passes although a message file is gone:\n%s", out)
	}
}

func deliver(t *testing.T, address, text string) {
	t.Helper()
	if err := send(address, text); err != nil {
		t.Fatal(err)
	}
}

// send speaks SMTP without TLS; the error is the server's answer.
func send(address, text string) error {
	c, err := smtp.Dial(address)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Mail("kunde@welt.example"); err != nil {
		return err
	}
	if err := c.Rcpt("anna@stadt.example"); err != nil {
		return err
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	fmt.Fprint(w, text)
	return w.Close()
}

// TestLockedDatabaseDefersMail: another program holds the database, really. Mail is put off, nothing
// is lost, and once the lock is gone the same message is taken.
func TestLockedDatabaseDefersMail(t *testing.T) {
	s := newSite(t)
	end := s.serve(t)
	defer end()
	other, err := sql.Open("sqlite", "file:"+filepath.Join(s.dir, "data/mail.db")+"?_pragma=busy_timeout(5000)")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lock.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	const text = "From: kunde@welt.example\r\nSubject: Gesperrt\r\nMessage-ID: <2@welt.example>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0100\r\n\r\nGuten Tag\r\n"
	var answer *textproto.Error
	if err := send(s.mail, text); !errors.As(err, &answer) || answer.Code != 451 {
		t.Errorf("a locked database answers %v, want 451", err)
	}
	if _, err := lock.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := send(s.mail, text); err != nil {
		t.Errorf("after the lock: %v", err)
	}
}

func TestRebuildTakesAForeignMaildir(t *testing.T) {
	s := newSite(t)
	box := filepath.Join(s.dir, "data/maildir/abcdefghijklmnop")
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(box, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s.write(t, "data/maildir/abcdefghijklmnop/address", "anna@stadt.example\n")
	for i := range 3 {
		s.write(t, fmt.Sprintf("data/maildir/abcdefghijklmnop/cur/%d.x.host:2,S", i),
			fmt.Sprintf("From: a@b.example\r\nSubject: Alt %d\r\nMessage-ID: <alt-%[1]d@b.example>\r\nDate: Fri, 20 Nov 2026 10:00:00 +0100\r\n\r\nText %[1]d\r\n", i))
	}
	out, err := s.run(t, "rebuild")
	if err != nil || !strings.Contains(out, "3 messages were added") {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := s.run(t, "rebuild"); err != nil || !strings.Contains(out, "0 messages were added") {
		t.Errorf("a second time: %v\n%s", err, out)
	}
	if out, err := s.run(t, "verify"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestCheckNamesEachFindingWithItsRemedy(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(t *testing.T, s *site)
		says  []string // "" : no problem
	}{
		"good": {func(*testing.T, *site) {}, nil},
		"certificate over": {func(t *testing.T, s *site) { certificate(t, s.dir, "mail.stadt.example", -time.Hour) },
			[]string{"smtp.certificate", "it ended on", "Renew it"}},
		"certificate of another": {func(t *testing.T, s *site) { certificate(t, s.dir, "www.stadt.example", 90*24*time.Hour) },
			[]string{"smtp.certificate", "not for mail.stadt.example"}},
		"certificate broken": {func(t *testing.T, s *site) { s.write(t, "cert.pem", "rubbish") },
			[]string{"smtp.certificate", "cert.pem", "full chain"}},
		"people broken": {func(t *testing.T, s *site) {
			s.write(t, "people.csv", "address,name,kind,role\nanna@stadt.example,Anna,user,admin\nanna@stadt.example,Anna,user,boss\n")
		}, []string{"people.csv:3", "boss"}},
		"nobody": {func(t *testing.T, s *site) { s.write(t, "people.csv", "address,name,kind,role\n") },
			[]string{"names no mailbox"}},
		"configuration": {func(t *testing.T, s *site) { s.write(t, "holdover.toml", "[storage]\ndri = \"x\"\n") },
			[]string{"storage.dri", "Did you mean storage.dir"}},
		"storage": {func(t *testing.T, s *site) { s.write(t, "data", "a file where the directory should be") },
			[]string{"storage", "cannot be made"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			row.spoil(t, s)
			out, err := s.run(t, "check")
			if (err != nil) != (row.says != nil) {
				t.Errorf("check ends with %v", err)
			}
			for _, part := range row.says {
				if !strings.Contains(out, part) {
					t.Errorf("%q is not in\n%s", part, out)
				}
			}
			if row.says == nil && !strings.Contains(out, "shared with Exchange: machine") {
				t.Errorf("nothing is said of what is shared with Exchange:\n%s", out)
			}
		})
	}
}

func TestBrokenStartsSayWhatToDo(t *testing.T) {
	for name, row := range map[string]struct {
		spoil func(t *testing.T, s *site)
		says  []string
	}{
		"certificate": {func(t *testing.T, s *site) { s.write(t, "key.pem", "rubbish") }, []string{"cert.pem", "key that belongs to it"}},
		"people": {func(t *testing.T, s *site) { s.write(t, "people.csv", "address,name,kind\nno address,Anna,user\n") },
			[]string{"people.csv:2"}},
		"port": {func(t *testing.T, s *site) {
			l, err := net.Listen("tcp", s.web)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
		}, []string{"address already in use"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			row.spoil(t, s)
			_, err := s.run(t, "serve")
			if err == nil {
				t.Fatal("it serves")
			}
			for _, part := range row.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q is not in %v", part, err)
				}
			}
		})
	}
}
