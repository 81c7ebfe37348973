package exchange

import "holdover/email"

// mostShown is how many categories of a message are believed. People give a few; whoever answers thousands
// wants something else of us.
const mostShown = 500

// shownCategories are those that Exchange shows, never nil; nil where it shows more than can be.
func shownCategories(names []string) email.Categories {
	if len(names) > mostShown {
		return nil
	}
	return email.Categories{}.With(names...)
}

// tooMany refuses to change what could only be written back cut short.
func tooMany(op string) error {
	return &Failure{Kind: ErrRefused, Op: op, Words: "Exchange shows more categories of this message than can be", Remedy: "Look at the message in Outlook and set its categories there."}
}
