package standin

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// What follows is the store as faces see it that know items by id (EWS, Graph). A folder is
// named by its id, its well-known name ("inbox", "sentitems", ...) or its display name.

// ErrNoItem says that no item of the mailbox has the id, ErrNoPlace that no folder does.
var (
	ErrNoItem  = errors.New("no such item")
	ErrNoPlace = errors.New("no such folder")
)

// Properties are what may be changed of an item.
type Properties struct {
	Read, Flagged, Answered, Draft bool
	Categories                     []string
	Received, Sent                 time.Time
	Extended                       map[string]string // by name as Graph writes it, e.g. "Integer 0x0E07"
}

// itemID makes an id as opaque as Exchange's of two numbers.
func itemID(kind byte, n, place uint64) string {
	raw := append([]byte("standin\x00"), kind)
	raw = binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(raw, n), place)
	return "AAMk" + base64.URLEncoding.EncodeToString(raw)
}

// Create stores an item as a face that knows ids does; the rules at the face's point "keep" apply.
// The answered item has its ids even where it was lost or is late. The folder must exist.
func (e *Exchange) Create(face, address, folderName string, octets []byte, p Properties) (Message, error) {
	s := e.store
	s.lock()
	f, err := s.place(address, folderName)
	s.mu.Unlock()
	if err != nil {
		return Message{}, err
	}
	if p.Received.IsZero() || e.strange("dates-ignored") {
		p.Received = e.clock.Now()
	}
	if e.strange("no-categories") {
		p.Categories = nil
	}
	if e.strange("bare-headers") {
		octets = withoutX(octets)
	}
	m := newMessage(octets, p.Received, nil)
	m.put(p)
	s.name(m)
	if _, err := e.keep(face, strings.ToLower(address), f.name, m); err != nil {
		return Message{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return m.seenBy(strings.ToLower(address), f), nil
}

// Item answers an item and its octets by either of its ids.
func (s *Store) Item(address, id string) (Message, []byte, error) {
	s.lock()
	defer s.mu.Unlock()
	f, m, err := s.item(address, id)
	if err != nil {
		return Message{}, nil, err
	}
	return m.seenBy(strings.ToLower(address), f), m.octets, nil
}

// Items lists the items of a folder, or of all where folder is "", oldest first.
func (s *Store) Items(address, folderName string) ([]Message, error) {
	s.lock()
	defer s.mu.Unlock()
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return nil, fmt.Errorf("no mailbox %s", address)
	}
	folders := box.folders
	if folderName != "" {
		f, err := s.place(address, folderName)
		if err != nil {
			return nil, err
		}
		folders = []*folder{f}
	}
	var all []Message
	for _, f := range folders {
		for _, m := range f.messages {
			all = append(all, m.seenBy(strings.ToLower(address), f))
		}
	}
	return all, nil
}

// Change edits an item's properties; an error of the function leaves it as it was.
func (s *Store) Change(address, id string, edit func(*Properties) error) (Message, error) {
	s.lock()
	defer s.mu.Unlock()
	f, m, err := s.item(address, id)
	if err != nil {
		return Message{}, err
	}
	p := m.properties()
	if err := edit(&p); err != nil {
		return Message{}, err
	}
	m.put(p)
	s.changed(strings.ToLower(address), f, m, nil)
	return m.seenBy(strings.ToLower(address), f), nil
}

// Replace gives an item other octets: what happens to a draft that is edited. Over IMAP it is another message.
func (s *Store) Replace(address, id string, octets []byte) (Message, error) {
	s.lock()
	defer s.mu.Unlock()
	f, m, err := s.item(address, id)
	if err != nil {
		return Message{}, err
	}
	twin := m.copyOf(octets)
	twin.number, twin.changes = m.number, m.changes+1
	s.remove(strings.ToLower(address), f, map[imap.UID]bool{m.uid: true})
	s.add(strings.ToLower(address), f, twin)
	return twin.seenBy(strings.ToLower(address), f), nil
}

// Relocate moves an item: its immutable id stays and its plain id changes.
func (s *Store) Relocate(address, id, folderName string) (Message, error) {
	s.lock()
	defer s.mu.Unlock()
	from, m, err := s.item(address, id)
	if err != nil {
		return Message{}, err
	}
	to, err := s.place(address, folderName)
	if err != nil {
		return Message{}, err
	}
	twin := s.transfer(strings.ToLower(address), from, to, m)
	return twin.seenBy(strings.ToLower(address), to), nil
}

// Erase removes an item for good.
func (s *Store) Erase(address, id string) error {
	s.lock()
	defer s.mu.Unlock()
	f, m, err := s.item(address, id)
	if err == nil {
		s.remove(strings.ToLower(address), f, map[imap.UID]bool{m.uid: true})
	}
	return err
}

// MakeFolder makes a folder by its display name.
func (s *Store) MakeFolder(address, name string) (Folder, error) {
	s.lock()
	defer s.mu.Unlock()
	f, err := s.create(address, name)
	if err != nil {
		return Folder{}, err
	}
	return f.shown(), nil
}

// transfer moves a message under the lock; it becomes another message of IMAP with the same number.
func (s *Store) transfer(address string, from, to *folder, m *message) *message {
	twin := m.copyOf(m.octets)
	twin.number, twin.changes = m.number, m.changes+1
	s.remove(address, from, map[imap.UID]bool{m.uid: true})
	s.add(address, to, twin)
	return twin
}

// item finds a message by either id under the lock.
func (s *Store) item(address, id string) (*folder, *message, error) {
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return nil, nil, fmt.Errorf("no mailbox %s", address)
	}
	for _, f := range box.folders {
		for _, m := range f.messages {
			if m.immutableID() == id || m.itemID() == id {
				return f, m, nil
			}
		}
	}
	return nil, nil, ErrNoItem
}

// place finds a folder by id, well-known name or display name under the lock.
func (s *Store) place(address, name string) (*folder, error) {
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return nil, fmt.Errorf("no mailbox %s", address)
	}
	for _, f := range box.folders {
		if f.id() == name || f.wellKnown() != "" && strings.EqualFold(f.wellKnown(), name) {
			return f, nil
		}
	}
	if f, err := s.folder(address, name); err == nil {
		return f, nil
	}
	return nil, ErrNoPlace
}

func (m *message) immutableID() string { return itemID('i', m.number, 0) }
func (m *message) itemID() string      { return itemID('p', m.number, m.place) }

func (m *message) properties() Properties {
	return Properties{
		Read: m.flags[imap.FlagSeen], Flagged: m.flagged(), Answered: m.flags[imap.FlagAnswered], Draft: m.flags[imap.FlagDraft],
		Categories: slices.Clone(m.categories), Received: m.at, Sent: m.sent(), Extended: maps.Clone(m.extended),
	}
}

// put takes over properties; a flag that only APPEND knows stays hidden unless it is set here.
func (m *message) put(p Properties) {
	for flag, set := range map[imap.Flag]bool{imap.FlagSeen: p.Read, imap.FlagAnswered: p.Answered, imap.FlagDraft: p.Draft} {
		if delete(m.flags, flag); set {
			m.flags[flag] = true
		}
	}
	if p.Flagged != m.flagged() {
		if delete(m.flags, imap.FlagFlagged); p.Flagged {
			m.flags[imap.FlagFlagged] = true
		}
		m.unshown = false
	}
	m.categories, m.at, m.sentAt, m.extended = p.Categories, p.Received, p.Sent, p.Extended
	m.changes++
}
