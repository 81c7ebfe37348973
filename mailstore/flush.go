package mailstore

import "sync"

// flusher lets deliveries to one folder share the flush of its directory. A flush helps only those
// whose rename came before it began, so whoever comes while one runs waits for the next one.
type flusher struct {
	sync func(dir string) error
	mu   sync.Mutex
	dirs map[string]*dirFlush
}

type dirFlush struct {
	running bool
	next    *flushed // the flush that begins when the running one ends
}

type flushed struct {
	done chan struct{}
	err  error
}

func newFlusher(sync func(string) error) *flusher {
	return &flusher{sync: sync, dirs: map[string]*dirFlush{}}
}

// flush returns when a flush of dir that began after the call has ended, with its error.
func (f *flusher) flush(dir string) error {
	f.mu.Lock()
	d := f.dirs[dir]
	if d == nil {
		d = &dirFlush{}
		f.dirs[dir] = d
	}
	if d.running {
		if d.next == nil {
			d.next = &flushed{done: make(chan struct{})}
		}
		wait := d.next
		f.mu.Unlock()
		<-wait.done
		return wait.err
	}
	d.running = true
	f.mu.Unlock()
	err := f.sync(dir)
	f.mu.Lock()
	if wait := d.next; wait != nil { // somebody must flush for those who came meanwhile
		d.next = nil
		go f.follow(dir, d, wait)
	} else {
		delete(f.dirs, dir)
	}
	f.mu.Unlock()
	return err
}

func (f *flusher) follow(dir string, d *dirFlush, wait *flushed) {
	for {
		wait.err = f.sync(dir)
		close(wait.done)
		f.mu.Lock()
		if d.next == nil {
			delete(f.dirs, dir)
			f.mu.Unlock()
			return
		}
		wait, d.next = d.next, nil
		f.mu.Unlock()
	}
}
