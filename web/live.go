package web

import (
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// beat is how often an idle stream says that it lives.
const beat = 20 * time.Second

// live is GET /live: an event stream that tells that the mailbox or the events have changed. It
// carries numbers only; pages fetch what they show (webmail.md 3.2).
func (s *server) live(c echo.Context) error {
	l, leave := s.hub.listen(personOf(c).Mailbox)
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
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
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
			err = s.stillWelcome(c, say)
		}
	}
	return nil
}

// stillWelcome ends the stream of a session that has ended.
func (s *server) stillWelcome(c echo.Context, say func(string, any) error) error {
	if _, ok := s.Signin.Of(c.Request().Context()); !ok {
		return errSignIn
	}
	return say("beat", 0)
}
