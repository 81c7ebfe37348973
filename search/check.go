package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/analysis"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/search/query"

	"holdover/email"
	"holdover/mailstore"
)

const (
	samples     = 20 // documents whose terms are compared
	sampleTerms = 8  // terms of each field of those
)

// Rebuild throws a mailbox's index away and builds it anew in the background.
func (x *Index) Rebuild(m email.MailboxID) error {
	s, err := x.shelf(m)
	if err != nil {
		return err
	}
	return s.discard(nil)
}

// Remove deletes a mailbox's index.
func (x *Index) Remove(m email.MailboxID) error {
	s, err := x.shelf(m)
	if err != nil {
		return err
	}
	x.mu.Lock()
	delete(x.shelves, m)
	x.mu.Unlock()
	s.life.Lock()
	defer s.life.Unlock()
	s.gone = true
	if err := errors.Join(s.closeLocked(), os.RemoveAll(s.dir)); err != nil {
		return fmt.Errorf("search: remove index of %s: %w", m, err)
	}
	return nil
}

// Check compares an index with the store, up to where the index is: every message has its
// document and every document its message, and the terms of some of them are what they should be.
// It answers English sentences, each with its remedy.
func (x *Index) Check(ctx context.Context, m email.MailboxID) ([]string, error) {
	s, err := x.shelf(m)
	if err != nil {
		return nil, err
	}
	s.feed.Lock()
	defer s.feed.Unlock()
	var findings []string
	err = s.use(ctx, func(idx bleve.Index) error {
		findings = nil
		live, err := s.live(ctx)
		if err != nil {
			return err
		}
		if docs, err := idx.DocCount(); err != nil || docs != uint64(len(live)) {
			findings = append(findings, fmt.Sprintf("the index has %d documents for %d messages: rebuild it (%v)", docs, len(live), err))
		}
		had, err := present(ctx, idx, live)
		if err != nil {
			return err
		}
		for _, id := range live {
			if !had[id] {
				findings = append(findings, fmt.Sprintf("message %s is not in the index: rebuild it", id))
			}
		}
		wrong, err := s.sample(ctx, idx, live)
		if findings = append(findings, wrong...); err != nil {
			return err
		}
		bare, err := s.bare(ctx, idx)
		findings = append(findings, bare...)
		return err
	})
	if errors.Is(err, errDamaged) {
		return append(findings, fmt.Sprintf("%v: it is being rebuilt", err)), nil
	}
	return findings, err
}

// live lists the messages that the log up to the cursor tells of and that are still there.
func (s *shelf) live(ctx context.Context) ([]email.MessageID, error) {
	var live []email.MessageID
	seen := map[email.MessageID]bool{}
	for after := mailstore.Seq(0); after < s.note.Cursor; {
		entries, err := s.x.src.Entries(ctx, s.id, after, batchSize)
		if err != nil || len(entries) == 0 {
			return live, err
		}
		after = entries[len(entries)-1].Seq
		for len(entries) > 0 && entries[len(entries)-1].Seq > s.note.Cursor {
			entries = entries[:len(entries)-1]
		}
		ids := slices.DeleteFunc(touchedBy(entries), func(id email.MessageID) bool { return seen[id] })
		messages, err := s.x.src.Messages(ctx, s.id, ids)
		if err != nil {
			return nil, err
		}
		for _, m := range messages {
			seen[m.ID] = true
			live = append(live, m.ID)
		}
	}
	return live, nil
}

// bare lists messages that were indexed without their text and could have it now.
func (s *shelf) bare(ctx context.Context, idx bleve.Index) ([]string, error) {
	r := bleve.NewSearchRequestOptions(terms(fieldHas, []string{hasNoText})[0], samples, 0, false)
	found, err := idx.SearchInContext(ctx, r)
	if err != nil {
		return nil, doubtful(ctx, err)
	}
	var findings []string
	for _, h := range found.Hits {
		if _, err := s.x.src.Raw(ctx, s.id, email.MessageID(h.ID)); err == nil {
			findings = append(findings, fmt.Sprintf("message %s was indexed without its text, which can be read now: rebuild the index", h.ID))
		}
	}
	return findings, nil
}

