package standin

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
)

// Work is what users do in Outlook while something else goes on: they read, flag, file, delete.
type Work struct {
	Seed      uint64        `json:"seed"`
	Every     time.Duration `json:"every"`               // nanoseconds on the stand-in's clock; 0: all Steps at once, before the call ends
	Steps     int           `json:"steps"`               // 0: until Rest
	Mailboxes []string      `json:"mailboxes,omitempty"` // whose; none: everybody's
	Deeds     []string      `json:"deeds,omitempty"`     // of DeedNames; none: all but "erase" and "categorise"
}

// Deed is one thing that a user did.
type Deed struct {
	At        time.Time `json:"at"`
	Mailbox   string    `json:"mailbox"`
	Do        string    `json:"do"`
	MessageID string    `json:"message_id"`
	ID        string    `json:"id"` // immutable
	From      string    `json:"from"`
	To        string    `json:"to"` // where it lies now; "" when erased
}

// DeedNames are what users can be told to do. "delete" moves into Deleted Items, "erase" is for good,
// "categorise" puts OutlookCategory on a message.
func DeedNames() []string {
	return []string{"read", "unread", "flag", "move", "delete", "erase", "categorise"}
}

// OutlookCategory is the name that users at work put on messages.
const OutlookCategory = "In Outlook"

// office is where the users sit.
type office struct {
	mu    sync.Mutex
	deeds []Deed
	stop  chan struct{} // nil: nobody is at work
	done  chan struct{}
}

// Work lets users work beside everything else; who is at work already stops first.
func (e *Exchange) Work(w Work) error {
	for _, deed := range w.Deeds {
		if !slices.Contains(DeedNames(), deed) {
			return fmt.Errorf("users can do %v, not %q", DeedNames(), deed)
		}
	}
	if w.Every <= 0 && w.Steps <= 0 {
		return fmt.Errorf("work needs steps or a time between them")
	}
	if len(w.Deeds) == 0 {
		w.Deeds = slices.DeleteFunc(DeedNames(), func(name string) bool { return name == "erase" || name == "categorise" })
	}
	e.Rest()
	dice := rand.New(rand.NewPCG(w.Seed, 1))
	if w.Every <= 0 {
		for range w.Steps {
			e.deed(w, dice)
		}
		return nil
	}
	stop, done := make(chan struct{}), make(chan struct{})
	e.office.mu.Lock()
	e.office.stop, e.office.done = stop, done
	e.office.mu.Unlock()
	go func() {
		defer close(done)
		for n := 0; w.Steps == 0 || n < w.Steps; n++ {
			select {
			case <-e.clock.After(w.Every):
				e.deed(w, dice)
			case <-stop:
				return
			}
		}
	}()
	return nil
}

// Rest sends the users home and waits until the last has put down what he had in hand.
func (e *Exchange) Rest() {
	e.office.mu.Lock()
	stop, done := e.office.stop, e.office.done
	e.office.stop, e.office.done = nil, nil
	e.office.mu.Unlock()
	if stop != nil {
		close(stop)
		<-done
	}
}

// AtWork says whether users were told to work and not to rest.
func (e *Exchange) AtWork() bool {
	e.office.mu.Lock()
	defer e.office.mu.Unlock()
	return e.office.stop != nil
}

// Deeds answers what the users did, in order.
func (e *Exchange) Deeds() []Deed {
	e.office.mu.Lock()
	defer e.office.mu.Unlock()
	return append([]Deed{}, e.office.deeds...)
}

// deed does one thing to one message, where there is one.
func (e *Exchange) deed(w Work, dice *rand.Rand) {
	boxes := w.Mailboxes
	if len(boxes) == 0 {
		boxes = e.store.Mailboxes()
	}
	if len(boxes) == 0 {
		return
	}
	box, do := boxes[dice.IntN(len(boxes))], w.Deeds[dice.IntN(len(w.Deeds))]
	if one, ok := e.store.deed(box, do, dice); ok {
		e.office.mu.Lock()
		e.office.deeds = append(e.office.deeds, one)
		e.office.mu.Unlock()
	}
}

func (s *Store) deed(address, do string, dice *rand.Rand) (Deed, bool) {
	s.lock()
	defer s.mu.Unlock()
	address, _ = s.resolve(address)
	box, ok := s.boxes[address]
	if !ok {
		return Deed{}, false
	}
	var from []*folder
	for _, f := range box.folders {
		if len(f.messages) > 0 && f.name != Deleted && f.name != Drafts {
			from = append(from, f)
		}
	}
	if len(from) == 0 {
		return Deed{}, false
	}
	f := from[dice.IntN(len(from))]
	m := f.messages[dice.IntN(len(f.messages))]
	one := Deed{At: s.clock.Now(), Mailbox: address, Do: do, MessageID: m.header.get("Message-ID"), ID: m.immutableID(), From: f.name, To: f.name}
	switch do {
	case "move":
		one.To = Archive
		if f.name == Archive {
			one.To = Inbox
		}
		s.transfer(address, f, s.mustFolder(box, one.To), m)
	case "delete":
		one.To = Deleted
		s.transfer(address, f, s.mustFolder(box, Deleted), m)
	case "erase":
		one.To = ""
		s.remove(address, f, map[imap.UID]bool{m.uid: true})
	default:
		p := m.properties()
		if do == "categorise" && !slices.Contains(p.Categories, OutlookCategory) {
			p.Categories = append(p.Categories, OutlookCategory)
		}
		p.Read, p.Flagged = do == "read" || p.Read && do != "unread", do == "flag" || p.Flagged
		m.put(p)
		s.changed(address, f, m, nil)
	}
	return one, true
}

// mustFolder is one of the folders every mailbox has.
func (s *Store) mustFolder(box *mailbox, name string) *folder {
	for _, f := range box.folders {
		if f.name == name {
			return f
		}
	}
	panic("a mailbox without " + name)
}
