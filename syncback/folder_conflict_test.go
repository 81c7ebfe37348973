package syncback

import (
	"slices"
	"strings"
	"testing"

	"holdover/exchange"
	"holdover/mailstore"
)

// folderConflicts are the rows of the table in docs/sync-back.md about folders made by hand.
var folderConflicts = map[string]func(b *bench){
	"folder-below": func(b *bench) {
		m, n := b.arrive(anna, "m@x"), b.arrive(anna, "n@x")
		c := began(b)
		c.move(anna, m, c.folderIn(c.newFolder("Kunden"), "Nord"))
		c.move(anna, n, c.folderIn(mailstore.Inbox, "Kunden"))
		c.over()
		c.holds("m@x", "Kunden/Nord", exchange.Flags{})
		c.holds("n@x", "INBOX/Kunden", exchange.Flags{})
		c.folders("INBOX/Kunden", "Kunden", "Kunden/Nord")
	},
	"name-new": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		f := c.newFolder("Projekt")
		c.move(anna, m, f)
		c.rename(f, "Vorhaben")
		c.rename(f, "Vorhaben 2026")
		c.over()
		c.holds("m@x", "Vorhaben 2026", exchange.Flags{})
		c.folders("Vorhaben 2026")
		if n := c.world.calls["rename"]; n > 0 {
			c.t.Errorf("Exchange was told of %d renamings of a folder that it never saw under another name", n)
		}
	},
	"name-ours": func(b *bench) {
		m, n := b.arrive(anna, "m@x"), b.arrive(anna, "n@x")
		f := b.newFolder("Projekt")
		b.move(anna, m, f)
		c := began(b)
		c.rename(f, "Vorhaben")
		c.move(anna, n, f)
		c.over()
		c.holds("m@x", "Vorhaben", exchange.Flags{})
		c.holds("n@x", "Vorhaben", exchange.Flags{})
		c.folders("Vorhaben")
	},
	"name-moved": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		b.move(anna, m, f)
		b.drain()
		b.rename(f, "Vorhaben")
		b.drain()
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.over()
		c.holds("m@x", "Archiv", exchange.Flags{})
	},
	"name-both": func(b *bench) {
		m, n := b.arrive(anna, "m@x"), b.arrive(anna, "n@x")
		f := b.newFolder("Projekt")
		b.move(anna, m, f)
		c := began(b)
		c.rename(f, "Vorhaben")
		c.renamedThere("Projekt", "Plan")
		c.movedThere("m@x", "Plan")
		c.over()
		c.folders("Plan")
		c.move(anna, n, f)
		c.drain()
		c.holds("m@x", "Plan", exchange.Flags{})
		c.holds("n@x", "Vorhaben", exchange.Flags{})
		c.folders("Plan", "Vorhaben")
	},
	"name-deleted": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		c := began(b)
		c.rename(f, "Vorhaben")
		c.renamedThere("Projekt", "")
		c.over()
		c.folders()
		c.move(anna, m, f)
		c.drain()
		c.holds("m@x", "Vorhaben", exchange.Flags{})
		c.folders("Vorhaben")
	},
	"name-taken": func(b *bench) {
		m, n := b.arrive(anna, "m@x"), b.arrive(anna, "n@x")
		f := b.newFolder("Projekt")
		b.move(anna, m, f)
		c := began(b)
		c.rename(f, "Vorhaben")
		c.madeThere("VORHABEN")
		c.over()
		c.move(anna, n, f)
		c.drain()
		c.holds("m@x", "Projekt", exchange.Flags{})
		c.holds("n@x", "VORHABEN", exchange.Flags{})
		c.folders("Projekt", "VORHABEN")
	},
	"gone-new": func(b *bench) {
		c := began(b)
		f := c.newFolder("Versehen")
		c.rename(f, "Doch nicht")
		c.deleteFolder(f)
		c.over()
		c.folders()
		if n := strings.Count(c.ledger(), "folder:"); n > 0 {
			c.t.Errorf("%d rows about a folder that never was:%s", n, c.ledger())
		}
	},
	"gone-ours": func(b *bench) {
		f := b.newFolder("Projekt")
		c := began(b)
		c.deleteFolder(f)
		c.over()
		c.folders("Gelöschte Elemente/Projekt")
	},
	"gone-emptied": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		b.move(anna, m, f)
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.deleteFolder(f)
		c.over()
		c.holds("m@x", "Archiv", exchange.Flags{})
		c.folders("Gelöschte Elemente/Projekt")
	},
	"gone-full": func(b *bench) {
		b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		c := began(b)
		c.deleteFolder(f)
		c.movedThere("m@x", "Projekt")
		c.over()
		c.holds("m@x", "Projekt", exchange.Flags{})
		c.folders("Projekt")
		c.words("there is something in the folder")
	},
	"gone-there": func(b *bench) {
		f := b.newFolder("Projekt")
		c := began(b)
		c.deleteFolder(f)
		c.renamedThere("Projekt", "")
		c.over()
		c.folders()
	},
	"gone-undone": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		c := began(b)
		c.deleteFolder(f)
		b.must(b.store.RestoreFolder(b.ctx, mailstore.FromPortal, anna, f))
		c.move(anna, m, f)
		c.over()
		c.holds("m@x", "Projekt", exchange.Flags{})
	},
}

