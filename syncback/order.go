package syncback

import (
	"cmp"
	"sync"
	"time"

	"holdover/email"
)

// order says which of the mailboxes that are due has its turn first: important people, if the
// configuration names any, and else who has waited longest.
type order struct {
	important func(email.MailboxID) bool // nil: nobody is

	mu     sync.Mutex
	ranks  map[email.MailboxID]rank
	newest int64 // of all ranks: who is not ranked yet has waited less
}

type rank struct {
	important bool
	oldest    int64 // of what waits, unix milliseconds
}

// first says whether a mailbox is one of the important.
func (o *order) first(m email.MailboxID) bool { return o.rank(m).important }

func newOrder(important func(email.MailboxID) bool) *order {
	return &order{important: important, ranks: map[email.MailboxID]rank{}}
}

// see ranks mailboxes by the oldest entry that each still has to tell.
func (o *order) see(oldest map[email.MailboxID]int64) {
	ranks, newest := make(map[email.MailboxID]rank, len(oldest)), int64(0)
	for m, at := range oldest {
		ranks[m] = rank{o.important != nil && o.important(m), at}
		newest = max(newest, at)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ranks, o.newest = ranks, newest
}

func (o *order) rank(m email.MailboxID) rank {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, known := o.ranks[m]
	if !known {
		r = rank{o.important != nil && o.important(m), o.newest + 1}
		o.ranks[m] = r
	}
	return r
}

// alike is how much longer one must have waited to go first: the others share, or the last mailboxes
// would be left alone with their own limits.
const alike = int64(time.Hour / time.Millisecond)

// compare answers less than 0 when the first mailbox goes before the second, 0 when they share.
func (o *order) compare(a, b email.MailboxID) int {
	x, y := o.rank(a), o.rank(b)
	switch {
	case x.important && !y.important:
		return -1
	case y.important && !x.important:
		return 1
	}
	return cmp.Compare(x.oldest/alike, y.oldest/alike)
}
