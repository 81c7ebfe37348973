package syncback

import (
	"testing"

	"holdover/mailstore"
)

// TestOperations: what Exchange is told of an entry, by kind, origin and place.
func TestOperations(t *testing.T) {
	draftFlags := &mailstore.Flags{Seen: true, Draft: true}
	for _, c := range []struct {
		name  string
		entry mailstore.Entry
		want  operation // "": nothing
	}{
		{"mail from outside", mailstore.Entry{Kind: mailstore.Arrived, Origin: mailstore.FromOutside, Detail: mailstore.Detail{To: mailstore.Inbox}}, deliver},
		{"mail from a colleague", mailstore.Entry{Kind: mailstore.Arrived, Origin: mailstore.FromPortal, Detail: mailstore.Detail{To: mailstore.Inbox}}, put},
		{"found: accepted before a crash", mailstore.Entry{Kind: mailstore.Found, Origin: mailstore.FromOutside, Detail: mailstore.Detail{To: mailstore.Inbox}}, deliver},
		// It was appended like any mail, so that sending it left a copy in Exchange's Drafts for good.
		{"found: a draft saved before a crash", mailstore.Entry{Kind: mailstore.Found, Origin: mailstore.FromPortal, Detail: mailstore.Detail{To: mailstore.Drafts, Flags: draftFlags}}, draft},
		{"found: put there by hand", mailstore.Entry{Kind: mailstore.Found, Origin: mailstore.FromFound, Detail: mailstore.Detail{To: mailstore.Drafts, Flags: draftFlags}}, ""},
		{"a saved draft", mailstore.Entry{Kind: mailstore.DraftSave, Origin: mailstore.FromPortal, Detail: mailstore.Detail{To: mailstore.Drafts}}, draft},
		{"a draft that was sent", mailstore.Entry{Kind: mailstore.DraftGone, Origin: mailstore.FromPortal}, erase},
		{"rebuilt", mailstore.Entry{Kind: mailstore.Arrived, Origin: mailstore.FromRebuild}, ""},
		{"expired", mailstore.Entry{Kind: mailstore.Deleted, Origin: mailstore.FromExpiry}, ""},
		{"known from Exchange", mailstore.Entry{Kind: mailstore.Arrived, Origin: mailstore.FromExchange}, ""},
	} {
		got, ok := operationOf(c.entry)
		if !ok {
			got = ""
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
