package exchange

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// GraphOptions configure the way into Exchange Online by Microsoft Graph.
type GraphOptions struct {
	URL      string // default https://graph.microsoft.com/v1.0
	Security Security
	Tokens   *Tokens
	Scope    string          // of the tokens, default ScopeGraph
	Folders  map[Role]string // administrator's mapping; beaten by Exchange's own well-known folders
	AtOnce   int             // requests under way for one mailbox, default 4: Online allows no more
	Largest  int             // octets of a message, default 3,000,000: above it a request is over 4 MiB in base64
	Call     time.Duration   // longest time of one call of this connector, default 5 min
	Request  time.Duration   // longest time of one request, default 2 min
	Now      func() time.Time
	Dial     dialer
}

// Graph speaks to mailboxes in Exchange Online. It is safe for many goroutines.
type Graph struct {
	o   GraphOptions
	web *web

	mu    sync.Mutex
	boxes map[string]*graphBox // by address in lower case
}

// graphBox is what is kept about one mailbox.
type graphBox struct {
	slots   chan struct{} // one for each request under way
	mu      sync.Mutex
	folders []graphFolder
}

// NewGraph checks the options; it makes no connection.
func NewGraph(o GraphOptions) (*Graph, error) {
	if o.URL == "" {
		o.URL = "https://graph.microsoft.com/v1.0"
	}
	w, err := newWeb("Microsoft Graph", strings.TrimSuffix(o.URL, "/"), o.Security, o.Dial)
	if err != nil {
		return nil, err
	}
	if o.Scope == "" {
		o.Scope = ScopeGraph
	}
	if o.AtOnce <= 0 {
		o.AtOnce = 4
	}
	if o.Largest <= 0 {
		o.Largest = 3_000_000
	}
	if o.Call <= 0 {
		o.Call = 5 * time.Minute
	}
	if o.Request <= 0 {
		o.Request = 2 * time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Graph{o: o, web: w, boxes: map[string]*graphBox{}}, nil
}

// Longest is the longest time one call can take when its context sets no end.
func (g *Graph) Longest() time.Duration { return g.o.Call }

// Close ends all connections that rest.
func (g *Graph) Close() error {
	g.web.close()
	return nil
}

func (g *Graph) box(mailbox string) *graphBox {
	g.mu.Lock()
	defer g.mu.Unlock()
	key := strings.ToLower(mailbox)
	b := g.boxes[key]
	if b == nil {
		b = &graphBox{slots: make(chan struct{}, g.o.AtOnce)}
		g.boxes[key] = b
	}
	return b
}

// graphCall is one request.
type graphCall struct {
	op      string // for the failure, e.g. "POST message"
	method  string
	path    string // below the user, escaped, with query; or
	link    string // a whole address that Graph gave, checked
	kind    string // of the body
	body    []byte
	prefer  string // beside the immutable ids
	changes bool   // a lost answer leaves the call in doubt
	limit   int64  // octets of the answer, default 1 MiB
}

// graphAnswer is the default budget of one answer.
const graphAnswer = 1 << 20

// send makes one request with a token. A 401 is answered with a fresh token once: it says that
// nothing was done.
func (g *Graph) send(ctx context.Context, mailbox string, c graphCall) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Request)
	defer cancel()
	box := g.box(mailbox)
	select {
	case box.slots <- struct{}{}:
		defer func() { <-box.slots }()
	case <-ctx.Done():
		return reply{}, &Failure{Kind: ErrTemporary, Op: "wait for the mailbox's other requests", Err: ctx.Err()}
	}
	for again := false; ; again = true {
		token, err := g.o.Tokens.Token(ctx, g.o.Scope)
		if err != nil {
			return reply{}, err
		}
		r, err := g.once(ctx, mailbox, c, token)
		if err != nil || r.status < 300 {
			return r, err
		}
		if r.status == http.StatusUnauthorized && !again {
			g.o.Tokens.Refused(g.o.Scope, token)
			continue
		}
		failure := g.refusal(c, r)
		if failure.Kind == ErrNoFolder { // what we know of the folders has grown old
			box.mu.Lock()
			box.folders = nil
			box.mu.Unlock()
		}
		return r, failure
	}
}

func (g *Graph) once(ctx context.Context, mailbox string, c graphCall, token string) (reply, error) {
	target := c.link
	if target == "" {
		target = g.user(mailbox) + c.path
	}
	header := http.Header{"Authorization": {"Bearer " + token}, "Accept": {"application/json"}, "Prefer": {`IdType="ImmutableId"`}}
	if c.prefer != "" {
		header.Add("Prefer", c.prefer)
	}
	if c.kind != "" {
		header.Set("Content-Type", c.kind)
	}
	limit := c.limit
	if limit == 0 {
		limit = graphAnswer
	}
	r, sent, err := g.web.do(ctx, c.method, target, header, c.body, limit)
	if err != nil {
		return r, broken(c.op, err, sent && c.changes)
	}
	return r, nil
}

// user is the address of a mailbox's part of Graph.
func (g *Graph) user(mailbox string) string {
	return g.web.base.String() + "/users/" + url.PathEscape(mailbox)
}

// read makes a request whose answer is an object, and reads it.
func (g *Graph) read(ctx context.Context, mailbox string, c graphCall, into any) error {
	c.method = http.MethodGet
	r, err := g.send(ctx, mailbox, c)
	if err != nil {
		return err
	}
	return readJSON(c.op, r, into)
}

// query writes the options of an OData request; a space is %20.
func query(options ...string) string {
	var parts []string
	for i := 0; i+1 < len(options); i += 2 {
		parts = append(parts, options[i]+"="+strings.ReplaceAll(url.QueryEscape(options[i+1]), "+", "%20"))
	}
	return "?" + strings.Join(parts, "&")
}
