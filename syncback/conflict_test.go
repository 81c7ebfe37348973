package syncback

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"holdover/continuity"
	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// conflict is a message or draft that was seen in Exchange, then changed on both sides during an event.
type conflict struct {
	*bench
	event continuity.Event
}

// began starts the event in which both sides change what they like.
func began(b *bench) *conflict {
	b.drain()
	return &conflict{b, b.start(continuity.Outage, continuity.Scope{All: true})}
}

// over ends the event and lets everything flow.
func (c *conflict) over() { c.end(c.event); c.drain() }

// there changes the message in Exchange as somebody in Outlook would.
func (c *conflict) there(id string, f func(box *worldBox, m *worldMessage)) {
	c.t.Helper()
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	box := c.world.box(c.people[anna])
	for _, m := range box.messages {
		if m.id == id {
			f(box, m)
			return
		}
	}
	c.t.Fatalf("%s is not in Exchange", id)
}

func (c *conflict) movedThere(id, folder string) {
	c.there(id, func(box *worldBox, m *worldMessage) { box.uid++; m.folder, m.uid = folder, box.uid })
}

func (c *conflict) deletedThere(id string) {
	c.there(id, func(box *worldBox, m *worldMessage) {
		box.messages = slices.DeleteFunc(box.messages, func(o *worldMessage) bool { return o == m })
	})
}

func (c *conflict) flaggedThere(id string, f exchange.Flags) {
	c.there(id, func(_ *worldBox, m *worldMessage) { f.Draft = m.flags.Draft; m.flags = f })
}

// holds asserts that a message is in Exchange once, in that folder, with these flags.
func (c *conflict) holds(id, folder string, flags exchange.Flags) {
	c.t.Helper()
	for _, text := range c.wrong([]want{{anna, id, folder, flags}}) {
		c.t.Error(text)
	}
}

// drafts lists the texts of a draft's versions in Exchange's Drafts.
func (c *conflict) drafts(id string) (texts []string) {
	for _, m := range c.world.copies(c.people[anna], id) {
		if m.folder == "Entwürfe" {
			_, text, _ := strings.Cut(string(m.octets), "\r\n\r\n")
			texts = append(texts, strings.TrimSpace(text))
		}
	}
	slices.Sort(texts)
	return texts
}

func (c *conflict) hasDrafts(id string, want ...string) {
	c.t.Helper()
	if got := c.drafts(id); !slices.Equal(got, want) {
		c.t.Errorf("the drafts are %q, want %q%s", got, want, c.ledger())
	}
}

// words asserts that the newest line of an item says something.
func (c *conflict) words(says string) {
	c.t.Helper()
	if all := c.ledger(); !strings.Contains(all, says) {
		c.t.Errorf("nothing in the ledger says %q:%s", says, all)
	}
}

var (
	seen     = exchange.Flags{Seen: true}
	marked   = exchange.Flags{Flagged: true}
	both     = exchange.Flags{Seen: true, Flagged: true}
	answered = exchange.Flags{Seen: true, Answered: true}
)

// editedThere is what Exchange's IMAP shows of a draft that was edited: another message in its place.
func (c *conflict) editedThere(id, text string) {
	c.there(id, func(box *worldBox, m *worldMessage) {
		box.uid++
		m.uid, m.octets = box.uid, c.draftOctets(id, text)
	})
}

