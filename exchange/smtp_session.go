package exchange

import (
	"context"
	"errors"
	"net"
	"strings"

	"github.com/emersion/go-smtp"
)

// session is one SMTP connection, used by one goroutine at a time.
type session struct {
	client  *smtp.Client
	conn    net.Conn // what the client speaks over, inside of TLS
	guard   *guard
	told    int  // messages and questions so far
	healthy bool // may be used again
}

func (c *session) close() { c.client.Close() }

// run does one transaction; ctx cuts it.
func (c *session) run(ctx context.Context, f func(*session) error) error {
	stop := c.guard.during(ctx, 1<<20)
	defer stop()
	c.told++
	err := f(c)
	// After a plain refusal RSET makes the session fit for the next message; anything else ends it.
	if err != nil && (!answered(err) || c.client.Reset() != nil) {
		c.healthy = false
	}
	if ctx.Err() != nil {
		c.healthy = false
	}
	return err
}

func (c *session) deliver(from string, to []string, octets []byte) (string, error) {
	if c.pipelines(from, to) {
		options, err := c.options(from, to, int64(len(octets)))
		if err != nil {
			return "", err
		}
		return c.deliverTogether(from, to[0], options, octets)
	}
	if err := c.envelope(from, to, int64(len(octets))); err != nil {
		return "", err
	}
	w, err := c.client.Data()
	if err != nil {
		return "", replyFailure("DATA", err)
	}
	// Until the final dot is on its way a lost connection has delivered nothing (RFC 5321, 4.1.1.4).
	if _, err := w.Write(octets); err != nil {
		return "", &Failure{Kind: ErrUnreachable, Op: "DATA", Err: err}
	}
	response, err := w.CloseWithResponse()
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		return oneLine(response.StatusText), nil
	case errors.As(err, &reply):
		return "", replyFailure("final dot", err)
	}
	return "", &Failure{Kind: ErrDoubt, Op: "final dot", Err: err}
}

// options are the parameters of MAIL.
func (c *session) options(from string, to []string, size int64) (*smtp.MailOptions, error) {
	options := &smtp.MailOptions{Size: size}
	if !ascii(from) || !ascii(strings.Join(to, "")) {
		if ok, _ := c.client.Extension("SMTPUTF8"); !ok {
			return nil, &Failure{Kind: ErrRefused, Op: "MAIL", Words: "an address has letters beyond ASCII and SMTPUTF8 is not offered",
				Remedy: "Switch SMTPUTF8 on at Exchange, or put this message back by hand."}
		}
		options.UTF8 = true // RFC 6531, 3.4
	}
	return options, nil
}

func (c *session) envelope(from string, to []string, size int64) error {
	options, err := c.options(from, to, size)
	if err != nil {
		return err
	}
	if err := c.client.Mail(from, options); err != nil {
		return replyFailure("MAIL", err)
	}
	for _, address := range to {
		if err := c.client.Rcpt(address, nil); err != nil {
			return replyFailure("RCPT", err)
		}
	}
	return nil
}

// probe asks for a recipient and takes it back. The null sender is never refused for its own sake.
func (c *session) probe(address string) error {
	if err := c.envelope("", []string{address}, 0); err != nil {
		return err
	}
	if err := c.client.Reset(); err != nil {
		c.healthy = false // the answer was had
	}
	return nil
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
