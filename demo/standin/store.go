package standin

import (
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
	now     func() time.Time
	window  time.Duration
	arrived map[string]time.Time // mailbox, Message-ID and Date of deliveries, for the window
	dropped int
	journal *journal
}

type mailbox struct {
	Mailbox
	folders []*folder
}

type folder struct {
	name     string
	attr     imap.MailboxAttr
	validity uint32
	next     imap.UID
	messages []*message // by ascending UID
	tracker  *imapserver.MailboxTracker
}

func openStore(o Options) (*Store, error) {
	s := &Store{
		boxes: map[string]*mailbox{}, names: map[string]string{}, groups: map[string][]string{},
		now: o.Now, window: o.DoubleWindow, arrived: map[string]time.Time{},
	}
	for i, m := range o.Mailboxes {
		key := strings.ToLower(m.Address)
		box := &mailbox{Mailbox: m}
		for j, name := range []string{Inbox, Drafts, Sent, Deleted, Junk, Archive, Outbox} {
			box.folders = append(box.folders, newFolder(name, uint32(100*(i+1)+j)))
		}
		s.boxes[key] = box
		for _, address := range append([]string{key}, m.Aliases...) {
			if other, taken := s.names[strings.ToLower(address)]; taken {
				return nil, fmt.Errorf("stand-in Exchange: address %s stands in two mailboxes, %s and %s", address, other, key)
			}
			s.names[strings.ToLower(address)] = key
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

func newFolder(name string, validity uint32) *folder {
	return &folder{name: name, attr: roles()[name], validity: validity, next: 1, tracker: imapserver.NewMailboxTracker(0)}
}

func (s *Store) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.journal.close()
}

// Resolve answers the primary address, in lower case, of an address or alias.
func (s *Store) Resolve(address string) (string, bool) {
	primary, ok := s.names[strings.ToLower(address)]
	return primary, ok
}

// expand answers the mailboxes that mail to an address reaches; none: unknown.
func (s *Store) expand(address string) []string {
	if primary, ok := s.Resolve(address); ok {
		return []string{primary}
	}
	var boxes []string
	for _, member := range s.groups[strings.ToLower(address)] {
		if primary, ok := s.Resolve(member); ok && !slices.Contains(boxes, primary) {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.folder(address, folderName)
	if err != nil {
		return 0, err
	}
	return s.add(strings.ToLower(address), f, newMessage(octets, at, flags)), nil
}

// deliver is Put by SMTP: it applies the window and answers false when the message was dropped as a double.
func (s *Store) deliver(address string, m *message) (imap.UID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := s.folder(address, Inbox)
	if err != nil {
		return 0, false
	}
	key := address + "\x00" + m.header.get("Message-ID") + "\x00" + m.header.get("Date")
	last, seen := s.arrived[key]
	s.arrived[key] = s.now()
	if seen && s.window > 0 && s.now().Sub(last) < s.window {
		s.dropped++
		return 0, false
	}
	return s.add(address, f, m), true
}

// add stores a message under the lock.
func (s *Store) add(address string, f *folder, m *message) imap.UID {
	m.uid = f.next
	f.next++
	f.messages = append(f.messages, m)
	f.tracker.QueueNumMessages(uint32(len(f.messages)))
	s.journal.put(address, f.name, m)
	return m.uid
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
