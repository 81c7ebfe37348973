package mailstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"holdover/database/databasetest"
	"holdover/email"
)

func TestDraft(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		id, v, err := h.SaveDraft(ctx, anna, "", 0, mail("d@holdover.example", "eins"))
		must(t, err)
		same(t, "version", v, 1)
		same(t, "counts", h.counts(anna, Drafts), "0/1")
		id2, v, err := h.SaveDraft(ctx, anna, id, 1, mail("d@holdover.example", "zwei"))
		must(t, err)
		same(t, "version", v, 2)
		same(t, "id", id2, id)
		_, v, err = h.SaveDraft(ctx, anna, id, 1, mail("d@holdover.example", "zwei")) // the answer was lost
		must(t, err)
		same(t, "version", v, 2)
		if _, _, err := h.SaveDraft(ctx, anna, id, 1, mail("d@holdover.example", "drei")); !errors.Is(err, ErrConflict) {
			t.Errorf("an old version: %v", err)
		}
		if _, _, err := h.SaveDraft(ctx, bert, id, 2, mail("d@holdover.example", "drei")); !errors.Is(err, ErrNotFound) {
			t.Errorf("another's draft: %v", err)
		}
		got, err := h.Message(ctx, anna, id)
		must(t, err)
		same(t, "subject", got.Subject, "zwei")
		same(t, "version", got.Version, 2)
		same(t, "flags", got.Flags, Flags{Seen: true, Draft: true})
		same(t, "files", h.files(anna), 1)
		must(t, h.DiscardDraft(ctx, anna, id))
		same(t, "files", h.files(anna), 0)
		same(t, "log", h.log(anna), "draft/portal draft/portal draftgone/portal")
		if err := h.DiscardDraft(ctx, anna, id); !errors.Is(err, ErrNotFound) {
			t.Errorf("twice: %v", err)
		}
	})
}

// TestDraftCrash kills a save at each step: the draft is there with the version before or the new
// one, never both, never none.
func TestDraftCrash(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		for _, op := range steps(t, "create", "write", "sync", "rename", "syncdir", "remove") {
			for _, after := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/after=%v", op, after), func(t *testing.T) {
					h := newHouse(t, fresh(t))
					id, _, err := h.SaveDraft(t.Context(), anna, "", 0, mail("d@holdover.example", "eins"))
					must(t, err)
					h.disk.fail(fault{op: op, part: string(anna), err: errDead, die: true, after: after})
					_, _, saved := h.SaveDraft(t.Context(), anna, id, 1, mail("d@holdover.example", "zwei"))
					h.crash()
					got, err := h.Message(t.Context(), anna, id)
					must(t, err)
					want := got.Version == 1 && got.Subject == "eins" || got.Version == 2 && got.Subject == "zwei"
					if !want || saved == nil && got.Version != 2 {
						t.Errorf("version %d %q, saved %v", got.Version, got.Subject, saved)
					}
					raw, err := h.Raw(t.Context(), anna, id)
					must(t, err)
					if !strings.Contains(string(raw), got.Subject) {
						t.Errorf("the file is of another version: %s", raw)
					}
					same(t, "drafts", len(h.threads(anna, Drafts)), 1)
					same(t, "files", h.files(anna), 1)
				})
			}
		}
	})
}

func TestDiscardedDraftStaysAway(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		id, _, err := h.SaveDraft(t.Context(), anna, "", 0, mail("d@holdover.example", "eins"))
		must(t, err)
		h.disk.fail(fault{op: "remove", err: errDead, die: true})
		must(t, h.DiscardDraft(t.Context(), anna, id))
		h.crash()
		same(t, "drafts", len(h.threads(anna, Drafts)), 0)
		same(t, "files", h.files(anna), 0)
	})
}

func TestDraftJoinsItsThread(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		h.deliver(mail("a@b.example", "Angebot"), anna)
		_, _, err := h.SaveDraft(t.Context(), anna, "", 0, mail("d@holdover.example", "AW: Angebot", "a@b.example"))
		must(t, err)
		all, err := h.Conversation(t.Context(), anna, h.threads(anna, Inbox)[0].ID)
		must(t, err)
		same(t, "messages", len(all), 2)
		same(t, "draft", all[1].Flags.Draft, true)
		var ids []email.MessageID
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		got, err := h.Messages(t.Context(), anna, append(ids, "nonesuch"))
		must(t, err)
		same(t, "messages", len(got), 2)
	})
}
