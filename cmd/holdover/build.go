package main

import (
	"context"
	"log/slog"
	"time"

	"holdover/email"
	"holdover/mta"
	"holdover/signin"
	"holdover/syncback"
	"holdover/syncback/traffic"
)

// build opens every room from the ground up; ports are taken, nothing works yet.
func build(ctx context.Context, c *config, log *slog.Logger) (*house, error) {
	h, err := buildStore(ctx, c, log)
	if err != nil {
		return nil, err
	}
	for _, open := range []func(context.Context) error{h.openLine, h.openArchive, h.openSyncback, h.openSignin, h.openPush, h.openOutbound, h.openInbound, h.openWeb} {
		if err := open(ctx); err != nil {
			h.close()
			return nil, err
		}
	}
	return h, nil
}

// openSyncback joins log, gate and the ways into Exchange.
func (h *house) openSyncback(ctx context.Context) error {
	x := &h.conf.Exchange
	ways, err := h.openWays()
	if err != nil {
		return err
	}
	var waits []time.Duration
	for _, w := range x.LookAgain {
		waits = append(waits, time.Duration(w))
	}
	o := syncback.Options{Store: h.store, Gate: h.events, Directory: h.people,
		Ways: ways, Profile: traffic.Profile(x.Profile), Paths: x.paths(), Located: h.locationOf, Node: h.conf.node(),
		Workers: x.Workers, Limits: x.limits(), Waits: waits, First: h.important(), Release: h.events,
		Probe: h.conf.probe(), Checks: h.conf.checks(), Doors: x.doors(), Now: time.Now, Log: h.log}
	if h.archive != nil {
		o.Archive = h.archive
	}
	h.back, err = syncback.New(ctx, o)
	return err
}

func (h *house) openSignin(ctx context.Context) (err error) {
	c := h.conf.Signin
	if h.desk, err = h.openDatabase(ctx, h.conf.deskURL()); err != nil {
		return err
	}
	password, err := secret(c.ClientSecretFile)
	if err != nil {
		return err
	}
	client, err := providerClient(h.conf)
	if err != nil {
		return err
	}
	h.door, err = signin.New(ctx, signin.Options{Issuer: c.Issuer, ClientID: c.ClientID, ClientSecret: password, Scopes: c.Scopes,
		AdminClaim: c.AdminClaim, AdminValues: c.AdminValues, URL: h.conf.Web.URL, Also: h.conf.Web.Also,
		Idle: time.Duration(c.Idle), Absolute: time.Duration(c.Absolute), HTTP: client, DB: h.desk, Directory: h.people, Now: time.Now, Log: h.log})
	return err
}

func (h *house) openOutbound(context.Context) error {
	c := h.conf.Sending
	password, err := secret(c.PasswordFile)
	if err != nil {
		return err
	}
	roots, err := clientTLS(c.CA)
	if err != nil {
		return err
	}
	protect := mta.StartTLS
	if c.TLS == "none" {
		protect = mta.Plain
	}
	h.outbound, err = mta.NewOutbound(mta.OutboundOptions{Host: h.conf.SMTP.Host, SmartHost: c.SmartHost, Security: protect, TLS: roots,
		User: c.User, Password: password, Store: h.store, Postmaster: c.Postmaster, Language: h.languageOf, Now: time.Now, Log: h.log})
	return err
}

// languageOf is the language in which a mailbox's owner gets reports.
func (h *house) languageOf(m email.MailboxID) string {
	if box, ok := h.people.Mailbox(m); ok && box.Language != "" {
		return box.Language
	}
	return h.conf.Organisation.Language
}

func (h *house) openInbound(context.Context) error {
	c := h.conf.SMTP
	certificate, err := serverTLS(c.Certificate, c.Key)
	if err != nil {
		return err
	}
	h.inbound, err = mta.NewInbound(mta.InboundOptions{Addresses: c.Listen, Host: c.Host, TLS: certificate, MaxSize: int64(c.MaxSize),
		MaxRecipients: c.MaxRecipients, MaxSessions: c.MaxSessions, MaxSessionsPerIP: c.MaxSessionsPerIP,
		Idle: time.Duration(c.Idle), Session: time.Duration(c.Session), Postmaster: h.conf.Sending.Postmaster,
		Directory: h.people, Store: h.store, Asker: wary{h.exchange, h.events}, Now: time.Now, Log: h.log})
	return err
}
