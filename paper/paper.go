// Package paper shows the pages of a PDF file as pictures and as text, for people who have nothing but a browser.
//
// What a mail brings is hostile. So the file is read by PDFium (the engine of Chrome), compiled to WebAssembly without JavaScript
// and XFA, in a sandbox of its own for each request: memory up to a limit, processor time up to a limit, no file, no
// network, no clock beyond the time of day. What leaves the sandbox is pixels, which are encoded here, and letters.
//
// Nothing costs anything until somebody looks at a file: then PDFium is compiled (about two seconds), and its
// code is given back when nobody has looked for a while.
package paper

import (
	"context"
	"errors"
	"runtime"
	"time"
)

var (
	// ErrBusy: too many look at files just now.
	ErrBusy = errors.New("too many files are looked at just now")
	// ErrLocked: the file opens with a password or key only.
	ErrLocked = errors.New("the file is locked with a password")
	// ErrUnreadable: no PDF file, a broken one, or one without pages.
	ErrUnreadable = errors.New("no PDF file that can be read")
	// ErrTooMuch: the file wants more time, memory or room than one may have.
	ErrTooMuch = errors.New("showing the file takes too much time or memory")
	// ErrNoSheet: the file has no such page.
	ErrNoSheet = errors.New("no such page")
	// ErrNoEngine: PDFium cannot be compiled on this system.
	ErrNoEngine = errors.New("PDFium does not run on this system")
	// ErrMissing: the program was built without PDFium.
	ErrMissing = errors.New("this program was built without PDFium: run `sh static/build.sh` (needs npm), then build again")
)

const (
	// MaxSheets is how many pages of a file are shown.
	MaxSheets = 5000
	// MaxOctets is how large a file may be.
	MaxOctets = 96 << 20

	maxPixels  = 12 << 20 // of a picture
	maxLetters = 200_000  // of a page's text
)

// Options of a Press. Zero values mean what is written here.
type Options struct {
	Slots  int           // files that are worked on side by side: half as many as there are cores, at least one
	Queue  int           // requests that may wait for a slot: 16
	Wait   time.Duration // how long they wait: 20 s
	CPU    time.Duration // processor time of one request: 10 s
	Wall   time.Duration // time by the clock of one request: 60 s
	Memory int           // octets of a sandbox: 256 MiB, not more than 512
	Idle   time.Duration // after which the compiled code is given back: 30 min

	// Module is PDFium as WebAssembly, packed with gzip; nil is what the program was built with. For tests.
	Module []byte
}

func (o Options) withDefaults() Options {
	set(&o.Slots, max(1, runtime.GOMAXPROCS(0)/2)) // mail always keeps a core for itself
	set(&o.Queue, 16)
	set(&o.Wait, 20*time.Second)
	set(&o.CPU, 10*time.Second)
	set(&o.Wall, time.Minute)
	set(&o.Memory, 256<<20)
	set(&o.Idle, 30*time.Minute)
	if o.Module == nil {
		o.Module = packed()
	}
	return o
}

func set[T comparable](value *T, standard T) {
	if *value == *new(T) {
		*value = standard
	}
}

// Sheet is one page of a file.
type Sheet struct {
	Number        int     // from 1
	Count         int     // pages of the file, at most MaxSheets
	More          bool    // the file has more than MaxSheets
	Width, Height float64 // in points of 1/72 inch, as it is turned
	Text          string  // as PDFium reads it, lines ended by \n; "" where a page is a picture
	Type          string  // media type of the picture: PNG where few colours do, else JPEG
	Picture       []byte
}

// Press makes sheets. Its methods may be called from anywhere at any time.
type Press struct {
	options Options
	slots   chan struct{}
	queue   chan struct{}
	engine  *engine
}

// New makes a Press; nothing is started yet.
func New(o Options) *Press {
	o = o.withDefaults()
	return &Press{
		options: o, slots: make(chan struct{}, o.Slots), queue: make(chan struct{}, o.Queue),
		engine: &engine{packed: o.Module, memory: o.Memory, idle: o.Idle},
	}
}

// Built says whether the program was built with PDFium.
func Built() bool { return packed() != nil }

// Close gives back what the Press holds, once nobody uses it any more.
func (p *Press) Close() { p.engine.close() }

// Sheet reads and draws page n (from 1) of a PDF file, about width pixels wide; a page of a strange shape comes smaller. Errors: ErrBusy,
// ErrLocked, ErrUnreadable, ErrTooMuch, ErrNoSheet, ErrNoEngine, ErrMissing, and the context's.
func (p *Press) Sheet(ctx context.Context, pdf []byte, n, width int) (Sheet, error) {
	var sheet Sheet
	err := p.open(ctx, pdf, func(d *document) (err error) {
		sheet, err = d.sheet(n, width)
		return err
	})
	return sheet, err
}

// open runs work on a file in a sandbox of its own, within the limits.
func (p *Press) open(ctx context.Context, pdf []byte, work func(*document) error) error {
	if len(pdf) > MaxOctets || len(pdf) > p.options.Memory/2 {
		return ErrTooMuch
	}
	leave, err := p.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	module, err := p.engine.take(ctx)
	if err != nil {
		return err
	}
	defer p.engine.give()
	return bounded(ctx, p.options.CPU, p.options.Wall, func(ctx context.Context) error {
		box, err := module.sandbox(ctx)
		if err != nil {
			return err
		}
		defer box.close()
		d, err := box.open(pdf)
		if err != nil {
			return err
		}
		return work(d)
	})
}

// enter waits for a slot.
func (p *Press) enter(ctx context.Context) (leave func(), err error) {
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	default:
	}
	select {
	case p.queue <- struct{}{}:
		defer func() { <-p.queue }()
	default:
		return nil, ErrBusy
	}
	wait := time.NewTimer(p.options.Wait)
	defer wait.Stop()
	select {
	case p.slots <- struct{}{}:
		return func() { <-p.slots }, nil
	case <-wait.C:
		return nil, ErrBusy
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
