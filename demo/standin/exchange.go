// Package standin is the demo's stand-in for Exchange: an SMTP face and an IMAP face over one
// mailbox store in memory, with German folder names and Exchange's IMAP dialect.
//
// It is a scripted double, not Exchange: what it does beyond the RFCs is what vendor documents and
// other clients report. Faults are switched on by rule, and Cut resets every connection as if
// somebody had pulled the plug.
package standin

import (
	"crypto/subtle"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Options say what the stand-in is. Mailboxes is required; the listeners default to any free loopback port.
type Options struct {
	Host      string // greets with it; default "exchange.invalid"
	Mailboxes []Mailbox
	Groups    map[string][]string // group address -> member addresses, expanded at delivery

	SMTP, IMAP string // listen addresses, default 127.0.0.1:0
	TLS        *tls.Config

	Service string // account that may open every mailbox
	Secret  string // its password

	// DoubleWindow drops a second delivery with equal Message-ID and Date inside it, as Exchange
	// does. Zero keeps doubles visible.
	DoubleWindow time.Duration

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

	mu   sync.Mutex
	smtp *face
	imap *face
	cut  bool
}

// Start opens both faces and serves until Close.
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
	store, err := openStore(o)
	if err != nil {
		return nil, err
	}
	e := &Exchange{options: o, store: store, faults: &Faults{}}
	e.smtp = newFace("smtp", orLoopback(o.SMTP), e.serveSMTP)
	e.imap = newFace("imap", orLoopback(o.IMAP), e.serveIMAP)
	if err := e.Restore(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func orLoopback(address string) string {
	if address == "" {
		return "127.0.0.1:0"
	}
	return address
}

// Store is the mailbox store behind both faces.
func (e *Exchange) Store() *Store { return e.store }

// Faults are the rules that make the faces misbehave.
func (e *Exchange) Faults() *Faults { return e.faults }

// SMTPAddr is host:port of the SMTP face; it stays the same over Cut and Restore.
func (e *Exchange) SMTPAddr() string { return e.smtp.address() }

// IMAPAddr is host:port of the IMAP face.
func (e *Exchange) IMAPAddr() string { return e.imap.address() }

// Cut pulls the plug: both listeners close and every connection is reset in mid-word.
func (e *Exchange) Cut() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.smtp.cut()
	e.imap.cut()
	e.cut = true
}

// Restore plugs the faces in again, on the ports they had.
func (e *Exchange) Restore() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := errors.Join(e.smtp.listen(), e.imap.listen()); err != nil {
		return fmt.Errorf("stand-in Exchange: %w", err)
	}
	e.cut = false
	return nil
}

// Up says whether the plug is in.
func (e *Exchange) Up() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return !e.cut
}

// Close cuts the faces and flushes the journal.
func (e *Exchange) Close() error {
	e.Cut()
	e.smtp.wait()
	e.imap.wait()
	return e.store.close()
}

// login answers the mailbox that user may open with secret: the service account opens every
// mailbox, named as "service\mailbox", "service/mailbox" or plainly as the mailbox.
func (e *Exchange) login(user, secret string) (string, bool) {
	for _, separator := range []string{`\`, "/"} {
		if account, rest, ok := strings.Cut(user, separator); ok && strings.EqualFold(account, e.options.Service) {
			user = rest
		}
	}
	mailbox, known := e.store.Resolve(user)
	same := subtle.ConstantTimeCompare([]byte(secret), []byte(e.options.Secret)) == 1
	return mailbox, known && same && e.options.Secret != ""
}
