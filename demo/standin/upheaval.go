package standin

import (
	"fmt"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
)

// Renumber gives a folder a new UIDVALIDITY and its messages new UIDs, so that what a client
// remembers of it is void (RFC 9051, 2.3.1.1): a lost sync state, as IMAP says it.
func (s *Store) Renumber(address, name string) error {
	s.lock()
	defer s.mu.Unlock()
	address, _ = s.resolve(address)
	f, err := s.folder(address, name)
	if err != nil {
		return err
	}
	all := slices.Clone(f.messages)
	gone := map[imap.UID]bool{}
	for _, m := range all {
		gone[m.uid] = true
	}
	s.remove(address, f, gone)
	f.validity += 1000
	for _, m := range all {
		s.add(address, f, m)
	}
	return nil
}

// RenameFolder gives a folder that a person made another name; its id and its messages stay.
func (s *Store) RenameFolder(address, name, to string) error {
	s.lock()
	defer s.mu.Unlock()
	address, _ = s.resolve(address)
	f, err := s.folder(address, name)
	if err != nil {
		return err
	}
	return s.rename(address, f, to)
}

// rename moves a folder with all below it to another path, under the lock.
func (s *Store) rename(address string, f *folder, to string) error {
	if f.wellKnown() != "" {
		return fmt.Errorf("%s cannot be renamed", f.name)
	}
	if other, err := s.folder(address, to); err == nil && other != f || to == "" || strings.EqualFold(to, "Files") {
		return fmt.Errorf("no folder can be called %q", to)
	}
	from := f.name
	s.journal.renamed(address, from, to)
	for _, one := range s.boxes[strings.ToLower(address)].folders {
		if one == f || strings.HasPrefix(one.name, from+"/") {
			one.name = to + one.name[len(from):]
		}
	}
	return nil
}
