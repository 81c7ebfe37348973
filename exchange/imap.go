package exchange

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// IMAPOptions configure the way in by IMAP with one service account that may open every mailbox.
type IMAPOptions struct {
	Address  string // host:port
	Implicit bool   // TLS from the first octet (port 993)
	Security Security
	Service  string          // the service account's name
	User     string          // login name, of {service}, {mailbox} (address), {local} (its local part); default {mailbox}
	As       string          // SASL authorization identity of PLAIN, same placeholders; "" is none
	Auth     Auth            // how to log in, default LoginPassword
	Password string          // of the service account, for LoginPassword
	Secret   Secret          // gives it instead, at each login
	Tokens   *Tokens         // for LoginXOAUTH2
	Scope    string          // of the tokens, default ScopeIMAP
	Folders  map[Role]string // administrator's mapping; beaten by LIST attributes
	Call     time.Duration   // longest time of one call, default 5 min
	Idle     time.Duration   // connections are kept that long, default 1 min
	Now      func() time.Time
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// Auth is a way to log in.
type Auth string

const (
	LoginPassword Auth = "password" // PLAIN or LOGIN: on-premises
	LoginXOAUTH2  Auth = "xoauth2"  // a token of client credentials: Online; User names the mailbox
)

// IMAP speaks to mailboxes in Exchange, one connection per mailbox. It is safe for many goroutines;
// calls for one mailbox follow each other.
type IMAP struct {
	o      IMAPOptions
	tls    *tls.Config
	mu     sync.Mutex
	boxes  map[string]*box
	closed bool
}

// box is one mailbox's connection. Whoever holds turn may use it.
type box struct {
	turn    chan struct{}
	account *account // nil: not connected
	used    time.Time
}

// NewIMAP checks the options; it makes no connection.
func NewIMAP(o IMAPOptions) (*IMAP, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address of Exchange's IMAP: %w", err)
	}
	config, err := o.Security.config(host)
	if err != nil {
		return nil, err
	}
	if config == nil && o.Implicit {
		return nil, errors.New("IMAP with TLS from the start cannot have TLS policy none")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	switch o.Auth {
	case "":
		o.Auth = LoginPassword
	case LoginPassword:
	case LoginXOAUTH2:
		if o.Tokens == nil {
			return nil, errors.New("IMAP with XOAUTH2 needs tokens")
		}
	default:
		return nil, fmt.Errorf("IMAP login %q: use password or xoauth2", o.Auth)
	}
	if o.Scope == "" {
		o.Scope = ScopeIMAP
	}
	if o.User == "" {
		o.User = "{mailbox}"
	}
	if o.Call <= 0 {
		o.Call = 5 * time.Minute
	}
	if o.Idle <= 0 {
		o.Idle = time.Minute
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	return &IMAP{o: o, tls: config, boxes: map[string]*box{}}, nil
}

// Longest is the longest time one call can take when its context sets no end.
func (c *IMAP) Longest() time.Duration { return c.o.Call }

// Close ends all connections that rest.
func (c *IMAP) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.sweep(0)
	return nil
}

// name fills a template of the options for a mailbox address.
func (c *IMAP) name(template, mailbox string) string {
	local, _, _ := strings.Cut(mailbox, "@")
	return strings.NewReplacer("{service}", c.o.Service, "{mailbox}", mailbox, "{local}", local).Replace(template)
}

// call runs f on the mailbox's connection, connecting when needed. budget is how many octets the
// answers may have in all.
func (c *IMAP) call(ctx context.Context, mailbox string, budget int64, f func(*account) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Call)
	defer cancel()
	b := c.box(mailbox)
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return &Failure{Kind: ErrTemporary, Op: "wait for the mailbox's connection", Err: ctx.Err()}
	}
	defer func() {
		b.used = time.Now()
		<-b.turn
		c.sweep(c.o.Idle)
	}()
	if b.account != nil && b.account.dead() {
		b.account.close()
		b.account = nil
	}
	if b.account == nil {
		if b.account, err = c.enter(ctx, mailbox); err != nil {
			b.account = nil
			return err
		}
	}
	stop := b.account.guard.during(ctx, budget)
	err = protect(func() error { return f(b.account) })
	stop()
	if ctx.Err() != nil || (err != nil && !usable(err)) {
		b.account.close()
		b.account = nil
	}
	return err
}

var errPanicked = errors.New("panic")

// protect turns a panic over a hostile answer into an error: what was under way is in doubt.
func protect(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Failure{Kind: ErrDoubt, Op: "reading the answer", Err: fmt.Errorf("%w: %v", errPanicked, v)}
		}
	}()
	return f()
}

func (c *IMAP) box(mailbox string) *box {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(mailbox)
	b := c.boxes[key]
	if b == nil {
		b = &box{turn: make(chan struct{}, 1)}
		c.boxes[key] = b
	}
	return b
}

// sweep closes connections that nobody used for a while and nobody uses now.
func (c *IMAP) sweep(idle time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		idle = 0
	}
	for _, b := range c.boxes {
		select {
		case b.turn <- struct{}{}:
			if b.account != nil && time.Since(b.used) >= idle {
				b.account.close()
				b.account = nil
			}
			<-b.turn
		default:
		}
	}
}
