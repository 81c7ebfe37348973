package web

import (
	"errors"

	"holdover/email"
	"holdover/mailstore"
	"holdover/views"
)

// held shows the messages of a thread that are being sent, with the way to take them back.
func (r *reader) held(model *views.Conversation, thread mailstore.ThreadID) error {
	all, err := r.server.Mail.Held(r.ctx, r.box.id, thread)
	if err != nil {
		return err
	}
	for _, h := range all {
		view, err := r.message(h.Message, true)
		if errors.Is(err, mailstore.ErrNotFound) { // taken back or gone out in this moment
			continue
		}
		if err != nil {
			return err
		}
		view.Draft, view.Open, view.Mine, view.Folder = false, true, true, ""
		badge := sendBadge(r.page.Words, "held")
		view.Sending = &badge
		if h.Release.After(r.server.Now()) {
			view.Undo = r.box.base + "/undo/" + string(h.Send)
		}
		model.Messages = append(model.Messages, view)
	}
	return nil
}

// sending says of an own message how far it is on its way to its recipients, and in the server's words
// who did not get it.
func (r *reader) sending(view *views.Message, id email.MessageID) {
	row, ok := r.sent[id]
	if !ok {
		return
	}
	w, state := r.page.Words, "sent"
	for _, one := range row.Recipients {
		if one.State == "failed" || one.State == "queued" && state == "sent" {
			state = one.State
		}
		if one.State != "sent" && one.Words != "" {
			said := views.ServerWords{Address: one.Address, Words: one.Words}
			if one.State == "queued" && !one.Next.IsZero() {
				said.Next = w.Since(one.Next, r.server.now())
			}
			view.Unsent = append(view.Unsent, said)
		}
	}
	badge := sendBadge(w, state)
	view.Sending, view.Failed = &badge, state == "failed"
	if view.Badge != nil { // then the way into Exchange, in full
		switch view.Badge.Class {
		case "is-hold":
			if view.Badge.Icon == "clock" {
				view.Badge.Text = w.T("sending.waiting")
			}
		case "is-good":
			view.Badge.Text = w.T("sending.transferred")
		}
	}
}
