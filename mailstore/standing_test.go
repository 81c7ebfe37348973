package mailstore

import (
	"slices"
	"testing"

	"holdover/email"
)

// TestStandings: what lies where and bears which mark is answered as the messages themselves say, also after
// flags, moves and deletions, and not for another mailbox.
func TestStandings(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		b := h.deliver(mail("b@b.example", "Re: Angebot", "a@b.example"), anna)
		c := h.deliver(mail("c@b.example", "Rechnung"), anna)
		d := h.deliver(mail("d@b.example", "Mahnung"), anna, bert)
		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{a, d}, FlagChange{Seen: yes(), Flagged: yes()}))
		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{b}, FlagChange{Answered: yes()}))
		must(t, h.Move(ctx, FromPortal, anna, []email.MessageID{b, c}, Archive))
		must(t, h.Delete(ctx, FromPortal, anna, []email.MessageID{d})) // for good

		all := []email.MessageID{a, b, c, d, "nonesuch"}
		standings, err := h.Standings(ctx, anna, all)
		must(t, err)
		same(t, "known", len(standings), 3)
		var unseen, flagged, archived []email.MessageID
		for _, id := range all[:3] {
			m, err := h.Message(ctx, anna, id)
			must(t, err)
			same(t, string(id), standings[id], Standing{m.Folder, m.Flags})
			if !m.Flags.Seen {
				unseen = append(unseen, id)
			}
			if m.Flags.Flagged {
				flagged = append(flagged, id)
			}
			if m.Folder == Archive {
				archived = append(archived, id)
			}
		}
		check := func(what string, want []email.MessageID) func([]email.MessageID, error) {
			return func(got []email.MessageID, err error) {
				t.Helper()
				must(t, err)
				slices.Sort(got)
				slices.Sort(want)
				if !slices.Equal(got, want) || len(want) == 0 {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
		}
		check("unseen", unseen)(h.Unseen(ctx, anna, 10))
		check("flagged", flagged)(h.Flagged(ctx, anna, 10))
		check("in the Archive", archived)(h.Within(ctx, anna, Archive, 10))
		check("of another mailbox", []email.MessageID{d})(h.Unseen(ctx, bert, 10))
		if got, err := h.Unseen(ctx, anna, 1); err != nil || len(got) != 1 {
			t.Errorf("at most one: %v %v", got, err)
		}
	})
}