// conflicts are the rows of the table in docs/sync-back.md, by name.
var conflicts = map[string]func(b *bench){
	"mark-ours": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.over()
		c.holds("m@x", "INBOX", seen)
	},
	"mark-theirs": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, false, true)
		c.flaggedThere("m@x", seen)
		c.over()
		c.holds("m@x", "INBOX", both)
	},
	"mark-both": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.flaggedThere("m@x", seen)
		c.over()
		c.holds("m@x", "INBOX", seen)
	},
	"mark-undone": func(b *bench) {
		m := b.arrive(anna, "m@x")
		b.flag(anna, m, true, false)
		c := began(b)
		c.flag(anna, m, false, false)
		c.flaggedThere("m@x", both)
		c.over()
		c.holds("m@x", "INBOX", marked)
	},
	"answered-there": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, false, true)
		c.flaggedThere("m@x", answered)
		c.over()
		c.holds("m@x", "INBOX", exchange.Flags{Seen: true, Flagged: true, Answered: true})
	},
	"mark-never-read": func(b *bench) {
		m := b.history(anna, "alt@x")
		c := began(b)
		c.flag(anna, m, false, true)
		c.flaggedThere("alt@x", seen)
		c.over()
		c.holds("alt@x", "INBOX", both)
	},
	"mark-deleted": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.deletedThere("m@x")
		c.over()
		c.holds("m@x", "", exchange.Flags{})
		c.words("deleted in Exchange meanwhile")
	},
	"mark-binned": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.movedThere("m@x", "Gelöschte Elemente")
		c.over()
		c.holds("m@x", "Gelöschte Elemente", exchange.Flags{})
		c.words("deleted in Exchange meanwhile")
	},
	"mark-moved": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.movedThere("m@x", "Archiv")
		c.over()
		c.holds("m@x", "Archiv", seen)
	},
	"move-ours": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.over()
		c.holds("m@x", "Archiv", exchange.Flags{})
	},
	"move-both": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.movedThere("m@x", "Junk-E-Mail")
		c.over()
		c.holds("m@x", "Junk-E-Mail", exchange.Flags{})
		c.words("left there")
	},
	"move-same": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.movedThere("m@x", "Archiv")
		c.over()
		c.holds("m@x", "Archiv", exchange.Flags{})
	},
	"move-deleted": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.deletedThere("m@x")
		c.over()
		c.holds("m@x", "", exchange.Flags{})
	},
	"move-binned": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, mailstore.Archive)
		c.movedThere("m@x", "Gelöschte Elemente")
		c.over()
		c.holds("m@x", "Gelöschte Elemente", exchange.Flags{})
	},
	"delete-ours": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.must(c.store.Delete(c.ctx, mailstore.FromPortal, anna, []email.MessageID{m}))
		c.flaggedThere("m@x", both)
		c.over()
		c.holds("m@x", "Gelöschte Elemente", both)
	},
	"delete-moved": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.must(c.store.Delete(c.ctx, mailstore.FromPortal, anna, []email.MessageID{m}))
		c.movedThere("m@x", "Archiv")
		c.over()
		c.holds("m@x", "Archiv", exchange.Flags{})
	},
	"seen-then-gone": func(b *bench) {
		b.arrive(anna, "m@x")
		c := began(b)
		c.deletedThere("m@x")
		c.over()
		c.holds("m@x", "", exchange.Flags{})
	},
	"never-there": func(b *bench) {
		m := b.history(anna, "alt@x")
		c := began(b)
		c.flag(anna, m, true, false)
		c.deletedThere("alt@x")
		c.end(c.event)
		c.drain()
		if len(c.world.copies(c.people[anna], "alt@x")) != 0 {
			c.t.Error("it was made anew")
		}
		c.words("parked: the message is not there")
	},
	"draft-ours": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.draft(anna, d, v, "e@x", "zwei")
		c.over()
		c.hasDrafts("e@x", "zwei")
	},
	"draft-edited": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.draft(anna, d, v, "e@x", "zwei hier")
		c.editedThere("e@x", "zwei dort")
		c.over()
		c.hasDrafts("e@x", "zwei dort", "zwei hier")
		c.words("both drafts are kept")
	},
	"draft-edited-in-place": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.draft(anna, d, v, "e@x", "zwei hier")
		c.there("e@x", func(_ *worldBox, m *worldMessage) { m.octets, m.stamp = c.draftOctets("e@x", "zwei dort"), "2" })
		c.over()
		c.hasDrafts("e@x", "zwei dort", "zwei hier")
	},
	"draft-deleted": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.draft(anna, d, v, "e@x", "zwei")
		c.deletedThere("e@x")
		c.over()
		c.hasDrafts("e@x")
		c.words("deleted in Exchange meanwhile")
	},
	"draft-moved": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.draft(anna, d, v, "e@x", "zwei")
		c.movedThere("e@x", "Archiv")
		c.over()
		c.hasDrafts("e@x", "zwei")
		if n := len(c.world.copies(c.people[anna], "e@x")); n != 2 {
			c.t.Errorf("%d versions, want the moved one too", n)
		}
	},
	"draft-sent-here": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.send(anna, d, v, "e@x")
		c.release()
		c.over()
		c.hasDrafts("e@x")
		c.holds("e@x", "Gesendete Elemente", seen)
	},
	"draft-sent-here-edited": func(b *bench) {
		d, v := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.send(anna, d, v, "e@x")
		c.release()
		c.editedThere("e@x", "zwei dort")
		c.over()
		c.hasDrafts("e@x", "zwei dort")
		c.words("written in Exchange meanwhile kept")
	},
	"draft-discarded-edited": func(b *bench) {
		d, _ := b.draft(anna, "", 0, "e@x", "eins")
		c := began(b)
		c.must(c.store.DiscardDraft(c.ctx, anna, d))
		c.editedThere("e@x", "zwei dort")
		c.over()
		c.hasDrafts("e@x", "zwei dort")
	},
	"folder-renamed": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		c := began(b)
		c.move(anna, m, f)
		c.renamedThere("Projekt", "Projekt alt")
		c.over()
		c.holds("m@x", "Projekt", exchange.Flags{})
	},
	"folder-deleted": func(b *bench) {
		m := b.arrive(anna, "m@x")
		f := b.newFolder("Projekt")
		c := began(b)
		c.move(anna, m, f)
		c.renamedThere("Projekt", "")
		c.over()
		c.holds("m@x", "Projekt", exchange.Flags{})
	},
	"folder-exists": func(b *bench) {
		m := b.arrive(anna, "m@x")
		c := began(b)
		c.move(anna, m, c.newFolder("Projekt"))
		c.world.mu.Lock()
		box := c.world.box(c.people[anna])
		box.folders = append(box.folders, "projekt")
		c.world.mu.Unlock()
		c.over()
		c.holds("m@x", "projekt", exchange.Flags{})
	},
}

