package search

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/search/query"

	"holdover/email"
	"holdover/mailstore"
)

const (
	batchSize = 1000             // entries in one commit
	patience  = 10 * time.Minute // how long messages may be unreadable before they are indexed by their metadata alone
)

// feedBatch brings the next entries of the log, at most limit, into the index in one commit; more
// says whether there were as many as that. What a message is now decides, not what an entry says:
// so order within a batch does not matter, and any entry may be seen twice.
func (s *shelf) feedBatch(ctx context.Context, limit int) (more bool, err error) {
	s.feed.Lock()
	defer s.feed.Unlock()
	return s.feedLocked(ctx, limit)
}

func (s *shelf) feedLocked(ctx context.Context, limit int) (more bool, err error) {
	err = s.use(ctx, func(idx bleve.Index) error {
		entries, err := s.x.src.Entries(ctx, s.id, s.note.Cursor, limit)
		if err != nil {
			return fmt.Errorf("search: read log of %s: %w", s.id, err)
		}
		if more = len(entries) == limit; len(entries) == 0 {
			return nil
		}
		return s.commit(ctx, idx, entries)
	})
	if err != nil {
		if s.failing.IsZero() {
			s.failing = s.x.now()
		}
		return false, err
	}
	s.failing = time.Time{}
	if !more {
		s.building.Store(false)
	}
	return more, nil
}

// commit writes documents and cursor as one batch; Bleve has it on disk when it returns.
func (s *shelf) commit(ctx context.Context, idx bleve.Index, entries []mailstore.Entry) error {
	touched := touchedBy(entries)
	batch := idx.NewBatch()
	next := s.note
	last := entries[len(entries)-1]
	next.Cursor, next.Print = last.Seq, printOf(last)
	if len(touched) > 0 {
		had, err := present(ctx, idx, touched)
		if err != nil {
			return err
		}
		documents, err := s.documents(ctx, touched)
		if err != nil {
			return err
		}
		for _, id := range touched {
			d := documents[id]
			switch {
			case d != nil:
				if err := batch.IndexAdvanced(d); err != nil {
					return fmt.Errorf("search: index %s: %w", id, err)
				}
				if !had[id] {
					next.Docs++
				}
			case had[id]:
				batch.Delete(string(id))
				next.Docs--
			}
		}
	}
	batch.SetInternal(noteKey, next.octets())
	if err := idx.Batch(batch); err != nil {
		return fmt.Errorf("%w: write batch: %w", errDamaged, err)
	}
	s.note = next
	return nil
}

// touchedBy lists the messages, each once, whose words may have changed. Flags, categories and folders are not
// in the index, so entries about them cost nothing but their place in the log.
func touchedBy(entries []mailstore.Entry) []email.MessageID {
	var ids []email.MessageID
	seen := map[email.MessageID]bool{}
	for _, e := range entries {
		switch e.Kind {
		case mailstore.Flagged, mailstore.Categorised, mailstore.Moved, mailstore.NewFolder, mailstore.Merged:
			continue
		}
		if e.Message != "" && !seen[e.Message] {
			seen[e.Message] = true
			ids = append(ids, e.Message)
		}
	}
	return ids
}

// present says which of the messages the index has.
func present(ctx context.Context, idx bleve.Index, ids []email.MessageID) (map[email.MessageID]bool, error) {
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	r := bleve.NewSearchRequestOptions(query.NewDocIDQuery(texts), len(ids), 0, false)
	r.Score = "none"
	found, err := idx.SearchInContext(ctx, r)
	if err != nil {
		return nil, doubtful(ctx, err)
	}
	had := make(map[email.MessageID]bool, len(found.Hits))
	for _, h := range found.Hits {
		had[email.MessageID(h.ID)] = true
	}
	return had, nil
}

// doubtful is an error of the index itself, unless it is only that the caller gave up.
func doubtful(ctx context.Context, err error) error {
	if ctx.Err() != nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("search: %w", err)
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// documents makes the documents of those messages that are still there.
func (s *shelf) documents(ctx context.Context, ids []email.MessageID) (map[email.MessageID]*document.Document, error) {
	messages, err := s.x.src.Messages(ctx, s.id, ids)
	if err != nil {
		return nil, fmt.Errorf("search: read messages of %s: %w", s.id, err)
	}
	documents := make(map[email.MessageID]*document.Document, len(messages))
	words := lexicon{}
	for _, m := range messages {
		c, err := s.content(ctx, m)
		if err != nil {
			return nil, err
		}
		documents[m.ID] = documentOf(m, c, words)
	}
	return documents, nil
}

// content reads a message's octets. One whose file is gone, or cannot be read for a while, is
// found by what its metadata say: a single bad file must not stop the index. The scrub notices when
// it can be read after all.
func (s *shelf) content(ctx context.Context, m mailstore.Message) (content, error) {
	octets, err := s.x.src.Raw(ctx, s.id, m.ID)
	switch {
	case err == nil:
		return contentOf(octets), nil
	case ctx.Err() != nil:
		return content{}, fmt.Errorf("search: %w", ctx.Err())
	case errors.Is(err, mailstore.ErrNotFound), !s.failing.IsZero() && s.x.now().Sub(s.failing) >= patience:
		s.x.log.Warn("message is indexed without its text", "mailbox", s.id, "message", m.ID, "error", err)
		return content{text: m.Snippet, bare: true}, nil
	}
	return content{}, fmt.Errorf("search: read message %s: %w", m.ID, err)
}
