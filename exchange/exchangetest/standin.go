package exchangetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// StandinOptions are what demo/cmd/standin reads; Mailboxes defaults to anna, bea and carl@example.test.
type StandinOptions struct {
	Host         string              `json:"host,omitempty"`
	Mailboxes    []StandinMailbox    `json:"mailboxes"`
	Groups       map[string][]string `json:"groups,omitempty"`
	Certificate  string              `json:"certificate,omitempty"` // PEM files: STARTTLS on SMTP, TLS on HTTP faces beside plain HTTP
	Key          string              `json:"key,omitempty"`
	DoubleWindow time.Duration       `json:"double_window,omitempty"` // 0: doubles stay visible
	Connector    *StandinConnector   `json:"connector,omitempty"`
	Largest      int64               `json:"largest,omitempty"` // octets of a message
}

// StandinMailbox is one mailbox.
type StandinMailbox struct {
	Address string
	Aliases []string `json:",omitempty"`
}

// StandinConnector asks mail from own domains for a client certificate of this name.
type StandinConnector struct {
	Certificate string   `json:"certificate"`
	Domains     []string `json:"domains"`
}

// Double is a running stand-in for Exchange (demo/standin): a scripted double in a process of its own.
type Double struct {
	Control string            `json:"control"` // URL of the control API; demo/standin/control.go lists it
	Faces   map[string]string `json:"faces"`   // host:port by face: "smtp", "imap", "ews", "graph", ...
	Service string            `json:"service"` // opens every mailbox
	Secret  string            `json:"secret"`
	t       testing.TB
}

// DoubleMessage is one stored message.
type DoubleMessage struct {
	Mailbox    string            `json:"mailbox"`
	Folder     string            `json:"folder"` // as people read it, German; "INBOX"
	UID        uint32            `json:"uid"`
	ID         string            `json:"id"`      // immutable
	ItemID     string            `json:"item_id"` // changes with each move
	MessageID  string            `json:"message_id"`
	Traces     []string          `json:"traces"` // Received lines, newest first
	Subject    string            `json:"subject"`
	Date       string            `json:"date"`
	Received   time.Time         `json:"received"`
	Sent       time.Time         `json:"sent"`
	Seen       bool              `json:"seen"`
	Flagged    bool              `json:"flagged"` // as people see it
	Answered   bool              `json:"answered"`
	Draft      bool              `json:"draft"`
	Size       int               `json:"size"`
	SHA256     string            `json:"sha256"` // of the octets as they lie there
	Body       string            `json:"body"`   // of what is below the header
	Categories []string          `json:"categories"`
	Extended   map[string]string `json:"extended"`
}

// DoubleFault is a rule of demo/standin/faults.go, which says what the fields do.
type DoubleFault struct {
	Name    string        `json:"name,omitempty"`
	Face    string        `json:"face"`
	Point   string        `json:"point"`
	Mailbox string        `json:"mailbox"`
	Do      string        `json:"do"`
	Code    int           `json:"code"`
	Text    string        `json:"text"`
	Delay   time.Duration `json:"delay"`
	UpTo    time.Duration `json:"up_to,omitempty"`
	Skip    int           `json:"skip"`
	Times   int           `json:"times"`
	Percent float64       `json:"percent"`
	Seed    uint64        `json:"seed"`
	From    time.Time     `json:"from,omitzero"`
	Until   time.Time     `json:"until,omitzero"`
}

// DoubleWork lets users work beside the test; demo/standin/work.go says what the fields do.
type DoubleWork struct {
	Seed      uint64        `json:"seed"`
	Every     time.Duration `json:"every"`
	Steps     int           `json:"steps"`
	Mailboxes []string      `json:"mailboxes,omitempty"`
	Deeds     []string      `json:"deeds,omitempty"`
}

// DoubleDeed is what a user did.
type DoubleDeed struct {
	At        time.Time `json:"at"`
	Mailbox   string    `json:"mailbox"`
	Do        string    `json:"do"`
	MessageID string    `json:"message_id"`
	ID        string    `json:"id"`
	From      string    `json:"from"`
	To        string    `json:"to"`
}

