package paper

import (
	"time"

	"golang.org/x/sys/unix"
)

// threadClock is the clock of the processor time that the calling thread has used, to be read from any other one:
// clock_getcpuclockid(3), MAKE_THREAD_CPUCLOCK in the kernel's posix-timers.h.
func threadClock() func() time.Duration {
	const perThread, sched = 4, 2
	id := ^int32(unix.Gettid())<<3 | perThread | sched
	return func() time.Duration {
		var t unix.Timespec
		if unix.ClockGettime(id, &t) != nil {
			return 0
		}
		return time.Duration(t.Nano())
	}
}
