package sample

import (
	"encoding/base32"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// WriteMaildir lays the mail out as the portal keeps it: dir/maildir/<mailbox>/{tmp,new,cur} is the
// inbox, .<role> beside it the other folders, and address names the owner. Files carry no block of
// the portal's own: they look as a migration would leave them. `holdover rebuild` makes rows of them.
func WriteMaildir(dir string, mail []Placed) error {
	for _, p := range People() {
		box := filepath.Join(dir, "maildir", p.Mailbox())
		for _, folder := range []string{"", ".drafts", ".sent", ".archive", ".trash", ".junk"} {
			for _, part := range []string{"tmp", "new", "cur"} {
				if err := os.MkdirAll(filepath.Join(box, folder, part), 0o700); err != nil {
					return err
				}
			}
		}
		if err := os.WriteFile(filepath.Join(box, "address"), []byte(p.Address()+"\n"), 0o600); err != nil {
			return err
		}
	}
	for n, m := range mail {
		if err := m.file(dir, n); err != nil {
			return err
		}
	}
	return nil
}

func (m Placed) file(dir string, n int) error {
	folder := "." + string(m.Folder)
	if m.Folder == Inbox {
		folder = ""
	}
	id := digest(fmt.Sprint(n, m.Person.Local, m.At.Unix()))
	name := fmt.Sprintf("%d.%s.sample:2,%s", m.At.Unix(), strings.ToLower(base32.StdEncoding.EncodeToString([]byte(id[:10]))), m.flags())
	path := filepath.Join(dir, "maildir", m.Person.Mailbox(), folder, "cur", name)
	if err := os.WriteFile(path, m.Octets, 0o600); err != nil {
		return err
	}
	if len(m.Categories) > 0 { // beside the mail, as the portal keeps them
		dir := filepath.Join(dir, "maildir", m.Person.Mailbox(), "categories")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
		base, _, _ := strings.Cut(name, ":2,")
		if err := os.WriteFile(filepath.Join(dir, base), []byte(strings.Join(m.Categories, "\n")+"\n"), 0o600); err != nil {
			return err
		}
	}
	return os.Chtimes(path, m.At, m.At)
}

// flags are those of a Maildir file name, in alphabetical order.
func (m Placed) flags() (text string) {
	for _, f := range []struct {
		set    bool
		letter string
	}{{m.Flagged, "F"}, {m.Answered, "R"}, {m.Seen, "S"}} {
		if f.set {
			text += f.letter
		}
	}
	return text
}
