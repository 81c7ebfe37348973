package page

import "testing"

// TestHarmless: Excel takes no cell for a formula.
func TestHarmless(t *testing.T) {
	for in, want := range map[string]string{"=1+1": "'=1+1", "+49 30": "'+49 30", "-1": "'-1", "@sum": "'@sum", "\t=1": "' =1", "  =1": "'  =1", "＝1": "'＝1",
		"Angebot = 5": "Angebot = 5", "": "", "3": "3", "a\r\nb": "a  b"} {
		if got := harmless(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
