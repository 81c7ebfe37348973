package exchange

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// SMTPOptions configure the way in by SMTP: a Receive connector or a partner connector.
type SMTPOptions struct {
	Address     string // host:port
	Hello       string // our name in EHLO
	Security    Security
	User        string        // for AUTH, "" is none
	Password    string        // sent over TLS, or with policy None
	Secret      Secret        // gives it instead, at each login
	Connections int           // at once, default and most 5 (exchange.md, section 2)
	Messages    int           // in a session, default and most 20
	Command     time.Duration // for one answer, default 5 min: back pressure delays MAIL by up to 55 s
	Final       time.Duration // for the answer to the final dot, default 10 min (RFC 5321, 4.5.3.2.6)
	Dial        func(ctx context.Context, network, address string) (net.Conn, error)
}

// SMTP delivers into Exchange. It is safe for many goroutines.
type SMTP struct {
	o    SMTPOptions
	host string
	pool *pool
}

// NewSMTP checks the options; it makes no connection.
func NewSMTP(o SMTPOptions) (*SMTP, error) {
	host, _, err := net.SplitHostPort(o.Address)
	if err != nil {
		return nil, fmt.Errorf("address of Exchange's SMTP: %w", err)
	}
	if _, err := o.Security.config(host); err != nil {
		return nil, err
	}
	if o.Connections <= 0 || o.Connections > 5 {
		o.Connections = 5
	}
	if o.Messages <= 0 || o.Messages > 20 {
		o.Messages = 20
	}
	if o.Command <= 0 {
		o.Command = 5 * time.Minute
	}
	if o.Final <= 0 {
		o.Final = 10 * time.Minute
	}
	if o.Hello == "" {
		o.Hello = "localhost"
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	return &SMTP{o: o, host: host, pool: newPool(o.Connections)}, nil
}

// Longest is the longest time that one Deliver can take when its context sets no end.
func (s *SMTP) Longest() time.Duration { return 6*s.o.Command + s.o.Final }

// Close ends the idle sessions.
func (s *SMTP) Close() error { s.pool.drop(); return nil }

// Deliver hands over one message with its original envelope sender ("" is the null reverse-path).
// Give one recipient mailbox at a time: Exchange answers for all of them at once. octets are
// what lies below the store-only block; only Exchange's private header fields are taken out. It
// answers Exchange's words. Any *Failure but ErrDoubt says that nothing was delivered.
func (s *SMTP) Deliver(ctx context.Context, from string, to []string, octets []byte) (words string, err error) {
	octets = withoutPrivate(asCRLF(octets))
	err = s.inSession(ctx, func(c *session) error {
		words, err = c.deliver(from, to, octets)
		return err
	})
	return words, err
}

// Known asks Exchange about a recipient and takes the question back. false is a permanent no;
// an error says that Exchange could not or would not tell.
func (s *SMTP) Known(ctx context.Context, address string) (bool, error) {
	err := s.inSession(ctx, func(c *session) error { return c.probe(address) })
	if errors.Is(err, ErrUnknownMailbox) {
		return false, nil
	}
	return err == nil, err
}

// inSession runs f in a session. A session that had been idle may be dead: as long as f had no
// effect it is run once more in a fresh one.
func (s *SMTP) inSession(ctx context.Context, f func(*session) error) error {
	c, fresh, err := s.session(ctx)
	if err != nil {
		return err
	}
	err = c.run(ctx, f)
	if !fresh && errors.Is(err, ErrUnreachable) && ctx.Err() == nil {
		c.close()
		if c, err = s.open(ctx); err != nil {
			s.pool.free()
			return err
		}
		err = c.run(ctx, f)
	}
	s.pool.put(c, c.healthy && c.told < s.o.Messages)
	return err
}

// session takes an idle session or opens one, waiting while all are in use.
func (s *SMTP) session(ctx context.Context) (c *session, fresh bool, err error) {
	c, err = s.pool.take(ctx)
	if err != nil {
		return nil, false, &Failure{Kind: ErrTemporary, Op: "connect", Err: err}
	}
	if c != nil {
		return c, false, nil
	}
	if c, err = s.open(ctx); err != nil {
		s.pool.free()
	}
	return c, true, err
}

// open connects, protects and greets a new session.
func (s *SMTP) open(ctx context.Context) (*session, error) {
	config, _ := s.o.Security.config(s.host) // checked in NewSMTP
	if s.o.Security.Policy == Opportunistic {
		c, err := s.dial(ctx, nil)
		if err != nil {
			return nil, err
		}
		if offered, _ := c.client.Extension("STARTTLS"); !offered {
			return s.enter(c, false)
		}
		c.close()
	}
	c, err := s.dial(ctx, config)
	if err != nil {
		return nil, err
	}
	return s.enter(c, config != nil)
}

// enter logs in, where the options say so.
func (s *SMTP) enter(c *session, protected bool) (*session, error) {
	if err := s.authenticate(c.client, protected); err != nil {
		c.close()
		return nil, err
	}
	return c, nil
}

func (s *SMTP) dial(ctx context.Context, config *tls.Config) (*session, error) {
	conn, err := s.o.Dial(ctx, "tcp", s.o.Address)
	if err != nil {
		return nil, &Failure{Kind: ErrUnreachable, Op: "connect", Err: err}
	}
	g := newGuard(conn)
	stop := g.during(ctx, 1<<20)
	defer stop()
	var protected net.Conn = g
	if config != nil {
		if protected, err = s.protect(g, config); err != nil {
			conn.Close()
			return nil, startFailure("STARTTLS", err)
		}
	}
	client := s.client(protected)
	if err := client.Hello(s.o.Hello); err != nil { // over TLS this is where the handshake happens
		conn.Close()
		return nil, startFailure("EHLO", err)
	}
	return &session{client: client, conn: protected, guard: g, healthy: true}, nil
}

func (s *SMTP) client(conn net.Conn) *smtp.Client {
	client := smtp.NewClient(conn)
	client.CommandTimeout, client.SubmissionTimeout = s.o.Command, s.o.Final
	return client
}

// protect asks for TLS. What else came with the answer was said in clear and is not read (RFC 3207, 6).
func (s *SMTP) protect(conn net.Conn, config *tls.Config) (net.Conn, error) {
	plain := s.client(conn)
	if err := plain.Hello(s.o.Hello); err != nil {
		return nil, err
	}
	if offered, _ := plain.Extension("STARTTLS"); !offered {
		return nil, errNoSTARTTLS
	}
	conn.SetDeadline(time.Now().Add(s.o.Command))
	defer conn.SetDeadline(time.Time{})
	if _, err := conn.Write([]byte("STARTTLS\r\n")); err != nil {
		return nil, err
	}
	if _, _, err := textproto.NewReader(bufio.NewReader(conn)).ReadResponse(220); err != nil {
		return nil, answerOf(err)
	}
	return &greeted{Conn: tls.Client(conn, config)}, nil
}

// authenticate logs in where the options say so; the password goes over TLS unless policy None
// allows otherwise.
func (s *SMTP) authenticate(client *smtp.Client, protected bool) error {
	if s.o.User == "" {
		return nil
	}
	if !protected && s.o.Security.Policy != None {
		return &Failure{Kind: ErrUnreachable, Op: "AUTH", Words: "no TLS, so the password is not sent", Remedy: "Switch STARTTLS on at Exchange's receive connector."}
	}
	password, err := reveal(s.o.Password, s.o.Secret)
	if err != nil {
		return err
	}
	mechanism := sasl.NewPlainClient("", s.o.User, password)
	if !client.SupportsAuth("PLAIN") && client.SupportsAuth("LOGIN") {
		mechanism = sasl.NewLoginClient(s.o.User, password)
	}
	if err := client.Auth(mechanism); err != nil {
		failure := startFailure("AUTH", err)
		var f *Failure
		if errors.As(failure, &f) {
			f.Remedy = "Check name and password of sync-back's account at Exchange's receive connector."
		}
		return failure
	}
	return nil
}
