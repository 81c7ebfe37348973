package search

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/numeric"
	bsearch "github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"
)

// Bleve sorts hits by reading the time of each from its columns, and does so anew for each portion;
// that was the most of a query's time. The times of a segment never change, so they are read once
// and kept while the index is open: four octets a message.

// arrivals knows when each message of an index was received. One query at a time uses it.
type arrivals struct {
	opening  uint64              // of the index whose segments these are
	segments map[uint64][]uint32 // by a segment's number, which is not given twice; seconds since 1970, by document
}

// snapshot is what an index holds at one moment, and the times in it.
type snapshot struct {
	*scorch.IndexSnapshot
	idx   bleve.Index
	times [][]uint32 // of its segments, in their order
}

// snapshot opens what the index holds now; it must be closed.
func (a *arrivals) snapshot(idx bleve.Index, opening uint64) (*snapshot, error) {
	inner, err := idx.Advanced()
	if err != nil {
		return nil, err
	}
	reader, err := inner.Reader()
	if err != nil {
		return nil, err
	}
	s := &snapshot{IndexSnapshot: reader.(*scorch.IndexSnapshot), idx: idx} // the only kind that settings() make
	if a.opening != opening {
		a.opening, a.segments = opening, nil
	}
	kept := make(map[uint64][]uint32, len(s.Segments()))
	first := uint64(0)
	for _, segment := range s.Segments() {
		times, known := a.segments[segment.Id()]
		if !known {
			if times, err = s.read(first, uint64(segment.FullSize())); err != nil {
				return nil, fmt.Errorf("%w: %w", err, s.Close())
			}
		}
		kept[segment.Id()], s.times = times, append(s.times, times)
		first += uint64(segment.FullSize())
	}
	a.segments = kept
	return s, nil
}

// read answers when the n messages from a document on were received.
func (s *snapshot) read(first, n uint64) ([]uint32, error) {
	values, err := s.DocValueReader([]string{fieldReceived})
	if err != nil {
		return nil, err
	}
	times := make([]uint32, n)
	for i := range n {
		err := values.VisitDocValues(documentID(first+i), func(_ string, term []byte) {
			if whole, shift := numeric.ValidPrefixCodedTermBytes(term); whole && shift == 0 {
				coded, _ := numeric.PrefixCoded(term).Int64() // just seen to be valid
				times[i] = uint32(min(max(0, numeric.Int64ToFloat64(coded)), 1<<32-1))
			}
		})
		if err != nil {
			return nil, err
		}
	}
	return times, nil
}

func documentID(number uint64) index.IndexInternalID {
	return binary.BigEndian.AppendUint64(nil, number)
}

// A place is a document and when it was received, so that places sort by time.
type place uint64

func (p place) time() uint32     { return uint32(p >> 32) }
func (p place) document() uint64 { return uint64(p & (1<<32 - 1)) }

// matching lists the documents that a query finds, the last received first.
func (s *snapshot) matching(ctx context.Context, q query.Query) ([]place, error) {
	searcher, err := q.Searcher(ctx, s.IndexSnapshot, s.idx.Mapping(), bsearch.SearcherOptions{Score: "none"})
	if err != nil {
		return nil, err
	}
	defer searcher.Close()
	pool := &bsearch.SearchContext{DocumentMatchPool: bsearch.NewDocumentMatchPool(searcher.DocumentMatchPoolSize()+1, 0), IndexReader: s.IndexSnapshot}
	var found []place
	segment, first, times := 0, uint64(0), []uint32(nil)
	if len(s.times) > 0 {
		times = s.times[0]
	}
	for n := 0; ; n++ {
		if n%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		match, err := searcher.Next(pool)
		if err != nil {
			return nil, err
		}
		if match == nil {
			break
		}
		number := binary.BigEndian.Uint64(match.IndexInternalID)
		pool.DocumentMatchPool.Put(match)
		for number >= first+uint64(len(times)) { // documents come in the order of their numbers
			first += uint64(len(times))
			segment++
			times = s.times[segment]
		}
		found = append(found, place(uint64(times[number-first])<<32|number))
	}
	slices.Sort(found)
	slices.Reverse(found)
	return found, nil
}
