package search

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/blevesearch/bleve/v2"
	bsearch "github.com/blevesearch/bleve/v2/search"

	"holdover/email"
	"holdover/mailstore"
)

const (
	exactUpTo = 500   // hits that are looked at in any case, so that Total is exact for most queries
	exactOr   = 5000  // the same for queries of several cases, whose hits in the index overlap
	examine   = 20000 // hits that are looked at at most, to fill a page
	freshen   = 200   // entries that a query itself brings into the index when it is behind
	maxPage   = 200   // hits of one page
)

// Search never fails over its query: what is no operator is text. Newest first. One query a mailbox
// at a time. Trash: messages there are found when the query names a folder (in:trash, in:anywhere),
// or when nothing else is found; else they are left out.
func (x *Index) Search(ctx context.Context, m email.MailboxID, query string, offset, limit int) (Result, error) {
	s, err := x.shelf(m)
	if err != nil {
		return Result{}, err
	}
	n := parse(query, x.now())
	if n == nil {
		return Result{}, nil
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return Result{}, fmt.Errorf("search: %w", ctx.Err())
	}
	r := Result{Chips: chips(n)}
	behind, err := s.catchUp(ctx)
	if err != nil {
		return r, err
	}
	page := page{s: s, plan: planOf(n), offset: max(0, offset), limit: min(max(0, limit), maxPage)}
	err = s.use(ctx, func(idx bleve.Index) error { return page.fill(ctx, idx) })
	if err != nil && !errors.Is(err, errDamaged) {
		return r, err
	}
	r.Partial = behind || err != nil || s.building.Load()
	r.Total = page.total
	r.Hits, err = s.hits(ctx, page.hits, markerOf(n))
	return r, err
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

// page walks through hits, newest first, until it is full and its total is known well enough.
type page struct {
	s             *shelf
	plan          plan
	offset, limit int

	folders map[mailstore.FolderID]string
	hits    []mailstore.Message
	total   int
	trashed []mailstore.Message // hits in the trash, for when there are no others
	trash   int
}

func (p *page) fill(ctx context.Context, idx bleve.Index) error {
	p.hits, p.total, p.trashed, p.trash = nil, 0, nil, 0
	if err := p.nameFolders(ctx); err != nil {
		return err
	}
	streams, err := p.streams(ctx, idx)
	if err != nil {
		return err
	}
	exact, examined := exactUpTo, 0
	if len(streams) > 1 {
		exact = exactOr
	}
	for {
		batch, err := merge(ctx, streams, pageOf(examined))
		if err != nil {
			return err
		}
		if err := p.take(ctx, batch); err != nil {
			return err
		}
		examined += len(batch)
		full := p.total >= p.offset+p.limit && examined >= exact
		if len(batch) == 0 || full || examined >= examine {
			break
		}
	}
	for _, s := range streams {
		p.total += s.left()
	}
	if p.total == 0 && p.trash > 0 {
		p.hits, p.total = p.trashed, p.trash
	}
	return nil
}

// pageOf grows the number of hits read at once: most queries have few.
func pageOf(examined int) int { return min(max(250, examined), 2000) }

func (p *page) nameFolders(ctx context.Context) error {
	p.folders = map[mailstore.FolderID]string{}
	named := false
	for _, l := range p.plan.states {
		named = named || l.field == fieldFolder
	}
	if !named {
		return nil
	}
	folders, err := p.s.x.src.Folders(ctx, p.s.id)
	if err != nil {
		return fmt.Errorf("search: folders of %s: %w", p.s.id, err)
	}
	for _, f := range folders {
		p.folders[f.ID] = fold(strings.ToLower(strings.Join(strings.Fields(f.Name), " ")))
	}
	return nil
}

// candidate is a hit of the index; it counts when the message's state is one of the case's.
type candidate struct {
	id    email.MessageID
	order string // larger is newer
	masks []uint
}

// take keeps those candidates that are still there in the wanted state.
func (p *page) take(ctx context.Context, batch []candidate) error {
	if len(batch) == 0 {
		return nil
	}
	ids := make([]email.MessageID, len(batch))
	for i, c := range batch {
		ids[i] = c.id
	}
	messages, err := p.s.x.src.Messages(ctx, p.s.id, ids)
	if err != nil {
		return fmt.Errorf("search: read messages of %s: %w", p.s.id, err)
	}
	byID := make(map[email.MessageID]mailstore.Message, len(messages))
	for _, m := range messages {
		byID[m.ID] = m
	}
	for _, c := range batch {
		m, there := byID[c.id]
		switch {
		case !there || !slices.Contains(c.masks, p.plan.mask(m, p.folders)):
		case m.Folder == mailstore.Trash && !p.plan.trash:
			p.trash++
			if p.trash > p.offset && len(p.trashed) < p.limit {
				p.trashed = append(p.trashed, m)
			}
		default:
			p.total++
			if p.total > p.offset && len(p.hits) < p.limit {
				p.hits = append(p.hits, m)
			}
		}
	}
	return nil
}

// stream is one case's hits, newest first, read in growing portions.
type stream struct {
	idx   bleve.Index
	req   *bleve.SearchRequest
	masks []uint
	ready []candidate
	read  int
	total int // of the index; known after the first portion
	begun bool
}

func (p *page) streams(ctx context.Context, idx bleve.Index) ([]*stream, error) {
	var streams []*stream
	for _, c := range p.plan.cases {
		compiler := compiler{dict: dictionaryOf(ctx, idx), named: p.namedOf(ctx)}
		q, err := compiler.query(c.rest)
		if err != nil {
			return nil, doubtful(ctx, err)
		}
		r := bleve.NewSearchRequestOptions(q, 0, 0, false)
		r.Score = "none"
		r.SortBy([]string{"-" + fieldReceived, "_id"})
		streams = append(streams, &stream{idx: idx, req: r, masks: c.masks})
	}
	return streams, nil
}

// namedOf asks the store once for what bears a category at all; most messages bear none.
func (p *page) namedOf(ctx context.Context) named {
	var all map[email.MessageID]email.Categories
	return func(fits func(string) bool) (ids []string, err error) {
		if all == nil {
			if all, err = p.s.x.src.Categorised(ctx, p.s.id); err != nil {
				return nil, err
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

// head makes sure that a stream has its next candidate ready; false at its end.
func (s *stream) head(ctx context.Context, portion int) (bool, error) {
	if len(s.ready) > 0 {
		return true, nil
	}
	if s.begun && s.read >= s.total {
		return false, nil
	}
	s.req.From, s.req.Size = s.read, portion
	found, err := s.idx.SearchInContext(ctx, s.req)
	if err != nil {
		return false, doubtful(ctx, err)
	}
	s.begun, s.total = true, int(found.Total)
	for _, h := range found.Hits {
		s.ready = append(s.ready, candidate{id: email.MessageID(h.ID), order: orderOf(h), masks: s.masks})
	}
	if s.read += len(found.Hits); len(found.Hits) == 0 {
		s.total = s.read
	}
	return len(s.ready) > 0, nil
}

func orderOf(h *bsearch.DocumentMatch) string {
	if len(h.Sort) == 0 {
		return ""
	}
	return h.Sort[0]
}

// left is how many hits of the index have not been looked at.
func (s *stream) left() int { return max(0, s.total-s.read) + len(s.ready) }

// merge takes the newest candidates of all streams, at most n.
func merge(ctx context.Context, streams []*stream, n int) ([]candidate, error) {
	var batch []candidate
	for len(batch) < n {
		var newest *stream
		for _, s := range streams {
			ok, err := s.head(ctx, n)
			if err != nil {
				return nil, err
			}
			if ok && (newest == nil || s.ready[0].order > newest.ready[0].order) {
				newest = s
			}
		}
		if newest == nil {
			return batch, nil
		}
		batch = append(batch, newest.ready[0])
		newest.ready = newest.ready[1:]
	}
	return batch, nil
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
