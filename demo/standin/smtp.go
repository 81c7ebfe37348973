package standin

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Connector is the connector that the administrator of the tenant made for us: who presents its
// certificate, or signs in, may send from the organisation's own domains. Everybody else's mail from
// them is refused with 5.7.68. Without a certificate name all is taken.
type Connector struct {
	Certificate string   `json:"certificate"` // name that the client's TLS certificate must hold
	Domains     []string `json:"domains"`
}

// SetConnector changes Options.Connector.
func (e *Exchange) SetConnector(c Connector) {
	e.stage.Lock()
	defer e.stage.Unlock()
	e.connector = c
}

// serveSMTP is the Receive connector.
func (e *Exchange) serveSMTP(l net.Listener) func() {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &receive{exchange: e, client: c, conn: beneath(c.Conn())}, nil
	}))
	server.Domain = e.options.Host
	if e.options.TLS != nil {
		server.TLSConfig = e.options.TLS.Clone()
		server.TLSConfig.ClientAuth = tls.RequestClientCert
	}
	server.AllowInsecureAuth = true
	server.MaxMessageBytes = e.largest.Load()
	server.MaxLineLength = 0
	server.ReadTimeout = 5 * time.Minute // a Receive connector's idle time
	server.WriteTimeout = time.Minute
	server.ErrorLog = quiet{}
	go server.Serve(l)
	return func() { server.Close() }
}

// quiet drops the server's complaints about clients that hang up: the plug does that on purpose.
type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// beneath finds our connection below TLS.
func beneath(c net.Conn) *conn {
	for {
		switch inner := c.(type) {
		case *conn:
			return inner
		case *dialect:
			c = inner.Conn
		case *either:
			c = inner.Conn
		case interface{ NetConn() net.Conn }:
			c = inner.NetConn()
		default:
			panic(fmt.Sprintf("stand-in Exchange: a connection of type %T did not come through its listener", c))
		}
	}
}

// receive is one SMTP session.
type receive struct {
	exchange *Exchange
	client   *smtp.Conn
	conn     *conn
	known    bool     // signed in
	to       []string // mailboxes
}

func (r *receive) AuthMechanisms() []string { return []string{sasl.Plain, sasl.Login} }

// Auth lets the service account in: the connector that is used for internal mail.
func (r *receive) Auth(mech string) (sasl.Server, error) {
	check := func(user, secret string) error {
		if !strings.EqualFold(user, r.exchange.options.Service) || secret != r.exchange.options.Secret {
			return smtp.ErrAuthFailed
		}
		r.known = true
		return nil
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, secret string) error { return check(user, secret) }), nil
	case sasl.Login:
		return &loginServer{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

func (r *receive) Reset()        { r.to = nil }
func (r *receive) Logout() error { return nil }

func (r *receive) Mail(from string, _ *smtp.MailOptions) error {
	r.to = nil
	if err := r.fault("mail", ""); err != nil {
		return err
	}
	if r.known || r.attributed(from) {
		return nil
	}
	return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 68},
		Message: "TenantInboundAttribution; Direct Send not allowed for this organization from unauthorized sources"}
}

// attributed says whether a sender is a stranger's, or comes with the connector's certificate. Who
// issued the certificate is not looked at: that is what a public authority would vouch for.
func (r *receive) attributed(from string) bool {
	r.exchange.stage.Lock()
	c := r.exchange.connector
	r.exchange.stage.Unlock()
	_, domain, _ := strings.Cut(from, "@")
	own := slices.ContainsFunc(c.Domains, func(d string) bool { return strings.EqualFold(d, domain) })
	if c.Certificate == "" || !own {
		return true
	}
	state, encrypted := r.client.TLSConnectionState()
	return encrypted && len(state.PeerCertificates) > 0 && state.PeerCertificates[0].VerifyHostname(c.Certificate) == nil
}

