package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"
)

// web speaks HTTP/1.1 to one host and no other: no redirect is followed, no proxy asked, no cookie
// kept, and every answer is read to a limit.
type web struct {
	base   *url.URL
	client *http.Client
}

// dialer is how connections are made; nil is the network.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// newWeb checks the address against the TLS policy: https unless the policy is none, and then http.
func newWeb(what, address string, security Security, dial dialer) (*web, error) {
	base, err := url.Parse(address)
	if err != nil || base.Host == "" || base.User != nil || base.RawQuery != "" || base.Fragment != "" {
		return nil, fmt.Errorf("address of %s: %q is no web address without user, query and fragment", what, address)
	}
	want := "https"
	if security.Policy == None {
		want = "http"
	}
	if base.Scheme != want {
		return nil, fmt.Errorf("address of %s: %s:// does not fit its TLS policy, which wants %s://", what, base.Scheme, want)
	}
	if security.Policy == Opportunistic {
		return nil, fmt.Errorf("%s: TLS policy opportunistic protects no credential: use required", what)
	}
	config, err := security.config(base.Hostname())
	if err != nil {
		return nil, err
	}
	if dial == nil {
		dial = (&net.Dialer{Timeout: 30 * time.Second}).DialContext
	}
	return &web{base: base, client: &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: config, TLSHandshakeTimeout: 30 * time.Second,
			TLSNextProto:           map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1: one call, one connection to cut
			MaxResponseHeaderBytes: 64 << 10, MaxIdleConnsPerHost: 16, MaxConnsPerHost: 64, IdleConnTimeout: time.Minute,
			DisableCompression: true, // an answer costs what it weighs
		},
	}}, nil
}

// reply is one answer, read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// errPartial: the answer began and was not read to its end.
var errPartial = errors.New("the answer broke off")

// do sends one request and reads at most limit octets of its answer. sent says whether the other
// side may have got the whole request; without it nothing can have happened there.
func (w *web) do(ctx context.Context, method, target string, header http.Header, body []byte, limit int64) (r reply, sent bool, err error) {
	var wrote atomic.Bool
	if len(body) == 0 {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	}
	request, err := http.NewRequestWithContext(ctx, method, target, nil)
	if err != nil {
		return r, false, err
	}
	if len(body) > 0 {
		request.ContentLength = int64(len(body))
		request.GetBody = func() (io.ReadCloser, error) { return &outgoing{bytes.NewReader(body), &wrote}, nil }
		request.Body, _ = request.GetBody()
	}
	if !w.ours(request.URL) {
		return r, false, fmt.Errorf("%s is another host than %s", request.URL.Host, w.base.Host)
	}
	request.Header = header
	answer, err := w.client.Do(request)
	if err != nil {
		return r, wrote.Load(), err
	}
	defer answer.Body.Close()
	r = reply{status: answer.StatusCode, header: answer.Header}
	r.body, err = io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err != nil {
		return r, true, fmt.Errorf("%w: %w", errPartial, err)
	}
	if int64(len(r.body)) > limit {
		return r, true, errFlood
	}
	return r, true, nil
}

// outgoing is the body of a request. It notes when its last octet was handed to the connection: a
// request that ends early is none.
type outgoing struct {
	rest *bytes.Reader
	last *atomic.Bool
}

func (o *outgoing) Read(b []byte) (int, error) {
	n, err := o.rest.Read(b)
	if o.rest.Len() == 0 {
		o.last.Store(true)
	}
	return n, err
}

func (o *outgoing) Close() error { return nil }

// ours says whether an address lies on the one host that credentials are for.
func (w *web) ours(u *url.URL) bool {
	return u.Scheme == w.base.Scheme && u.Host == w.base.Host && u.User == nil
}

func (w *web) close() { w.client.CloseIdleConnections() }

// retryAfter reads the field of RFC 9110, 10.2.3, bounded to an hour; 0: the server did not say.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, time.Hour)
	}
	if at, err := http.ParseTime(value); err == nil && at.After(now) {
		return min(at.Sub(now), time.Hour)
	}
	return 0
}

// broken words a call without a usable answer. A call that changes something is in doubt once its
// request may have arrived.
func broken(op string, err error, doubt bool) *Failure {
	f := &Failure{Kind: ErrUnreachable, Op: op, Err: err}
	var below *url.Error
	if errors.As(err, &below) {
		f.Err = below.Err // without the address, which holds a mailbox's name
	}
	var words *Failure
	if errors.As(startFailure(op, f.Err), &words) {
		f.Kind, f.Remedy = words.Kind, words.Remedy
	}
	if doubt {
		f.Kind = ErrDoubt
	}
	return f
}
