package traffic

import (
	"strings"
	"testing"
	"time"
)

// TestHealth: a way that does not answer rests longer each time, up to a bound; one that does is well at once.
func TestHealth(t *testing.T) {
	h, w := NewHealth(), &Way{Speaks: IMAP, At: OnPremises}
	now := noon
	for _, want := range []time.Duration{1, 2, 4, 8, 15, 15} {
		h.Ail(w, now, "no answer", "")
		if h.IsOpen(w, "anna", now) || !h.IsOpen(w, "anna", now.Add(want*time.Second)) {
			t.Errorf("rests until %v, want %ds", h.Reopens([]*Way{w}, "anna", now).Sub(now), want)
		}
		now = now.Add(want * time.Second)
	}
	h.Well(w, "anna")
	if !h.IsOpen(w, "anna", now.Add(-time.Second)) || h.Trouble([]*Way{w}, "anna") != "" {
		t.Error("still ill")
	}
}

// TestHealthOfOneMailbox: a refused login closes the way for that mailbox only; throttling closes it for all, as
// long as Exchange asks.
func TestHealthOfOneMailbox(t *testing.T) {
	h, w := NewHealth(), &Way{Speaks: EWS, At: OnPremises}
	h.Rest(w, "anna", noon, 10*time.Second, "login refused", "Check the rights.")
	if h.IsOpen(w, "anna", noon.Add(9*time.Second)) || !h.IsOpen(w, "ben", noon) {
		t.Error("not anna alone")
	}
	if got := h.Trouble([]*Way{w}, "anna"); !strings.Contains(got, "does not let us into a mailbox") || !strings.Contains(got, "Check the rights.") {
		t.Errorf("%q", got)
	}
	h.Slow(w, noon, 20*time.Minute, "busy")
	if h.IsOpen(w, "ben", noon.Add(19*time.Minute)) || !h.IsOpen(w, "ben", noon.Add(20*time.Minute)) {
		t.Error("does not wait as long as Exchange asks")
	}
}

// TestHealthStops: a connector that does not fit stops the way until a person has mended it, and is told.
func TestHealthStops(t *testing.T) {
	h, w := NewHealth(), &Way{Speaks: SMTP, At: OnPremises}
	h.Stop(w, noon, "550 5.7.64 denied", "Mend the connector.")
	if h.IsOpen(w, "anna", noon.Add(29*time.Minute)) {
		t.Error("goes on by itself")
	}
	if list := h.Stopped(); len(list) != 1 || !list[0].Since.Equal(noon) || list[0].Text != "SMTP into Exchange is stopped: 550 5.7.64 denied. Mend the connector." {
		t.Errorf("%+v", list)
	}
	h.Resume()
	if !h.IsOpen(w, "anna", noon) || len(h.Stopped()) != 0 {
		t.Error("a person's order does not open it")
	}
}
