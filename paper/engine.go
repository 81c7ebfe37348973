package paper

import (
	"bytes"
	"compress/gzip"
	"context"
	"embed"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

// vendor holds PDFium, as static/package-lock.json pins it; static/build.sh puts it there. It is not committed.
//
//go:embed all:vendor
var vendor embed.FS

// packed is the module that the program was built with; nil: none.
func packed() []byte {
	octets, err := vendor.ReadFile("vendor/pdfium.wasm.gz")
	if err != nil {
		return nil
	}
	return octets
}

// engine holds the compiled code while it is used, and a while longer.
type engine struct {
	packed []byte
	memory int
	idle   time.Duration

	mu     sync.Mutex
	module *module
	making chan struct{} // closed when the compilation under way ended; nil: none is
	failed error         // of the last compilation
	users  int
	timer  *time.Timer
	made   int // compilations so far
}

// module is PDFium, compiled.
type module struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	memory   int
}

// take gets the compiled code; who takes gives back. One compilation serves all who wait for it, and goes on for the
// next one when nobody does any more.
func (e *engine) take(ctx context.Context) (*module, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.packed) == 0 {
		return nil, ErrMissing
	}
	e.users++ // who waits is a user too: what is made for them is not given back before they had it
	for e.module == nil {
		if e.making == nil {
			e.making = make(chan struct{})
			go e.make()
		}
		done := e.making
		e.mu.Unlock()
		select {
		case <-done:
			e.mu.Lock()
			if e.module == nil {
				e.leave()
				return nil, e.failed
			}
		case <-ctx.Done():
			e.mu.Lock()
			e.leave()
			return nil, ctx.Err()
		}
	}
	if e.timer != nil {
		e.timer.Stop()
	}
	return e.module, nil
}

func (e *engine) make() {
	m, err := compile(e.packed, e.memory)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.module, e.failed = m, err
	e.made++
	close(e.making)
	e.making = nil
	e.rest() // nobody may wait for it any more
}

func (e *engine) give() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.leave()
}

// leave takes a user off. The caller holds the lock.
func (e *engine) leave() {
	e.users--
	e.rest()
}

// rest starts the wait after which unused code is given back. The caller holds the lock.
func (e *engine) rest() {
	switch {
	case e.users > 0:
	case e.timer == nil:
		e.timer = time.AfterFunc(e.idle, e.close)
	default:
		e.timer.Reset(e.idle)
	}
}

// close gives the compiled code back unless somebody uses it.
func (e *engine) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.users > 0 || e.module == nil {
		return
	}
	_ = e.module.runtime.Close(context.Background())
	e.module = nil
}

// compile makes machine code of the module. Nothing of it is kept on disk: files that are run as code would have to be guarded,
// and two seconds once in a while are little.
func compile(packed []byte, memory int) (_ *module, err error) {
	defer func() { // where the system forbids making code at run time (MemoryDenyWriteExecute) wazero panics
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", ErrNoEngine, r)
		}
	}()
	unpacked, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	code, err := io.ReadAll(unpacked)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	ctx := experimental.WithCompilationWorkers(context.Background(), min(4, runtime.GOMAXPROCS(0)))
	// Each loop looks whether its time is over; that also lets Go's collector stop the code.
	config := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(uint32(memory / pageSize)).WithDebugInfoEnabled(false)
	m := &module{runtime: wazero.NewRuntimeWithConfig(ctx, config), memory: memory}
	if m.compiled, err = m.runtime.CompileModule(ctx, code); err == nil {
		err = host(ctx, m.runtime, m.compiled)
	}
	if err != nil {
		_ = m.runtime.Close(ctx)
		return nil, fmt.Errorf("%w: %w", ErrNoEngine, err)
	}
	return m, nil
}

// sandbox makes an instance with nothing in it: no file, no argument, no variable, no output.
func (m *module) sandbox(ctx context.Context) (*sandbox, error) {
	box := &sandbox{memory: newMemory(m.memory)}
	ctx = context.WithValue(experimental.WithMemoryAllocator(ctx, box.memory), boxKey{}, box)
	box.ctx = ctx
	instance, err := m.runtime.InstantiateModule(ctx, m.compiled, wazero.NewModuleConfig().WithName(""))
	if err != nil {
		err = box.fault(err)
		box.memory.release()
		return nil, err
	}
	box.instance = instance
	return box, nil
}
