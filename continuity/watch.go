package continuity

import "sync"

// watchers are told that an event started or ended; who is not listening misses nothing, since
// one notice waits for each.
type watchers struct {
	mu   sync.Mutex
	list map[chan struct{}]struct{}
}

func (w *watchers) tell() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.list {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// Watch tells that an event started or ended; stop ends it.
func (c *Continuity) Watch() (notices <-chan struct{}, stop func()) {
	w, ch := &c.watch, make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.list == nil {
		w.list = map[chan struct{}]struct{}{}
	}
	w.list[ch] = struct{}{}
	return ch, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.list, ch)
	}
}
