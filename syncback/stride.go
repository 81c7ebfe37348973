package syncback

import (
	"sync"
	"time"

	"holdover/email"
)

// strides says how many items of each mailbox one commit claims. Many share the cost of the
// commit; but what is claimed when the process ends is in doubt, and an event that starts waits
// for it. So a stride is what Exchange took within about a second so far.
type strides struct {
	most int
	mu   sync.Mutex
	n    map[email.MailboxID]int
}

const firstStride = 8

func newStrides(most int) *strides { return &strides{most: most, n: map[email.MailboxID]int{}} }

// next is how many items the next batch has, at least 1.
func (s *strides) next(m email.MailboxID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.n[m]; n > 0 {
		return n
	}
	return min(firstStride, s.most)
}

// took notes how long a batch of n items took.
func (s *strides) took(m email.MailboxID, n int, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch now := s.n[m]; {
	case d > spell/2:
		s.n[m] = max(1, n/2)
	case n >= max(now, min(firstStride, s.most)):
		s.n[m] = min(2*n, s.most)
	}
}
