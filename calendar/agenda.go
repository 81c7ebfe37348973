package calendar

import (
	"context"
	"slices"
	"strings"
	"time"

	"holdover/database"
	"holdover/email"
)

// Item is one occurrence in a mailbox's agenda.
type Item struct {
	Span
	Event   Event           // what it is an occurrence of, in its newest version
	Message email.MessageID // that brought this version
	Answer  Answer          // of the person; Unanswered when none is known
}

// Agenda is what a mailbox's invitations say about a window of time.
type Agenda struct {
	Items []Item // by start; declined ones are left out
	Known int    // how many events that are not over it is built from
}

// Standing is what the mailbox knows about one event.
type Standing struct {
	Newest  Event           // the newest version of it
	Message email.MessageID // that brought it
	Answer  Answer          // the person's newest answer, Unanswered if none
	Given   time.Time       // when that was
	Known   bool            // false: the mailbox has nothing of it yet
}

// stored is an event as it was kept.
type stored struct {
	event    Event
	message  email.MessageID
	own      bool
	received time.Time
}

// history is all that is known of one UID: the whole and its single instances.
type history struct {
	whole     *stored
	instances map[int64]*stored // by RECURRENCE-ID
	answers   []stored
}

// Agenda lists what takes place in a window. self are the person's addresses.
func (c *Calendar) Agenda(ctx context.Context, m email.MailboxID, from, to time.Time, self []string) (Agenda, error) {
	all, err := c.histories(ctx, m, `uid IN (SELECT uid FROM calendar_event WHERE mailbox=? AND own=0 AND last>=?)`, string(m), from.UnixMilli())
	if err != nil {
		return Agenda{}, err
	}
	var a Agenda
	for _, h := range all {
		items := h.between(from, to, self)
		if h.whole != nil && !h.whole.event.Cancelled || h.whole == nil && len(h.instances) > 0 {
			a.Known++
		}
		for _, item := range items {
			if item.Answer != Declined {
				a.Items = append(a.Items, item)
			}
		}
	}
	slices.SortFunc(a.Items, func(x, y Item) int {
		if d := x.Start.Compare(y.Start); d != 0 {
			return d
		}
		return strings.Compare(x.Event.UID, y.Event.UID)
	})
	return a, nil
}

// Standing tells how an event of a message stands in the mailbox.
func (c *Calendar) Standing(ctx context.Context, m email.MailboxID, e Event, self []string) (Standing, error) {
	all, err := c.histories(ctx, m, `uid=?`, e.UID)
	if err != nil || len(all) == 0 {
		return Standing{Newest: e, Answer: Unanswered}, err
	}
	h := all[e.UID]
	newest := h.whole
	if !e.Instance.IsZero() {
		if one := h.instances[e.Instance.UnixMilli()]; one != nil {
			newest = one
		}
	}
	s := Standing{Newest: e, Answer: Unanswered}
	if newest != nil {
		s.Newest, s.Message, s.Known = newest.event, newest.message, true
		if e.Newer(&newest.event) {
			s.Newest = e
		}
	}
	s.Answer, s.Given = h.answer(&s.Newest, self)
	return s, nil
}

// Conflicts are other events of the mailbox at the same time as the next occurrences of e.
func (c *Calendar) Conflicts(ctx context.Context, m email.MailboxID, e Event, self []string) ([]Item, error) {
	now := c.o.Now()
	from := e.Start
	if e.Recurs() && from.Before(now) {
		from = now
	}
	spans := e.Between(from, from.AddDate(0, 3, 0))
	if len(spans) == 0 || e.AllDay {
		return nil, nil
	}
	a, err := c.Agenda(ctx, m, spans[0].Start, spans[len(spans)-1].End, self)
	var list []Item
	for _, item := range a.Items {
		if item.Event.UID == e.UID || item.Event.AllDay {
			continue
		}
		if slices.ContainsFunc(spans, func(s Span) bool { return s.Start.Before(item.End) && item.Start.Before(s.End) }) {
			list = append(list, item)
		}
	}
	return list, err
}

// histories reads what a condition on calendar_event holds, by UID.
func (c *Calendar) histories(ctx context.Context, m email.MailboxID, where string, args ...any) (map[string]*history, error) {
	all := map[string]*history{}
	err := c.db.Read(ctx, func(tx *database.Tx) error {
		clear(all)
		rows, err := tx.Query(`SELECT message, n, uid, own, received, object FROM calendar_event WHERE mailbox=? AND `+where+` ORDER BY received, message, n`, append([]any{string(m)}, args...)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var message email.MessageID
			var n int
			var uid, object string
			var own, received int64
			if err := rows.Scan(&message, &n, &uid, &own, &received, &object); err != nil {
				return err
			}
			events, err := Read([]byte(object))
			if err != nil || n >= len(events) {
				continue
			}
			if all[uid] == nil {
				all[uid] = &history{instances: map[int64]*stored{}}
			}
			all[uid].add(stored{event: events[n], message: message, own: own == 1, received: time.UnixMilli(received).UTC()})
		}
		return rows.Err()
	})
	return all, err
}

// add takes one event in; the newest version stays.
func (h *history) add(s stored) {
	switch s.event.Method {
	case Reply, Counter, Refresh:
		if s.own {
			h.answers = append(h.answers, s)
		}
		return
	}
	if !s.event.Instance.IsZero() {
		at := s.event.Instance.UnixMilli()
		if old := h.instances[at]; old == nil || !old.event.Newer(&s.event) {
			h.instances[at] = &s
		}
		return
	}
	if h.whole == nil || !h.whole.event.Newer(&s.event) {
		h.whole = &s
	}
}

// between are the occurrences in a window, single instances in their own version.
func (h *history) between(from, to time.Time, self []string) (list []Item) {
	put := func(s *stored, span Span) {
		answer, _ := h.answer(&s.event, self)
		list = append(list, Item{Span: span, Event: s.event, Message: s.message, Answer: answer})
	}
	if h.whole != nil && !h.whole.event.Cancelled {
		for _, span := range h.whole.event.Between(from, to) {
			if h.instances[span.Start.UnixMilli()] == nil {
				put(h.whole, span)
			}
		}
	}
	if h.whole != nil && h.whole.event.Cancelled {
		return list
	}
	for _, one := range h.instances {
		if one.event.Cancelled {
			continue
		}
		for _, span := range one.event.Between(from, to) {
			put(one, span)
		}
	}
	return list
}

// answer is the person's newest answer to a version: one given in the portal, else what the
// organizer's list says. An answer to an earlier time does not hold for a new one.
func (h *history) answer(e *Event, self []string) (Answer, time.Time) {
	answer, given := Unanswered, time.Time{}
	if me, ok := e.Attendee(self...); ok && me.Answer.Given() {
		answer = me.Answer
	}
	if e.Organizer.Address != "" && slices.ContainsFunc(self, func(a string) bool { return sameAddress(a, e.Organizer.Address) }) {
		answer = Accepted
	}
	for _, s := range h.answers {
		me, ok := s.event.Attendee(self...)
		if !ok || s.event.Sequence < e.Sequence || s.received.Before(given) || !s.event.Instance.IsZero() && !s.event.Instance.Equal(e.Instance) {
			continue
		}
		answer, given = me.Answer, s.received
	}
	return answer, given
}
