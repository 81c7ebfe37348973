package traffic

import (
	"strings"
	"testing"
)

// everyWay is each protocol on each side that has it, without anybody behind it.
func everyWay() (ways []Way) {
	for _, at := range []Location{OnPremises, Online} {
		for _, p := range Protocols() {
			if p == EWS && at == Online || p == Graph && at == OnPremises {
				continue
			}
			w := Way{Speaks: p, At: at}
			if p.Delivers() {
				w.SMTP = struct{ Deliverer }{}
			} else {
				w.Mail = struct{ Mailboxes }{}
			}
			ways = append(ways, w)
		}
	}
	return ways
}

// TestDefaultPaths compares the table of exchange.md, section 5, with what mailboxes get.
func TestDefaultPaths(t *testing.T) {
	premises := map[Cargo]string{InboundCargo: "smtp", InternalCargo: "internal ews imap", SentCargo: "ews imap", DraftsCargo: "ews imap", StateCargo: "ews imap", MovesCargo: "ews imap"}
	cloud := map[Cargo]string{InboundCargo: "smtp@online", InternalCargo: "internal@online imap@online", SentCargo: "imap@online graph",
		DraftsCargo: "graph imap@online", StateCargo: "graph imap@online", MovesCargo: "graph imap@online"}
	for profile, wants := range map[Profile]map[Location]map[Cargo]string{
		ProfileOnPremises: {OnPremises: premises}, ProfileOnline: {Online: cloud}, ProfileHybrid: {OnPremises: premises, Online: cloud},
	} {
		table, err := NewTable(profile, everyWay(), nil)
		if err != nil {
			t.Fatal(err)
		}
		for at, want := range wants {
			for _, cargo := range Cargos() {
				var names []string
				for _, w := range table[at][cargo] {
					names = append(names, w.Name())
				}
				if got := strings.Join(names, " "); got != want[cargo] {
					t.Errorf("%s, mailbox %s, %s: %q, want %q", profile, at, cargo, got, want[cargo])
				}
			}
		}
	}
}

// TestTableRefuses: a kind of item without a way, and a way without a connector, stop the start.
func TestTableRefuses(t *testing.T) {
	if _, err := NewTable(ProfileOnPremises, []Way{{Speaks: SMTP, At: OnPremises, SMTP: struct{ Deliverer }{}}}, nil); err == nil || !strings.Contains(err.Error(), "no way is configured") {
		t.Errorf("mail from outside only: %v", err)
	}
	if _, err := NewTable(ProfileOnPremises, []Way{{Speaks: IMAP, At: OnPremises}}, nil); err == nil || !strings.Contains(err.Error(), "has no connector") {
		t.Errorf("nobody behind it: %v", err)
	}
}
