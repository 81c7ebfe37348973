package mailstore

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"holdover/database/databasetest"
	"holdover/email"
)

// TestFolderNames: what Exchange refuses or would take for its own is refused, each with its reason.
func TestFolderNames(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		f, err := h.CreateFolder(ctx, FromPortal, anna, "", "Projekte")
		must(t, err)
		for name, want := range map[string]error{
			"": ErrFolderName, " \t ": ErrFolderName, "a/b": ErrFolderLetters, "a\\b": ErrFolderLetters, "a\x00b": ErrFolderLetters, "a\u202eb": ErrFolderLetters,
			strings.Repeat("ü", 101): ErrFolderLong, "PROJEKTE": ErrFolderTaken, " projekte ": ErrFolderTaken, "posteingang": ErrFolderReserved, "Sent  Items": ErrFolderReserved,
			"Entwu\u0308rfe": ErrFolderReserved, "Archiv": ErrFolderReserved, "FILES": ErrFolderReserved,
		} {
			if _, err := h.CreateFolder(ctx, FromPortal, anna, "", name); !errors.Is(err, want) || !errors.Is(err, ErrFolderName) {
				t.Errorf("%q: %v, want %v", name, err, want)
			}
			if err := h.RenameFolder(ctx, FromPortal, anna, f, name); !errors.Is(err, want) && want != ErrFolderTaken {
				t.Errorf("renamed to %q: %v, want %v", name, err, want)
			}
		}
		for parent, want := range map[FolderID]error{Drafts: ErrFolderRole, Sent: ErrFolderRole, Trash: ErrFolderRole, Junk: ErrFolderRole, "nonesuch": ErrNotFound} {
			if _, err := h.CreateFolder(ctx, FromPortal, anna, parent, "x"); !errors.Is(err, want) {
				t.Errorf("below %s: %v, want %v", parent, err, want)
			}
		}
		for _, id := range roles() {
			if err := h.RenameFolder(ctx, FromPortal, anna, id, "x"); !errors.Is(err, ErrFolderRole) {
				t.Errorf("%s was renamed: %v", id, err)
			}
			if err := h.DeleteFolder(ctx, FromPortal, anna, id); !errors.Is(err, ErrFolderRole) {
				t.Errorf("%s was deleted: %v", id, err)
			}
		}
		below := Inbox
		for depth := 2; depth <= deepestFolder+1; depth++ {
			id, err := h.CreateFolder(ctx, FromPortal, anna, below, "Posteingang") // below another folder it is a name like any other
			if depth > deepestFolder != errors.Is(err, ErrFolderDeep) {
				t.Fatalf("depth %d: %v", depth, err)
			}
			below = id
		}
	})
}

// TestFolderLife: made, filled, renamed, emptied, deleted, brought back; each change is one entry.
func TestFolderLife(t *testing.T) {
	eachStore(t, func(t *testing.T, h *house) {
		ctx := t.Context()
		top, err := h.CreateFolder(ctx, FromPortal, anna, "", "Projekte")
		must(t, err)
		in, err := h.CreateFolder(ctx, FromPortal, anna, top, "2026")
		must(t, err)
		a := h.deliver(mail("a@b.example", "Angebot"), anna)
		must(t, h.Move(ctx, FromPortal, anna, []email.MessageID{a}, in))
		for _, id := range []FolderID{top, in} {
			if err := h.DeleteFolder(ctx, FromPortal, anna, id); !errors.Is(err, ErrFolderFull) {
				t.Errorf("a folder with something in it was deleted: %v", err)
			}
		}
		must(t, h.RenameFolder(ctx, FromPortal, anna, in, "2027"))
		must(t, h.RenameFolder(ctx, FromPortal, anna, in, "2027")) // no entry
		must(t, h.RenameFolder(ctx, FromPortal, anna, top, "PROJEKTE"))
		must(t, h.Delete(ctx, FromPortal, anna, []email.MessageID{a})) // hidden, and its row still names the folder
		must(t, h.DeleteFolder(ctx, FromPortal, anna, in))
		if err := h.Move(ctx, FromPortal, anna, []email.MessageID{h.deliver(mail("b@b.example", "B"), anna)}, in); !errors.Is(err, ErrNotFound) {
			t.Errorf("moved into a deleted folder: %v", err)
		}
		if _, _, err := h.Threads(ctx, anna, in, Before{}, 9); !errors.Is(err, ErrNotFound) {
			t.Errorf("a deleted folder is listed: %v", err)
		}
		same(t, "folders", made(h), "PROJEKTE")
		h.crash()
		same(t, "folders after a crash", made(h), "PROJEKTE")
		must(t, h.RestoreFolder(ctx, FromPortal, anna, in))
		if err := h.RestoreFolder(ctx, FromPortal, anna, in); !errors.Is(err, ErrNotFound) {
			t.Errorf("brought back twice: %v", err)
		}
		same(t, "folders", made(h), "2027 in "+string(top)+", PROJEKTE")
		same(t, "log", h.log(anna), "folder/portal folder/portal arrived/outside moved/portal foldername/portal foldername/portal deleted/portal foldergone/portal arrived/outside folder/portal")
	})
}

// made lists the folders made by hand.
func made(h *house) string {
	all, err := h.Folders(h.t.Context(), anna)
	must(h.t, err)
	var names []string
	for _, f := range all[len(roles()):] {
		name := f.Name
		if f.Parent != "" {
			name = fmt.Sprint(f.Name, " in ", f.Parent)
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// TestFoldersAfterARebuild: names and parents come back from the Maildir, deleted folders do not.
func TestFoldersAfterARebuild(t *testing.T) {
	databasetest.EachURL(t, func(t *testing.T, fresh func(*testing.T) string) {
		second := fresh(t)
		h := newHouse(t, fresh(t))
		ctx := t.Context()
		top, err := h.CreateFolder(ctx, FromPortal, anna, "", "Projekte")
		must(t, err)
		in, err := h.CreateFolder(ctx, FromPortal, anna, top, "alt")
		must(t, err)
		must(t, h.RenameFolder(ctx, FromPortal, anna, in, "2026"))
		gone, err := h.CreateFolder(ctx, FromPortal, anna, "", "Versehen")
		must(t, err)
		must(t, h.DeleteFolder(ctx, FromPortal, anna, gone))
		before := made(h)
		h.forget(second)
		must(t, h.EnsureMailbox(ctx, anna, "anna@holdover.example"))
		h.crash()
		_, err = h.Rebuild(ctx, nil)
		must(t, err)
		same(t, "folders", made(h), before)
	})
}
