package main

import (
	"errors"

	"holdover/email"
	"holdover/exchange"
)

// named puts a name on the message, takes it off again, and looks each time. Whether the message was made with
// the name of this run it shows as well. IMAP carries none and says so before it asks.
func (e *exam) named(x examined, b box, id string, at exchange.Place) {
	const made, changed = "a message is made with its categories", "categories are put on and taken off"
	copies, err := b.Find(e.ctx, e.ask.Mailbox, exchange.Query{MessageIDs: []string{id}, Folders: []exchange.Folder{{Role: exchange.Sent}}})
	switch {
	case err != nil || len(copies) == 0:
		e.say(x, made, unknown, "%s", saw(err))
		return
	case copies[0].Categories != nil:
		e.say(x, made, either(copies[0].Categories.Has(e.token)), "%q", copies[0].Categories)
	}
	name := email.Categories{"Übergabe " + e.token}
	var shown [2]email.Categories
	for i, change := range []email.CategoryChange{{Add: name}, {Remove: append(name, e.token)}} {
		if shown[i], err = b.SetCategories(e.ctx, e.ask.Mailbox, at, change); errors.Is(err, exchange.ErrUnsuited) {
			return
		} else if errors.Is(err, exchange.ErrTemporary) { // said yes and shows something else
			e.say(x, changed, isNot, "%s", saw(err))
			return
		} else if err != nil {
			e.say(x, changed, unknown, "%s", saw(err))
			return
		}
	}
	e.say(x, changed, either(shown[0].Has(name[0]) && len(shown[1]) == 0), "%q, then %q", shown[0], shown[1])
}
