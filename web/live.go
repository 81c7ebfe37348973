package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"holdover/web/page"
)

const (
	beat  = 20 * time.Second // an idle stream says that it lives
	lasts = 10 * time.Minute // then the browser comes back and is asked again who it is
)

// live is GET /live: an event stream that tells that the mailbox or the events have changed. It
// carries numbers only; pages fetch what they show (webmail.md 3.2).
func (s *server) live(c echo.Context) error {
	l, leave := s.hub.listen(s.opensTo(page.PersonOf(c).Mailbox))
	defer leave()
	w := c.Response()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	w.WriteHeader(http.StatusOK)
	control := http.NewResponseController(w)
	control.SetWriteDeadline(time.Time{}) // a stream outlives the server's limit for pages
	say := func(kind string, data any) error {
		if _, err := fmt.Fprintf(w, "event: %s\ndata: %v\n\n", kind, data); err != nil {
			return err
		}
		return control.Flush()
	}
	ticker, end := time.NewTicker(beat), time.NewTimer(lasts)
	defer ticker.Stop()
	defer end.Stop()
	err := say("beat", 0)
	for err == nil {
		select {
		case <-c.Request().Context().Done():
			return nil
		case seq := <-l.mail:
			err = say("mail", seq)
		case <-l.event:
			err = say("event", 0)
		case <-ticker.C:
			err = say("beat", 0)
		case <-end.C:
			return nil
		}
	}
	return nil
}
