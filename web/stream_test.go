package web

import (
	"bufio"
	"context"
	"io"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/mailstore"
)

// readEvents passes on the kinds of events; data other than a number ends the reading.
func readEvents(stream io.Reader, kinds chan<- string) {
	defer close(kinds)
	lines := bufio.NewScanner(stream)
	kind := ""
	for lines.Scan() {
		if found, ok := strings.CutPrefix(lines.Text(), "event: "); ok {
			kind = found
		}
		if data, ok := strings.CutPrefix(lines.Text(), "data: "); ok {
			if strings.Trim(data, "0123456789") != "" {
				return
			}
			kinds <- kind
		}
	}
}

// start begins an event for everybody.
func (h *house) start(kind continuity.Kind) continuity.Event {
	h.t.Helper()
	e, err := h.events.Start(context.Background(), continuity.Start{Kind: kind, Scope: continuity.Scope{All: true}, Reason: "Test", By: jens})
	must(h.t, err)
	return e
}

// TestHubRests: nobody is watched for when nobody listens, and slow listeners get the newest.
func TestHubRests(t *testing.T) {
	h := newHouse(t)
	hub := newHub(h.mail, h.events)
	for range 3 {
		l, leave := hub.listen(func(m email.MailboxID) bool { return m == "box" })
		l.tellMail(mailstore.Notice{Mailbox: "box", Seq: 1})
		l.tellMail(mailstore.Notice{Mailbox: "box", Seq: 7})
		l.tellMail(mailstore.Notice{Mailbox: "other", Seq: 9})
		if got := <-l.mail; got != 7 {
			t.Errorf("the slow listener hears %d", got)
		}
		leave()
		leave()
		if len(hub.listeners) != 0 {
			t.Error("somebody is still listened for")
		}
	}
}
