package exchange

import (
	"context"
	"errors"
	"net"
	"sync/atomic"

	"github.com/emersion/go-imap/v2"
)

// enter connects and logs in. A token that Exchange does not take, though it has not expired by our
// clock, is asked for anew once: it may have been revoked, or the clocks differ.
func (c *IMAP) enter(ctx context.Context, mailbox string) (*account, error) {
	if c.o.Auth != LoginXOAUTH2 {
		return c.connect(ctx, mailbox, "")
	}
	for again := false; ; again = true {
		bearer, err := c.o.Tokens.Token(ctx, c.o.Scope)
		if err != nil {
			return nil, err
		}
		a, err := c.connect(ctx, mailbox, bearer)
		if err == nil || again || !errors.Is(err, ErrLogin) {
			return a, err
		}
		c.o.Tokens.Refused(c.o.Scope, bearer)
	}
}

// loginBearer speaks SASL XOAUTH2. Its end is told as LOGIN's is: NO is definite.
func (c *IMAP) loginBearer(a *account, mailbox, bearer string) error {
	if !a.client.Caps().Has(imap.AuthCap("XOAUTH2")) {
		return &Failure{Kind: ErrLogin, Op: "AUTHENTICATE", Words: "XOAUTH2 is not offered", Remedy: "Use exchange.imap.auth = \"password\" for Exchange on-premises."}
	}
	said := &xoauth2{user: c.name(c.o.User, mailbox), token: bearer, bare: a.bare}
	err := a.client.Authenticate(said)
	if err == nil {
		return nil
	}
	var answer *imap.Error
	if !errors.As(err, &answer) {
		return &Failure{Kind: ErrUnreachable, Op: "AUTHENTICATE", Err: err}
	}
	failure := answerFailure("AUTHENTICATE", answer)
	if failure.Kind == ErrThrottled {
		return failure
	}
	failure.Kind = ErrLogin
	failure.Remedy = "Check that the service principal of Holdover's application is registered in Exchange and has full access to this mailbox."
	if said.challenge != "" {
		failure.Words = oneLine(failure.Words + " (" + said.challenge + ")")
	}
	return failure
}

// xoauth2 is the client's side of the mechanism: everything in the initial response; a challenge
// holds the reason of a refusal and wants an empty line, after which the refusal itself comes.
type xoauth2 struct {
	user, token string
	bare        *bareLine
	challenge   string // Exchange's reason, "" when none came
}

func (x *xoauth2) Start() (mechanism string, initial []byte, err error) {
	return "XOAUTH2", []byte("user=" + x.user + "\x01auth=Bearer " + x.token + "\x01\x01"), nil
}

func (x *xoauth2) Next(challenge []byte) (response []byte, err error) {
	if x.challenge != "" {
		return nil, errors.New("a second challenge in XOAUTH2")
	}
	x.challenge = oneLine(string(challenge))
	x.bare.next.Store(true)
	return []byte{}, nil
}

// bareLine writes an empty SASL response as an empty line: the library below writes "=", which
// stands for an empty *initial* response only (RFC 4959, 3). Under STARTTLS, where the library
// wraps the connection itself, "=" stays; the refusal it answers comes all the same.
type bareLine struct {
	net.Conn
	next atomic.Bool // the next write is an empty response
}

func (b *bareLine) Write(p []byte) (int, error) {
	if string(p) == "=\r\n" && b.next.CompareAndSwap(true, false) {
		_, err := b.Conn.Write([]byte("\r\n"))
		return len(p), err
	}
	return b.Conn.Write(p)
}