// Standin builds the stand-in, once per test binary, starts it and ends it with the test. Without
// a Go tool, or when it does not build, the test fails: it is never skipped.
func Standin(t testing.TB, o StandinOptions) *Double {
	t.Helper()
	path, err := standinBinary()
	if err != nil {
		t.Fatal(err)
	}
	if o.Mailboxes == nil {
		o.Mailboxes = []StandinMailbox{{Address: "anna@example.test"}, {Address: "bea@example.test"}, {Address: "carl@example.test"}}
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--options", "-")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe() // its end, also when this test binary is killed, ends the process
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	run(t, cmd)
	if _, err := in.Write(text); err != nil {
		t.Fatalf("stand-in: %v", err)
	}
	d := &Double{t: t}
	if err := json.NewDecoder(out).Decode(d); err != nil {
		t.Fatalf("the stand-in did not say where it listens: %v", err)
	}
	return d
}

// standinBinary builds into the repository's bin, where the next run finds it up to date.
var standinBinary = sync.OnceValues(func() (string, error) {
	_, here, _, _ := runtime.Caller(0)
	root := filepath.Dir(filepath.Dir(filepath.Dir(here)))
	bin := filepath.Join(root, "bin")
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(bin, "standin.lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // packages are tested at the same time
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	path := filepath.Join(bin, "standin")
	build := exec.Command("go", "build", "-o", path, "./cmd/standin")
	build.Dir = filepath.Join(root, "demo")
	if said, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("the stand-in does not build: %w\n%s", err, said)
	}
	return path, nil
})

// Addr is host:port of a face; the test fails where there is none.
func (d *Double) Addr(face string) string {
	d.t.Helper()
	address, ok := d.Faces[face]
	if !ok {
		d.t.Fatalf("the stand-in has no face %q but %v", face, d.Faces)
	}
	return address
}

// Messages lists what lies in a mailbox; folder "" is all of it.
func (d *Double) Messages(mailbox, folder string) (all []DoubleMessage) {
	d.t.Helper()
	d.call("GET", "/messages", url.Values{"mailbox": {mailbox}, "folder": {folder}}, nil, &all)
	return all
}

// Octets is a message as it lies there, by either id.
func (d *Double) Octets(mailbox, id string) []byte {
	d.t.Helper()
	return d.call("GET", "/octets", url.Values{"mailbox": {mailbox}, "id": {id}}, nil, nil)
}

// AddMailbox makes an empty mailbox.
func (d *Double) AddMailbox(address string, aliases ...string) {
	d.t.Helper()
	d.call("POST", "/mailboxes", nil, StandinMailbox{Address: address, Aliases: aliases}, nil)
}

// Put stores a message as a person's doing; flags are \Seen and the like.
func (d *Double) Put(mailbox, folder string, octets []byte, received time.Time, flags ...string) {
	d.t.Helper()
	q := url.Values{"mailbox": {mailbox}, "folder": {folder}, "flags": {strings.Join(flags, ",")}}
	if !received.IsZero() {
		q.Set("received", received.Format(time.RFC3339))
	}
	d.call("POST", "/messages", q, octets, nil)
}

// Edit changes a message as a person would in Outlook: read, flagged, answered are "true" or
// "false", categories are all of them, parted by commas, folder moves it. It answers the message as it is then.
func (d *Double) Edit(mailbox, id string, change map[string]string) (m DoubleMessage) {
	d.t.Helper()
	q := url.Values{"mailbox": {mailbox}, "id": {id}}
	for name, value := range change {
		q.Set(name, value)
	}
	d.call("PATCH", "/messages", q, nil, &m)
	return m
}

// Erase removes a message for good.
func (d *Double) Erase(mailbox, id string) {
	d.t.Helper()
	d.call("DELETE", "/messages", url.Values{"mailbox": {mailbox}, "id": {id}}, nil, nil)
}

// SetMailbox changes what has become of a mailbox: "fate" is "", "unknown", "full", "unavailable" or
// "moving"; "side" is "", "on-premises" or "online"; "renumber" names a folder that gets a new UIDVALIDITY.
func (d *Double) SetMailbox(mailbox string, change map[string]string) {
	d.t.Helper()
	q := url.Values{"mailbox": {mailbox}}
	for name, value := range change {
		q.Set(name, value)
	}
	d.call("PATCH", "/mailboxes", q, nil, nil)
}

// Fault puts a rule in force.
func (d *Double) Fault(rule DoubleFault) {
	d.t.Helper()
	d.call("POST", "/faults", nil, rule, nil)
}

// NoFaults ends all rules.
func (d *Double) NoFaults() {
	d.t.Helper()
	d.call("DELETE", "/faults", nil, nil, nil)
}

// FaultsMet counts how often a rule acted.
func (d *Double) FaultsMet() int {
	d.t.Helper()
	var s struct {
		Met int `json:"faults_met"`
	}
	d.call("GET", "/state", nil, nil, &s)
	return s.Met
}

// Now is the stand-in's time.
func (d *Double) Now() time.Time {
	d.t.Helper()
	var s struct{ Now time.Time }
	d.call("GET", "/state", nil, nil, &s)
	return s.Now
}

// Advance moves the stand-in's clock.
func (d *Double) Advance(by time.Duration) {
	d.t.Helper()
	d.call("POST", "/clock", url.Values{"advance": {by.String()}}, nil, nil)
}

// Stand stops the stand-in's clock, or lets it run on.
func (d *Double) Stand(still bool) {
	d.t.Helper()
	d.call("POST", "/clock", url.Values{"stand": {fmt.Sprint(still)}}, nil, nil)
}

// Cut resets every connection of the faces named, or of all, and refuses new ones.
func (d *Double) Cut(faces ...string) { d.t.Helper(); d.plug("/off", faces) }

// Restore plugs them in again, on the same ports.
func (d *Double) Restore(faces ...string) { d.t.Helper(); d.plug("/on", faces) }

func (d *Double) plug(path string, faces []string) {
	d.t.Helper()
	if len(faces) == 0 {
		faces = []string{""}
	}
	for _, f := range faces {
		d.call("POST", path, url.Values{"face": {f}}, nil, nil)
	}
}

// Work lets users work; with Every 0 all steps are done when it returns.
func (d *Double) Work(w DoubleWork) {
	d.t.Helper()
	d.call("POST", "/work", nil, w, nil)
}

// Rest stops them and answers all that they ever did.
func (d *Double) Rest() (deeds []DoubleDeed) {
	d.t.Helper()
	d.call("DELETE", "/work", nil, nil, &deeds)
	return deeds
}

// Play puts a named scenario of demo/standin/scenarios.go in force, Normal ends everything.
func (d *Double) Play(scenario string) {
	d.t.Helper()
	d.call("POST", "/scenarios/"+scenario, nil, nil, nil)
}

// Normal ends all scenarios, rules and fates, and sets the clock right.
func (d *Double) Normal() {
	d.t.Helper()
	d.call("POST", "/normal", nil, nil, nil)
}

// SetConnector asks mail from own domains for a client certificate.
func (d *Double) SetConnector(c StandinConnector) {
	d.t.Helper()
	d.call("POST", "/connector", nil, c, nil)
}

// SetWindow sets how long a second delivery with equal Message-ID and Date is dropped; 0 ends it.
func (d *Double) SetWindow(window time.Duration) {
	d.t.Helper()
	d.call("POST", "/window", url.Values{"for": {window.String()}}, nil, nil)
}

// call asks the control API; it is safe in other goroutines than the test's only as far as t.Fatal is.
func (d *Double) call(method, path string, q url.Values, body, into any) []byte {
	d.t.Helper()
	octets, raw := body.([]byte)
	if body != nil && !raw {
		var err error
		if octets, err = json.Marshal(body); err != nil {
			d.t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, d.Control+path+"?"+q.Encode(), bytes.NewReader(octets))
	if err != nil {
		d.t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		d.t.Fatalf("stand-in: %v", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s %s: %s", answer.Status, path, text)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		d.t.Fatalf("stand-in: %v", err)
	}
	return text
}

// Online asks what is Exchange Online's own of the control API: /tokens (live, revoke), /health
// (status, issue, lag).
func (d *Double) Online(path string, q url.Values) {
	d.t.Helper()
	d.call("POST", path, q, nil, nil)
}

// Oddity switches on or off what a real Exchange may do and nobody has proven yet: dates-ignored,
// drafts-only, no-attributes, bare-headers, no-categories.
func (d *Double) Oddity(name string, on bool) {
	d.t.Helper()
	d.Online("/oddity", url.Values{"name": {name}, "on": {fmt.Sprint(on)}})
}
