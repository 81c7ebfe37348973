package paper

import (
	"context"
	"errors"
	"runtime"
	"time"
)

// bounded runs work on a thread of its own and stops it when it has used its processor time, so that a busy machine refuses
// nothing, or after the wall time. ErrTooMuch: it was stopped for that.
func bounded(ctx context.Context, cpu, wall time.Duration, work func(context.Context) error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	end := time.AfterFunc(wall, func() { stop(ErrTooMuch) })
	defer end.Stop()
	done := make(chan struct{})
	defer close(done)
	go watch(done, cpu, threadClock(), stop)
	err := work(ctx)
	if err != nil && errors.Is(context.Cause(ctx), ErrTooMuch) {
		return ErrTooMuch
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// watch stops work whose thread has used more than its processor time.
func watch(done <-chan struct{}, cpu time.Duration, used func() time.Duration, stop context.CancelCauseFunc) {
	begin := used()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		select {
		case <-done:
			return
		case <-look.C:
			if used()-begin > cpu {
				stop(ErrTooMuch)
				return
			}
		}
	}
}
