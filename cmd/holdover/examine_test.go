package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// examinedSite is a configuration whose ways all lead to one stand-in (scripted double, not Exchange).
func examinedSite(t *testing.T, d *exchangetest.Double) string {
	t.Helper()
	s := newSite(t)
	text, err := os.ReadFile(s.file)
	if err != nil {
		t.Fatal(err)
	}
	s.write(t, "standin.secret", d.Secret+"\n")
	conf := string(text)
	for _, section := range []string{"exchange.smtp", "exchange.imap"} {
		conf = without(conf, section)
	}
	return s.write(t, "examined.toml", conf+fmt.Sprintf(`
[exchange.smtp]
address = %[1]q
tls = "none"
[exchange.imap]
address = %[2]q
tls = "none"
service = %[6]q
user = "{mailbox}"
password_file = "standin.secret"
[exchange.online.imap]
address = %[2]q
tls = "none"
[exchange.ews]
url = "http://%[3]s/EWS/Exchange.asmx"
tls = "none"
auth = "basic"
user = %[6]q
password_file = "standin.secret"
[exchange.oauth]
token_url = "http://%[4]s/tenant/oauth2/v2.0/token"
tls = "none"
client_id = %[6]q
client_secret_file = "standin.secret"
[exchange.graph]
url = "http://%[5]s/v1.0"
tls = "none"
`, d.Addr("smtp"), d.Addr("imap"), d.Addr("ews"), d.Addr("token"), d.Addr("graph"), d.Service))
}

func examine(t *testing.T, file string, c exchangeTestCommand) (string, error) {
	t.Helper()
	c.Config = file
	if c.Largest == 0 {
		c.Largest = 4 << 20
	}
	c.Wait = 20 * time.Second
	c.Lookups = 3
	var out bytes.Buffer
	err := c.Run(&session{ctx: t.Context(), out: &out, log: slog.New(slog.DiscardHandler)})
	return out.String(), err
}

const examinedBox = "anna@example.test"

