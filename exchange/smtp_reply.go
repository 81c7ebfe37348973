package exchange

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-smtp"
)

// replyFailure is the one place where an SMTP reply becomes an outcome. What is not proven
// permanent is temporary; what is no reply at all is a connection that broke before any effect.
func replyFailure(op string, err error) error {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		return &Failure{Kind: ErrUnreachable, Op: op, Err: err}
	}
	f := &Failure{Kind: ErrTemporary, Op: op, Code: code(reply), Words: oneLine(reply.Message)}
	class, subject, detail := reply.EnhancedCode[0], reply.EnhancedCode[1], reply.EnhancedCode[2]
	switch {
	case reply.Code == 421:
		f.Kind = ErrUnreachable // RFC 5321, 3.8: the service closes the channel
	case class == 4 && subject == 7 && detail >= 500 && detail <= 699:
		f.Kind, f.After = ErrThrottled, time.Minute // our address is throttled: not an outage
	case reply.Code == 452:
		f.After = 30 * time.Second // back pressure: another message first
	case reply.Code < 500:
	case class == 5 && subject == 7 && (detail == 64 || detail == 68):
		f.Kind = ErrRoute
		f.Remedy = "Exchange does not tie our connection to its connector: check certificate name, address and accepted domain there. Nothing is bounced; the queue waits."
	case op == "RCPT" && unknownMailbox(reply):
		f.Kind = ErrUnknownMailbox
		f.Remedy = "Create the mailbox in Exchange or give it this address, then retry."
	default:
		f.Kind = ErrRefused
		f.Remedy = "Exchange refuses this message by its rules: change the rule or put the message back by hand, then retry."
	}
	return f
}

// unknownMailbox: 5.1.x speaks of the address (RFC 3463, 3.2); a bare 550 at RCPT does too (RFC 5321, 4.2.3).
func unknownMailbox(reply *smtp.SMTPError) bool {
	c := reply.EnhancedCode
	if c[0] == 5 {
		return c[1] == 1
	}
	return reply.Code == 550
}

func code(reply *smtp.SMTPError) string {
	c := reply.EnhancedCode
	if c[0] != 4 && c[0] != 5 {
		return fmt.Sprint(reply.Code)
	}
	return fmt.Sprintf("%d %d.%d.%d", reply.Code, c[0], c[1], c[2])
}

// answered says whether an error is an answer given in the session, which can go on after it.
func answered(err error) bool {
	var f *Failure
	return errors.As(err, &f) && f.Code != "" && !errors.Is(err, ErrUnreachable)
}

var errNoSTARTTLS = errors.New("STARTTLS is not offered")

// startFailure words what went wrong before the first command of a session.
func startFailure(op string, err error) error {
	f := &Failure{Kind: ErrUnreachable, Op: op, Err: err}
	var (
		reply   *smtp.SMTPError
		invalid *tls.CertificateVerificationError
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
	)
	switch {
	case errors.As(err, &reply):
		f.Code, f.Words, f.Err = code(reply), oneLine(reply.Message), nil
	case errors.Is(err, ErrPin):
		f.Kind = ErrRoute // no item is at fault, and trying on does not help
		f.Remedy = "Exchange showed another certificate than the confirmed one, and no credential was sent. Find out why; if it was renewed, confirm it on the desk's page of Exchange's identity, or change the pin."
	case errors.As(err, &invalid), errors.As(err, &unknown), errors.As(err, &name):
		f.Remedy = "Exchange's certificate does not verify: renew it there, or set its CA file or pin."
	case errors.Is(err, errNoSTARTTLS):
		f.Remedy = "Switch STARTTLS on at Exchange's receive connector, or relax the TLS policy."
	}
	return f
}
