// Package standin is the demo's stand-in for Exchange: several faces (SMTP, IMAP, and over HTTP what
// the other files add) over one mailbox store in memory, with German folder names and Exchange's
// dialects.
//
// It is a scripted double, not Exchange: what it does beyond the RFCs is what vendor documents and
// other clients report. Faults are switched on by rule and go by a clock that can be set, and Cut
// resets every connection as if somebody had pulled the plug. README.md lists its behaviours.
package standin

import (
	"cmp"
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what the stand-in is. Mailboxes is required; the listeners default to any free loopback port.
type Options struct {
	Host      string // greets with it; default "exchange.invalid"
	Mailboxes []Mailbox
	Groups    map[string][]string // group address -> member addresses, expanded at delivery

	Listen map[string]string // listen address by face, default 127.0.0.1:0
	TLS    *tls.Config       // STARTTLS on SMTP, and TLS on HTTP for who begins with it

	Service string // account that may open every mailbox
	Secret  string // its password

	// DoubleWindow drops a second delivery with equal Message-ID and Date inside it, as Exchange
	// does. Zero keeps doubles visible.
	DoubleWindow time.Duration

	Connector Connector   // who may send from the organisation's own domains
	Largest   int64       // octets of a message, default 36 MiB
	Graph     GraphLimits // of the Graph face

	Journal string // file that keeps the store over restarts, "" keeps nothing
	Now     func() time.Time
	Log     *slog.Logger
}

// Mailbox is one mailbox of the stand-in.
type Mailbox struct {
	Address string // primary
	Aliases []string
	Name    string
}

// Exchange is the running stand-in.
type Exchange struct {
	options Options
	store   *Store
	faults  *Faults
	clock   *Clock
	faces   []*face
	office  office
	largest atomic.Int64

	stage     sync.Mutex // over the two below
	playing   []string   // scenarios
	connector Connector

	tokens *Tokens
	health *Health
	oddity sync.Map // name -> bool
}

// Start opens all faces and serves until Close.
func Start(o Options) (*Exchange, error) {
	if o.Host == "" {
		o.Host = "exchange.invalid"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	clock := newClock(o.Now)
	store, err := openStore(o, clock)
	if err != nil {
		return nil, err
	}
	e := &Exchange{options: o, store: store, clock: clock, faults: &Faults{clock: clock}}
	e.connector = o.Connector
	e.largest.Store(cmp.Or(o.Largest, 36<<20)) // a Receive connector's usual limit
	e.tokens, e.health = newTokens(e), &Health{exchange: e}
	e.addFace("smtp", e.serveSMTP)
	e.addFace("imap", e.serveIMAP)
	// A face over HTTP is one line here.
	e.addFace("ews", e.overHTTP(e.ewsHandler()))
	e.addFace("token", e.overHTTP(e.tokenHandler()))
	e.addFace("graph", e.overHTTP(e.graphHandler()))
	e.addFace("health", e.overHTTP(e.healthHandler()))
	if err := e.Restore(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Exchange) addFace(name string, serve func(net.Listener) (stop func())) {
	address := e.options.Listen[name]
	if address == "" {
		address = "127.0.0.1:0"
	}
	e.faces = append(e.faces, newFace(name, address, e.faults, serve))
}

// Store is the mailbox store behind all faces.
func (e *Exchange) Store() *Store { return e.store }

// Faults are the rules that make the faces misbehave.
func (e *Exchange) Faults() *Faults { return e.faults }

// Clock is the stand-in's own time.
func (e *Exchange) Clock() *Clock { return e.clock }

// Ahead is how far the stand-in's clock is ahead of everybody else's.
func (e *Exchange) Ahead() time.Duration { return e.clock.Now().Sub(e.options.Now()) }

// Faces are the names of the faces, in the order in which they were opened.
func (e *Exchange) Faces() (names []string) {
	for _, f := range e.faces {
		names = append(names, f.name)
	}
	return names
}

// Addr is host:port of a face; it stays the same over Cut and Restore. "" for a face there is not.
func (e *Exchange) Addr(name string) string {
	for _, f := range e.faces {
		if f.name == name {
			return f.address()
		}
	}
	return ""
}

// SMTPAddr is host:port of the SMTP face.
func (e *Exchange) SMTPAddr() string { return e.Addr("smtp") }

// IMAPAddr is host:port of the IMAP face.
func (e *Exchange) IMAPAddr() string { return e.Addr("imap") }

// Cut pulls the plug of the faces named, or of all: they close and every connection is reset in mid-word.
func (e *Exchange) Cut(names ...string) {
	for _, f := range e.named(names) {
		f.cut()
	}
}

// Restore plugs the faces named, or all, in again, on the ports they had.
func (e *Exchange) Restore(names ...string) error {
	var errs []error
	for _, f := range e.named(names) {
		errs = append(errs, f.listen())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stand-in Exchange: %w", err)
	}
	return nil
}

// Up says whether the plugs of the faces named, or of at least one of all, are in.
func (e *Exchange) Up(names ...string) bool {
	for _, f := range e.named(names) {
		if f.up() == (len(names) == 0) {
			return f.up()
		}
	}
	return len(names) > 0
}

func (e *Exchange) named(names []string) (some []*face) {
	for _, f := range e.faces {
		if len(names) == 0 || slices.Contains(names, f.name) {
			some = append(some, f)
		}
	}
	return some
}

// Close cuts the faces and flushes the journal.
func (e *Exchange) Close() error {
	e.Rest()
	e.Cut()
	for _, f := range e.faces {
		f.done.Wait()
	}
	return e.store.close()
}

// opens answers the mailbox that a login names: the service account opens every mailbox, named as
// "service\mailbox", "service/mailbox" or plainly as the mailbox.
func (e *Exchange) opens(user string) (string, bool) {
	for _, separator := range []string{`\`, "/"} {
		if account, rest, ok := strings.Cut(user, separator); ok && strings.EqualFold(account, e.options.Service) {
			user = rest
		}
	}
	return e.store.Resolve(user)
}

// password says whether it is the service account's.
func (e *Exchange) password(secret string) bool {
	return subtle.ConstantTimeCompare([]byte(secret), []byte(e.options.Secret)) == 1 && e.options.Secret != ""
}
