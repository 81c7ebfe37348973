package exchange

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"holdover/exchange/exchangetest"
)

// The contract of delivery by SMTP: the same behaviours against Postfix and against the stand-in.

// office is a server that mail is delivered to, and a view of what arrived there.
type office struct {
	options SMTPOptions
	double  *exchangetest.Double // nil: a real server
	arrived func(t testing.TB, box string) [][]byte
}

// delivery is one behaviour of it being played; box is a mailbox of its own on the double.
type delivery struct {
	*testing.T
	*office
	box string
}

func newSMTP(t testing.TB, o SMTPOptions) *SMTP {
	t.Helper()
	c, err := NewSMTP(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func offices() map[string]func(t *testing.T) *office {
	return map[string]func(t *testing.T) *office{
		"smtp@postfix": func(t *testing.T) *office {
			mail := exchangetest.Maildirs(t)
			return &office{
				options: SMTPOptions{Address: exchangetest.Postfix(t, mail), Hello: "holdover.example.test", Security: Security{Policy: None}},
				arrived: func(t testing.TB, _ string) [][]byte { return readMaildir(t, filepath.Join(mail, "anna", "Maildir")) },
			}
		},
		"smtp@double": func(t *testing.T) *office {
			certificate, caFile, _ := selfSigned(t)
			d := exchangetest.Standin(t, exchangetest.StandinOptions{Certificate: caFile, Key: keyFile(t, certificate)})
			return &office{
				options: SMTPOptions{Address: d.Addr("smtp"), Security: Security{Policy: Required, CAFile: caFile, Name: "exchange.test"}, Command: 20 * time.Second, Final: 20 * time.Second},
				double:  d,
				arrived: func(t testing.TB, box string) (all [][]byte) {
					for _, m := range d.Messages(box, "") {
						all = append(all, d.Octets(box, m.ID))
					}
					return all
				},
			}
		},
	}
}

type deliveryBehaviour struct {
	name   string
	double bool
	run    func(d *delivery) string
}

func deliveries() []deliveryBehaviour {
	rows := []deliveryBehaviour{
		{"octets arrive as they are, private fields taken off", false, deliverOctets},
		{"an unknown mailbox is told from all else, and asking delivers nothing", false, deliverUnknown},
		{"at most 5 sessions at once and 20 messages in each; one that died costs nothing", false, deliverSessions},
		{"an account signs in; a wrong password stops the route and no message", true, deliverAuth},
		{"equal Message-ID and Date within the window: taken, and stored once", true, deliverTwice},
		{"own domain without the connector's certificate; with it delivered", true, deliverConnector},
		{"MAIL answered after 10 to 55 s", true, deliverDelayed},
		{"no answer after the final dot until the caller's deadline", true, deliverHang},
		{"the connection is lost after the final dot, before storing", true, deliverLost("before", 0)},
		{"the connection is lost after the final dot, after storing", true, deliverLost("after", 1)},
		{"the connection is lost before DATA", true, deliverCut},
		{"this way down", true, deliverDown},
		{"mailbox over quota", true, deliverFate("full", ErrRefused)},
		{"mailbox being moved", true, deliverFate("moving", ErrTemporary)},
		{"mailbox's database down: taken, seen when it is up again", true, deliverUnavailable},
		{"taken with a yes and lost", true, deliverKept("lose", 0, 0)},
		{"taken with a yes and seen 1 to 45 minutes later", true, deliverKept("late", 0, 1)},
		{"taken with a yes and put into Junk", true, deliverKept("junk", 1, 1)},
	}
	for _, r := range replies() {
		rows = append(rows, deliveryBehaviour{fmt.Sprintf("%d %s at %s", r.code, strings.Fields(r.text)[0], strings.ToUpper(r.at)), true, r.play})
	}
	return rows
}

func deliverySection() *section {
	s := &section{heading: "Delivery", columns: []string{"smtp@postfix", "smtp@double"}}
	for _, b := range deliveries() {
		s.rows = append(s.rows, b.name)
	}
	return s
}

// TestDeliveryContract runs every behaviour of delivery on every server.
func TestDeliveryContract(t *testing.T) {
	results := deliverySection()
	t.Cleanup(func() { results.write(t) })
	for _, column := range results.columns {
		t.Run(column, func(t *testing.T) {
			t.Parallel()
			o := offices()[column](t)
			for i, b := range deliveries() {
				if b.double && o.double == nil {
					results.note(b.name, column, "–")
					continue
				}
				t.Run(b.name, func(t *testing.T) {
					d := &delivery{T: t, office: o, box: anna}
					if o.double != nil {
						d.box = fmt.Sprintf("d%d@example.test", i)
						o.double.AddMailbox(d.box)
						defer o.double.Normal()
					}
					if note := b.run(d); !t.Failed() {
						results.note(b.name, column, note)
					}
				})
			}
		})
	}
}

func (d *delivery) smtp() *SMTP { return newSMTP(d.T, d.options) }

func (d *delivery) send(c *SMTP, from, id string) error {
	_, err := c.Deliver(contextOf(d.T), from, []string{d.box}, mail(id))
	return err
}

// here counts what lies in the mailbox with an id.
func (d *delivery) here(id string) (n int) {
	for _, octets := range d.arrived(d.T, d.box) {
		if bytes.Contains(octets, []byte("<"+id+">")) {
			n++
		}
	}
	return n
}

// waitFor gives a server with a queue its time.
func (d *delivery) waitFor(id string, want int) {
	d.Helper()
	got := 0
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if got = d.here(id); got == want {
			return
		}
	}
	d.Fatalf("%s: %d arrived, want %d", id, got, want)
}

func (d *delivery) outcome(err error, allowed ...error) string {
	d.Helper()
	return (&play{T: d.T}).outcome(err, allowed...)
}

// readMaildir reads Postfix's deliveries.
func readMaildir(t testing.TB, dir string) (all [][]byte) {
	t.Helper()
	files, _ := filepath.Glob(filepath.Join(dir, "new", "*"))
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, asCRLF(text))
	}
	return all
}

func keyFile(t testing.TB, c tls.Certificate) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
