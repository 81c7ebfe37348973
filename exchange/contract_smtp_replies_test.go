package exchange

import (
	"errors"
	"strings"

	"holdover/exchange/exchangetest"
)

// wording is a reply of Exchange and what it means; the table is that of exchange.md, section 2.
type wording struct {
	at   string // mail, rcpt or data
	code int
	text string
	want error
}

func replies() []wording {
	return []wording{
		{"mail", 451, "4.3.2 Temporary server error", ErrTemporary},
		{"mail", 452, "4.3.1 Insufficient system resources", ErrTemporary},
		{"mail", 451, "4.7.500 Server busy", ErrThrottled},
		{"mail", 451, "4.7.650 The mail server has been temporarily rate limited", ErrThrottled},
		{"mail", 421, "4.3.2 Service not available", ErrUnreachable},
		{"mail", 550, "5.7.68 TenantInboundAttribution; Direct Send not allowed", ErrRoute},
		{"mail", 550, "5.7.64 TenantAttribution; Relay Access Denied", ErrRoute},
		{"rcpt", 550, "5.1.1 no such user", ErrUnknownMailbox},
		{"rcpt", 550, "5.7.1 not authorised", ErrRefused},
		{"rcpt", 450, "4.2.1 mailbox busy", ErrTemporary},
		{"rcpt", 550, "5.7.64 TenantAttribution", ErrRoute},
		{"data", 550, "5.7.1 content rejected", ErrRefused},
		{"data", 550, "5.1.1 late", ErrRefused},
		{"data", 451, "4.3.0 later", ErrTemporary},
		{"data", 554, "5.6.0 corrupt\x1b[31m", ErrRefused},
	}
}

func (r wording) play(d *delivery) string {
	point := r.at
	if point == "data" {
		point = "before"
	}
	d.fault(point, "reply", func(f *exchangetest.DoubleFault) { f.Code, f.Text = r.code, r.text })
	err := d.send(d.smtp(), "a@b.test", "reply@x.test")
	note := d.outcome(err, r.want)
	var f *Failure
	if errors.As(err, &f) && strings.ContainsAny(f.Words, "\x00\x1b\n") {
		d.Errorf("words are not one clean line: %q", f.Words)
	}
	if n := d.here("reply@x.test"); n != 0 {
		d.Errorf("%d arrived", n)
	}
	return note
}
