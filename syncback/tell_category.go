package syncback

import (
	"context"

	"holdover/exchange"
	"holdover/syncback/traffic"
)

// tellCategories puts on a message in Exchange the categories that a person put on it in the portal, and
// takes off what was taken off; what else it has there stays. The base is what the portal showed before
// the change and not what Exchange showed last: a name that was given in Outlook, and that the
// portal never showed, would else count as taken off here.
func (s *Syncback) tellCategories(ctx context.Context, r row, box traffic.Remote) (told, error) {
	change := r.detail.Categories.Since(r.detail.Had)
	if !box.Way.Speaks.Categorises() { // it says so itself, before anything is looked for
		_, err := box.SetCategories(ctx, exchange.Place{}, change)
		return told{}, err
	}
	at, _, deleted, err := s.changeable(ctx, r, box)
	if err != nil {
		return told{}, err
	}
	if deleted {
		return gone, nil
	}
	want := at.Categories.After(change)
	if want.Same(at.Categories) {
		return told{seen: true, place: at.Place, base: sightOf(at), words: "the categories are so"}, nil
	}
	now, err := box.SetCategories(ctx, at.Place, change)
	if err != nil {
		return told{}, err
	}
	if !now.After(change).Same(now) { // somebody may have put on others meanwhile
		return told{}, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "categories", Words: "Exchange said yes but shows other categories"}
	}
	at.Stamp = "" // it is another now
	return told{seen: true, place: at.Place, base: sightOf(at), words: "categories set"}, nil
}
