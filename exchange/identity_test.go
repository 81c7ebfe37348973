package exchange

import (
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// authDouble counts the passwords that were told to it.
type authDouble struct {
	smtpDouble
	passwords *atomic.Int32
}

type authSession struct {
	smtp.Session
	passwords *atomic.Int32
}

func (d *authDouble) NewSession(c *smtp.Conn) (smtp.Session, error) {
	s, err := d.smtpDouble.NewSession(c)
	return &authSession{s, d.passwords}, err
}
func (s *authSession) AuthMechanisms() []string { return []string{"PLAIN"} }
func (s *authSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(string, string, string) error { s.passwords.Add(1); return nil }), nil
}

// TestWitness: who is told of the certificate may end the connection, and no password has left then.
func TestWitness(t *testing.T) {
	certificate, _, pin := selfSigned(t)
	var passwords atomic.Int32
	address := serveTLS(t, &authDouble{passwords: &passwords}, &certificate)
	for _, security := range []Security{{Policy: Opportunistic}, {Policy: Required, Pin: pin}} {
		var shown []Presented
		allow := true
		security.Witness = func(p Presented) error {
			if shown = append(shown, p); !allow {
				return fmt.Errorf("%w: not confirmed", ErrPin)
			}
			return nil
		}
		deliver := func() error {
			c := newSMTP(t, SMTPOptions{Address: address, Security: security, User: "holdover", Password: "geheim"})
			_, err := c.Deliver(contextOf(t), "a@b.test", []string{anna}, mail("w@x.test"))
			return err
		}
		passwords.Store(0)
		if err := deliver(); err != nil || passwords.Load() != 1 {
			t.Fatalf("%s: %v, %d passwords", security.Policy, err, passwords.Load())
		}
		if allow = false; !errors.Is(deliver(), ErrRoute) || passwords.Load() != 1 {
			t.Errorf("%s: refused by the witness, and %d passwords were told", security.Policy, passwords.Load())
		}
		if len(shown) < 2 || shown[0].Pin != pin || shown[0].Subject == "" || shown[0].Expires.IsZero() {
			t.Errorf("%s: shown %+v", security.Policy, shown)
		}
	}
}

// TestWitnessOfTheWeb: EWS and Graph's tokens are held to it as well; no Authorization field leaves.
func TestWitnessOfTheWeb(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { asked.Add(1) }))
	defer server.Close()
	refuse := Security{CAFile: pemOf(t, server.Certificate().Raw), Witness: func(Presented) error { return ErrPin }}
	ews, err := NewEWS(EWSOptions{URL: server.URL + "/EWS/Exchange.asmx", Security: refuse, User: "u", Password: "geheim", Auth: "basic"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ews.Find(contextOf(t), anna, Query{MessageIDs: []string{"x@y"}}); !errors.Is(err, ErrRoute) {
		t.Errorf("EWS: %v", err)
	}
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("geheim"), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := NewTokens(TokenOptions{URL: server.URL + "/token", Security: refuse, ClientID: "c", SecretFile: file})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tokens.Token(contextOf(t), ScopeGraph); err == nil {
		t.Error("a token came from a stranger")
	}
	if n := asked.Load(); n != 0 {
		t.Errorf("%d requests went to a stranger", n)
	}
}

func pemOf(t *testing.T, der []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestLook: each kind of door tells its certificate, and what the authorities think of it.
func TestLook(t *testing.T) {
	certificate, caFile, pin := selfSigned(t)
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	imap := scripted(t, "* OK ready\r\n", func(string) []byte { return []byte("a1 NO not today\r\n") })
	injected := scripted(t, "220 x\r\n", func(line string) []byte {
		if line == "STARTTLS" {
			return []byte("220 go\r\n250 surprise\r\n")
		}
		return []byte("250 ok\r\n")
	})
	trusted := Security{CAFile: caFile, Name: "exchange.test"}
	smtpAddress := serveTLS(t, &smtpDouble{}, &certificate)
	for name, c := range map[string]struct {
		door    Door
		pin     string
		trouble bool
		fails   bool
	}{
		"smtp":             {Door{Protocol: "smtp", Address: smtpAddress, Security: trusted}, pin, false, false},
		"smtp, other name": {Door{Protocol: "smtp", Address: smtpAddress, Security: Security{CAFile: caFile, Name: "other.test"}}, pin, true, false},
		"https":            {Door{Protocol: "https", Address: web.Listener.Addr().String()}, "", true, false},
		"imap refuses":     {Door{Protocol: "imap", Address: imap}, "", false, true},
		"said before TLS":  {Door{Protocol: "smtp", Address: injected}, "", false, true},
		"without TLS":      {Door{Protocol: "smtp", Address: smtpAddress, Security: Security{Policy: None}}, "", false, true},
		"nobody there":     {Door{Protocol: "imaps", Address: "127.0.0.1:1"}, "", false, true},
	} {
		shown, err := c.door.Look(contextOf(t))
		if (err != nil) != c.fails || c.pin != "" && shown.Pin != c.pin || (shown.Trouble != "") != c.trouble {
			t.Errorf("%s: %+v, %v", name, shown, err)
		}
	}
}
