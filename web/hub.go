package web

import (
	"sync"

	"holdover/email"
	"holdover/mailstore"
)

// hub passes notices on to the open pages of a mailbox. It watches store and events only while
// somebody listens, so it has no life of its own to end.
type hub struct {
	mail   Mail
	events Events

	mu        sync.Mutex
	listeners map[*listener]struct{}
	stop      func() // ends watching
}

// listener is one open stream. Its channels hold one notice: whoever is slow learns the newest.
type listener struct {
	wants func(email.MailboxID) bool // whose news they are
	mail  chan mailstore.Seq
	event chan struct{}
}

func newHub(mail Mail, events Events) *hub {
	return &hub{mail: mail, events: events, listeners: map[*listener]struct{}{}}
}

// listen starts passing on; leave must be called.
func (h *hub) listen(wants func(email.MailboxID) bool) (l *listener, leave func()) {
	l = &listener{wants: wants, mail: make(chan mailstore.Seq, 1), event: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.listeners) == 0 {
		h.watch()
	}
	h.listeners[l] = struct{}{}
	return l, sync.OnceFunc(func() { h.leave(l) })
}

func (h *hub) leave(l *listener) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.listeners, l)
	if len(h.listeners) == 0 {
		h.stop()
	}
}

func (h *hub) watch() {
	notices, stopMail := h.mail.Watch()
	events, stopEvents := h.events.Watch()
	over := make(chan struct{})
	h.stop = func() { close(over); stopMail(); stopEvents() }
	go func() {
		for {
			select {
			case <-over:
				return
			case n, ok := <-notices:
				if !ok {
					notices = nil
					continue
				}
				h.each(func(l *listener) { l.tellMail(n) })
			case _, ok := <-events:
				if !ok {
					events = nil
					continue
				}
				h.each(func(l *listener) { l.tellEvent() })
			}
		}
	}()
}

func (h *hub) each(tell func(*listener)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for l := range h.listeners {
		tell(l)
	}
}

// tellMail leaves the newest number. Only the hub's goroutine sends, under the lock.
func (l *listener) tellMail(n mailstore.Notice) {
	if !l.wants(n.Mailbox) {
		return
	}
	select {
	case <-l.mail:
	default:
	}
	l.mail <- n.Seq
}

func (l *listener) tellEvent() {
	select {
	case l.event <- struct{}{}:
	default:
	}
}
