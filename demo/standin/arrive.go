package standin

import (
	"time"
)

// late is a message that was taken and does not show yet.
type late struct {
	address, folder string
	at              time.Time
	message         *message
}

// lock takes the store's lock and lets arrive what is due.
func (s *Store) lock() {
	s.mu.Lock()
	s.settle()
}

// settle lets arrive what is due; the caller holds the lock.
func (s *Store) settle() {
	now, rest := s.clock.Now(), s.late[:0]
	for _, l := range s.late {
		if l.at.After(now) || s.boxes[l.address].fate == Unavailable {
			rest = append(rest, l)
			continue
		}
		if f, err := s.folder(l.address, l.folder); err == nil {
			s.add(l.address, f, l.message)
		}
	}
	clear(s.late[len(rest):])
	s.late = rest
}

// Late counts the messages that were taken and do not show yet.
func (s *Store) Late() int {
	s.lock()
	defer s.mu.Unlock()
	return len(s.late)
}

// keep stores what a face has taken, as the rules at its point "keep" want it. It answers false
// where nothing lies in the folder now although the face answers that all is well. The caller must
// not hold the lock.
func (e *Exchange) keep(face, address, folderName string, m *message) (kept bool, err error) {
	rule, _ := e.faults.at(face, "keep", address)
	s := e.store
	s.lock()
	defer s.mu.Unlock()
	if rule.Do == "junk" {
		folderName = Junk
	}
	f, err := s.folder(address, folderName)
	switch {
	case err != nil:
		return false, err
	case rule.Do == "lose":
		s.lost++
		return false, nil
	case rule.Do == "late" || s.boxes[address].fate == Unavailable:
		s.late = append(s.late, late{address: address, folder: f.name, at: s.clock.Now().Add(rule.Delay), message: m})
		return false, nil
	}
	s.add(address, f, m)
	return true, nil
}

// Lost counts the messages that rules made the faces lose after a good answer.
func (s *Store) Lost() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lost
}

// hurry lets arrive whatever is late.
func (s *Store) hurry() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.late {
		s.late[i].at = time.Time{}
	}
	s.settle()
}
