package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Azure/go-ntlmssp"
)

// ewsLine is one connection to Exchange at most, used by one call at a time: NTLM logs a connection
// in, not a request, so its legs must not be mixed with another call's.
type ewsLine struct {
	ews    *EWS
	client *http.Client
	in     net.Conn // logged in by NTLM; nil: none
}

// httpReply is an HTTP answer, read whole.
type httpReply struct {
	status int
	header http.Header
	octets []byte
	conn   net.Conn
}

func (c *EWS) newLine() *ewsLine {
	transport := &http.Transport{
		DialContext:            c.o.Dial,
		TLSClientConfig:        c.tls,
		TLSHandshakeTimeout:    30 * time.Second,
		TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1: NTLM needs it
		MaxConnsPerHost:        1,
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        time.Minute,
		DisableCompression:     true, // no bombs
		MaxResponseHeaderBytes: 64 << 10,
	} // no proxy of the environment: credentials go to Exchange and nowhere else
	return &ewsLine{ews: c, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (l *ewsLine) rest() {
	l.client.CloseIdleConnections()
	l.in = nil
}

// request is what one call sends, and whether its last octet left: only then may it have an effect.
type request struct {
	mailbox string
	body    []byte
	budget  int64 // octets of the answer
	sent    atomic.Bool
}

// outgoing notes when the last octet was handed to the connection.
type outgoing struct {
	*bytes.Reader
	sent *atomic.Bool
}

func (o outgoing) Read(b []byte) (int, error) {
	n, err := o.Reader.Read(b)
	if o.Reader.Len() == 0 {
		o.sent.Store(true)
	}
	return n, err
}

// do sends a request with the authentication that was configured, and with no other: a server that
// asks for the password itself does not get it unless basic was chosen.
func (l *ewsLine) do(ctx context.Context, r *request) (httpReply, error) {
	o := l.ews.o
	if o.Auth == "basic" {
		return l.post(ctx, r, r.body, "Basic "+base64.StdEncoding.EncodeToString([]byte(o.User+":"+o.Password)))
	}
	if l.in != nil {
		reply, err := l.post(ctx, r, r.body, "")
		if err != nil || reply.status != http.StatusUnauthorized {
			return reply, err
		} // the connection that was logged in is gone: nothing was done
	}
	l.in = nil
	reply, proof, err := l.shake(ctx, r)
	if err != nil || proof == "" {
		return reply, err
	}
	if reply, err = l.post(ctx, r, r.body, proof); err == nil && reply.status != http.StatusUnauthorized {
		l.in = reply.conn
	}
	return reply, err
}

// shake does the first two legs of NTLM without the message, which may be large; "" is no offer.
func (l *ewsLine) shake(ctx context.Context, r *request) (reply httpReply, proof string, err error) {
	hello, err := ntlmssp.NewNegotiateMessage("", "")
	if err != nil {
		return reply, "", &Failure{Kind: ErrLogin, Op: "NTLM", Err: err}
	}
	reply, err = l.post(ctx, &request{mailbox: r.mailbox, budget: 1 << 20}, nil, "NTLM "+base64.StdEncoding.EncodeToString(hello))
	if err != nil {
		return reply, "", err
	}
	for _, offer := range reply.header.Values("WWW-Authenticate") {
		scheme, text, _ := strings.Cut(offer, " ")
		challenge, bad := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if reply.status != http.StatusUnauthorized || !strings.EqualFold(scheme, "NTLM") || bad != nil || len(challenge) == 0 {
			continue
		}
		answer, err := ntlmssp.NewAuthenticateMessage(challenge, l.ews.o.User, l.ews.o.Password, nil)
		if err != nil {
			return reply, "", &Failure{Kind: ErrLogin, Op: "NTLM", Err: err, Remedy: "Exchange's offer of NTLM cannot be used: use auth = \"basic\"."}
		}
		return reply, "NTLM " + base64.StdEncoding.EncodeToString(answer), nil
	}
	return reply, "", nil
}

// post makes one HTTP request; the answer is read to its end or to its budget.
func (l *ewsLine) post(ctx context.Context, r *request, body []byte, authorization string) (reply httpReply, err error) {
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) { reply.conn = i.Conn }})
	h, err := http.NewRequestWithContext(ctx, http.MethodPost, l.ews.url.String(), outgoing{bytes.NewReader(body), &r.sent})
	if err != nil {
		return reply, err
	}
	h.ContentLength = int64(len(body))
	if len(body) == 0 {
		h.Body = http.NoBody
	}
	h.Header.Set("Content-Type", "text/xml; charset=utf-8")
	h.Header.Set("User-Agent", "Holdover")
	h.Header.Set("X-AnchorMailbox", headerSafe(r.mailbox))
	if authorization != "" {
		h.Header.Set("Authorization", authorization)
	}
	response, err := l.client.Do(h)
	if err != nil {
		return reply, err
	}
	defer response.Body.Close()
	reply.status, reply.header = response.StatusCode, response.Header
	reply.octets, err = io.ReadAll(io.LimitReader(response.Body, r.budget+1))
	if err == nil && int64(len(reply.octets)) > r.budget {
		err = errFlood
	}
	return reply, err
}

// headerSafe keeps what may stand in a header line; the header is a hint for load balancers only.
func headerSafe(address string) string {
	return strings.Map(func(r rune) rune {
		if r < '!' || r > '~' {
			return -1
		}
		return r
	}, address)
}
