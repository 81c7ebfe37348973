package exchange

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
)

// scripted is a server that answers each line with what the script says; nil ends the connection.
func scripted(t testing.TB, greeting string, script func(line string) []byte) string {
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
			go func() {
				defer c.Close()
				fmt.Fprint(c, greeting)
				lines := bufio.NewScanner(c)
				for lines.Scan() {
					answer := script(lines.Text())
					if answer == nil {
						return
					}
					if _, err := c.Write(answer); err != nil {
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// imapScript answers a working IMAP dialogue but for the command named, which gets the answer given.
func imapScript(t testing.TB, command, answer string) IMAPOptions {
	t.Helper()
	address := scripted(t, "* OK The Microsoft Exchange IMAP4 service is ready. [cgBhAG4A]\r\n", func(line string) []byte {
		tag, rest, _ := strings.Cut(line, " ")
		verb, _, _ := strings.Cut(strings.TrimPrefix(strings.ToUpper(rest), "UID "), " ")
		if verb == command {
			if answer == "" {
				return nil
			}
			return []byte(strings.ReplaceAll(answer, "TAG", tag))
		}
		untagged := map[string]string{
			"CAPABILITY": "* CAPABILITY IMAP4rev1 UIDPLUS MOVE\r\n",
			"LIST":       "* LIST () \"/\" INBOX\r\n* LIST (\\Sent) \"/\" Sent\r\n",
			"EXAMINE":    "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n", "SELECT": "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n",
			"SEARCH": "* SEARCH 1 2 3\r\n",
		}[verb]
		return []byte(untagged + tag + " OK done\r\n")
	})
	return IMAPOptions{Address: address, Security: Security{Policy: None}, Call: 3 * time.Second}
}

// TestIMAPAnswers: each odd answer has its outcome, and none a crash, a hang or a false "absent".
func TestIMAPAnswers(t *testing.T) {
	for _, c := range []struct {
		name, command, answer string
		want                  error
	}{
		{"login refused", "LOGIN", "TAG NO LOGIN failed.\r\n", ErrLogin},
		{"throttled", "SEARCH", "TAG BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds\r\n", ErrThrottled},
		{"not connected", "EXAMINE", "TAG NO User is authenticated but not connected.\r\n", ErrTemporary},
		{"bye", "EXAMINE", "* BYE Connection closed. 14\r\n", ErrUnreachable},
		{"cut", "EXAMINE", "", ErrUnreachable},
		{"garbage", "EXAMINE", "\x00\xff\x01((((((\r\n", ErrUnreachable},
		{"unknown tag", "EXAMINE", "ZZ9 OK hello\r\n", ErrUnreachable},
		{"endless line", "EXAMINE", "* " + strings.Repeat("A", 1<<20), ErrUnreachable},
		{"absurd literal", "FETCH", "* 1 FETCH (UID 1 BODY[HEADER.FIELDS (Message-ID)] {999999999999}\r\nMessage-ID: <x@y>\r\n", ErrUnreachable},
		{"absurd set", "SEARCH", "* SEARCH 1 4294967295 0\r\nTAG OK\r\n", nil},
		{"deep list", "LIST", "* LIST " + strings.Repeat("(", 5000) + "\r\nTAG OK\r\n", ErrUnreachable},
		{"bad name", "LIST", "* LIST () \"/\" \"&broken\"\r\nTAG OK\r\n", ErrUnreachable},
		{"silence", "SEARCH", "* OK still here\r\n", ErrUnreachable},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			connector := newIMAP(t, imapScript(t, c.command, c.answer))
			began := time.Now()
			copies, err := connector.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}})
			if c.want != nil && !errors.Is(err, c.want) || len(copies) != 0 {
				t.Errorf("%v, %v; want %v", copies, err, c.want)
			}
			if time.Since(began) > 10*time.Second {
				t.Errorf("took %v", time.Since(began))
			}
			var f *Failure
			if c.want == ErrThrottled && (!errors.As(err, &f) || f.After != 30*time.Second) {
				t.Errorf("back-off not read: %v", err)
			}
		})
	}
}

// TestIMAPChangesInDoubt: when the connection breaks during a change, nobody knows; before it, everybody does.
func TestIMAPChangesInDoubt(t *testing.T) {
	for _, c := range []struct {
		command, answer string
		want            error
	}{
		{"APPEND", "TAG NO [OVERQUOTA] full\r\n", ErrRefused},
		{"APPEND", "TAG BAD Command Argument Error 11\r\n", ErrRefused},
		{"APPEND", "TAG NO [TRYCREATE] no\r\n", ErrNoFolder},
		{"APPEND", "TAG NO busy\r\n", ErrTemporary},
		{"APPEND", "", ErrUnreachable}, // no octet was asked for
		{"LIST", "", ErrUnreachable},
	} {
		connector := newIMAP(t, imapScript(t, c.command, c.answer))
		_, err := connector.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: mail("d@x.test")})
		if !errors.Is(err, c.want) || errors.Is(err, ErrDoubt) {
			t.Errorf("%s %q: %v, want %v", c.command, c.answer, err, c.want)
		}
	}
	connector := newIMAP(t, imapScript(t, "APPEND", "+ go on\r\n")) // and then silence or a cut
	if _, err := connector.Append(contextOf(t), anna, Folder{Role: Sent}, Item{Octets: mail("d@x.test")}); !errors.Is(err, ErrDoubt) {
		t.Errorf("silence after the literal: %v, want doubt", err)
	}
	moving := newIMAP(t, imapScript(t, "STORE", ""))
	if _, err := moving.SetFlags(contextOf(t), anna, Place{Folder: "INBOX", Validity: 1, UID: 1}, Flags{Seen: true}); !errors.Is(err, ErrDoubt) {
		t.Errorf("cut during STORE: %v, want doubt", err)
	}
}

