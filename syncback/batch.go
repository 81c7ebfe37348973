package syncback

import (
	"context"
	"errors"
	"sync"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
)

// spell is how long a batch goes on beginning calls: an event that starts meanwhile waits for no
// more than that and the calls under way (L4).
const spell = 2 * time.Second

// batch is a few claimed rows of one mailbox, of different items, on their way to Exchange.
type batch struct {
	s     *Syncback
	until time.Time
	mu    sync.Mutex
	done  []outcome
	over  map[string]bool // by way: what Exchange said there holds for all: nothing more is begun
	kill  error           // of a fail point
}

// attempt tells the rows of a batch and judges how each call ended. Folders come first, since
// messages may go into them; then what is delivered, in order of arrival; then what is put into
// folders, in one go where the connector can; then changes, one after the other.
func (s *Syncback) attempt(ctx context.Context, m email.MailboxID, rows []row) ([]outcome, error) {
	if err := s.step("claimed", m); err != nil {
		return nil, err
	}
	began := s.now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	s.begin(m, cancel)
	defer s.end(m)
	b := &batch{s: s, until: began.Add(spell), over: map[string]bool{}}
	folders, deliveries, copies, changes := s.lanes(rows)
	b.each(ctx, folders)
	b.deliver(ctx, deliveries)
	for i := range s.o.Ways {
		w := &s.o.Ways[i]
		b.put(ctx, w, copies[w.Name()])
	}
	b.each(ctx, changes)
	s.strides.took(m, len(rows), s.now().Sub(began))
	return b.done, b.kill
}

func (s *Syncback) lanes(rows []row) (folders, deliveries []row, copies map[string][]row, changes []row) {
	copies = map[string][]row{}
	for _, r := range rows {
		w := s.way(r.way)
		switch {
		case r.op.places():
			folders = append(folders, r)
		case w.Speaks.Delivers():
			deliveries = append(deliveries, r)
		case r.op.gives() && r.kind != mailstore.Refilled: // that is looked for first
			copies[r.way] = append(copies[r.way], r)
		default:
			changes = append(changes, r)
		}
	}
	return
}

// each tells rows one after the other.
func (b *batch) each(ctx context.Context, rows []row) {
	for _, r := range rows {
		b.one(ctx, r)
	}
}

// deliver starts deliveries in order of arrival, a few at once.
func (b *batch) deliver(ctx context.Context, rows []row) {
	if len(rows) < 2 || b.s.o.Deliveries < 2 {
		b.each(ctx, rows)
		return
	}
	queue := make(chan row)
	var all sync.WaitGroup
	for range min(b.s.o.Deliveries, len(rows)) {
		all.Go(func() {
			for r := range queue {
				b.one(ctx, r)
			}
		})
	}
	for _, r := range rows {
		queue <- r
	}
	close(queue)
	all.Wait()
}

// one makes one call.
func (b *batch) one(ctx context.Context, r row) {
	if !b.may(ctx, r) {
		return
	}
	result, failed := b.s.tell(ctx, r)
	b.judge(ctx, r, result, failed)
}

// may says whether a call may begin; if not, the row goes back as it was, so nothing of it is in
// doubt.
func (b *batch) may(ctx context.Context, r row) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kill != nil {
		return false
	}
	if ctx.Err() == nil && !b.over[r.way] && !b.s.now().After(b.until) {
		return true
	}
	b.giveBack(r)
	return false
}

// giveBack notes that a row's call never began.
func (b *batch) giveBack(r row) {
	o := outcome{was: r, now: r}
	o.now.enter(Waiting, b.s.now(), b.s.now(), r.words, r.remedy)
	o.now.attempts--
	b.done = append(b.done, o)
}

// judge notes how a call ended.
func (b *batch) judge(ctx context.Context, r row, result told, failed error) {
	err := b.s.step("called", r.mailbox)
	b.mu.Lock()
	defer b.mu.Unlock()
	if errors.Is(failed, errCut) {
		err = failed
	}
	if b.kill = errors.Join(b.kill, err); b.kill != nil {
		return
	}
	if general(failed) {
		if b.over[r.way] { // said already by an earlier call of this batch
			b.giveBack(r)
			return
		}
		b.over[r.way] = true
	}
	if failed == nil {
		b.s.meters.of(b.s.way(r.way)).note(b.s.now(), time.UnixMilli(r.at))
	}
	b.s.pace.Carried(b.s.way(r.way), r.mailbox, result.octets, b.s.now())
	o := b.s.judge(context.WithoutCancel(ctx), r, result, failed)
	b.done = append(b.done, o)
	if failed != nil {
		b.s.o.Log.Info("sync-back: not told", "message", r.item, "mailbox", r.mailbox, "seq", r.seq, "op", r.op, "state", o.now.state, "answer", o.now.words)
	}
}

// general says whether an answer holds for the next item just as well. Nothing happened then.
func general(err error) bool {
	for _, kind := range []error{exchange.ErrUnreachable, exchange.ErrRoute, exchange.ErrThrottled, exchange.ErrLogin, exchange.ErrElsewhere} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
