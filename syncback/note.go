package syncback

import "holdover/exchange"

// Note says how a verified item was found when it was not simply where it belongs.
type Note string

const (
	Junk  Note = "junk"  // Exchange's filter put it into its junk folder
	Trash Note = "trash" // in Deleted Items: a rule or a person
	Moved Note = "moved" // in another folder: a rule or a person
	Gone  Note = "gone"  // was there once and is no more: a person's deletion, which wins
	Twice Note = "twice" // found more than once
)

// noteOf compares where a copy lies with where it was told to be.
func noteOf(got result) Note {
	c := got.copies[0]
	switch {
	case got.want == (exchange.Folder{}) || lies(c, got.want):
		return ""
	case c.Role == exchange.Junk:
		return Junk
	case c.Role == exchange.Trash:
		return Trash
	}
	return Moved
}
