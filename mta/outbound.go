package mta

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
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

// OutboundOptions says where mail for the world goes. Zero values take the defaults.
type OutboundOptions struct {
	Host      string // our name in EHLO and in reports
	SmartHost string // host:port
	Security  Security
	TLS       *tls.Config // roots; nil: the system's
	User      string      // with Password: SMTP AUTH PLAIN, only with StartTLS
	Password  string

	Store      Queue
	Postmaster string                         // sender of reports
	Language   func(m email.MailboxID) string // "de" or "en", for reports; nil: "en"
	Retries    []time.Duration                // wait after the nth attempt, the last one repeats; nil: 1, 2, 5, 15, 30 min, 1 h
	MaxAge     time.Duration                  // then a recipient counts as failed, default 5 days (RFC 5321, 4.5.4.1)
	Patience   time.Duration                  // longest life of one connection, default 11 min; a lease lasts a tenth longer
	Poll       time.Duration                  // how often the queue is looked at without a Wake, default 1 s
	Pause      time.Duration                  // first wait after the smart host could not be reached, doubled up to 60 times it, default 1 s
	Workers    int                            // connections at once, default 4
	Now        func() time.Time
	Log        *slog.Logger
}

// Outbound works the queue.
type Outbound struct {
	o    OutboundOptions
	log  *slog.Logger
	name string        // the smart host's, for its certificate
	wake chan struct{} // there may be work
	link link
}

// NewOutbound checks the options.
func NewOutbound(o OutboundOptions) (*Outbound, error) {
	name, _, err := net.SplitHostPort(o.SmartHost)
	switch {
	case err != nil:
		return nil, fmt.Errorf("smart host: %w", err)
	case !isHost(o.Host):
		return nil, fmt.Errorf("outbound: %q is no host name", o.Host)
	case o.Security != Plain && o.Security != StartTLS:
		return nil, fmt.Errorf("smart host: security %q is neither %q nor %q", o.Security, Plain, StartTLS)
	case o.User != "" && o.Security != StartTLS:
		return nil, errors.New("smart host: a password is sent over starttls only")
	case o.Store == nil || o.Log == nil:
		return nil, errors.New("outbound: store and log are needed")
	}
	if _, _, err := cutPath(o.Postmaster); err != nil {
		return nil, fmt.Errorf("postmaster %q is no address", o.Postmaster)
	}
	o.complete()
	return &Outbound{
		o: o, log: o.Log, name: name, wake: make(chan struct{}, 1),
		link: link{pause: o.Pause, now: o.Now},
	}, nil
}

func (o *OutboundOptions) complete() {
	setDefault(&o.MaxAge, 5*24*time.Hour)
	setDefault(&o.Patience, 11*time.Minute)
	setDefault(&o.Poll, time.Second)
	setDefault(&o.Pause, time.Second)
	setDefault(&o.Workers, 4)
	if len(o.Retries) == 0 {
		for _, minutes := range []time.Duration{1, 2, 5, 15, 30, 60} {
			o.Retries = append(o.Retries, minutes*time.Minute)
		}
	}
	if o.Language == nil {
		o.Language = func(email.MailboxID) string { return "en" }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// Wake makes the queue look for work at once. It never blocks.
func (out *Outbound) Wake() {
	select {
	case out.wake <- struct{}{}:
	default:
	}
}

// Run releases held submissions and sends what is due until ctx ends; transactions under way may
// finish, for 30 s at most.
func (out *Outbound) Run(ctx context.Context) error {
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	var workers sync.WaitGroup
	free := make(chan struct{}, out.o.Workers)
	for ctx.Err() == nil {
		next := out.release(ctx)
		for _, m := range out.claim(ctx, out.o.Workers-len(free)) {
			free <- struct{}{}
			workers.Go(func() {
				defer out.Wake() // there may be more, and a worker is free for it
				defer func() { <-free }()
				out.handle(work, m)
			})
		}
		out.wait(ctx, next)
	}
	finished := make(chan struct{})
	go func() { workers.Wait(); close(finished) }()
	select {
	case <-finished:
	case <-time.After(farewellTime):
		stop() // cuts the connections
		<-finished
	}
	return nil
}

// release lets go what was held and says when the next one is due.
func (out *Outbound) release(ctx context.Context) time.Time {
	next, err := out.o.Store.Release(ctx)
	if err != nil && ctx.Err() == nil {
		out.log.Error("held mail could not be released; it is tried again", "error", err)
	}
	return next
}

// claim takes work for the free workers, none while the smart host is known to be away.
func (out *Outbound) claim(ctx context.Context, free int) []mailstore.OutMessage {
	if free <= 0 || !out.link.usable() {
		return nil
	}
	claimed, err := out.o.Store.ClaimOutbound(ctx, out.o.Patience+out.o.Patience/10, free)
	if err != nil && ctx.Err() == nil {
		out.log.Error("the outbound queue could not be read; it is tried again", "error", err)
	}
	return claimed
}

// wait until something may be due: a held message, a Wake, or the next look.
func (out *Outbound) wait(ctx context.Context, next time.Time) {
	pause := out.o.Poll
	if !next.IsZero() {
		pause = max(5*time.Millisecond, min(pause, next.Sub(out.o.Now())))
	}
	select {
	case <-ctx.Done():
	case <-out.wake:
	case <-time.After(pause):
	}
}

// handle brings one claimed message a step further and records it.
func (out *Outbound) handle(ctx context.Context, m mailstore.OutMessage) {
	defer func() {
		if cause := recover(); cause != nil {
			out.log.Error("panic on an outbound message; it stays queued", "send", m.ID,
				"cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
		}
	}()
	results, err := out.step(ctx, m)
	if err == nil {
		err = out.o.Store.ReportOutbound(ctx, m, results)
	}
	if err != nil { // the lease ends by itself, and the message is tried again
		out.log.Error("outbound message stays queued", "send", m.ID, "message", m.Message, "error", err)
	}
}

// step reports refusals that are already on record, or offers the message to the smart host. The
// words of a refusal are made durable before the report is written, so that the report is the same
// one after any restart, and the sender gets it once.
func (out *Outbound) step(ctx context.Context, m mailstore.OutMessage) ([]mailstore.OutRecipient, error) {
	if len(m.Recipients) == 0 {
		return nil, nil
	}
	octets, err := out.o.Store.SpoolOctets(ctx, m.ID)
	if err != nil {
		return nil, err
	}
	if refused := onRecord(m.Recipients); len(refused) > 0 {
		if err := out.bounce(ctx, m, refused, octets); err != nil {
			return nil, fmt.Errorf("reporting to the sender: %w", err)
		}
		for i := range refused {
			refused[i].State = "failed"
		}
		return refused, nil
	}
	outcomes, err := out.offer(ctx, m, Normalise(octets))
	if err != nil {
		return out.postpone(m, err), nil
	}
	out.link.good()
	return out.judge(m, outcomes), nil
}
