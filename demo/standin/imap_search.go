package standin

import (
	"net/mail"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
)

// Search answers in ascending order.
func (s *session) Search(kind imapserver.NumKind, c *imap.SearchCriteria, _ *imap.SearchOptions) (*imap.SearchData, error) {
	if err := s.fault("search"); err != nil {
		return nil, err
	}
	s.store.lock()
	defer s.store.mu.Unlock()
	var uids imap.UIDSet
	var numbers imap.SeqSet
	data := &imap.SearchData{}
	for i, m := range s.folder.messages {
		if !s.matches(uint32(i)+1, m, c) {
			continue
		}
		n := uint32(m.uid)
		if kind == imapserver.NumKindSeq {
			if n = s.view.EncodeSeqNum(uint32(i) + 1); n == 0 {
				continue
			}
			numbers.AddNum(n)
		} else {
			uids.AddNum(m.uid)
		}
		if data.Count == 0 {
			data.Min = n
		}
		data.Max = n
		data.Count++
	}
	data.All = uids
	if kind == imapserver.NumKindSeq {
		data.All = numbers
	}
	return data, nil
}

func (s *session) matches(number uint32, m *message, c *imap.SearchCriteria) bool {
	return s.inSets(number, m, c) && m.hasFlags(c) && m.inTime(c) && m.hasText(c) && s.combined(number, m, c)
}

func (s *session) inSets(number uint32, m *message, c *imap.SearchCriteria) bool {
	for _, set := range c.SeqNum {
		if !s.named(set, number, m.uid) {
			return false
		}
	}
	for _, set := range c.UID {
		if !s.named(set, number, m.uid) {
			return false
		}
	}
	return true
}

func (s *session) combined(number uint32, m *message, c *imap.SearchCriteria) bool {
	for i := range c.Not {
		if s.matches(number, m, &c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !s.matches(number, m, &c.Or[i][0]) && !s.matches(number, m, &c.Or[i][1]) {
			return false
		}
	}
	return true
}

func (m *message) hasFlags(c *imap.SearchCriteria) bool {
	for _, f := range c.Flag {
		if known, ok := permanent(f); !ok || !m.flags[known] {
			return false
		}
	}
	for _, f := range c.NotFlag {
		if known, ok := permanent(f); ok && m.flags[known] {
			return false
		}
	}
	return true
}

// inTime compares days, as RFC 3501 wants it: time of day and zone do not count.
func (m *message) inTime(c *imap.SearchCriteria) bool {
	if (!c.SentSince.IsZero() || !c.SentBefore.IsZero()) && !between(m.sent(), c.SentSince, c.SentBefore) {
		return false
	}
	return between(m.at, c.Since, c.Before)
}

func between(at, since, before time.Time) bool {
	day := func(t time.Time) int { return t.Year()*512 + t.YearDay() }
	return (since.IsZero() || day(at) >= day(since)) && (before.IsZero() || day(at) < day(before))
}

func (m *message) sent() time.Time {
	if !m.sentAt.IsZero() {
		return m.sentAt
	}
	at, err := mail.ParseDate(m.header.get("Date"))
	if err != nil {
		return m.at
	}
	return at
}

func (m *message) hasText(c *imap.SearchCriteria) bool {
	for _, want := range c.Header {
		if odd(want.Value) && strings.EqualFold(want.Key, "Message-ID") || !m.hasHeader(want.Key, want.Value) {
			return false
		}
	}
	for _, text := range c.Body {
		if !within8bit(m.octets[m.header.end:], text) {
			return false
		}
	}
	for _, text := range c.Text {
		if !within8bit(m.octets, text) {
			return false
		}
	}
	return (c.Larger == 0 || int64(len(m.octets)) > c.Larger) && (c.Smaller == 0 || int64(len(m.octets)) < c.Smaller)
}

func (m *message) hasHeader(name, value string) bool {
	for _, f := range m.header.fields {
		if strings.EqualFold(f.name, name) && strings.Contains(strings.ToLower(decoded(f.value)), strings.ToLower(value)) {
			return true
		}
	}
	return false
}

// odd says whether a Message-ID is one that Exchange's index misses: it holds characters that an
// ordinary one does not.
func odd(id string) bool {
	return strings.ContainsFunc(id, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("<>@.-_=+$", r))
	})
}

func within8bit(octets []byte, text string) bool {
	return strings.Contains(strings.ToLower(string(octets)), strings.ToLower(text))
}
