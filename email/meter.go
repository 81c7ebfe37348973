package email

import (
	"runtime"
	"time"
)

// What showing one message may take: parsing, unpacking, cleaning and folding together. Beyond it the
// message is offered as source and file, with ProblemBudget.
const (
	budgetCPU    = time.Second
	budgetMemory = 64 << 20 // octets that the work on one message makes, beside those it came in
)

// Caps that keep within the budget what cannot be interrupted.
const (
	maxSafe    = 12 << 20 // octets of HTML that are given to the policy
	maxWrapped = 24 << 20 // encoded octets of a leaf that is unpacked
)

const ticksBetween = 256 // tokens between two looks at the clock

// meter measures the work on one message by the processor time of the thread that does it, which waits
// and other people's work do not add to; the goroutine is bound to its thread meanwhile.
type meter struct {
	clock func() time.Duration // processor time of this thread
	spent time.Duration
	held  int64
	over  bool
	begun time.Duration
	depth int
	ticks int
}

// work runs do on the meter. It may stand inside itself.
func (m *meter) work(do func()) {
	if m.depth == 0 {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		m.begun = m.now()
	}
	m.depth++
	do()
	if m.depth--; m.depth == 0 {
		m.spent += m.now() - m.begun
		m.over = m.over || m.spent > budgetCPU
	}
}

func (m *meter) now() time.Duration {
	if m.clock == nil {
		m.clock = threadTime
	}
	return m.clock()
}

// goes on until the budget is spent; loops over a message ask it with each token.
func (m *meter) goesOn() bool {
	if m == nil {
		return true
	}
	if m.ticks++; m.ticks%ticksBetween == 0 && !m.over {
		m.over = m.spent+m.now()-m.begun > budgetCPU
	}
	return !m.over
}

// hold counts octets that were made.
func (m *meter) hold(n int) {
	m.held += int64(n)
	m.over = m.over || m.held > budgetMemory
}
