//go:build !linux

package paper

import "time"

// threadClock stands for processor time where that of a thread cannot be had: the clock.
func threadClock() func() time.Duration {
	begin := time.Now()
	return func() time.Duration { return time.Since(begin) }
}