// sample looks up some terms of some documents, taken evenly over the mailbox.
func (s *shelf) sample(ctx context.Context, idx bleve.Index, live []email.MessageID) ([]string, error) {
	var some []email.MessageID
	for i := 0; i < len(live); i += max(1, len(live)/samples) {
		some = append(some, live[i])
	}
	documents, err := s.documents(ctx, some)
	if err != nil {
		return nil, err
	}
	maps.DeleteFunc(documents, func(_ email.MessageID, d *document.Document) bool { return isBare(d) })
	var findings []string
	for id, d := range documents {
		must := []query.Query{query.NewDocIDQuery([]string{string(id)})}
		for _, f := range d.Fields {
			if text, ok := f.(*document.TextField); ok {
				must = append(must, sampleOf(text)...)
			}
		}
		r := bleve.NewSearchRequestOptions(query.NewConjunctionQuery(must), 1, 0, false)
		r.Score = "none"
		found, err := idx.SearchInContext(ctx, r)
		if err != nil {
			return findings, doubtful(ctx, err)
		}
		if found.Total != 1 {
			findings = append(findings, fmt.Sprintf("message %s is indexed with other words than it has: rebuild the index", id))
		}
	}
	return findings, nil
}

func isBare(d *document.Document) bool {
	for _, f := range d.Fields {
		if text, ok := f.(*document.TextField); ok && f.Name() == fieldHas {
			return slices.ContainsFunc(text.Analyzer().Analyze(nil), func(t *analysis.Token) bool { return string(t.Term) == hasNoText })
		}
	}
	return false
}

func sampleOf(field *document.TextField) []query.Query {
	tokens := field.Analyzer().Analyze(nil)
	var words []string
	for i := 0; i < len(tokens); i += max(1, len(tokens)/sampleTerms) {
		words = append(words, string(tokens[i].Term))
	}
	return terms(field.Name(), words)
}

// scrub checks the indexes that were checked a day or more ago, the longest ago first, as many as
// there is time for and while no mail is coming in.
func (x *Index) scrub(ctx context.Context) {
	for began := time.Now(); ctx.Err() == nil && x.src.Busy() == 0 && time.Since(began) < scrubFor; {
		s := x.stalest()
		if s == nil || !x.scrubOne(ctx, s) {
			return
		}
	}
}

// scrubOne checks an index and builds it again when something is wrong with it; false when that
// could not be done.
func (x *Index) scrubOne(ctx context.Context, s *shelf) bool {
	findings, err := x.Check(ctx, s.id)
	switch {
	case err != nil:
		if ctx.Err() == nil {
			x.log.Error("search index could not be checked", "mailbox", s.id, "error", err)
		}
		return false
	case len(findings) > 0:
		x.log.Warn("search index is wrong and will be built again", "mailbox", s.id, "findings", len(findings), "first", findings[0])
		if err := x.Rebuild(s.id); err != nil {
			x.log.Error("search index could not be thrown away", "mailbox", s.id, "error", err)
			return false
		}
		return true
	}
	if err := s.checked(ctx); err != nil {
		x.log.Error("search index could not be marked as checked", "mailbox", s.id, "error", err)
		return false
	}
	return true
}

func (s *shelf) checked(ctx context.Context) error {
	s.feed.Lock()
	defer s.feed.Unlock()
	return s.use(ctx, func(idx bleve.Index) error {
		s.note.Checked = s.x.now().Unix()
		return idx.SetInternal(noteKey, s.note.octets())
	})
}

// stalest is the mailbox whose index is due for a check; nil when none is.
func (x *Index) stalest() *shelf {
	x.mu.Lock()
	shelves := make([]*shelf, 0, len(x.shelves))
	for _, s := range x.shelves {
		shelves = append(shelves, s)
	}
	x.mu.Unlock()
	var oldest *shelf
	age := scrubAge
	for _, s := range shelves {
		s.feed.Lock()
		s.life.RLock()
		if a := s.note.age(x.now()); s.note.Format == format && a >= age {
			oldest, age = s, a
		}
		s.life.RUnlock()
		s.feed.Unlock()
	}
	return oldest
}