// TestExchangeTestBothWays: each check comes out as found, not so, and could not tell where the
// stand-in behaves that way, in the server's own words, and leaves nothing behind.
func TestExchangeTestBothWays(t *testing.T) {
	for _, c := range []struct {
		name    string
		options exchangetest.StandinOptions
		set     func(*exchangetest.Double)
		lines   []string // patterns of lines
		unclear bool
	}{
		{"as it is", exchangetest.StandinOptions{}, nil, []string{
			`exchange.imap: Sent is known by more than its name: found: "Gesendete Elemente" bears .*Sent`,
			`exchange.graph: Sent is known by more than its name: found: "Gesendete Elemente" bears .*sentitems`,
			`exchange.ews: Sent is known by more than its name: found: `,
			`exchange.imap: MOVE and UIDPLUS are offered after login: found: .*MOVE`,
			`exchange.imap: an X- header of our own is kept: found`,
			`exchange.ews: an X- header of our own is kept: found`,
			`exchange.ews: the id in our Received line is read back: found`,
			`exchange.ews: Sent is known by more than its name: found: .*0x670A`,
			`exchange.graph: an X- header of our own is kept: not so: its header holds .*Subject`,
			`exchange.ews: its received date is kept \(0x0E06\): found`,
			`exchange.graph: a message put into Sent is no draft, and read \(0x0E07\): found`,
			`exchange.graph: its sent date is kept \(0x0039\): found`,
			`exchange.graph: its threading is kept \(0x1042, 0x1039\): found`,
			`exchange.graph: a message is made with its categories: found`,
			`exchange.ews: a message is made with its categories: found`,
			`exchange.graph: categories are put on and taken off: found`,
			`exchange.ews: categories are put on and taken off: found`,
			`exchange.graph: it refuses large messages: found: 29\d+ octets are taken, 3100000 are not: .*made nothing`,
			`exchange.imap: it refuses large messages: not so: 35\d+ octets are taken`,
			`exchange.smtp: a sender of our own domain is refused \(5.7.64, 5.7.68\): not so: accepted`,
			`exchange.smtp: a second delivery with the same Message-ID and Date is dropped: not so: 2 of 2`,
			`exchange.imap: Exchange asks to slow down within 3 look-ups: not so`,
		}, false},
		{"the other way", exchangetest.StandinOptions{DoubleWindow: time.Hour, Largest: 2 << 20}, func(d *exchangetest.Double) {
			for _, name := range []string{"dates-ignored", "no-attributes", "bare-headers", "drafts-only", "no-categories"} {
				d.Oddity(name, true)
			}
			d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "select", Do: "reply", Skip: 1, Times: 1, Text: "BAD Request is throttled. Suggested Backoff Time: 30000 milliseconds"})
			d.Fault(exchangetest.DoubleFault{Face: "graph", Point: "list", Do: "reply", Skip: 1, Times: 1, Code: 429, Delay: 7 * time.Second, Text: "ApplicationThrottled: slow down"})
		}, []string{
			`exchange.imap: Sent is known by more than its name: not so: "Gesendete Elemente"`,
			`exchange.imap: an X- header of our own is kept: not so`,
			`exchange.ews: an X- header of our own is kept: not so`,
			`exchange.ews: a message is made with its categories: not so: \[\]`,
			`exchange.ews: categories are put on and taken off: not so: .*something else`,
			`exchange.ews: its received date is kept \(0x0E06\): not so: given 20.*, shown 20`,
			`exchange.imap: its received date is kept \(0x0E06\): not so`,
			`exchange.graph: a message put into Sent is no draft, and read \(0x0E07\): not so: .*made a draft of it`,
			`exchange.imap: it refuses large messages: found: 10\d+ octets are taken, 2900000 are not: .*Maximum size`,
			`exchange.smtp: a second delivery with the same Message-ID and Date is dropped: found: 1 of 2`,
			`exchange.imap: Exchange asks to slow down within 3 look-ups: found: after \d: .*Request is throttled.*; for 30s`,
			`exchange.graph: Exchange asks to slow down within 3 look-ups: found: after \d: .*429 ApplicationThrottled slow down; for 7s`,
		}, false},
		{"refused", exchangetest.StandinOptions{Connector: &exchangetest.StandinConnector{Certificate: "holdover.test", Domains: []string{"example.test"}}}, func(d *exchangetest.Double) {
			d.Cut("graph")
		}, []string{
			`exchange.smtp: a sender of our own domain is refused \(5.7.64, 5.7.68\): found: .*5.7.68`,
			`exchange.smtp: a second delivery .*: could not tell: the first was refused`,
			`exchange.graph: the test mailbox opens: could not tell: `,
			`exchange.graph: Exchange asks to slow down .*: could not tell: `,
			`exchange.graph: it refuses large messages: could not tell: `,
		}, true},
		{"5.7.64", exchangetest.StandinOptions{}, func(d *exchangetest.Double) {
			d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "rcpt", Do: "reply", Code: 550, Text: "5.7.64 TenantAttribution; Relay Access Denied"})
		}, []string{`exchange.smtp: a sender of our own domain is refused \(5.7.64, 5.7.68\): found: .*5.7.64 TenantAttribution`}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			d := exchangetest.Standin(t, c.options)
			if c.set != nil {
				c.set(d)
			}
			settle := 20 * time.Second
			if c.options.DoubleWindow > 0 {
				settle = time.Second // until the second delivery counts as dropped
			}
			out, err := examine(t, examinedSite(t, d), exchangeTestCommand{Mailbox: examinedBox, Write: true, Settle: settle})
			if c.unclear != errors.Is(err, errFindings) || !c.unclear && err != nil {
				t.Errorf("ended with %v", err)
			}
			for _, line := range c.lines {
				if !regexp.MustCompile(`(?m)^` + line).MatchString(out) {
					t.Errorf("no line like %s", line)
				}
			}
			d.NoFaults()
			if left := d.Messages(examinedBox, ""); len(left) != 0 {
				t.Errorf("%d messages were left behind: %+v", len(left), left)
			}
			if t.Failed() {
				t.Log(out)
			}
		})
	}
}

