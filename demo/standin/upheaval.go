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
	if f.wellKnown() != "" {
		return fmt.Errorf("%s cannot be renamed", name)
	}
	if _, err := s.folder(address, to); err == nil || to == "" || strings.EqualFold(to, "Files") {
		return fmt.Errorf("no folder can be called %q", to)
	}
	f.name = to
	return nil
}
