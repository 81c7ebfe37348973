package email

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what this process has used of the processors. Budgets are held in it, so that a busy
// machine is no fault of ours.
func cpuTime(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// within fails when f uses more than limit; the race detector makes code up to twenty times slower.
func within(t *testing.T, limit time.Duration, name string, f func()) time.Duration {
	t.Helper()
	begin := cpuTime(t)
	f()
	took := cpuTime(t) - begin
	if took > limit*raceFactor {
		t.Errorf("%s used %v of CPU, more than %v", name, took, limit*raceFactor)
	}
	return took
}
