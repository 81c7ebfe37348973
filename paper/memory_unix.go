//go:build unix

package paper

import (
	"syscall"

	"github.com/tetratelabs/wazero/experimental"
)

// memory is what a sandbox may write to: taken from the system as it is touched, and given back at once, not when the collector comes
// round. It never moves, so growing copies nothing.
type memory struct{ all []byte }

func newMemory(octets int) *memory {
	all, err := syscall.Mmap(-1, 0, octets, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return &memory{}
	}
	return &memory{all}
}

// Allocate is called by wazero when the instance is made.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate lets the memory grow; nil: no further.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.all)) {
		return nil
	}
	return m.all[:size:len(m.all)]
}

// Free does nothing: wazero calls it while code that was stopped is still on the stack. release comes after.
func (m *memory) Free() {}

// release gives the memory back, when nothing of the instance runs any more.
func (m *memory) release() {
	if m.all != nil {
		_ = syscall.Munmap(m.all)
		m.all = nil
	}
}
