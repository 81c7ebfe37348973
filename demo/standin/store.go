package standin

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// The folders every mailbox has, in the order in which they are listed. INBOX is shown to people as "Posteingang".
const (
	Inbox   = "INBOX"
	Drafts  = "Entwürfe"
	Sent    = "Gesendete Elemente"
	Deleted = "Gelöschte Elemente"
	Junk    = "Junk-E-Mail"
	Archive = "Archiv"
	Outbox  = "Postausgang"
)

// roles are the attributes that LIST shows although SPECIAL-USE is not announced.
func roles() map[string]imap.MailboxAttr {
	return map[string]imap.MailboxAttr{
		Drafts: imap.MailboxAttrDrafts, Sent: imap.MailboxAttrSent,
		Deleted: imap.MailboxAttrTrash, Junk: imap.MailboxAttrJunk,
	}
}

// Store holds every mailbox's folders and messages. All methods may be called at any time from any goroutine.
type Store struct {
	mu      sync.Mutex
	boxes   map[string]*mailbox // by primary address, lower case
	names   map[string]string   // address or alias -> primary
	groups  map[string][]string
	clock   *Clock
	window  time.Duration
	arrived map[string]time.Time // mailbox, Message-ID and Date of deliveries, for the window
	dropped int
	late    []late
	lost    int
	serial  uint64 // the last number given
	journal *journal
}

type mailbox struct {
	Mailbox
	folders []*folder
	fate    Fate
	side    Side
}

type folder struct {
	name     string
	attr     imap.MailboxAttr
	number   uint32 // stays
	validity uint32
	next     imap.UID
	messages []*message // by ascending UID
	tracker  *imapserver.MailboxTracker
}

func openStore(o Options, clock *Clock) (*Store, error) {
	s := &Store{
		boxes: map[string]*mailbox{}, names: map[string]string{}, groups: map[string][]string{},
		clock: clock, window: o.DoubleWindow, arrived: map[string]time.Time{},
	}
	for _, m := range o.Mailboxes {
		if err := s.AddMailbox(m); err != nil {
			return nil, fmt.Errorf("stand-in Exchange: %w", err)
		}
	}
	for address, members := range o.Groups {
		s.groups[strings.ToLower(address)] = members
	}
	if o.Journal == "" {
		return s, nil
	}
	return s, s.openJournal(o.Journal)
}

// AddMailbox makes an empty mailbox with the folders every mailbox has.
func (s *Store) AddMailbox(m Mailbox) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(m.Address)
	if key == "" {
		return errors.New("a mailbox needs an address")
	}
	for _, address := range append([]string{key}, m.Aliases...) {
		if other, taken := s.names[strings.ToLower(address)]; taken {
			return fmt.Errorf("address %s stands in two mailboxes, %s and %s", address, other, key)
		}
	}
	for _, address := range append([]string{key}, m.Aliases...) {
		s.names[strings.ToLower(address)] = key
	}
	box := &mailbox{Mailbox: m}
	s.boxes[key] = box
	for j, name := range []string{Inbox, Drafts, Sent, Deleted, Junk, Archive, Outbox} {
		box.folders = append(box.folders, newFolder(name, uint32(100*len(s.boxes)+j)))
	}
	return nil
}

func newFolder(name string, validity uint32) *folder {
	return &folder{name: name, attr: roles()[name], number: validity, validity: validity, next: 1, tracker: imapserver.NewMailboxTracker(0)}
}

func (s *Store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}

// Resolve answers the primary address, in lower case, of an address or alias.
func (s *Store) Resolve(address string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resolve(address)
}

func (s *Store) resolve(address string) (string, bool) {
	primary, ok := s.names[strings.ToLower(address)]
	return primary, ok
}

// expand answers the mailboxes that mail to an address reaches; none: unknown.
func (s *Store) expand(address string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if primary, ok := s.resolve(address); ok {
		return []string{primary}
	}
	var boxes []string
	for _, member := range s.groups[strings.ToLower(address)] {
		if primary, ok := s.resolve(member); ok && !slices.Contains(boxes, primary) {
			boxes = append(boxes, primary)
		}
	}
	return boxes
}

// Mailboxes lists the primary addresses in order.
func (s *Store) Mailboxes() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for address := range s.boxes {
		all = append(all, address)
	}
	slices.Sort(all)
	return all
}

