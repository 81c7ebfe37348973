package syncback

import (
	"cmp"
	"context"
	"slices"

	"holdover/database"
	"holdover/email"
)

// Carried is how many messages of a span a way has brought into Exchange. What goes through its
// transport is journalled there like any mail; what APPEND or CreateItem puts into a mailbox is not.
type Carried struct {
	Way        string // as people name it
	Journalled bool   // Exchange's own journal sees it
	Messages   int
}

// Carried counts the messages that Exchange has accepted by the way they took, the busiest first.
func (s *Syncback) Carried(ctx context.Context, span Span, covers func(email.MailboxID) bool) (list []Carried, err error) {
	counts := map[string]int{}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		clear(counts)
		return eachCount(tx, func(m email.MailboxID, way State, n int, _ int64) {
			if covers(m) {
				counts[string(way)] += n
			}
		}, `SELECT mailbox, way, COUNT(DISTINCT item), 0 FROM `+scope(`mailbox, item, op, state, way`)+` r WHERE op IN ('deliver', 'append') AND state IN ('accepted', 'verified') GROUP BY mailbox, way`,
			span.scopeArgs()...)
	})
	for name, n := range counts {
		c := Carried{Way: name, Messages: n}
		if w := s.way(name); w != nil {
			c.Way, c.Journalled = w.Title(), w.Speaks.Delivers()
		}
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b Carried) int { return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.Way, b.Way)) })
	return list, err
}
