package search

import (
	"context"
	"errors"
	"fmt"

	"github.com/blevesearch/bleve/v2"

	"holdover/email"
	"holdover/mailstore"
)

const (
	exactUpTo = 1000  // hits that are counted in any case
	examine   = 20000 // hits of the index whose state is asked for at most, to count so many and fill a page
	freshen   = 200   // entries that a query itself brings into the index when it is behind
	maxPage   = 200   // hits of one page
	maxFind   = 1000  // hits of Find
)

// Search never fails over its query: what is no operator is text. Newest first. One query a mailbox
// at a time. Trash: messages there are found when the query names a folder (in:trash, in:anywhere),
// or when nothing else is found; else they are left out.
func (x *Index) Search(ctx context.Context, m email.MailboxID, query string, offset, limit int) (Result, error) {
	n := parse(query, x.now())
	if n == nil {
		_, err := x.shelf(m)
		return Result{}, err
	}
	r := Result{Chips: chips(n)}
	page := page{plan: planOf(n), offset: max(0, offset), limit: min(max(0, limit), maxPage)}
	shut, err := x.turn(ctx, m, &page)
	if err != nil {
		return r, err
	}
	defer shut()
	r.Total, r.Open, r.Partial = page.total, page.open, page.partial
	messages, err := x.src.Messages(ctx, m, page.hits)
	if err != nil {
		return r, fmt.Errorf("search: read messages of %s: %w", m, err)
	}
	r.Hits, err = page.s.hits(ctx, messages, markerOf(n))
	return r, err
}

// Find is Search for the hits' ids alone, the newest limit of them, and how many there are in all
// (at least, when open).
func (x *Index) Find(ctx context.Context, m email.MailboxID, query string, limit int) (ids []email.MessageID, total int, open bool, err error) {
	n := parse(query, x.now())
	if n == nil {
		return nil, 0, false, nil
	}
	page := page{plan: planOf(n), limit: min(max(0, limit), maxFind)}
	shut, err := x.turn(ctx, m, &page)
	if err != nil {
		return nil, 0, false, err
	}
	shut()
	return page.hits, page.total, page.open, nil
}

// turn fills a page when no other query of the mailbox is under way; shut lets the next one in.
func (x *Index) turn(ctx context.Context, m email.MailboxID, p *page) (shut func(), err error) {
	s, err := x.shelf(m)
	if err != nil {
		return nil, err
	}
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("search: %w", ctx.Err())
	}
	p.s, shut = s, func() { <-s.turn }
	behind, err := s.catchUp(ctx)
	if err == nil {
		if err = s.use(ctx, func(idx bleve.Index) error { return p.fill(ctx, idx) }); errors.Is(err, errDamaged) {
			behind, err = true, nil
		}
	}
	if err != nil {
		shut()
		return nil, err
	}
	p.partial = behind || s.building.Load()
	return shut, nil
}

// catchUp brings a few new entries into the index, so that a mail just seen is found, unless a
// batch is being written. behind says that the index is not up to date.
func (s *shelf) catchUp(ctx context.Context) (behind bool, err error) {
	if !s.feed.TryLock() {
		return true, nil
	}
	defer s.feed.Unlock()
	more, err := s.feedLocked(ctx, freshen)
	switch {
	case ctx.Err() != nil:
		return true, fmt.Errorf("search: %w", ctx.Err())
	case err != nil: // it still answers from what is there
		s.x.log.Warn("search answers from an index that is behind", "mailbox", s.id, "error", err)
	}
	if more || err != nil {
		s.x.nudge(s.id)
	}
	return more || err != nil, nil
}

// dictionaryOf reads a field's words from the index.
func dictionaryOf(ctx context.Context, idx bleve.Index) dictionary {
	return func(field, start string, limit int) ([]string, error) {
		d, err := idx.FieldDictPrefix(field, []byte(start))
		if err != nil {
			return nil, err
		}
		defer d.Close()
		var top topWords
		for n := 0; n < maxDictionary && ctx.Err() == nil; n++ {
			entry, err := d.Next()
			if err != nil {
				return nil, err
			}
			if entry == nil {
				break
			}
			top = append(top, topWord{entry.Term, entry.Count})
		}
		return top.most(limit), ctx.Err()
	}
}

// hits cuts the pieces that are shown.
func (s *shelf) hits(ctx context.Context, messages []mailstore.Message, mark marker) ([]Hit, error) {
	hits := make([]Hit, 0, len(messages))
	for _, m := range messages {
		h := Hit{Message: m.ID, Subject: mark.markSubject(m.Subject)}
		if len(mark.body) > 0 {
			octets, err := s.x.src.Raw(ctx, s.id, m.ID)
			if ctx.Err() != nil {
				return hits, fmt.Errorf("search: %w", ctx.Err())
			}
			if err == nil {
				h.Snippet = mark.snippet(email.Parse(octets).Text())
			}
		}
		if h.Snippet == nil {
			h.Snippet = []Piece{{Text: m.Snippet}}
		}
		hits = append(hits, h)
	}
	return hits, nil
}
