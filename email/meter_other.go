//go:build !linux

package email

import "time"

var started = time.Now()

// threadTime stands for processor time where that of a thread cannot be had: the clock.
func threadTime() time.Duration { return time.Since(started) }
