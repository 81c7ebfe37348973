package pictures

import (
	"context"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

const pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="

func png(t testing.TB) []byte {
	octets, err := base64.StdEncoding.DecodeString(pixel)
	if err != nil {
		t.Fatal(err)
	}
	return octets
}

// world is a server on loopback that the fetcher may reach, and one that it may not.
type world struct {
	open, shut *httptest.Server
	f          *Fetcher
	heads      []http.Header
	reached    bool
}

func newWorld(t *testing.T) *world {
	w := &world{}
	mux := http.NewServeMux()
	serve := func(path, kind string, octets []byte) {
		mux.HandleFunc(path, func(a http.ResponseWriter, r *http.Request) {
			w.heads = append(w.heads, r.Header.Clone())
			a.Header().Set("Content-Type", kind)
			a.Header().Set("Set-Cookie", "track=1")
			a.Write(octets)
		})
	}
	serve("/pixel.png", "image/png", png(t))
	serve("/lies.png", "image/png", []byte("<html><script>alert(1)</script>"))
	serve("/liar.html", "text/html", png(t))
	serve("/x.svg", "image/svg+xml", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`))
	serve("/cut.png", "image/png", png(t)[:12])
	serve("/huge.gif", "image/gif", append([]byte("GIF89a\xff\xff\xff\xff\x00\x00\x00"), make([]byte, 40)...))
	serve("/long.png", "image/png", append(png(t), make([]byte, maxOctets)...))
	serve("/x.webp", "image/webp", []byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10\x11\x11\x88\x88\xfe\x07\x00"))
	to := func(path string, where func() string) {
		mux.HandleFunc(path, func(a http.ResponseWriter, r *http.Request) {
			w.heads = append(w.heads, r.Header.Clone())
			http.Redirect(a, r, where(), http.StatusFound)
		})
	}
	to("/hop", func() string { return "/pixel.png" })
	to("/inside", func() string { return w.shut.URL + "/pixel.png" })
	to("/metadata", func() string { return "http://169.254.169.254/latest/meta-data/" })
	to("/mapped", func() string { return "http://[::ffff:169.254.169.254]/" })
	to("/nat64", func() string { return "http://[64:ff9b::169.254.169.254]/" })
	to("/file", func() string { return "file:///etc/passwd" })
	to("/user", func() string { return strings.Replace(w.open.URL, "//", "//a:b@", 1) + "/pixel.png" })
	to("/loop", func() string { return "/loop" })
	mux.HandleFunc("/never", func(a http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/gone", http.NotFound)
	w.open = httptest.NewServer(mux)
	t.Cleanup(w.open.Close)
	w.shut = httptest.NewServer(http.HandlerFunc(func(a http.ResponseWriter, r *http.Request) { w.reached = true; a.Write(png(t)) }))
	t.Cleanup(w.shut.Close)
	allowed := netip.MustParseAddrPort(strings.TrimPrefix(w.open.URL, "http://"))
	w.f = New(Options{Allow: func(a netip.AddrPort) bool { return a == allowed }})
	return w
}

func TestFetch(t *testing.T) {
	w := newWorld(t)
	for path, want := range map[string]string{
		"/pixel.png": "image/png", "/liar.html": "image/png", "/x.webp": "image/webp", "/hop": "image/png",
		"/lies.png": "none", "/x.svg": "none", "/cut.png": "none", "/huge.gif": "none", "/long.png": "none", "/gone": "none",
		"/inside": "refused", "/metadata": "refused", "/mapped": "refused", "/nat64": "refused", "/file": "refused", "/user": "refused", "/loop": "refused",
	} {
		kind, octets, err := w.f.Fetch(t.Context(), w.open.URL+path)
		got := kind
		switch {
		case errors.Is(err, ErrRefused):
			got = "refused"
		case errors.Is(err, ErrNoPicture):
			got = "none"
		case err != nil:
			got = err.Error()
		case len(octets) == 0:
			got = "empty"
		}
		if got != want {
			t.Errorf("%s: %s, want %s (%v)", path, got, want, err)
		}
	}
	if w.reached {
		t.Error("the server inside was reached")
	}
	for _, h := range w.heads {
		for _, name := range []string{"Cookie", "Referer", "Authorization", "X-Forwarded-For", "Accept-Encoding"} {
			if h.Get(name) != "" {
				t.Errorf("it tells %s: %s", name, h.Get(name))
			}
		}
	}
}

// TestRefused: addresses that are refused however they are written, without the allowance of the tests.
func TestRefused(t *testing.T) {
	w := newWorld(t)
	_, port, err := net.SplitHostPort(strings.TrimPrefix(w.shut.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	f := New(Options{})
	for _, address := range []string{
		w.shut.URL, "http://localhost:" + port, "http://127.1:" + port, "http://2130706433:" + port, "http://0x7f000001:" + port, "http://0177.0.0.1:" + port, "http://[::1]:" + port, "http://[::]:" + port,
		"http://0.0.0.0:" + port, "http://[::ffff:127.0.0.1]:" + port, "http://[::ffff:7f00:1]:" + port, "http://127.0.0.1.:" + port, "http://localhost.:" + port,
		"http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/", "http://169.254.169.254/latest/meta-data/", "http://[fd00:ec2::254]/", "http://[fe80::1%25lo]/",
		"http://intranet/", "file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/", "data:image/png;base64,AA==", "javascript:alert(1)", "", "//", "http://", "http:127.0.0.1", "http://a:b@8.8.8.8/", "\x00", "http://127.0.0.1:" + port + "/#@8.8.8.8/", "http://8.8.8.8@127.0.0.1:" + port + "/",
	} {
		if _, _, err := f.Fetch(t.Context(), address); err == nil {
			t.Errorf("%q was fetched", address)
		} else if !errors.Is(err, ErrRefused) && !strings.Contains(err.Error(), "no such host") && !strings.Contains(err.Error(), "lookup") {
			t.Errorf("%q fails with %v", address, err)
		}
	}
	if w.reached {
		t.Error("the server inside was reached")
	}
}

func TestSlow(t *testing.T) {
	w := newWorld(t)
	w.f.timeout = 50 * time.Millisecond
	if _, _, err := w.f.Fetch(context.Background(), w.open.URL+"/never"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that never answers: %v", err)
	}
	for range atOnce {
		w.f.slots <- struct{}{}
	}
	if _, _, err := w.f.Fetch(context.Background(), w.open.URL+"/pixel.png"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("without a free place: %v", err)
	}
}

func FuzzJudge(f *testing.F) {
	f.Add([]byte("RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00\x2f\x00\x00\x00\x10\x07\x10"))
	f.Add([]byte("GIF89a\xff\xff\xff\xff"))
	f.Fuzz(func(t *testing.T, octets []byte) {
		if kind, err := judge(octets); err == nil && !strings.HasPrefix(kind, "image/") {
			t.Error(kind)
		}
	})
}
