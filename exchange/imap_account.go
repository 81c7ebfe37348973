package exchange

import (
	"context"
	"errors"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// account is one logged-in IMAP connection.
type account struct {
	client   *imapclient.Client
	guard    *guard
	bare     *bareLine
	selected string // folder that is open, for writing
	folders  []listed
	indexes  map[string]*index // by folder
}

func (a *account) close() { a.client.Close() }

func (a *account) dead() bool {
	select {
	case <-a.client.Closed():
		return true
	default:
		return a.client.State() == imap.ConnStateLogout
	}
}

// connect dials, protects and logs in; bearer is the token where one is used.
func (c *IMAP) connect(ctx context.Context, mailbox, bearer string) (a *account, err error) {
	conn, err := c.o.Dial(ctx, "tcp", c.o.Address)
	if err != nil {
		return nil, &Failure{Kind: ErrUnreachable, Op: "connect", Err: err}
	}
	g := newGuard(conn)
	stop := g.during(ctx, 1<<20)
	defer stop()
	err = protect(func() error {
		bare := &bareLine{}
		client, err := c.greet(g, bare)
		if err != nil {
			return err
		}
		a = &account{client: client, guard: g, bare: bare}
		if c.o.Auth == LoginXOAUTH2 {
			return c.loginBearer(a, mailbox, bearer)
		}
		return c.login(a, mailbox)
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return a, nil
}

// greet protects the connection. Opportunistic is no choice here: a password is never sent in
// clear unless the administrator said so with policy none.
func (c *IMAP) greet(g *guard, bare *bareLine) (*imapclient.Client, error) {
	switch {
	case c.tls == nil:
		bare.Conn = g
		client := imapclient.New(bare, nil)
		if err := client.WaitGreeting(); err != nil {
			return nil, greetFailure("greeting", err)
		}
		return client, nil
	case c.o.Implicit:
		bare.Conn = tlsClient(g, c.tls)
		client := imapclient.New(bare, nil)
		if err := client.WaitGreeting(); err != nil {
			return nil, greetFailure("greeting", err)
		}
		return client, nil
	}
	client, err := imapclient.NewStartTLS(g, &imapclient.Options{TLSConfig: c.tls})
	if err != nil {
		return nil, greetFailure("STARTTLS", err)
	}
	return client, nil
}

// login prefers PLAIN, which carries an authorization identity and any letter (RFC 4616).
func (c *IMAP) login(a *account, mailbox string) error {
	user := c.name(c.o.User, mailbox)
	caps := a.client.Caps()
	password, err := reveal(c.o.Password, c.o.Secret)
	if err != nil {
		return err
	}
	switch {
	case caps.Has(imap.AuthCap("PLAIN")) && (c.o.As != "" || caps.Has(imap.CapLoginDisabled)):
		err = a.client.Authenticate(sasl.NewPlainClient(c.name(c.o.As, mailbox), user, password))
	case caps.Has(imap.CapLoginDisabled):
		return &Failure{Kind: ErrLogin, Op: "LOGIN", Words: "LOGIN is disabled and PLAIN not offered", Remedy: "Allow the service account to log in to IMAP, with TLS."}
	default:
		err = a.client.Login(user, password).Wait()
	}
	if err == nil {
		return nil
	}
	var answer *imap.Error
	if !errors.As(err, &answer) {
		return &Failure{Kind: ErrUnreachable, Op: "LOGIN", Err: err}
	}
	failure := answerFailure("LOGIN", answer)
	if failure.Kind != ErrThrottled {
		failure.Kind = ErrLogin
		failure.Remedy = "Check the service account, its password, and its full access to this mailbox."
	}
	return failure
}

// open selects a folder for reading and writing.
func (a *account) open(folder string) (*imap.SelectData, error) {
	data, err := a.client.Select(folder, nil).Wait()
	if err != nil {
		a.selected = ""
		return nil, answer("SELECT", err, false)
	}
	a.selected = folder
	return data, nil
}

// leave closes the open folder without touching it (RFC 3691), where the server can. A server that puts messages
// into the folder that is open tells us of each, and some look the whole folder through for that: Dovecot's
// cost of a message grew with the folder. CLOSE would do too and is not taken: it removes what a person has marked.
func (a *account) leave() error {
	if a.client.State() != imap.ConnStateSelected || !a.client.Caps().Has(imap.CapUnselect) {
		return nil
	}
	a.selected = ""
	if err := answer("UNSELECT", a.client.Unselect().Wait(), false); err != nil && !usable(err) {
		return err
	}
	return nil // or refused: it was for speed only
}