func (b *bench) newFolder(name string) mailstore.FolderID {
	b.t.Helper()
	f, err := b.store.CreateFolder(b.ctx, mailstore.FromPortal, anna, "", name)
	b.must(err)
	return f
}

// renamedThere renames or (to "") deletes a folder in Exchange, with the messages in it.
func (c *conflict) renamedThere(name, to string) {
	c.world.mu.Lock()
	defer c.world.mu.Unlock()
	box := c.world.box(c.people[anna])
	box.folders = slices.DeleteFunc(box.folders, func(f string) bool { return f == name })
	if to != "" {
		box.folders = append(box.folders, to)
	}
}

var ruleRow = regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|")

// TestConflicts plays each row of the written rule table, and fails for a row without a test and a
// test without a row.
func TestConflicts(t *testing.T) {
	text, err := os.ReadFile("../docs/sync-back.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, m := range ruleRow.FindAllStringSubmatch(string(text), -1) {
		written[m[1]] = true
		if conflicts[m[1]] == nil && categoryConflicts[m[1]] == nil && folderConflicts[m[1]] == nil {
			t.Errorf("docs/sync-back.md has the rule %q, and no test", m[1])
		}
	}
	all := maps.Clone(conflicts)
	maps.Copy(all, categoryConflicts)
	maps.Copy(all, folderConflicts)
	for name, play := range all {
		if !written[name] {
			t.Errorf("the test %q has no rule in docs/sync-back.md", name)
		}
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			if strings.HasPrefix(name, "category-") { // IMAP carries none
				b.o.Ways[1].Speaks = traffic.EWS
				b.restart()
			}
			play(b)
		})
	}
}
