package exchange

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// Presented is what a way has shown of itself in the TLS handshake.
type Presented struct {
	Subject, Issuer string
	Pin             string // hex SHA-256 of the certificate's SubjectPublicKeyInfo (RFC 7469, 2.4)
	Expires         time.Time
	Trouble         string // why the configured authorities do not vouch for it, "" when they do

	Usage []string // what it may be used for by its extended key usage (RFC 5280, 4.2.1.12): "server", "client"; none is anything
}

// Witness is told of each certificate in the handshake, before anything secret is sent. An error ends
// the connection; wrap ErrPin when it is not the certificate that it should be.
type Witness func(Presented) error

// presented reads the leaf of a connection.
func presented(state tls.ConnectionState) (Presented, error) {
	if len(state.PeerCertificates) == 0 {
		return Presented{}, errors.New("no certificate was shown")
	}
	leaf := state.PeerCertificates[0]
	sum := sha256.Sum256(leaf.RawSubjectPublicKeyInfo)
	return Presented{Subject: oneLine(leaf.Subject.String()), Issuer: oneLine(leaf.Issuer.String()), Pin: hex.EncodeToString(sum[:]), Expires: leaf.NotAfter.UTC(),
		Usage: usage(leaf)}, nil
}

// usage names the purposes that concern us.
func usage(leaf *x509.Certificate) (list []string) {
	for _, purpose := range leaf.ExtKeyUsage {
		switch purpose {
		case x509.ExtKeyUsageServerAuth:
			list = append(list, "server")
		case x509.ExtKeyUsageClientAuth:
			list = append(list, "client")
		case x509.ExtKeyUsageAny:
			list = append(list, "any")
		}
	}
	return list
}

// Own reads our own certificate, which a connection shows when it is asked for one.
func (s Security) Own() (Presented, error) {
	pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
	if err != nil {
		return Presented{}, err
	}
	return presented(tls.ConnectionState{PeerCertificates: []*x509.Certificate{pair.Leaf}})
}

// Door is where a way into Exchange can be asked for its certificate.
type Door struct {
	Protocol string // smtp, imap (both STARTTLS), imaps, https
	Address  string // host:port
	Security Security
	Dial     func(ctx context.Context, network, address string) (net.Conn, error) // nil: the network
}

// Look makes a TLS handshake and hangs up: no credential is sent and no command but those that lead
// to TLS. The certificate is taken as it is; Trouble says what is wrong with it. The answer is
// bounded like every answer of Exchange, and ctx ends the call.
func (d Door) Look(ctx context.Context) (Presented, error) {
	host, _, err := net.SplitHostPort(d.Address)
	if err != nil {
		return Presented{}, err
	}
	config, err := d.Security.config(host)
	if err != nil {
		return Presented{}, err
	}
	if config == nil {
		return Presented{}, errors.New("this way is configured without TLS: nothing shows who answers")
	}
	dial := d.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	conn, err := dial(ctx, "tcp", d.Address)
	if err != nil {
		return Presented{}, err
	}
	defer conn.Close()
	g := newGuard(conn)
	defer g.during(ctx, 1<<18)()
	if err := protect(func() error { return d.lead(g) }); err != nil {
		return Presented{}, err
	}
	roots, name := config.RootCAs, config.ServerName
	bare := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: name, InsecureSkipVerify: true} // looked at, not trusted
	client := tls.Client(g, bare)
	if err := client.HandshakeContext(ctx); err != nil {
		return Presented{}, err
	}
	state := client.ConnectionState()
	shown, err := presented(state)
	if err == nil {
		shown.Trouble = distrust(state.PeerCertificates, roots, name)
	}
	return shown, err
}

// distrust says why authorities do not vouch for a chain.
func distrust(chain []*x509.Certificate, roots *x509.CertPool, name string) string {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between}); err != nil {
		return oneLine(err.Error())
	}
	return ""
}

// lead speaks up to the point where TLS begins.
func (d Door) lead(conn net.Conn) error {
	r := bufio.NewReaderSize(conn, 4096)
	var err error
	switch d.Protocol {
	case "imaps", "https":
		return nil
	case "imap":
		if err = expect(r, "* OK"); err == nil {
			_, err = fmt.Fprintf(conn, "a1 STARTTLS\r\n") // RFC 9051, 6.2.1
		}
		if err == nil {
			err = expect(r, "a1 OK")
		}
	case "smtp":
		if err = expect(r, "220 "); err == nil {
			_, err = fmt.Fprintf(conn, "EHLO localhost\r\n") // RFC 3207
		}
		if err == nil {
			err = expect(r, "250 ")
		}
		if err == nil {
			_, err = fmt.Fprintf(conn, "STARTTLS\r\n")
		}
		if err == nil {
			err = expect(r, "220 ")
		}
	default:
		err = fmt.Errorf("protocol %q", d.Protocol)
	}
	if err == nil && r.Buffered() > 0 {
		err = errors.New("something was said before TLS") // an injection: nothing before TLS survives it
	}
	return err
}

// expect reads lines up to the one that begins as it should; a refusal ends it.
func expect(r *bufio.Reader, begin string) error {
	for range 100 {
		line, err := r.ReadString('\n')
		if err != nil {
			return err
		}
		if strings.HasPrefix(line, begin) {
			return nil
		}
		if no := line[0] == '4' || line[0] == '5' || strings.HasPrefix(line, "a1 "); no {
			return errors.New(oneLine(line))
		}
	}
	return errFlood
}
