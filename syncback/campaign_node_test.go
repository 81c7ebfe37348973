package syncback

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/syncback/traffic"
)

// node is one process of Holdover as far as sync-back goes: a name, connectors, and what is in
// memory. A kill takes all of it: from then on the node's calls fail and its writes do not happen.
type node struct {
	bed     *bed
	name    string
	sync    *Syncback
	next    time.Time // when something is due, after its last pass
	stop    func()    // closes the connections of this life
	freezes chan frozen
	frozen  *frozen // nil: it runs
	ended   chan error
}

// frozen is a pass that stands still in the middle.
type frozen struct {
	thaw  chan struct{} // closed to let it go on
	until time.Time
}

// start is a new process.
func (n *node) start() {
	n.bed.t.Helper()
	for {
		if n.stop != nil {
			n.stop()
		}
		// What hangs on to the killed process's flags must not come to life with the next.
		life := &life{n: n}
		ways, stop := n.bed.ways()
		n.stop = stop
		o := n.bed.o
		o.Node, o.at = n.name, life.at
		for _, w := range ways {
			if w.Speaks.Delivers() {
				w.SMTP = killableSMTP{life, w.SMTP}
			} else {
				w.Mail = life.wrap(w.Mail)
			}
			o.Ways = append(o.Ways, w)
		}
		s, err := New(n.bed.ctx, o)
		if errors.Is(err, errKilled) {
			continue
		}
		n.bed.must(err)
		n.sync, n.bed.sync = s, s
		return
	}
}

// pass does what the workers and the conductor of a node would do now.
func (n *node) pass() error {
	opening, err := n.sync.conductAll(n.bed.ctx)
	if err != nil {
		return err
	}
	if n.next, err = passOf(n.bed.ctx, n.sync, n.bed.store); err != nil {
		return err
	}
	if !opening.IsZero() && (n.next.IsZero() || opening.Before(n.next)) {
		n.next = opening
	}
	return nil
}

// turn makes a pass, or lets a frozen one go on once it is time, and answers how it ended; nil also
// while it is frozen.
func (n *node) turn() error {
	switch {
	case n.frozen == nil:
		n.ended = make(chan error, 1)
		go func() { n.ended <- n.pass() }()
	case n.bed.clock.now().Before(n.frozen.until):
		return nil
	default:
		close(n.frozen.thaw)
		n.frozen = nil
	}
	select {
	case f := <-n.freezes:
		n.frozen = &f
		n.bed.frosts++
		return nil
	case err := <-n.ended:
		return err
	}
}

// life is one process between start and kill.
type life struct {
	n    *node
	dead atomic.Bool
	ice  atomic.Pointer[frozen] // all of its threads stand still
}

// at is every fail point: the named steps of the product, before and after each write to the
// database, named by who writes, and before and after each call to Exchange.
func (l *life) at(point string, m email.MailboxID) error {
	if ice := l.ice.Load(); ice != nil {
		<-ice.thaw
	}
	if l.dead.Load() {
		return errKilled
	}
	if point == "write" || point == "written" {
		point += " in " + writer()
	}
	if l.n.bed.weather.kills(point) {
		l.dead.Store(true)
		return errKilled
	}
	l.n.bed.weather.freeze(l, point)
	return nil
}

// writer names the function that writes to the ledger.
func writer() string {
	var pcs [12]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	for {
		f, more := frames.Next()
		_, method, ok := strings.Cut(f.Function, "(*Syncback).")
		if method, _, _ = strings.Cut(method, "."); ok && method != "step" && method != "write" {
			return method
		}
		if !more {
			return "?"
		}
	}
}

// around is a call to Exchange with a fail point before and after it.
func (l *life) around(what string, call func() error) error {
	gone := func() error { return &exchange.Failure{Kind: exchange.ErrDoubt, Op: what, Err: errKilled} }
	began := l.n.bed.clock.now()
	if l.at("before "+what, "") != nil {
		return gone()
	}
	if l.n.bed.clock.now().Sub(began) > l.n.sync.o.Call { // frozen meanwhile: the call's time is over before it began
		return &exchange.Failure{Kind: exchange.ErrTemporary, Op: what, Err: context.DeadlineExceeded}
	}
	err := call()
	if l.at("after "+what, "") != nil {
		return gone()
	}
	return err
}