func (r *receive) Rcpt(to string, _ *smtp.RcptOptions) error {
	boxes := r.exchange.store.expand(to)
	if len(boxes) == 0 {
		return errUnknown
	}
	if err := r.exchange.store.accepts(boxes[0]); err != nil {
		return err
	}
	if err := r.fault("rcpt", boxes[0]); err != nil {
		return err
	}
	for _, box := range boxes {
		if !slices.Contains(r.to, box) {
			r.to = append(r.to, box)
		}
	}
	return nil
}

// What the transport says of a recipient.
var (
	errUnknown = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 10}, Message: "RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup"}
	errFull    = &smtp.SMTPError{Code: 552, EnhancedCode: smtp.EnhancedCode{5, 2, 2}, Message: "Mailbox full; the recipient's mailbox is over quota"}
	errMoving  = &smtp.SMTPError{Code: 451, EnhancedCode: smtp.EnhancedCode{4, 3, 2}, Message: "Mailbox is being moved; please try again"}
)

// accepts says what the transport answers at RCPT; a mailbox whose database is down is no reason to refuse.
func (s *Store) accepts(address string) error {
	switch s.Fate(address, Anywhere) {
	case Unknown:
		return errUnknown
	case Full:
		return errFull
	case Moving:
		return errMoving
	}
	return nil
}

func (r *receive) Data(body io.Reader) error {
	octets, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if err := r.fault("before", r.to[0]); err != nil {
		return err
	}
	now := r.exchange.clock.Now()
	octets = r.stamp(octets, now)
	for _, box := range r.to {
		m := newMessage(octets, now, nil)
		if r.exchange.store.double(box, m) || r.exchange.store.accepts(box) != nil {
			continue
		}
		if _, err := r.exchange.keep("smtp", box, Inbox, m); err != nil {
			return err
		}
	}
	if err := r.fault("after", r.to[0]); err != nil {
		return err
	}
	return &smtp.SMTPError{Code: 250, EnhancedCode: smtp.EnhancedCode{2, 6, 0},
		Message: fmt.Sprintf("%s [InternalId=%d, Hostname=%s] Queued mail for delivery", readHeader(octets).get("Message-ID"), now.UnixNano(), r.exchange.options.Host)}
}

// stamp does what the transport does to a message: one Received line on top, organisation headers off.
func (r *receive) stamp(octets []byte, now time.Time) []byte {
	h := readHeader(octets)
	var out bytes.Buffer
	fmt.Fprintf(&out, "Received: from %s (127.0.0.1) by %s\r\n (127.0.0.1) with Microsoft SMTP Server id 15.2.1544.4; %s\r\n",
		printable(r.client.Hostname()), r.exchange.options.Host, now.Format(time.RFC1123Z))
	for _, f := range h.fields {
		name := strings.ToLower(f.name)
		if !strings.HasPrefix(name, "x-ms-exchange-organization-") && !strings.HasPrefix(name, "x-ms-exchange-forest-") {
			out.Write(f.raw)
		}
	}
	headerEnd := h.end
	for _, f := range h.fields {
		headerEnd -= len(f.raw)
	}
	out.Write(octets[h.end-headerEnd:]) // the empty line, if there is one, and the body
	return out.Bytes()
}

func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == '(' || r == ')' {
			return '_'
		}
		return r
	}, name)
}

func (r *receive) fault(point, mailbox string) error {
	rule, ok := r.exchange.faults.meet(context.Background(), r.conn, "smtp", point, mailbox)
	if !ok {
		return nil
	}
	if rule.Do != "reply" {
		return net.ErrClosed
	}
	answer := &smtp.SMTPError{Code: rule.Code, EnhancedCode: smtp.NoEnhancedCode, Message: rule.Text}
	if answer.Code == 0 {
		answer.Code = 451
	}
	return answer
}

// loginServer speaks the old LOGIN mechanism, which go-sasl has only for clients.
type loginServer struct {
	check func(user, secret string) error
	step  int
	user  string
}

func (l *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	if l.step == 0 && response != nil { // an initial response is the user name
		l.step = 1
	}
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.user = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.user, string(response))
}
