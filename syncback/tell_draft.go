package syncback

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// tellDraft puts the newest version into Drafts and then takes our earlier one away: create before
// delete, each step durable in the ledger, so that whatever happens between them one version is left.
// A version that somebody wrote in Exchange meanwhile is never touched: both drafts stay.
func (s *Syncback) tellDraft(ctx context.Context, r *row, box traffic.Remote) (told, error) {
	octets, there, err := s.draftText(ctx, r)
	if err != nil {
		return told{}, err
	}
	if !there {
		return s.withdrawDraft(ctx, r, box)
	}
	base, err := s.draftBase(ctx, *r, box)
	if err != nil {
		return told{}, err
	}
	now, err := copies(ctx, *r, box, []exchange.Folder{{Role: exchange.Drafts}})
	if err != nil {
		return told{}, err
	}
	if r.kind == mailstore.Refilled && r.steps.Way == "" && len(now) > 0 {
		return told{seen: true, place: now[0].Place, base: sightOf(now[0]), words: "was there already"}, nil
	}
	if r.steps.Way == "" {
		if base != nil && len(now) == 0 {
			if theirs, err := s.draftWent(ctx, *r, box); err != nil || !theirs {
				return gone, err
			}
		}
		if err := s.advance(ctx, r, beginDraft(box, base, now)); err != nil {
			return told{}, err
		}
	}
	if err := s.putDraft(ctx, r, box, octets, now); err != nil {
		return told{}, err
	}
	if err := s.dropDrafts(ctx, r, box); err != nil {
		return told{}, err
	}
	done := told{place: *r.steps.Put, words: "appended", octets: len(octets)}
	if len(r.steps.Kept) > 0 {
		done.words = "was edited in Exchange meanwhile: both drafts are kept"
	}
	return done, nil
}

// withdrawDraft takes away what an earlier try may have put of a draft that was sent or discarded since.
func (s *Syncback) withdrawDraft(ctx context.Context, r *row, box traffic.Remote) (told, error) {
	done := told{seen: true, words: "the draft was sent or discarded before it went back"}
	if r.steps.Way == "" {
		return done, nil
	}
	base, err := s.baseOf(ctx, *r)
	if err != nil {
		return told{}, err
	}
	now, err := copies(ctx, *r, box, []exchange.Folder{{Role: exchange.Drafts}})
	for _, c := range now {
		// The version that was verified before is for the row that takes the draft away; one that was
		// edited since it was seen is somebody's. What else is ours no row knows of.
		edited := slices.ContainsFunc(r.steps.Ours, func(v version) bool { return v.Place == c.Place && !v.is(c) })
		if err == nil && !edited && (base == nil || base.place != c.Place) {
			err = box.Remove(ctx, c.Place)
		}
		if errors.Is(err, exchange.ErrGone) {
			err = nil
		}
	}
	return done, err
}

// draftText is the newest version; there is false when it is no draft any more.
func (s *Syncback) draftText(ctx context.Context, r *row) (octets []byte, there bool, err error) {
	messages, err := s.o.Store.Messages(ctx, r.mailbox, []email.MessageID{r.message()})
	if err != nil {
		return nil, false, missing(err)
	}
	if len(messages) == 0 || messages[0].Folder != mailstore.Drafts {
		return nil, false, nil
	}
	raw, err := s.octets(ctx, *r)
	if err != nil {
		return nil, false, err
	}
	return email.WithoutDraftState(raw), true, nil
}

// draftBase is our version as it was last read from Exchange, nil when there is none. Its place means
// nothing to another way, so the way that knows it is asked for as long as it can carry the draft.
func (s *Syncback) draftBase(ctx context.Context, r row, box traffic.Remote) (*row, error) {
	if r.kind == mailstore.Refilled {
		return nil, nil // what was seen in the Exchange of before says nothing of this one
	}
	base, err := s.baseOf(ctx, r)
	if err != nil || base == nil || box.Knows(base.place) {
		return base, err
	}
	if s.way(base.place.Way) != nil && !slices.Contains(cannot(r), base.place.Way) {
		return nil, &exchange.Failure{Kind: exchange.ErrUnsuited, Op: "draft", Words: "only " + base.place.Way + " knows the earlier version"}
	}
	return nil, nil
}

