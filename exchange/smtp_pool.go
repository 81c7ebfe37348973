package exchange

import (
	"context"
	"sync"
	"time"
)

// idleLimit is below the five minutes after which Exchange ends an idle session.
const idleLimit = 30 * time.Second

// pool lets at most n sessions exist and keeps those that rest.
type pool struct {
	slots chan struct{}
	mu    sync.Mutex
	idle  []resting
}

type resting struct {
	session *session
	since   time.Time
}

func newPool(n int) *pool { return &pool{slots: make(chan struct{}, n)} }

// take waits for a slot and answers a rested session, or nil when one must be opened.
func (p *pool) take(ctx context.Context) (*session, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		last := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if time.Since(last.since) < idleLimit {
			return last.session, nil
		}
		last.session.close()
	}
	return nil, nil
}

// put gives a slot back, and the session to rest when it can be used again.
func (p *pool) put(c *session, again bool) {
	if again {
		p.mu.Lock()
		p.idle = append(p.idle, resting{c, time.Now()})
		p.mu.Unlock()
	} else {
		c.close()
	}
	p.free()
}

func (p *pool) free() { <-p.slots }

func (p *pool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.idle {
		r.session.close()
	}
	p.idle = nil
}
