// Package pictures fetches pictures from the internet for whoever asked for them, so that a sender
// sees this server's address and not a person's. What a mail names is hostile: only public addresses
// are dialled, only raster images are passed on, and little is read.
package pictures

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"holdover/internet"
)

const (
	maxOctets    = 5 << 20
	maxRedirects = 4
	atOnce       = 8 // fetches that run side by side; others wait within their time
	inAll        = 10 * time.Second
)

// ErrRefused: the address is none that is fetched from. ErrNoPicture: what came is no picture that is
// shown, or too large.
var (
	ErrRefused   = internet.ErrRefused
	ErrNoPicture = errors.New("no picture that is shown here")
)

// Options of a Fetcher.
type Options struct {
	// Allow admits addresses that are not public. Only tests, which have no internet, may set it; no
	// configuration reaches it.
	Allow   func(netip.AddrPort) bool
	Timeout time.Duration // of a fetch in all, default 10 s
}

// Fetcher fetches pictures. It keeps no cookies, connections or copies.
type Fetcher struct {
	allow   func(netip.AddrPort) bool
	timeout time.Duration
	client  *http.Client
	slots   chan struct{}
}

// New makes a Fetcher.
func New(o Options) *Fetcher {
	f := &Fetcher{allow: o.Allow, timeout: o.Timeout, slots: make(chan struct{}, atOnce)}
	if f.timeout == 0 {
		f.timeout = inAll
	}
	f.client = &http.Client{
		Transport: &http.Transport{ // no Proxy: one would dial for us, unchecked
			DialContext: internet.Dialler(f.timeout, f.allow).DialContext, DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10,
			TLSHandshakeTimeout: f.timeout, ResponseHeaderTimeout: f.timeout, ForceAttemptHTTP2: false,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			r.Header.Del("Referer") // net/http sets it
			if len(via) > maxRedirects {
				return fmt.Errorf("%w: too many redirects", ErrRefused)
			}
			return acceptable(r.URL)
		},
	}
	return f
}

// acceptable says whether an address may be asked at all; where it leads is checked when dialling.
func acceptable(u *url.URL) error {
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.Opaque != "" {
		return fmt.Errorf("%w: %s", ErrRefused, u.Scheme)
	}
	if !strings.Contains(u.Hostname(), ".") && !strings.Contains(u.Hostname(), ":") {
		return fmt.Errorf("%w: a name without a dot is one of our own network", ErrRefused)
	}
	return nil
}

// Fetch gets the picture at an address: its media type, found by its octets (PNG, JPEG, GIF or WebP),
// and the octets, at most 5 MiB. Errors wrap ErrRefused or ErrNoPicture where they are no failure of
// the network.
func (f *Fetcher) Fetch(ctx context.Context, address string) (kind string, octets []byte, err error) {
	ctx, stop := context.WithTimeout(ctx, f.timeout)
	defer stop()
	select {
	case f.slots <- struct{}{}:
		defer func() { <-f.slots }()
	case <-ctx.Done():
		return "", nil, ctx.Err()
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	if u.Scheme == "" && strings.HasPrefix(address, "//") {
		u.Scheme = "https"
	}
	if err := acceptable(u); err != nil {
		return "", nil, err
	}
	u.Fragment = ""
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %w", ErrRefused, err)
	}
	r.Header.Set("Accept", "image/png, image/jpeg, image/gif, image/webp")
	r.Header.Set("User-Agent", "Mozilla/5.0 (compatible; mail image proxy)")
	answer, err := f.client.Do(r)
	if err != nil {
		return "", nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("%w: status %d", ErrNoPicture, answer.StatusCode)
	}
	octets, err = io.ReadAll(io.LimitReader(answer.Body, maxOctets+1))
	if err != nil {
		return "", nil, err
	}
	if len(octets) > maxOctets {
		return "", nil, fmt.Errorf("%w: more than %d octets", ErrNoPicture, maxOctets)
	}
	kind, err = judge(octets)
	return kind, octets, err
}
