//go:build !unix

package paper

import "github.com/tetratelabs/wazero/experimental"

// memory is what a sandbox may write to.
type memory struct {
	all []byte
	max uint64
}

func newMemory(octets int) *memory { return &memory{max: uint64(octets)} }

// Allocate is called by wazero when the instance is made.
func (m *memory) Allocate(_, _ uint64) experimental.LinearMemory { return m }

// Reallocate lets the memory grow; nil: no further.
func (m *memory) Reallocate(size uint64) []byte {
	if size > m.max {
		return nil
	}
	if more := int(size) - len(m.all); more > 0 {
		m.all = append(m.all, make([]byte, more)...)
	}
	return m.all[:size]
}

// Free does nothing; see memory_unix.go.
func (m *memory) Free() {}

func (m *memory) release() { m.all = nil }