// TestSMTPHostile: garbage and hangs cost an error within the deadline.
func TestSMTPHostile(t *testing.T) {
	for name, greeting := range map[string]string{
		"garbage": "\x00\xff\xfe\r\n", "endless": strings.Repeat("220-", 1<<20), "not now": "554 5.3.2 go away\r\n", "http": "HTTP/1.1 400 Bad Request\r\n\r\n", "silence": "",
	} {
		address := scripted(t, greeting, func(string) []byte { return []byte("599 what?\r\n") })
		c := newSMTP(t, SMTPOptions{Address: address, Security: Security{Policy: None}, Command: 500 * time.Millisecond})
		if _, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("h@x.test")); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: %v, want unreachable", name, err)
		}
	}
	hang := scripted(t, "220 x\r\n", func(line string) []byte {
		if strings.HasPrefix(line, "MAIL") {
			return []byte{}
		}
		return []byte("250 ok\r\n")
	})
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	c := newSMTP(t, SMTPOptions{Address: hang, Security: Security{Policy: None}})
	if _, err := c.Deliver(ctx, "a@b.test", []string{anna}, mail("h@x.test")); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a hang at MAIL: %v", err)
	}
	if _, err := newSMTP(t, SMTPOptions{Address: "127.0.0.1:1", Security: Security{Policy: None}}).Known(contextOf(t), anna); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody listens: %v", err)
	}
}

// TestSTARTTLS: the policy decides over certificate, pin and missing offer.
func TestSTARTTLS(t *testing.T) {
	certificate, caFile, pin := selfSigned(t)
	withTLS, plain := tlsDouble(t, &certificate), tlsDouble(t, nil)
	for _, c := range []struct {
		name     string
		address  string
		security Security
		works    bool
	}{
		{"required, trusted", withTLS, Security{Policy: Required, CAFile: caFile, Name: "exchange.test"}, true},
		{"required, pinned", withTLS, Security{Policy: Required, Pin: pin}, true},
		{"required, trusted and pinned", withTLS, Security{CAFile: caFile, Pin: pin, Name: "exchange.test"}, true},
		{"required, unknown authority", withTLS, Security{Policy: Required, Name: "exchange.test"}, false},
		{"required, other name", withTLS, Security{Policy: Required, CAFile: caFile, Name: "other.test"}, false},
		{"required, other pin", withTLS, Security{Policy: Required, Pin: strings.Repeat("ab", 32)}, false},
		{"required, not offered", plain, Security{Policy: Required, CAFile: caFile}, false},
		{"opportunistic, self-signed", withTLS, Security{Policy: Opportunistic}, true},
		{"opportunistic, other pin", withTLS, Security{Policy: Opportunistic, Pin: strings.Repeat("ab", 32)}, false},
		{"opportunistic, not offered", plain, Security{Policy: Opportunistic}, true},
		{"none", plain, Security{Policy: None}, true},
	} {
		_, err := newSMTP(t, SMTPOptions{Address: c.address, Security: c.security}).Deliver(contextOf(t), "a@b.test", []string{anna}, mail("t@x.test"))
		if (err == nil) != c.works {
			t.Errorf("%s: %v", c.name, err)
		}
		var f *Failure
		kind := ErrUnreachable
		if strings.Contains(c.name, "other pin") {
			kind = ErrRoute // somebody else answers: trying on does not help
		}
		if !c.works && (!errors.As(err, &f) || f.Kind != kind || f.Remedy == "") {
			t.Errorf("%s: %v has no remedy, or is no %v", c.name, err, kind)
		}
	}
	for _, bad := range []Security{{Policy: "maybe"}, {Pin: "xyz"}, {CAFile: "/does/not/exist"}} {
		if _, err := NewSMTP(SMTPOptions{Address: "127.0.0.1:25", Security: bad}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
}

// smtpDouble takes every message and keeps none.
type smtpDouble struct{}

func (*smtpDouble) NewSession(*smtp.Conn) (smtp.Session, error) { return takesAll{}, nil }

type takesAll struct{}

func (takesAll) Reset()                               {}
func (takesAll) Logout() error                        { return nil }
func (takesAll) Mail(string, *smtp.MailOptions) error { return nil }
func (takesAll) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (takesAll) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}

func tlsDouble(t *testing.T, certificate *tls.Certificate) string {
	t.Helper()
	return serveTLS(t, &smtpDouble{}, certificate)
}

func serveTLS(t *testing.T, backend smtp.Backend, certificate *tls.Certificate) string {
	t.Helper()
	server := smtp.NewServer(backend)
	server.Domain = "exchange.test"
	if certificate != nil {
		server.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	return l.Addr().String()
}

func selfSigned(t *testing.T) (c tls.Certificate, caFile, pin string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "exchange.test"}, DNSNames: []string{"exchange.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	spki, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(spki)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, caFile, hex.EncodeToString(sum[:])
}