func (b *bench) folderIn(parent mailstore.FolderID, name string) mailstore.FolderID {
	b.t.Helper()
	f, err := b.store.CreateFolder(b.ctx, mailstore.FromPortal, anna, parent, name)
	b.must(err)
	return f
}

func (b *bench) rename(f mailstore.FolderID, name string) {
	b.t.Helper()
	b.must(b.store.RenameFolder(b.ctx, mailstore.FromPortal, anna, f, name))
}

func (b *bench) deleteFolder(f mailstore.FolderID) {
	b.t.Helper()
	b.must(b.store.DeleteFolder(b.ctx, mailstore.FromPortal, anna, f))
}

func (c *conflict) madeThere(name string) {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	box := c.world.box(c.people[anna])
	box.folders = append(box.folders, name)
}

// folders asserts which folders there are in Exchange beside those that every mailbox has.
func (c *conflict) folders(want ...string) {
	c.t.Helper()
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	var made []string
	for _, name := range c.world.box(c.people[anna]).folders {
		usual := false
		for _, role := range worldFolders {
			usual = usual || name == role
		}
		if !usual {
			made = append(made, name)
		}
	}
	slices.Sort(made)
	if !slices.Equal(made, want) {
		c.t.Errorf("Exchange has the folders %q, want %q%s", made, want, c.ledger())
	}
}

// TestFolderNamesWithLostAnswers: creating, renaming and deleting a folder lose their answer, before and
// after they took effect; in the end there is one folder of the last name, or none.
func TestFolderNamesWithLostAnswers(t *testing.T) {
	for _, op := range []string{"create", "rename", "discard"} {
		for _, effect := range []bool{true, false} {
			b := newBench(t)
			m := b.arrive(anna, "m@x")
			c := &conflict{bench: b}
			lose := func() {
				left := 1
				b.world.script = func(what, _ string) fault {
					if what != op || left == 0 {
						return fine
					}
					left--
					if effect {
						return lostAfter
					}
					return lostBefore
				}
			}
			lose()
			f := b.newFolder("Projekt")
			b.drain()
			b.rename(f, "Vorhaben")
			b.move(anna, m, f)
			b.drain()
			c.holds("m@x", "Vorhaben", exchange.Flags{})
			c.folders("Vorhaben")
			b.move(anna, m, mailstore.Inbox)
			b.deleteFolder(f)
			b.drain()
			c.folders("Gelöschte Elemente/Vorhaben")
		}
	}
}

func TestRenamedPaths(t *testing.T) {
	for _, c := range []struct{ path, was, now, want string }{
		{"A", "A", "B", "B"}, {"a/C", "A", "B", "B/C"}, {"AB", "A", "B", "AB"}, {"X/A", "A", "B", "X/A"},
		{"Posteingang/A", "/inbox/A", "/inbox/B", "Posteingang/B"}, {"INBOX/A/C/D", "/inbox/A/C", "/inbox/A/E", "INBOX/A/E/D"}, {"A", "/inbox/A", "/inbox/B", "A"},
	} {
		if got := renamedIn(c.path, readPath(exchange.Place{Folder: c.was}), readPath(exchange.Place{Folder: c.now})); got != c.want {
			t.Errorf("%s, with %s renamed to %s: %s, want %s", c.path, c.was, c.now, got, c.want)
		}
	}
	for _, f := range []exchange.Folder{{Name: "A"}, {Name: "A/B"}, {Role: exchange.Inbox, Name: "A/B"}} {
		if got := readPath(keptPath(f)); got != f {
			t.Errorf("%v is kept as %v", f, got)
		}
	}
}
