package syncback

import (
	"testing"
	"time"
)

// TestMeterCountsBacklog: mail that goes on as it comes says nothing of Exchange's pace; a backlog does.
func TestMeterCountsBacklog(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 0, 0, 0, time.UTC)
	var quiet, drain meter
	for range 60 {
		now = now.Add(5 * time.Second)
		quiet.note(now, now.Add(-time.Second))
		drain.note(now, now.Add(-time.Hour))
	}
	if rate, ok := quiet.rate(now); ok {
		t.Errorf("a trickle is taken for %v a second", rate)
	}
	if rate, ok := drain.rate(now); !ok || rate < 0.15 || rate > 0.25 {
		t.Errorf("12 a minute are taken for %v a second, %v", rate, ok)
	}
}
