package standin

import (
	"fmt"
	"strings"
)

// Fate is what has become of a mailbox. Each face says it in its own words.
type Fate string

// The fates. Unknown, Moving and Elsewhere refuse every call; Full refuses what would add to the
// mailbox; with Unavailable SMTP takes mail, which shows only when the fate is over.
const (
	Well        Fate = ""
	Unknown     Fate = "unknown"     // the directory does not have it
	Full        Fate = "full"        // over quota
	Unavailable Fate = "unavailable" // its database is down
	Moving      Fate = "moving"      // it is being moved at this moment
	Elsewhere   Fate = "elsewhere"   // it lies on the other side: see Side
)

// Side is where a mailbox of a hybrid organisation lies. A mailbox on neither side is reached
// through every face; one on a side only through faces that serve this side.
type Side string

// The sides. EWS and IMAP with the password serve OnPremises, Graph and IMAP with a token serve
// Online; SMTP routes to both.
const (
	Anywhere   Side = ""
	OnPremises Side = "on-premises"
	Online     Side = "online"
)

// SetFate changes a mailbox's fate.
func (s *Store) SetFate(address string, fate Fate) error {
	switch fate {
	case Well, Unknown, Full, Unavailable, Moving:
	default:
		return fmt.Errorf("no fate %q", fate)
	}
	return s.withBox(address, func(box *mailbox) { box.fate = fate })
}

// SetSide moves a mailbox to a side, with all that is in it.
func (s *Store) SetSide(address string, side Side) error {
	switch side {
	case Anywhere, OnPremises, Online:
	default:
		return fmt.Errorf("no side %q", side)
	}
	return s.withBox(address, func(box *mailbox) { box.side = side })
}

func (s *Store) withBox(address string, change func(*mailbox)) error {
	s.lock()
	defer s.mu.Unlock()
	box, ok := s.boxes[strings.ToLower(address)]
	if !ok {
		return fmt.Errorf("no mailbox %s", address)
	}
	change(box)
	s.settle()
	return nil
}

// Fate answers what a face that serves a side finds a mailbox in.
func (s *Store) Fate(address string, serves Side) Fate {
	s.mu.Lock()
	defer s.mu.Unlock()
	box, ok := s.boxes[strings.ToLower(address)]
	switch {
	case !ok:
		return Unknown
	case serves != Anywhere && box.side != Anywhere && serves != box.side:
		return Elsewhere
	}
	return box.fate
}

// Side answers on which side a mailbox lies.
func (s *Store) Side(address string) Side {
	s.mu.Lock()
	defer s.mu.Unlock()
	if box, ok := s.boxes[strings.ToLower(address)]; ok {
		return box.side
	}
	return Anywhere
}
