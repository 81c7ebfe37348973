package web

import "testing"

// TestMarks: answers and forwards bear the organisation's marks, whatever language their writer reads.
func TestMarks(t *testing.T) {
	for _, row := range []struct{ marks, who, mode, want string }{
		{"", katrin, "reply", "AW: Rotor"}, {"", martha, "reply", "Re: Rotor"}, {"en", katrin, "reply", "Re: Rotor"}, {"de", martha, "forward", "WG: Rotor"},
	} {
		h := newHouse(t, func(o *Options) { o.Marks = row.marks })
		id := h.deliver(row.who, letter{subject: "Re: AW: Rotor", text: "x"})
		if got := h.as(row.who).page("/compose?mode="+row.mode+"&of="+string(id)).Find("#subject").AttrOr("value", ""); got != row.want {
			t.Errorf("%+v: %q", row, got)
		}
	}
}
