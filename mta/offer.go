package mta

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"holdover/mailstore"
)

const dialTime = 30 * time.Second

// offer makes one transaction with the smart host. An error means that there was none: nothing is
// known about any recipient. octets have CRLF line ends only; the client doubles leading dots.
func (out *Outbound) offer(ctx context.Context, m mailstore.OutMessage, octets []byte) ([]outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, out.o.Patience)
	defer cancel()
	c, err := out.connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("smart host %s: %w", out.o.SmartHost, err)
	}
	defer c.Close()
	outcomes := transact(c, m, octets)
	c.CommandTimeout = time.Second // all is said; a slow goodbye is no news
	c.Quit()
	return outcomes, nil
}

// connect gets as far as MAIL: greeting, EHLO, and TLS and AUTH where they are asked for.
func (out *Outbound) connect(ctx context.Context) (*smtp.Client, error) {
	conn, err := (&net.Dialer{Timeout: dialTime}).DialContext(ctx, "tcp", out.o.SmartHost)
	if err != nil {
		return nil, err
	}
	bounded := newBoundConn(ctx, conn)
	c, err := out.greet(bounded)
	if err != nil {
		bounded.Close()
		return nil, err
	}
	if out.o.User != "" {
		if err := c.Auth(sasl.NewPlainClient("", out.o.User, out.o.Password)); err != nil {
			c.Close()
			return nil, fmt.Errorf("signing in: %w", err)
		}
	}
	return c, nil
}

func (out *Outbound) greet(conn net.Conn) (*smtp.Client, error) {
	if out.o.Security == Plain {
		c := smtp.NewClient(conn)
		return c, c.Hello(out.o.Host)
	}
	config := &tls.Config{}
	if out.o.TLS != nil {
		config = out.o.TLS.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	if config.ServerName == "" {
		config.ServerName = out.name
	}
	return startTLS(conn, config, out.o.Host)
}

// startTLS refuses to go on when the server does not offer TLS, or says anything between its 220
// and the handshake: what was injected there must not survive (RFC 3207, 6).
func startTLS(conn net.Conn, config *tls.Config, host string) (*smtp.Client, error) {
	c, err := smtp.NewClientStartTLS(conn, config)
	if err != nil {
		return nil, err
	}
	return c, c.Hello(host)
}

// transact offers the message and collects each recipient's outcome.
func transact(c *smtp.Client, m mailstore.OutMessage, octets []byte) []outcome {
	outcomes := make([]outcome, len(m.Recipients))
	options := &smtp.MailOptions{Size: int64(len(octets))}
	if ok, _ := c.Extension("SMTPUTF8"); ok {
		options.UTF8 = !ascii(m.From) || hasUTF8(m.Recipients)
	}
	if err := c.Mail(m.From, options); err != nil {
		return settle(outcomes, nil, outcomeOf(err))
	}
	var taken []int
	for i, r := range m.Recipients {
		if err := recipient(c, r.Address, options.UTF8); err != nil {
			outcomes[i] = outcomeOf(err)
		} else {
			taken = append(taken, i)
		}
	}
	if len(taken) == 0 {
		return outcomes
	}
	return settle(outcomes, taken, send(c, octets))
}

// recipient offers one address; one that cannot be said without SMTPUTF8 is refused here (RFC 6531, 3.2).
func recipient(c *smtp.Client, address string, utf8 bool) error {
	if !ascii(address) && !utf8 {
		return refuse(550, 5, 6, 7, "the smart host takes no such address")
	}
	return c.Rcpt(address, nil)
}

// settle gives one outcome to the recipients taken, nil for all.
func settle(outcomes []outcome, taken []int, o outcome) []outcome {
	if taken == nil {
		for i := range outcomes {
			outcomes[i] = o
		}
	}
	for _, i := range taken {
		outcomes[i] = o
	}
	return outcomes
}

// send says DATA and the message. Only 250 after the final dot is success; a lost answer is none.
func send(c *smtp.Client, octets []byte) outcome {
	w, err := c.Data()
	if err != nil {
		return outcomeOf(err)
	}
	if _, err := w.Write(octets); err != nil {
		return outcomeOf(err)
	}
	answer, err := w.CloseWithResponse()
	if err != nil {
		return outcomeOf(err)
	}
	return outcome{sent: true, words: wordsOf(&smtp.SMTPError{Code: 250, Message: answer.StatusText})}
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] > '~' {
			return false
		}
	}
	return true
}

func hasUTF8(recipients []mailstore.OutRecipient) bool {
	for _, r := range recipients {
		if !ascii(r.Address) {
			return true
		}
	}
	return false
}

// boundConn ends with its context at the latest, whatever deadlines go-smtp sets or, while the body
// is written, forgets.
type boundConn struct {
	net.Conn
	end  time.Time
	stop func() bool
}

func newBoundConn(ctx context.Context, c net.Conn) *boundConn {
	end, _ := ctx.Deadline()
	c.SetDeadline(end)
	return &boundConn{c, end, context.AfterFunc(ctx, func() { c.Close() })}
}

func (b *boundConn) SetDeadline(t time.Time) error {
	if t.IsZero() || t.After(b.end) {
		t = b.end
	}
	return b.Conn.SetDeadline(t)
}

func (b *boundConn) Close() error {
	b.stop()
	return b.Conn.Close()
}
