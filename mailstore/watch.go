package mailstore

import (
	"sync"

	"holdover/email"
)

// Notice tells that a mailbox's log moved. Watch never blocks a writer: a slow reader gets the
// newest notice per mailbox.
type Notice struct {
	Mailbox email.MailboxID
	Seq     Seq
}

type watchers struct {
	mu     sync.Mutex
	closed bool
	all    map[*watcher]struct{}
}

// watcher keeps what its reader has not taken yet.
type watcher struct {
	mu      sync.Mutex
	pending map[email.MailboxID]Seq
	more    chan struct{} // holds one token while something is pending
	stopped chan struct{}
	once    sync.Once
}

// Watch gives notices from now on. The channel is closed by stop, or when the store closes.
func (s *Store) Watch() (notices <-chan Notice, stop func()) {
	w := &watcher{pending: map[email.MailboxID]Seq{}, more: make(chan struct{}, 1), stopped: make(chan struct{})}
	out := make(chan Notice)
	s.watchers.mu.Lock()
	if s.watchers.closed {
		w.stop()
	} else {
		if s.watchers.all == nil {
			s.watchers.all = map[*watcher]struct{}{}
		}
		s.watchers.all[w] = struct{}{}
	}
	s.watchers.mu.Unlock()
	go w.pump(out)
	return out, func() {
		s.watchers.mu.Lock()
		delete(s.watchers.all, w)
		s.watchers.mu.Unlock()
		w.stop()
	}
}

func (w *watcher) stop() { w.once.Do(func() { close(w.stopped) }) }

func (w *watcher) pump(out chan<- Notice) {
	defer close(out)
	for {
		select {
		case <-w.stopped:
			return
		case <-w.more:
		}
		for {
			n, ok := w.take()
			if !ok {
				break
			}
			select {
			case out <- n:
			case <-w.stopped:
				return
			}
		}
	}
}

func (w *watcher) take() (Notice, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for m, seq := range w.pending {
		delete(w.pending, m)
		return Notice{m, seq}, true
	}
	return Notice{}, false
}

func (w *watcher) tell(m email.MailboxID, seq Seq) {
	w.mu.Lock()
	w.pending[m] = max(w.pending[m], seq)
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// notify is called after the commit.
func (s *Store) notify(m email.MailboxID, seq Seq) {
	s.watchers.mu.Lock()
	defer s.watchers.mu.Unlock()
	for w := range s.watchers.all {
		w.tell(m, seq)
	}
}

func (w *watchers) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	for one := range w.all {
		one.stop()
	}
	w.all = nil
}
