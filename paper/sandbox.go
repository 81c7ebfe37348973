package paper

import (
	"context"
	"fmt"

	"github.com/tetratelabs/wazero/api"
)

// sandbox is one instance of PDFium for one file. After the first fault nothing more is asked of it.
type sandbox struct {
	ctx      context.Context // carries the limits; each call from outside is given it
	instance api.Module
	memory   *memory
	full     bool  // the memory had no more room
	broken   error // the first fault
}

// close ends the instance; calls from outside have all returned by then, so its memory can go.
func (b *sandbox) close() {
	_ = b.instance.Close(context.Background())
	b.memory.release()
}

// call calls a function of PDFium that answers with one number or nothing. After a fault it does nothing and answers 0: ask check.
func (b *sandbox) call(name string, args ...uint64) uint64 {
	if b.broken != nil {
		return 0
	}
	f := b.instance.ExportedFunction(name)
	if f == nil {
		b.broken = fmt.Errorf("%w: this PDFium has no %s", ErrMissing, name)
		return 0
	}
	results, err := f.Call(b.ctx, args...)
	if err != nil {
		b.broken = b.fault(err)
		return 0
	}
	if len(results) == 0 {
		return 0
	}
	return results[0]
}

// fault is what an error inside means to those outside.
func (b *sandbox) fault(err error) error {
	switch {
	case b.ctx.Err() != nil:
		return context.Cause(b.ctx)
	case b.full || b.memory.all == nil:
		return ErrTooMuch
	}
	return fmt.Errorf("%w: %.200v", ErrUnreadable, err)
}

// refused is the error of a call that answered 0: that of the first fault, else what there is when PDFium says no.
func (b *sandbox) refused(otherwise error) error {
	switch {
	case b.broken != nil:
		return b.broken
	case b.full:
		return ErrTooMuch
	}
	return otherwise
}

// put allocates room inside and fills it.
func (b *sandbox) put(octets []byte) (uint64, error) {
	at := b.call("malloc", uint64(len(octets)))
	if at == 0 || !b.instance.Memory().Write(uint32(at), octets) {
		return 0, b.refused(ErrTooMuch)
	}
	return at, nil
}

// read copies octets out.
func (b *sandbox) read(at, octets uint64) ([]byte, error) {
	inside, ok := b.instance.Memory().Read(uint32(at), uint32(octets))
	if at == 0 || !ok {
		return nil, b.refused(ErrUnreadable)
	}
	return append(make([]byte, 0, octets), inside...), nil
}