// TestExchangeTestWritesOnlyWhenTold: nothing is written without --write, nothing opened without --mailbox.
func TestExchangeTestWritesOnlyWhenTold(t *testing.T) {
	d := exchangetest.Standin(t, exchangetest.StandinOptions{})
	file := examinedSite(t, d)
	d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "append", Do: "delay"}) // counts
	d.Fault(exchangetest.DoubleFault{Face: "graph", Point: "create", Do: "delay"})
	d.Fault(exchangetest.DoubleFault{Face: "smtp", Point: "mail", Do: "delay"})
	out, err := examine(t, file, exchangeTestCommand{Mailbox: examinedBox})
	if err != nil || d.FaultsMet() != 0 || len(d.Messages(examinedBox, "")) != 0 || !strings.Contains(out, "(--write)") {
		t.Errorf("without --write: %v, %d calls that write\n%s", err, d.FaultsMet(), out)
	}
	d.Fault(exchangetest.DoubleFault{Face: "imap", Point: "login", Do: "delay"})
	d.Fault(exchangetest.DoubleFault{Face: "graph", Point: "request", Do: "delay"})
	out, err = examine(t, file, exchangeTestCommand{})
	if err != nil || d.FaultsMet() != 0 || !strings.Contains(out, "(name a test mailbox with --mailbox)") {
		t.Errorf("without --mailbox: %v, %d logins\n%s", err, d.FaultsMet(), out)
	}
	if _, err := examine(t, file, exchangeTestCommand{Write: true}); err == nil || errors.Is(err, errFindings) {
		t.Errorf("--write without a mailbox: %v", err)
	}
	if _, err := examine(t, file, exchangeTestCommand{Mailbox: "everybody"}); err == nil || errors.Is(err, errFindings) {
		t.Errorf("no address: %v", err)
	}
}

// TestExchangeTestCertificates: what a certificate may be used for, ours and theirs, both ways.
func TestExchangeTestCertificates(t *testing.T) {
	const server, own = "its certificate is made for servers: ", "our certificate may be used as a client's: "
	look := func(c connector) string {
		var out bytes.Buffer
		x := &exam{ctx: t.Context(), out: &out, conf: &config{}}
		x.certificates(examined{key: "exchange.smtp", end: endpoint{key: "exchange.smtp", speaks: "smtp", socket: &c}})
		return out.String()
	}
	for _, c := range []struct {
		usage []x509.ExtKeyUsage
		says  []string
	}{
		{nil, []string{server + "found", own + "found"}},
		{[]x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []string{server + "found", own + "not so", "[\"server\"]"}},
		{[]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}, []string{server + "not so", own + "found", "[\"client\"]"}},
	} {
		pem, key := purposeful(t, c.usage)
		d := exchangetest.Standin(t, exchangetest.StandinOptions{Certificate: pem, Key: key})
		shown := look(connector{Address: d.Addr("smtp"), TLS: "required", CA: pem, Certificate: pem, Key: key})
		for _, want := range c.says {
			if !strings.Contains(shown, want) {
				t.Errorf("%v: no %q in\n%s", c.usage, want, shown)
			}
		}
	}
	if plain := look(connector{Address: "127.0.0.1:1", TLS: "none"}); !strings.Contains(plain, "no TLS is configured") {
		t.Error(plain)
	}
	if nobody := look(connector{Address: "127.0.0.1:1", TLS: "required", Certificate: "none.pem", Key: "none.pem"}); strings.Count(nobody, "could not tell") != 2 {
		t.Error(nobody)
	}
}

// purposeful is a certificate for these purposes alone.
func purposeful(t *testing.T, usage []x509.ExtKeyUsage) (certificateFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}, ExtKeyUsage: usage, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	certificateFile, keyFile = filepath.Join(dir, "c.pem"), filepath.Join(dir, "k.pem")
	for file, block := range map[string]*pem.Block{certificateFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificateFile, keyFile
}
