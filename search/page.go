package search

import (
	"context"
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2"

	"holdover/email"
	"holdover/mailstore"
)

// page walks through hits, newest first, until it is full and its total is known well enough.
type page struct {
	s             *shelf
	plan          plan
	offset, limit int

	judge   *judge
	hits    []email.MessageID
	total   int
	open    bool              // there may be more than total
	trashed []email.MessageID // hits in the trash, for when there are no others
	trash   int
	partial bool
}

func (p *page) fill(ctx context.Context, idx bleve.Index) error {
	p.hits, p.total, p.open, p.trashed, p.trash = nil, 0, false, nil, 0
	snapshot, err := p.s.arrivals.snapshot(idx, p.s.openings)
	if err != nil {
		return doubtful(ctx, err)
	}
	defer snapshot.Close()
	streams, err := p.streams(ctx, snapshot)
	if err != nil {
		return err
	}
	found := 0
	for _, s := range streams {
		found += len(s.places)
	}
	if p.judge, err = p.s.judge(ctx, p.plan, found); err != nil {
		return err
	}
	if err := p.walk(ctx, streams); err != nil {
		return err
	}
	if p.total == 0 && p.trash > 0 {
		p.hits, p.total = p.trashed, p.trash
	}
	return nil
}

// walk takes portions until it need not go on. A judge who knows everything beforehand costs so
// little that all hits are counted.
func (p *page) walk(ctx context.Context, streams []*stream) error {
	for examined := 0; ; {
		batch, err := merge(ctx, streams, portion(examined))
		if err != nil {
			return err
		}
		standings, err := p.judge.standings(ctx, batch)
		if err != nil {
			return err
		}
		for _, c := range batch {
			p.take(c, standings)
		}
		examined += len(batch)
		left := slices.ContainsFunc(streams, func(s *stream) bool { return s.left() > 0 })
		full := p.total >= max(p.offset+p.limit, exactUpTo)
		if !left || !p.judge.knows && (full || examined >= examine) {
			p.open = left
			return nil
		}
	}
}

// portion grows the number of hits judged at once: most queries have few.
func portion(examined int) int { return min(max(250, examined), 2000) }

// take keeps a candidate that is there in the wanted state.
func (p *page) take(c candidate, standings map[email.MessageID]mailstore.Standing) {
	mask, trash, there := p.judge.of(c.id, standings)
	if !there || !slices.Contains(c.masks, mask) {
		return
	}
	count, list := &p.total, &p.hits
	if trash && !p.plan.trash {
		count, list = &p.trash, &p.trashed
	}
	*count++
	if *count > p.offset && len(*list) < p.limit {
		*list = append(*list, c.id)
	}
}

// candidate is a hit of the index; it counts when the message's state is one of the case's.
type candidate struct {
	id    email.MessageID
	time  uint32
	masks []uint
}

// stream is one case's hits, newest first.
type stream struct {
	snapshot *snapshot
	places   []place // sorted, the first one is the next
	masks    []uint
	ready    []candidate // of one second
}

func (p *page) streams(ctx context.Context, snapshot *snapshot) ([]*stream, error) {
	var streams []*stream
	compiler := compiler{dict: dictionaryOf(ctx, snapshot.idx), named: p.namedOf(ctx)}
	for _, c := range p.plan.cases {
		compiler.spent = 0
		q, err := compiler.query(c.rest)
		if err != nil {
			return nil, doubtful(ctx, err)
		}
		places, err := snapshot.matching(ctx, q)
		if err != nil {
			return nil, doubtful(ctx, err)
		}
		streams = append(streams, &stream{snapshot: snapshot, places: places, masks: c.masks})
	}
	return streams, nil
}

// namedOf asks the store once for what bears a category at all; most messages bear none.
func (p *page) namedOf(ctx context.Context) named {
	var all map[email.MessageID]email.Categories
	return func(fits func(string) bool) (ids []string, err error) {
		if all == nil {
			if all, err = p.s.x.src.Categorised(ctx, p.s.id); err != nil {
				return nil, fmt.Errorf("search: %w", err)
			}
		}
		for id, names := range all {
			if slices.ContainsFunc(names, fits) {
				ids = append(ids, string(id))
			}
		}
		return ids, nil
	}
}

// head makes sure that a stream has its next candidate ready; false at its end. Messages of the
// same second are in the order of their ids, as in the folders' lists.
func (s *stream) head() (bool, error) {
	if len(s.ready) > 0 || len(s.places) == 0 {
		return len(s.ready) > 0, nil
	}
	n := 1
	for n < len(s.places) && s.places[n].time() == s.places[0].time() {
		n++
	}
	for _, at := range s.places[:n] {
		id, err := s.snapshot.ExternalID(documentID(at.document()))
		if err != nil {
			return false, err
		}
		s.ready = append(s.ready, candidate{email.MessageID(id), at.time(), s.masks})
	}
	slices.SortFunc(s.ready, newestFirst)
	s.places = s.places[n:]
	return true, nil
}

func newestFirst(a, b candidate) int {
	switch {
	case a.time != b.time:
		return int(int64(b.time) - int64(a.time))
	case a.id > b.id:
		return -1
	case a.id < b.id:
		return 1
	}
	return 0
}

// left is how many hits of the index have not been looked at.
func (s *stream) left() int { return len(s.places) + len(s.ready) }

// merge takes the newest candidates of all streams, at most n.
func merge(ctx context.Context, streams []*stream, n int) ([]candidate, error) {
	batch := make([]candidate, 0, n)
	for len(batch) < n {
		var newest *stream
		for _, s := range streams {
			ok, err := s.head()
			if err != nil {
				return nil, doubtful(ctx, err)
			}
			if ok && (newest == nil || newestFirst(s.ready[0], newest.ready[0]) < 0) {
				newest = s
			}
		}
		if newest == nil {
			break
		}
		batch = append(batch, newest.ready[0])
		newest.ready = newest.ready[1:]
	}
	return batch, ctx.Err()
}
