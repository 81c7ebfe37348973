package mta

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

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
type Inbound struct{}

// NewInbound binds the listeners; nothing is accepted before Run.
func NewInbound(o InboundOptions) (*Inbound, error) { panic("unbuilt") }

// Addrs lists the bound addresses, in the order of the options.
func (in *Inbound) Addrs() []net.Addr { panic("unbuilt") }

// Run serves until ctx ends. Then listeners close, idle sessions get 421, and sessions in a
// transaction may finish it, for 30 s at most.
func (in *Inbound) Run(ctx context.Context) error { panic("unbuilt") }
