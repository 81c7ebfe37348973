package syncback

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"holdover/database"
	"holdover/exchange"
)

// steps is how far a call came that takes more than one step; each is durable before the next is
// taken. Places mean something only to the way that is named.
type steps struct {
	Way  string           `json:"way,omitempty"`
	Ours []version        `json:"ours,omitempty"` // drafts of ours that the new one replaces: taken away after it is there
	Kept []exchange.Place `json:"kept,omitempty"` // drafts that somebody wrote in Exchange: never touched
	Put  *exchange.Place  `json:"put,omitempty"`  // the new one, once it is there
	Sum  string           `json:"sum,omitempty"`  // of the octets that were put
	Side string           `json:"side,omitempty"` // what the way made on the side and may have left (exchange.Item.Note)
}

// version is a draft in Exchange as it was seen.
type version struct {
	exchange.Place
	Stamp string `json:"s,omitempty"`
}

func (t steps) none() bool {
	return t.Way == "" && len(t.Ours) == 0 && len(t.Kept) == 0 && t.Put == nil && t.Side == ""
}

func (t steps) encode() string {
	if t.none() {
		return ""
	}
	return encode(t)
}

// keeps says whether a copy is a draft that somebody wrote in Exchange.
func (t steps) keeps(p exchange.Place) bool { return slices.Contains(t.Kept, p) }

// is says whether a copy is that version, unchanged.
func (v version) is(c exchange.Copy) bool { return v.Place == c.Place && v.Stamp == c.Stamp }

// errCut is a fail point in the middle of a call: the process ends there.
var errCut = errors.New("cut off in the middle of a call")

// advance makes a step durable while the row's call is under way. Who has lost the row goes no
// further: errLost.
func (s *Syncback) advance(ctx context.Context, r *row, next steps) error {
	if err := s.step("step", r.mailbox); err != nil {
		return fmt.Errorf("%w: %w", errCut, err)
	}
	err := s.write(context.WithoutCancel(ctx), r.mailbox, func(tx *database.Tx) error {
		result, err := tx.Exec(`UPDATE syncback_item SET steps=? WHERE mailbox=? AND seq=? AND fence=?`,
			next.encode(), string(r.mailbox), int64(r.seq), r.fence)
		if err != nil {
			return err
		}
		if n, err := result.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errLost)
		}
		return nil
	})
	if err == nil {
		r.steps = next
	}
	return err
}

// aside is given to a way that makes something on the side: what it notes is durable before it goes on.
func (s *Syncback) aside(ctx context.Context, r *row) func(ref string) error {
	return func(ref string) error {
		next := r.steps
		next.Side = ref
		if ref != "" {
			next.Way = r.way
		}
		return s.advance(ctx, r, next)
	}
}

// tidier takes away what an interrupted call of a way left on the side; nothing there is success.
type tidier interface {
	Tidy(ctx context.Context, mailbox, ref string) error
}

// tidy takes away what a row's earlier call may have left, over the way that left it. Until that is
// done nothing else happens to the row.
func (s *Syncback) tidy(ctx context.Context, r *row, address string) error {
	if r.steps.Side == "" {
		return nil
	}
	w := s.way(r.steps.Way)
	if w == nil {
		s.o.Log.Warn("sync-back: a draft may have been left in Exchange by a way that is not configured any more", "message", r.item, "way", r.steps.Way)
	} else if t, ok := w.Mail.(tidier); ok {
		if err := t.Tidy(ctx, address, r.steps.Side); err != nil {
			return err
		}
	}
	r.steps.Side = ""
	return nil
}

// tidyAll tidies up behind rows that are to be looked for, and passes over those where it failed: what
// is verified leaves no litter.
func (s *Syncback) tidyAll(ctx context.Context, address string, rows []row) (clean []row) {
	for i := range rows {
		r := &rows[i]
		if err := s.tidy(ctx, r, address); err != nil {
			if w := s.way(r.steps.Way); w != nil {
				s.missed(w, r.mailbox, err)
			}
			continue
		}
		clean = append(clean, *r)
	}
	return clean
}
