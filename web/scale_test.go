package web

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// scale stands before the pages and weighs every answer as it leaves: packed, with its header. It sees what
// the service worker and event streams ask for too.
type scale struct {
	next http.Handler

	mu    sync.Mutex
	asked []*parcel
}

// parcel is one request and the weight of its answer in octets.
type parcel struct {
	http.ResponseWriter
	scale  *scale
	path   string
	status int
	octets int
	done   bool // the answer is complete
}

// weigh puts a scale before the pages of a house; call it before newBrowser.
func (h *house) weigh() *scale {
	s := &scale{next: h.pages}
	h.pages = s
	return s
}

// ServeHTTP implements http.Handler.
func (s *scale) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p := &parcel{ResponseWriter: w, scale: s, path: r.URL.RequestURI()}
	s.mu.Lock()
	s.asked = append(s.asked, p)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		p.done = true
	}()
	s.next.ServeHTTP(p, r)
}

// Unwrap lets streams flush.
func (p *parcel) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (p *parcel) WriteHeader(status int) {
	p.scale.mu.Lock()
	if p.status == 0 {
		p.status = status
		p.octets += len("HTTP/1.1 200 OK\r\nDate: Mon, 23 Nov 2026 13:12:00 GMT\r\n\r\n")
		for name, values := range p.Header() {
			for _, v := range values {
				p.octets += len(name) + len(v) + len(": \r\n")
			}
		}
	}
	p.scale.mu.Unlock()
	p.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (p *parcel) Write(octets []byte) (int, error) {
	if p.status == 0 {
		p.WriteHeader(http.StatusOK)
	}
	n, err := p.ResponseWriter.Write(octets)
	p.scale.mu.Lock()
	p.octets += n
	p.scale.mu.Unlock()
	return n, err
}

// since lists what was asked for after the first n requests.
func (s *scale) since(n int) weighed {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all weighed
	for _, p := range s.asked[n:] {
		all = append(all, parcel{path: p.path, status: p.status, octets: p.octets})
	}
	return all
}

// count is how many requests there were.
func (s *scale) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// weighed is a number of answers.
type weighed []parcel

// octets is the sum over the answers whose path contains part.
func (w weighed) octets(part string) (sum int) {
	for _, p := range w {
		if strings.Contains(p.path, part) {
			sum += p.octets
		}
	}
	return sum
}

// split parts the answers whose path contains one of the words from the others.
func (w weighed) split(words ...string) (others, those weighed) {
	for _, p := range w {
		if slices.ContainsFunc(words, func(word string) bool { return strings.Contains(p.path, word) }) {
			those = append(those, p)
		} else {
			others = append(others, p)
		}
	}
	return others, those
}

func (w weighed) log(t testing.TB, what string) {
	t.Helper()
	for _, p := range w {
		t.Logf("%s: %6d octets, %d %s", what, p.octets, p.status, p.path)
	}
}
