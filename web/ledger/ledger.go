// Package ledger reads the lines of sync-back's ledger and says them in words: for administrators, who
// see the whole account, and for people, who see their own part of it.
package ledger

import (
	"context"
	"errors"

	"holdover/syncback"
	"holdover/views"
)

// perRead is how many lines are read at a time.
const perRead = 1000

// Lister reads one page of lines; next is "" after the last.
type Lister interface {
	List(ctx context.Context, f syncback.Filter) (lines []syncback.Line, next string, err error)
}

// Each goes through every page of a list.
func Each(ctx context.Context, from Lister, f syncback.Filter, each func([]syncback.Line) error) error {
	f.After, f.Limit = "", perRead
	for {
		lines, next, err := from.List(ctx, f)
		if err = errors.Join(err, ctx.Err()); err == nil {
			err = each(lines)
		}
		if f.After = next; err != nil || next == "" {
			return err
		}
	}
}

// Badge shows the state of one change as look.md section 4 has it.
func Badge(w *views.Words, state syncback.State) views.Badge {
	switch state {
	case syncback.Trying:
		return views.Badge{Text: w.T("ledger.trying"), Icon: "sync", Class: "is-act"}
	case syncback.InDoubt:
		return views.Badge{Text: w.T("ledger.in_doubt"), Icon: "search", Class: "is-hold"}
	case syncback.Accepted:
		return views.Badge{Text: w.T("ledger.accepted"), Icon: "check", Class: "is-act"}
	case syncback.Verified:
		return views.Badge{Text: w.T("ledger.verified"), Icon: "check", Class: "is-good"}
	case syncback.Parked:
		return views.Badge{Text: w.T("ledger.parked"), Icon: "alert", Class: "is-bad"}
	}
	return views.Badge{Text: w.T("ledger.waiting"), Icon: "clock", Class: "is-hold"}
}

// Notes say how a message was found, and that it was sent again.
func Notes(w *views.Words, l syncback.Line) (notes []string) {
	if l.Note != "" {
		notes = append(notes, w.T("report.note_"+string(l.Note), "Folder", l.Folder))
	}
	if l.Resent > 0 {
		notes = append(notes, w.N("report.note_resent", l.Resent))
	}
	return notes
}

// Chip is one choice above a list, with its number; here is the one that the list shows.
func Chip(name, number, url string, here bool) views.CountLink {
	link := views.CountLink{Name: name, Number: number, URL: url}
	if here {
		link.Class = "here"
	}
	return link
}
