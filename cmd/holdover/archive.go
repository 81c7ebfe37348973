package main

import (
	"context"
	"fmt"
	"time"

	"holdover/archive"
	"holdover/exchange"
)

// archiveConfig says where journal reports go; without an address there is no archive.
type archiveConfig struct {
	Address string    `toml:"address"`
	When    string    `toml:"when"`
	SMTP    connector `toml:"smtp"`
}

func (c *config) proveArchive(p *proof) {
	a := c.Archive
	if a.Address == "" {
		p.that(a.SMTP.Address == "", "archive.address", "archive.smtp is there without it", "Write the address that takes journal reports, or remove archive.smtp.")
		return
	}
	p.that(goodMailAddress(a.Address), "archive.address", "it is no mail address", "Write the address that takes journal reports, for example \"journal@archive.example\".")
	p.oneOf("archive.when", a.When, string(archive.AtOnce), string(archive.OnReturn))
	p.address("archive.smtp.address", a.SMTP.Address)
	p.oneOf("archive.smtp.tls", a.SMTP.TLS, "required", "opportunistic", "none")
	p.file("archive.smtp.ca", a.SMTP.CA, false)
	p.pin("archive.smtp.pin", a.SMTP.Pin)
	p.pair("archive.smtp", a.SMTP.Certificate, a.SMTP.Key)
	p.file("archive.smtp.password_file", a.SMTP.PasswordFile, a.SMTP.User != "")
}

// openArchive prepares the journal reports, when an archive is configured.
func (h *house) openArchive(ctx context.Context) error {
	c := h.conf.Archive
	if c.Address == "" {
		return nil
	}
	// The archive is not Exchange: the switch that withdraws Exchange's credentials leaves it alone.
	way, err := exchange.NewSMTP(exchange.SMTPOptions{Address: c.SMTP.Address, Hello: h.conf.SMTP.Host, Security: security(c.SMTP),
		User: c.SMTP.User, Secret: func() (string, error) { return secret(c.SMTP.PasswordFile) }})
	if err != nil {
		return fmt.Errorf("archive.smtp: %w", err)
	}
	h.onClose(way.Close)
	h.archive, err = archive.New(ctx, archive.Options{Store: h.store, Events: h.events, Directory: h.people, SMTP: way, Address: c.Address,
		From: h.conf.Sending.Postmaster, Host: h.conf.SMTP.Host, When: archive.When(c.When), Node: h.conf.node(), Lease: way.Longest() + 3*time.Minute,
		Now: time.Now, Log: h.log})
	return err
}

func (h *house) sendReports(ctx context.Context) error {
	if h.archive == nil {
		<-ctx.Done()
		return nil
	}
	return h.archive.Run(ctx)
}
