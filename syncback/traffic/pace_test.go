package traffic

import (
	"testing"
	"time"

	"holdover/email"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func nobody(email.MailboxID) bool { return false }

// TestPace: a limit for each mailbox holds that one only, comes back with time, and says when.
func TestPace(t *testing.T) {
	imap, smtp := &Way{Speaks: IMAP, At: OnPremises}, &Way{Speaks: SMTP, At: OnPremises}
	p := NewPace([]Limit{{Key: "four", Ways: []Protocol{IMAP}, Each: true, N: 4, Per: time.Second}}, nobody)
	if n := p.Allows(imap, "anna", noon); n != 4 {
		t.Fatalf("%d at first, want 4", n)
	}
	p.Took(imap, "anna", 4, noon)
	if p.Allows(imap, "anna", noon) != 0 || p.Allows(imap, "ben", noon) != 4 || p.Allows(smtp, "anna", noon) < 1000 {
		t.Errorf("anna %d, ben %d, by another way %d", p.Allows(imap, "anna", noon), p.Allows(imap, "ben", noon), p.Allows(smtp, "anna", noon))
	}
	at := p.Ready(imap, "anna", noon)
	if wait := at.Sub(noon); wait < 200*time.Millisecond || wait > 300*time.Millisecond {
		t.Errorf("ready after %v, want a quarter of a second", wait)
	}
	if n := p.Allows(imap, "anna", at); n != 1 {
		t.Errorf("%d when it is ready, want 1", n)
	}
}

// TestPaceOwesOctets: how large a message was shows when it is gone; then the next waits.
func TestPaceOwesOctets(t *testing.T) {
	w := &Way{Speaks: Graph, At: Online}
	p := NewPace([]Limit{{Key: "octets", Each: true, N: 1000, Octets: true, Per: time.Second}}, nobody)
	p.Carried(w, "anna", 600, noon) // 100 of them were saved up
	if n := p.Allows(w, "anna", noon); n != 0 {
		t.Errorf("%d in debt", n)
	}
	if at := p.Ready(w, "anna", noon); at.Sub(noon) < 500*time.Millisecond || at.Sub(noon) > 510*time.Millisecond {
		t.Errorf("out of debt after %v", at.Sub(noon))
	}
}

// TestPaceLeavesRoom: from what all have together the others stand back while somebody important asks.
func TestPaceLeavesRoom(t *testing.T) {
	w := &Way{Speaks: SMTP, At: OnPremises}
	p := NewPace([]Limit{{Key: "all", N: 10, Per: time.Second}}, func(m email.MailboxID) bool { return m == "mayor" })
	if p.Allows(w, "anna", noon) == 0 {
		t.Error("held back for nobody")
	}
	if p.Allows(w, "mayor", noon) == 0 || p.Allows(w, "anna", noon) != 0 {
		t.Error("anna does not stand back")
	}
	if p.Allows(w, "anna", noon.Add(courtesy)) == 0 {
		t.Error("anna stands back for ever")
	}
}

// TestPause: Exchange asks for patience with one mailbox, whatever the way.
func TestPause(t *testing.T) {
	w := &Way{Speaks: IMAP, At: OnPremises}
	p := NewPace(nil, nobody)
	p.Pause("anna", noon.Add(time.Minute), "server busy")
	if p.Allows(w, "anna", noon) != 0 || p.Why("anna", noon) != "server busy" || p.Allows(w, "ben", noon) == 0 {
		t.Error("not only anna rests")
	}
	if p.Why("anna", noon.Add(time.Minute)) != "" {
		t.Error("anna rests too long")
	}
	p.Resume()
	if p.Allows(w, "anna", noon) == 0 {
		t.Error("a person's order does not end the pause")
	}
}
