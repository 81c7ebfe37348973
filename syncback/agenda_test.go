package syncback

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"holdover/email"
)

// A mailbox whose work takes no time at all must come up again: once the handing over raced with
// the giving back, and the mailbox stayed busy for ever.
func TestAgendaLosesNoMailbox(t *testing.T) {
	a := newAgenda(newOrder(nil))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	taken := map[email.MailboxID]int{}
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for {
				m, ok := a.take(ctx)
				if !ok {
					return
				}
				mu.Lock()
				taken[m]++
				mu.Unlock()
				a.done(m, time.Time{}, time.Now())
			}
		})
	}
	const boxes, rounds = 50, 40
	for round := 1; round <= rounds; round++ {
		for i := range boxes {
			a.put(email.MailboxID(fmt.Sprint(i)), time.Now())
		}
		for missing := boxes; missing > 0 && ctx.Err() == nil; {
			missing = 0
			mu.Lock()
			for i := range boxes {
				if taken[email.MailboxID(fmt.Sprint(i))] < round {
					missing++
				}
			}
			mu.Unlock()
			time.Sleep(time.Millisecond)
		}
	}
	if ctx.Err() != nil {
		t.Errorf("not every mailbox was handed out each time: %v", taken)
	}
	cancel()
	workers.Wait()
}
