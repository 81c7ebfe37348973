package mta

import (
	"context"
	"crypto/tls"
	"log/slog"
	"time"

	"holdover/email"
	"holdover/mailstore"
)

// Queue is the store's durable outbound queue, and where reports of failure go.
type Queue interface {
	Release(ctx context.Context) (next time.Time, err error)
	ClaimOutbound(ctx context.Context, lease time.Duration, limit int) ([]mailstore.OutMessage, error)
	ReportOutbound(ctx context.Context, m mailstore.OutMessage, results []mailstore.OutRecipient) error
	SpoolOctets(ctx context.Context, id mailstore.SendID) ([]byte, error)
	Deliver(ctx context.Context, a mailstore.Arrival) (email.MessageID, error)
}

// Security says whether a connection to the smart host is encrypted.
type Security string

const (
	Plain    Security = "plain"    // never: a smart host on loopback or in a trusted network
	StartTLS Security = "starttls" // always, the certificate checked by name
)

// OutboundOptions says where mail for the world goes.
type OutboundOptions struct {
	Host      string // our name in EHLO
	SmartHost string // host:port
	Security  Security
	TLS       *tls.Config // roots; nil: the system's
	User      string      // with Password: SMTP AUTH PLAIN, only with StartTLS
	Password  string

	Queue      Queue
	Postmaster string                         // sender of reports
	Language   func(m email.MailboxID) string // "de" or "en", for reports; nil: "en"
	Retries    []time.Duration                // wait after the nth failed attempt, the last one repeats; nil: 1, 2, 5, 15, 30 min, 1 h
	MaxAge     time.Duration                  // then a recipient counts as failed, default 5 days
	Patience   time.Duration                  // longest life of one connection, default 11 min; a lease is a minute longer
	Poll       time.Duration                  // how often the queue is looked at without a Wake, default 1 s
	Workers    int                            // connections at once, default 4
	Now        func() time.Time
	Log        *slog.Logger
}

// Outbound works the queue.
type Outbound struct{}

// NewOutbound checks the options.
func NewOutbound(o OutboundOptions) (*Outbound, error) { panic("unbuilt") }

// Wake makes the queue look for work at once. It never blocks.
func (out *Outbound) Wake() { panic("unbuilt") }

// Run releases held submissions and sends what is due until ctx ends; transactions under way may
// finish, for 30 s at most.
func (out *Outbound) Run(ctx context.Context) error { panic("unbuilt") }
