package mailstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"holdover/email"
)

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

// name is where the file of a message is.
func (h *house) name(m email.MailboxID, id email.MessageID) string {
	h.t.Helper()
	st, err := h.state(h.t.Context(), m, id)
	must(h.t, err)
	name, err := h.find(m, st)
	must(h.t, err)
	return name
}

func (h *house) counts(m email.MailboxID, f FolderID) string {
	h.t.Helper()
	all, err := h.Folders(h.t.Context(), m)
	must(h.t, err)
	for _, one := range all {
		if one.ID == f {
			return fmt.Sprint(one.Unread, "/", one.Total)
		}
	}
	return "none"
}

func TestFlagsMoveDelete(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		b := h.deliver(mail("b@b.example", "Re: Angebot", "a@b.example"), anna)
		same(t, "counts", h.counts(anna, Inbox), "2/2")

		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{a, b, "nonesuch"}, FlagChange{Seen: yes()}))
		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{a}, FlagChange{Seen: yes()})) // is so: no entry
		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{a}, FlagChange{Flagged: yes()}))
		same(t, "counts", h.counts(anna, Inbox), "0/2")
		if name := h.name(anna, a); !strings.HasSuffix(name, ":2,FS") || !strings.Contains(name, "/cur/") {
			t.Errorf("file is %s", name)
		}
		row := h.threads(anna, Inbox)[0]
		if row.Unread != 0 || !row.Flagged || row.Latest.ID != b || row.Here != 2 {
			t.Errorf("row is %+v", row)
		}
		must(t, h.SetFlags(ctx, FromPortal, anna, []email.MessageID{b}, FlagChange{Seen: no()}))
		same(t, "counts", h.counts(anna, Inbox), "1/2")

		must(t, h.Move(ctx, FromPortal, anna, []email.MessageID{b}, Archive))
		same(t, "inbox", h.counts(anna, Inbox), "0/1")
		same(t, "archive", h.counts(anna, Archive), "1/1")
		same(t, "latest here", h.threads(anna, Inbox)[0].Latest.ID, a)
		same(t, "count", h.threads(anna, Archive)[0].Count, 2)
		if name := h.name(anna, b); !strings.Contains(name, "/.archive/cur/") {
			t.Errorf("file is %s", name)
		}
		must(t, h.Move(ctx, FromPortal, anna, []email.MessageID{b}, Trash))
		same(t, "count without trash", h.threads(anna, Inbox)[0].Count, 1)

		must(t, h.Delete(ctx, FromPortal, anna, []email.MessageID{b}))
		same(t, "trash", len(h.threads(anna, Trash)), 0)
		if _, err := h.Message(ctx, anna, b); !errors.Is(err, ErrNotFound) {
			t.Errorf("deleted message: %v", err)
		}
		if _, err := h.Raw(ctx, anna, b); err != nil {
			t.Errorf("what is not settled must still be readable for giving back: %v", err)
		}
		if name := h.name(anna, b); !strings.HasSuffix(name, "T") {
			t.Errorf("file is %s", name)
		}
		same(t, "log", h.log(anna), "arrived/outside arrived/outside flags/portal flags/portal flags/portal flags/portal moved/portal moved/portal deleted/portal")

		for name, err := range map[string]error{
			"gone":      h.Delete(ctx, FromPortal, anna, []email.MessageID{b}),
			"no folder": h.Move(ctx, FromPortal, anna, []email.MessageID{a}, "nonesuch"),
			"foreign":   h.SetFlags(ctx, FromPortal, bert, []email.MessageID{a}, FlagChange{Seen: yes()}),
		} {
			if !errors.Is(err, ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		h.crash() // names are right already
		same(t, "counts", h.counts(anna, Inbox), "0/1")
	})
}

// TestNamesFollowAfterACrash: the commit happened, the rename did not.
func TestNamesFollowAfterACrash(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		h.disk.fail(fault{op: "rename", part: string(anna), err: errDead, die: true})
		must(t, h.SetFlags(t.Context(), FromPortal, anna, []email.MessageID{a}, FlagChange{Seen: yes()}))
		must(t, h.Move(t.Context(), FromPortal, anna, []email.MessageID{a}, Archive))
		h.crash()
		if name := h.name(anna, a); !strings.Contains(name, "/.archive/cur/") || !strings.HasSuffix(name, ":2,S") {
			t.Errorf("file is %s", name)
		}
	})
}

// TestReadsWhileNamesLag: between commit and rename a file is not in its place.
func TestReadsWhileNamesLag(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		h.disk.fail(fault{op: "rename", part: string(anna), err: errShort, times: 1})
		must(t, h.Move(t.Context(), FromPortal, anna, []email.MessageID{a}, Archive))
		_, err := h.Raw(t.Context(), anna, a)
		must(t, err)
		must(t, h.Move(t.Context(), FromPortal, anna, []email.MessageID{a}, Junk))
		if name := h.name(anna, a); !strings.Contains(name, "/.junk/") {
			t.Errorf("file is %s", name)
		}
	})
}

func TestFolders(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		f, err := h.CreateFolder(ctx, FromPortal, anna, "", " Projekte Köln ")
		must(t, err)
		for _, bad := range []string{"", "  ", "a/b", "a\\b", "a\x00b", "a\r\nb", strings.Repeat("x", 101), "projekte köln", "\xff"} {
			if _, err := h.CreateFolder(ctx, FromPortal, anna, "", bad); !errors.Is(err, ErrFolderName) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		if _, err := h.CreateFolder(ctx, FromPortal, "nonesuch", "", "x"); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such mailbox: %v", err)
		}
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		must(t, h.Move(ctx, FromPortal, anna, []email.MessageID{a}, f))
		_, err = h.Deliver(ctx, Arrival{To: to(anna), Origin: FromExchange, Folder: f, Flags: Flags{Seen: true}, Octets: mail("b@b.example", "B")})
		must(t, err)
		h.crash()
		all, err := h.Folders(ctx, anna)
		must(t, err)
		last := all[len(all)-1]
		same(t, "folder", fmt.Sprint(last), fmt.Sprint(Folder{f, "Projekte Köln", "", 2, 1}))
		same(t, "log", h.log(anna), "folder/portal arrived/outside moved/portal arrived/exchange")
		if _, _, err := h.Threads(ctx, anna, "nonesuch", Before{}, 10); !errors.Is(err, ErrNotFound) {
			t.Errorf("no such folder: %v", err)
		}
	})
}
