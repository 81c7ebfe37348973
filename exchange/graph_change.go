package exchange

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"holdover/email"
)

// SetFlags makes Seen, Flagged and Answered of a message be as given and leaves all else alone. It
// answers the flags as Exchange has them afterwards. Done twice it does the same, so a lost answer
// needs no look-up.
func (g *Graph) SetFlags(ctx context.Context, mailbox string, at Place, flags Flags) (Flags, error) {
	now, err := g.revise(ctx, mailbox, at, func(m graphMessage) map[string]any { return flagChange(m, flags) })
	return now.flags(), err
}

// SetCategories puts names on a message and takes others off; what else is there stays. It answers the
// categories as Exchange has them afterwards. Done twice it does the same.
func (g *Graph) SetCategories(ctx context.Context, mailbox string, at Place, change email.CategoryChange) (email.Categories, error) {
	now, err := g.revise(ctx, mailbox, at, func(m graphMessage) map[string]any {
		is := m.categories()
		if want := is.After(change); is != nil && !want.Same(is) {
			return map[string]any{"categories": want}
		}
		return nil
	})
	if err == nil && now.categories() == nil {
		err = tooMany("PATCH message")
	}
	return now.categories(), err
}

// revise reads a message, writes what is to be changed of it, if anything is, and reads it again.
func (g *Graph) revise(ctx context.Context, mailbox string, at Place, wanted func(graphMessage) map[string]any) (now graphMessage, err error) {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	if now, err = g.message(ctx, mailbox, at.ID); err != nil {
		return graphMessage{}, err
	}
	change := wanted(now)
	if len(change) == 0 {
		return now, nil
	}
	body, err := json.Marshal(change)
	if err != nil {
		return graphMessage{}, &Failure{Kind: ErrRefused, Op: "PATCH message", Err: err}
	}
	call := graphCall{op: "PATCH message", method: http.MethodPatch, path: messagePath(at.ID), kind: "application/json", body: body, changes: true, limit: pageBudget}
	if _, err := g.send(ctx, mailbox, call); err != nil {
		return graphMessage{}, err
	}
	return g.message(ctx, mailbox, at.ID)
}

// flagChange is what a PATCH must say; what is right already stays out of it, e.g. a flag that a
// person marked as complete is not flagged and stays complete.
func flagChange(now graphMessage, want Flags) map[string]any {
	change, is := map[string]any{}, now.flags()
	if is.Seen != want.Seen {
		change["isRead"] = want.Seen
	}
	if is.Flagged != want.Flagged {
		change["flag"] = graphFlag{Status: flagStatus(want.Flagged)}
	}
	switch {
	case want.Answered && !is.Answered:
		change["singleValueExtendedProperties"] = []graphProperty{{graphPropVerb, graphReplied}, {graphPropIcon, iconReplied}}
	case is.Answered && !want.Answered:
		change["singleValueExtendedProperties"] = []graphProperty{{graphPropVerb, noVerb}, {graphPropIcon, noIcon}}
	}
	return change
}

func flagStatus(flagged bool) string {
	if flagged {
		return "flagged"
	}
	return "notFlagged"
}

// Move moves a message. It answers ErrGone when no message has the place's id any more.
func (g *Graph) Move(ctx context.Context, mailbox string, at Place, to Folder) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	folder, err := g.folder(ctx, mailbox, to)
	if err != nil {
		return err
	}
	// A message that left its place for another is not where the caller believes: over IMAP the UID
	// would be gone, and the same is said here.
	now, err := g.message(ctx, mailbox, at.ID)
	if err != nil {
		return err
	}
	from, err := g.folderByID(ctx, mailbox, now.Parent)
	if err != nil {
		return err
	}
	if at.Folder != "" && from.name != at.Folder {
		return gone("POST move")
	}
	if from.id == folder.id {
		return nil
	}
	body, err := json.Marshal(map[string]string{"destinationId": folder.id})
	if err != nil {
		return &Failure{Kind: ErrRefused, Op: "POST move", Err: err}
	}
	r, err := g.send(ctx, mailbox, graphCall{op: "POST move", method: http.MethodPost, path: messagePath(at.ID) + "/move", kind: "application/json", body: body, changes: true, limit: pageBudget})
	return only(http.StatusCreated, "POST move", r, err)
}

// only holds a change to the one status that says that it was made; whatever else says "success"
// is no answer of Graph's, and leaves the call in doubt.
func only(status int, op string, r reply, err error) error {
	if err != nil || r.status == status {
		return err
	}
	return &Failure{Kind: ErrDoubt, Op: op, Code: strconv.Itoa(r.status), Words: "an answer that Graph does not give"}
}

// Remove takes one copy away for good. It is meant for earlier versions of a draft only.
func (g *Graph) Remove(ctx context.Context, mailbox string, at Place) error {
	ctx, cancel := context.WithTimeout(ctx, g.o.Call)
	defer cancel()
	if !goodID(at.ID) {
		return nil
	}
	r, err := g.send(ctx, mailbox, graphCall{op: "DELETE message", method: http.MethodDelete, path: messagePath(at.ID), changes: true})
	if isGone(err) {
		return nil
	}
	return only(http.StatusNoContent, "DELETE message", r, err)
}
