package mailstore

import (
	"testing"
	"time"
)

// Whom nobody wrote to for more than a year is suggested no more; the others stay.
func TestCorrespondentsAreForgotten(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		write := func(whom string, ago time.Duration) {
			t.Helper()
			_, err := h.Deliver(t.Context(), Arrival{To: to(anna), Origin: FromExchange, Folder: Sent, At: h.clock.Now().Add(-ago),
				Octets: []byte("From: anna@a.example\r\nTo: " + whom + "\r\nMessage-ID: <" + whom + ">\r\nSubject: x\r\n\r\nx\r\n")})
			must(t, err)
		}
		write("otto@b.example", 399*day)
		write("uwe@b.example", 401*day)
		h.expire()
		all, err := h.Correspondents(t.Context(), anna)
		must(t, err)
		if len(all) != 1 || all[0].Addr != "otto@b.example" {
			t.Errorf("suggested: %v", all)
		}
	})
}
