package exchange

import (
	"errors"
	"testing"
)

func playFoldersWithin(p *play) string {
	deep := Folder{Role: Inbox, Name: "Kunden/Nord & Süd"}
	for range 2 {
		if err := p.Create(p.ctx(), p.box, deep); err != nil {
			p.Fatal(err)
		}
	}
	for i, f := range []Folder{deep, {Role: Inbox, Name: "kunden"}} {
		id := []string{"deep@x.test", "less@x.test"}[i]
		p.put(f, Item{Octets: mail(id), Flags: Flags{Seen: true}})
		if c := p.one(id); c.Below != Inbox || c.Role != "" {
			p.Errorf("found %+v", c)
		}
	}
	if err := p.Create(p.ctx(), p.box, Folder{Name: "Kunden"}); err != nil { // another one, at the top
		p.Fatal(err)
	}
	p.put(Folder{Name: "Kunden"}, Item{Octets: mail("top@x.test"), Flags: Flags{Seen: true}})
	if c := p.one("top@x.test"); c.Below != "" {
		p.Errorf("found %+v", c)
	}
	if _, err := p.Append(p.ctx(), p.box, Folder{Role: Archive, Name: "Kunden"}, Item{Octets: mail("no@x.test")}); !errors.Is(err, ErrNoFolder) {
		p.Errorf("into a folder that is not there: %v", err)
	}
	return ""
}

func (p *play) made(folders ...Folder) {
	p.Helper()
	for _, f := range folders {
		if err := p.Create(p.ctx(), p.box, f); err != nil {
			p.Fatal(err)
		}
	}
}

func playRename(p *play) string {
	p.made(Folder{Name: "Entwurf A/Unten"}, Folder{Name: "Besetzt"})
	p.put(Folder{Name: "Entwurf A/Unten"}, Item{Octets: mail("rename@x.test"), Flags: Flags{Seen: true}})
	if err := p.Rename(p.ctx(), p.box, Folder{Name: "Entwurf A"}, "BESETZT"); !errors.Is(err, ErrTaken) {
		p.Errorf("another one's name: %v", err)
	}
	for _, name := range []string{"Plan B", "plan b"} { // also when only the case changes
		from := map[string]string{"Plan B": "Entwurf A", "plan b": "Plan B"}[name]
		if err := p.Rename(p.ctx(), p.box, Folder{Name: from}, name); err != nil {
			p.Fatal(err)
		}
		if err := p.Rename(p.ctx(), p.box, Folder{Name: name}, name); err != nil {
			p.Errorf("called so already: %v", err)
		}
		if c := p.one("rename@x.test"); c.Folder != name+"/Unten" && c.Folder != name+".Unten" {
			p.Errorf("found in %s", c.Folder)
		}
	}
	if err := p.Rename(p.ctx(), p.box, Folder{Name: "Plan B/unten"}, "Oben"); err != nil {
		p.Fatal(err)
	}
	p.put(Folder{Name: "Plan B/Oben"}, Item{Octets: mail("renamed@x.test"), Flags: Flags{Seen: true}})
	if err := p.Rename(p.ctx(), p.box, Folder{Name: "Entwurf A"}, "Nochmals"); !errors.Is(err, ErrNoFolder) {
		p.Errorf("what is not there: %v", err)
	}
	return ""
}

func playDiscard(p *play) string {
	p.made(Folder{Name: "Leer"}, Folder{Name: "Voll"}, Folder{Name: "Oben/Unten"})
	p.put(Folder{Name: "Voll"}, Item{Octets: mail("full@x.test"), Flags: Flags{Seen: true}})
	for name, kept := range map[string]bool{"Voll": true, "Oben": true, "Leer": false} {
		if got, err := p.Discard(p.ctx(), p.box, Folder{Name: name}); err != nil || got != kept {
			p.Errorf("%s: kept %v, %v", name, got, err)
		}
	}
	p.one("full@x.test")
	p.made(Folder{Name: "Leer"}) // the name is free again, also for Deleted Items
	if kept, err := p.Discard(p.ctx(), p.box, Folder{Name: "Leer"}); err != nil || kept {
		p.Errorf("a second one of the name: kept %v, %v", kept, err)
	}
	if _, err := p.Discard(p.ctx(), p.box, Folder{Name: "Leer"}); !errors.Is(err, ErrNoFolder) {
		p.Errorf("what is not there: %v", err)
	}
	return ""
}

// TestPathsOfFolders: where a folder lies, by the words of the caller and of the server.
func TestPathsOfFolders(t *testing.T) {
	folders := []listed{{name: "INBOX", role: Inbox, delim: '.'}, {name: "INBOX.Kunden.Nord", delim: '.'}, {name: "Kunden", delim: '.'}, {name: "Kunden neu", delim: '.'}}
	placed(folders)
	for f, want := range map[Folder]string{{Role: Inbox}: "INBOX", {Role: Inbox, Name: "kunden/nord"}: "INBOX.Kunden.Nord", {Name: "KUNDEN"}: "Kunden",
		{Name: "Kunden/Nord"}: "", {Role: Sent, Name: "Kunden"}: "", {Name: "INBOX.Kunden.Nord"}: "INBOX.Kunden.Nord"} {
		if l, _ := pick(folders, f); l.name != want {
			t.Errorf("%v is %q, want %q", f, l.name, want)
		}
	}
	if folders[1].below != Inbox || folders[2].below != "" || folders[1].leaf() != "Nord" || folders[3].within(folders[2]) {
		t.Errorf("%+v", folders)
	}
}
