package exchange

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Policy says what is asked of TLS.
type Policy string

const (
	Required      Policy = "required"      // no TLS, no call; the certificate must fit
	Opportunistic Policy = "opportunistic" // TLS where offered; the certificate is checked only against CA or pin
	None          Policy = "none"          // never: for a loopback or a wire that is protected otherwise
)

// Security is how a connection to Exchange is protected.
type Security struct {
	Policy Policy // default Required
	CAFile string // PEM; "" is the system's roots
	Pin    string // hex SHA-256 of the certificate's SubjectPublicKeyInfo; "" is no pin
	Name   string // name in the certificate; "" is the host that is dialled

	Certificate string // PEM file of our own certificate with its chain, shown when asked for one; "" is none
	Key         string // PEM file of its key

	Witness Witness // is asked in each handshake, beside CA and pin; nil is nobody
}

// ErrPin is the reason when the certificate is not the pinned one.
var ErrPin = errors.New("the certificate is not the one that was pinned")

// config builds the TLS configuration for a host; nil for policy None.
func (s Security) config(host string) (*tls.Config, error) {
	switch s.Policy {
	case None:
		return nil, nil
	case "", Required, Opportunistic:
	default:
		return nil, fmt.Errorf("TLS policy %q: use required, opportunistic or none", s.Policy)
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: host}
	if s.Name != "" {
		c.ServerName = s.Name
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates of Exchange: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates of Exchange: %s holds no PEM certificate", s.CAFile)
		}
	}
	if err := s.present(c); err != nil {
		return nil, err
	}
	if s.Pin == "" {
		// RFC 7435: unauthenticated encryption is better than none where none would be accepted.
		c.InsecureSkipVerify = s.Policy == Opportunistic && s.CAFile == ""
		if s.Witness != nil {
			c.VerifyConnection = s.ask
		}
		return c, nil
	}
	pin, err := hex.DecodeString(strings.ReplaceAll(s.Pin, ":", ""))
	if err != nil || len(pin) != sha256.Size {
		return nil, fmt.Errorf("pin of Exchange: want 64 hex digits (SHA-256 of the public key)")
	}
	// A pinned key needs no authority; with a CA file both must fit.
	c.InsecureSkipVerify = s.CAFile == ""
	c.VerifyConnection = func(state tls.ConnectionState) error {
		if len(state.PeerCertificates) > 0 {
			sum := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
			if string(sum[:]) == string(pin) {
				return s.ask(state)
			}
		}
		return ErrPin
	}
	return c, nil
}

// ask shows the certificate to the witness. It runs at the end of the handshake: nothing that we
// write, and so no credential, has left before it agrees.
func (s Security) ask(state tls.ConnectionState) error {
	if s.Witness == nil {
		return nil
	}
	shown, err := presented(state)
	if err != nil {
		return err
	}
	return s.Witness(shown)
}

// present lets a connection show our own certificate, by which Exchange Online tells a Partner
// connector from a stranger. It is read at each handshake, so that a renewed one needs no restart.
func (s Security) present(c *tls.Config) error {
	if s.Certificate == "" {
		return nil
	}
	load := func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(s.Certificate, s.Key)
		if err != nil {
			return nil, fmt.Errorf("our certificate for Exchange: %w", err)
		}
		return &pair, nil
	}
	c.GetClientCertificate = load
	_, err := load(nil)
	return err
}