type killableSMTP struct {
	*life
	in traffic.Deliverer
}

func (k killableSMTP) Deliver(ctx context.Context, from string, to []string, octets []byte) (words string, err error) {
	err = k.around("Deliver", func() (err error) { words, err = k.in.Deliver(ctx, from, to, octets); return err })
	return words, err
}

// wrap keeps what a connector can do beyond Mailboxes.
func (l *life) wrap(in traffic.Mailboxes) traffic.Mailboxes {
	one := killable{l, in}
	if all, ok := in.(appender); ok {
		return killableAll{one, all}
	}
	return one
}

type killable struct {
	*life
	in traffic.Mailboxes
}

func (k killable) Find(ctx context.Context, mailbox string, q exchange.Query) (found []exchange.Copy, err error) {
	err = k.around("Find", func() (err error) { found, err = k.in.Find(ctx, mailbox, q); return err })
	return found, err
}

func (k killable) Append(ctx context.Context, mailbox string, to exchange.Folder, item exchange.Item) (at exchange.Place, err error) {
	what := "Append"
	if item.Flags.Draft {
		what = "Append of a draft"
	}
	if mailbox == campaignProbe {
		what = "Append of a canary"
	}
	if note := item.Note; note != nil { // what the connector leaves on the side, before and after it is noted
		item.Note = func(ref string) error {
			return k.around("Note", func() error { return note(ref) })
		}
	}
	err = k.around(what, func() (err error) { at, err = k.in.Append(ctx, mailbox, to, item); return err })
	return at, err
}

func (k killable) SetFlags(ctx context.Context, mailbox string, at exchange.Place, flags exchange.Flags) (now exchange.Flags, err error) {
	err = k.around("SetFlags", func() (err error) { now, err = k.in.SetFlags(ctx, mailbox, at, flags); return err })
	return now, err
}

func (k killable) SetCategories(ctx context.Context, mailbox string, at exchange.Place, change email.CategoryChange) (now email.Categories, err error) {
	err = k.around("SetCategories", func() (err error) { now, err = k.in.SetCategories(ctx, mailbox, at, change); return err })
	return now, err
}

func (k killable) Move(ctx context.Context, mailbox string, at exchange.Place, to exchange.Folder) error {
	return k.around("Move", func() error { return k.in.Move(ctx, mailbox, at, to) })
}

func (k killable) Remove(ctx context.Context, mailbox string, at exchange.Place) error {
	return k.around("Remove", func() error { return k.in.Remove(ctx, mailbox, at) })
}

// Tidy takes away what an interrupted call left on the side, where the way leaves anything.
func (k killable) Tidy(ctx context.Context, mailbox, ref string) error {
	in, ok := k.in.(tidier)
	if !ok {
		return nil
	}
	return k.around("Tidy", func() error { return in.Tidy(ctx, mailbox, ref) })
}

func (k killable) Rename(ctx context.Context, mailbox string, f exchange.Folder, name string) error {
	return k.around("Rename", func() error { return k.in.Rename(ctx, mailbox, f, name) })
}

func (k killable) Discard(ctx context.Context, mailbox string, f exchange.Folder) (kept bool, err error) {
	err = k.around("Discard", func() error { kept, err = k.in.Discard(ctx, mailbox, f); return err })
	return kept, err
}

func (k killable) Create(ctx context.Context, mailbox string, f exchange.Folder) error {
	return k.around("Create", func() error { return k.in.Create(ctx, mailbox, f) })
}

type killableAll struct {
	killable
	all appender
}

func (k killableAll) AppendAll(ctx context.Context, mailbox string, puts []exchange.Put) (done []exchange.Putting) {
	err := k.around("AppendAll", func() error { done = k.all.AppendAll(ctx, mailbox, puts); return nil })
	if err != nil {
		done = make([]exchange.Putting, len(puts))
		for i := range done {
			done[i].Err = err
		}
	}
	return done
}
