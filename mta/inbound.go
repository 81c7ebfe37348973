package mta

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"
	"golang.org/x/sync/semaphore"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

const farewellTime = 30 * time.Second

// Directory is what the server asks about recipients.
type Directory interface {
	Resolve(address string) (directory.Target, error) // directory.ErrUnknown for an unknown address
	Final() bool                                      // ErrUnknown may be told as permanent (L15)
	Local(address string) bool                        // the domain is ours
}

// Store is where accepted mail becomes durable. A nil error is what a 250 promises.
type Store interface {
	SpaceLeft(size int64) error
	Deliver(ctx context.Context, a mailstore.Arrival) (email.MessageID, error)
	Enqueue(ctx context.Context, m email.MailboxID, from string, to []string, octets []byte) (mailstore.SendID, error)
}

// Asker asks Exchange whether it knows a recipient that the directory lacks (L15). An error means
// that Exchange is silent.
type Asker interface {
	Known(ctx context.Context, address string) (bool, error)
}

// InboundOptions says where and for whom the server stands. Zero limits take the defaults.
type InboundOptions struct {
	Addresses []string    // host:port of each listener, IPv4 and IPv6; port 0 is any free one
	Host      string      // our name in greeting and Received line
	TLS       *tls.Config // nil: STARTTLS is not offered

	MaxSize          int64         // octets of one message, default 50 MiB
	MaxRecipients    int           // of one message, default 100
	MaxSessions      int           // at once, default 500
	MaxSessionsPerIP int           // at once from one IPv4 address or IPv6 /64, default 50
	Idle             time.Duration // without an octet, default 5 min (RFC 5321, 4.5.3.2.7)
	Session          time.Duration // of a session in all, default 1 h
	Budget           int64         // octets of all bodies in flight, default 512 MiB

	Trusted    []netip.Prefix // peers that may relay to the world: none by default
	Postmaster string         // gets postmaster's mail where the directory has no such address (RFC 5321, 4.5.1)

	Directory Directory
	Store     Store
	Asker     Asker // nil is a silent Exchange
	Now       func() time.Time
	Log       *slog.Logger
}

// Inbound is the SMTP server.
type Inbound struct {
	o         InboundOptions
	log       *slog.Logger
	tls       *tls.Config
	listeners []net.Listener
	sessions  *sessions
	budget    *semaphore.Weighted
	closing   atomic.Bool
}

// NewInbound binds the listeners; nothing is accepted before Run.
func NewInbound(o InboundOptions) (*Inbound, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	in := &Inbound{
		o: o, log: o.Log,
		sessions: newSessions(o.MaxSessions, o.MaxSessionsPerIP),
		budget:   semaphore.NewWeighted(o.Budget),
	}
	if o.TLS != nil {
		in.tls = o.TLS.Clone()
		in.tls.MinVersion = max(in.tls.MinVersion, tls.VersionTLS12)
	}
	for _, address := range o.Addresses {
		l, err := net.Listen("tcp", address)
		if err != nil {
			in.closeListeners()
			return nil, fmt.Errorf("listening for SMTP on %s: %w", address, err)
		}
		in.listeners = append(in.listeners, listener{l, in})
	}
	return in, nil
}

// complete fills in defaults and refuses what cannot work.
func (o *InboundOptions) complete() error {
	switch {
	case len(o.Addresses) == 0:
		return errors.New("SMTP: no address to listen on")
	case !isHost(o.Host):
		return fmt.Errorf("SMTP: %q is no host name", o.Host)
	case o.Directory == nil || o.Store == nil || o.Log == nil:
		return errors.New("SMTP: directory, store and log are needed")
	}
	setDefault(&o.MaxSize, 50<<20)
	setDefault(&o.MaxRecipients, 100)
	setDefault(&o.MaxSessions, 500)
	setDefault(&o.MaxSessionsPerIP, 50)
	setDefault(&o.Idle, 5*time.Minute)
	setDefault(&o.Session, time.Hour)
	setDefault(&o.Budget, 512<<20)
	o.Budget = max(o.Budget, 4*o.MaxSize) // one message of the largest size must always find room
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

func setDefault[T int | int64 | time.Duration](value *T, standard T) {
	if *value <= 0 {
		*value = standard
	}
}

// Addrs lists the bound addresses, in the order of the options.
func (in *Inbound) Addrs() []net.Addr {
	var addrs []net.Addr
	for _, l := range in.listeners {
		addrs = append(addrs, l.Addr())
	}
	return addrs
}

// Run serves until ctx ends. Then listeners close, idle sessions get 421, and sessions in a
// transaction may finish it, for 30 s at most.
func (in *Inbound) Run(ctx context.Context) error {
	server := in.newServer()
	served := make(chan error, len(in.listeners))
	for _, l := range in.listeners {
		go func() { served <- server.Serve(l) }()
	}
	var failed error
	select {
	case <-ctx.Done():
	case failed = <-served:
		failed = fmt.Errorf("serving SMTP: %w", errors.Join(failed, ctx.Err()))
	}
	in.closing.Store(true)
	in.closeListeners()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		server.Shutdown(context.Background()) // waits for the sessions
	}()
	in.sessions.each((*wire).kick)
	select {
	case <-ended:
	case <-time.After(farewellTime):
		in.sessions.each((*wire).cut)
		<-ended
	}
	return failed
}

func (in *Inbound) closeListeners() {
	for _, l := range in.listeners {
		l.Close()
	}
}

// newServer sets go-smtp up as the grammar behind the wire: limits of lines, time and TLS are the
// wire's.
func (in *Inbound) newServer() *smtp.Server {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		w, ok := c.Conn().(*wire)
		if !ok {
			return nil, reply(fmt.Errorf("a connection of type %T", c.Conn()), in.log)
		}
		return &session{in: in, conn: c, wire: w}, nil
	}))
	server.Domain = in.o.Host
	server.MaxLineLength = 0
	server.MaxMessageBytes = in.o.MaxSize
	server.MaxRecipients = in.o.MaxRecipients
	server.ErrorLog = slog.NewLogLogger(in.log.Handler(), slog.LevelError)
	return server
}

func (in *Inbound) newBody() *body { return &body{max: in.o.MaxSize, budget: in.budget} }

// discard is a body that keeps nothing.
func (in *Inbound) discard() *body { return &body{fault: errGone, budget: in.budget} }