// draftWent says what became of a draft that is not in Drafts any more: somebody put it elsewhere
// (theirs), or sent or deleted it.
func (s *Syncback) draftWent(ctx context.Context, r row, box traffic.Remote) (theirs bool, err error) {
	all, err := copies(ctx, r, box, nil)
	for _, c := range all {
		theirs = theirs || c.Role != exchange.Trash
	}
	return theirs, err
}

// beginDraft parts the versions in Exchange into ours as we left it, and what somebody wrote there.
func beginDraft(box traffic.Remote, base *row, now []exchange.Copy) steps {
	next := steps{Way: box.Way.Name()}
	for _, c := range now {
		if base != nil && base.place == c.Place && (base.base == nil || base.base.Stamp == c.Stamp) {
			next.Ours = append(next.Ours, version{c.Place, c.Stamp})
		} else {
			next.Kept = append(next.Kept, c.Place)
		}
	}
	return next
}

// putDraft makes the new version, unless an earlier try has made the very same. What an earlier try
// made and did not note, or of an older text, is ours and goes.
func (s *Syncback) putDraft(ctx context.Context, r *row, box traffic.Remote, octets []byte, now []exchange.Copy) error {
	hash := sha256.Sum256(octets)
	text := hex.EncodeToString(hash[:])
	next := r.steps
	for _, c := range now {
		if next.keeps(c.Place) || slices.ContainsFunc(next.Ours, func(v version) bool { return v.Place == c.Place }) {
			continue
		}
		if next.Put != nil && *next.Put == c.Place && next.Sum == text {
			return nil
		}
		next.Ours = append(next.Ours, version{c.Place, c.Stamp})
	}
	if len(next.Ours) != len(r.steps.Ours) {
		next.Put = nil
		if err := s.advance(ctx, r, next); err != nil {
			return err
		}
	}
	place, err := box.Append(ctx, exchange.Folder{Role: exchange.Drafts}, exchange.Item{Octets: octets, Date: fromMillis(r.at),
		Flags: exchange.Flags{Draft: true, Seen: true}, Note: s.aside(ctx, r)})
	if err != nil {
		return err
	}
	next = r.steps
	next.Put, next.Sum = &place, text
	return s.advance(ctx, r, next)
}

// dropDrafts takes our earlier versions away, unless somebody has written in one since it was seen.
func (s *Syncback) dropDrafts(ctx context.Context, r *row, box traffic.Remote) error {
	if len(r.steps.Ours) == 0 {
		return nil
	}
	now, err := copies(ctx, *r, box, []exchange.Folder{{Role: exchange.Drafts}})
	if err != nil {
		return err
	}
	next := r.steps
	next.Ours = nil
	for _, old := range r.steps.Ours {
		for _, c := range now {
			switch {
			case c.Place != old.Place:
			case !old.is(c):
				next.Kept = append(next.Kept, c.Place)
			default:
				if err := box.Remove(ctx, c.Place); err != nil && !errors.Is(err, exchange.ErrGone) {
					return err
				}
			}
		}
	}
	return s.advance(ctx, r, next)
}

// tellErasure takes a draft away: for good when it was sent, since its copy in Sent stays; into
// Deleted Items when the person discarded it. A version that somebody wrote in Exchange meanwhile
// stays.
func (s *Syncback) tellErasure(ctx context.Context, r row, box traffic.Remote) (told, error) {
	base, err := s.draftBase(ctx, r, box)
	if err != nil {
		return told{}, err
	}
	now, err := copies(ctx, r, box, []exchange.Folder{{Role: exchange.Drafts}})
	if err != nil {
		return told{}, err
	}
	parted := beginDraft(box, base, now)
	for _, v := range parted.Ours {
		if r.detail.To == mailstore.Sent {
			err = box.Remove(ctx, v.Place)
		} else {
			err = box.Move(ctx, v.Place, exchange.Folder{Role: exchange.Trash})
		}
		if err != nil && !errors.Is(err, exchange.ErrGone) {
			return told{}, err
		}
	}
	words := fmt.Sprintf("%d version(s) taken away", len(parted.Ours))
	if len(parted.Kept) > 0 {
		words += fmt.Sprintf("; %d written in Exchange meanwhile kept", len(parted.Kept))
	}
	return told{seen: true, words: words}, nil
}