// Put stores a message as somebody else's doing (the sample, a colleague at work in Outlook); at is its received time.
func (s *Store) Put(address, folderName string, octets []byte, at time.Time, flags ...imap.Flag) (imap.UID, error) {
	s.lock()
	defer s.mu.Unlock()
	f, err := s.folder(address, folderName)
	if err != nil {
		return 0, err
	}
	return s.add(strings.ToLower(address), f, newMessage(octets, at, flags)), nil
}

// Categorise gives a message categories, as a person did long ago.
func (s *Store) Categorise(address, folderName string, uid imap.UID, names ...string) error {
	s.lock()
	defer s.mu.Unlock()
	f, err := s.folder(address, folderName)
	if err != nil {
		return err
	}
	for _, m := range f.messages {
		if m.uid == uid {
			m.categories = names
			s.changed(strings.ToLower(address), f, m, nil)
			return nil
		}
	}
	return ErrNoItem
}

// double says whether a delivery falls into the window in which Exchange drops a second one.
func (s *Store) double(address string, m *message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	key, now := address+"\x00"+m.header.get("Message-ID")+"\x00"+m.header.get("Date"), s.clock.Now()
	last, seen := s.arrived[key]
	s.arrived[key] = now
	if !seen || s.window <= 0 || now.Sub(last) >= s.window {
		return false
	}
	s.dropped++
	return true
}

// SetWindow changes Options.DoubleWindow.
func (s *Store) SetWindow(window time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.window = window
}

// Dropped counts deliveries that fell into the window of doubles.
func (s *Store) Dropped() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dropped
}

// name gives a message its numbers unless it has them.
func (s *Store) name(m *message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.number(m)
}

func (s *Store) number(m *message) {
	if m.number == 0 {
		s.serial++
		m.number = s.serial
	}
	if m.place == 0 {
		s.serial++
		m.place = s.serial
	}
}

// add stores a message under the lock.
func (s *Store) add(address string, f *folder, m *message) imap.UID {
	s.number(m)
	m.uid = f.next
	f.next++
	f.messages = append(f.messages, m)
	f.tracker.QueueNumMessages(uint32(len(f.messages)))
	s.journal.put(address, f.name, m)
	return m.uid
}

// changed tells the journal and open IMAP sessions, but for the one that did it, of a message's new state.
func (s *Store) changed(address string, f *folder, m *message, source *imapserver.SessionTracker) {
	for i, other := range f.messages {
		if other == m {
			f.tracker.QueueMessageFlags(uint32(i)+1, m.uid, m.flagList(), source)
		}
	}
	s.journal.state(address, f.name, m)
}

// remove takes messages out of a folder under the lock; it answers the sequence numbers, highest first.
func (s *Store) remove(address string, f *folder, gone map[imap.UID]bool) (numbers []uint32) {
	for i := len(f.messages) - 1; i >= 0; i-- {
		if m := f.messages[i]; gone[m.uid] {
			f.messages = slices.Delete(f.messages, i, i+1)
			f.tracker.QueueExpunge(uint32(i) + 1)
			numbers = append(numbers, uint32(i)+1)
			s.journal.gone(address, f.name, m.uid)
		}
	}
	return numbers
}

// folder finds a folder by name, without regard to case; the caller holds the lock.
func (s *Store) folder(address, name string) (*folder, error) {
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return nil, fmt.Errorf("no mailbox %s", address)
	}
	for _, f := range box.folders {
		if strings.EqualFold(f.name, name) {
			return f, nil
		}
	}
	return nil, errNoFolder()
}

func errNoFolder() error {
	return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeTryCreate, Text: "The requested folder doesn't exist."}
}

// create makes a folder; the caller holds the lock.
func (s *Store) create(address, name string) (*folder, error) {
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return nil, fmt.Errorf("no mailbox %s", address)
	}
	if _, err := s.folder(address, name); err == nil || strings.EqualFold(name, "Files") {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeAlreadyExists, Text: "Folder already exists."}
	}
	f := newFolder(name, box.folders[0].validity+uint32(len(box.folders)))
	box.folders = append(box.folders, f)
	s.journal.folder(strings.ToLower(address), name)
	return f, nil
}
