package syncback

import (
	"context"
	"errors"

	"holdover/exchange"
	"holdover/syncback/traffic"
)

// gone is the answer where a deletion in Exchange wins.
var gone = told{seen: true, note: Gone, words: "deleted in Exchange meanwhile; left so"}

// locate reads the message that a state change is about: in the folders where it should be, else
// wherever it is now. What was once seen there and is no more was deleted in Exchange, and that
// wins (errGoneThere); what was never seen there needs a person (errNotThere).
func (s *Syncback) locate(ctx context.Context, r row, base *row, box traffic.Remote, likely ...exchange.Folder) (exchange.Copy, error) {
	if r.msgid == "" {
		return exchange.Copy{}, errNotThere
	}
	kin, err := s.kinOf(ctx, r.mailbox, []row{r})
	if err != nil {
		return exchange.Copy{}, err
	}
	if kin.has(r) && r.mark == "" {
		return s.locateAmong(ctx, kin, r, base, box)
	}
	for _, folder := range likely {
		own, err := copies(ctx, r, box, []exchange.Folder{folder})
		if err != nil && !errors.Is(err, exchange.ErrNoFolder) {
			return exchange.Copy{}, err
		}
		if len(own) > 0 {
			return pick(own, base), nil
		}
	}
	own, err := copies(ctx, r, box, nil)
	if err == nil && len(own) == 0 && base == nil {
		// Old mail: Exchange's own date of it may be any, so read everything before saying no.
		var all []exchange.Copy
		all, err = box.Find(ctx, exchange.Query{MessageIDs: []string{r.msgid}})
		own = ownCopies(r, all)
	}
	switch {
	case err != nil:
		return exchange.Copy{}, err
	case len(own) > 0:
		return pick(own, base), nil
	case base != nil:
		return exchange.Copy{}, errGoneThere
	}
	return exchange.Copy{}, errNotThere
}

// locateAmong is locate where other items bear the same Message-ID.
func (s *Syncback) locateAmong(ctx context.Context, kin kin, r row, base *row, box traffic.Remote) (exchange.Copy, error) {
	all, err := box.Find(ctx, exchange.Query{MessageIDs: []string{r.msgid}})
	if err != nil {
		return exchange.Copy{}, err
	}
	where, _ := s.movedFrom(ctx, r, base)
	own := kin.own(ctx, r, where, all)
	switch {
	case len(own) > 0:
		return pick(own, base), nil
	case base != nil:
		return exchange.Copy{}, errGoneThere
	}
	return exchange.Copy{}, errNotThere
}

// pick takes the copy that the base saw, else the first.
func pick(own []exchange.Copy, base *row) exchange.Copy {
	for _, c := range own {
		if base != nil && c.Place == base.place {
			return c
		}
	}
	return own[0]
}

// binned says whether a message was deleted in Exchange since the base: it lies in Deleted Items and
// was not seen there before.
func binned(at exchange.Copy, base *row) bool {
	return at.Role == exchange.Trash && base != nil && base.base != nil && base.base.Role != exchange.Trash
}

// changeable finds the message whose state is to be changed: where it lies in Exchange now, and the base. deleted: somebody
// put it into Deleted Items there meanwhile, and that wins.
func (s *Syncback) changeable(ctx context.Context, r row, box traffic.Remote) (at exchange.Copy, base *row, deleted bool, err error) {
	if base, err = s.baseOf(ctx, r); err != nil {
		return at, nil, false, err
	}
	var likely []exchange.Folder
	if base != nil {
		likely = append(likely, base.seenIn())
	}
	at, err = s.locate(ctx, r, base, box, likely...)
	return at, base, err == nil && binned(at, base), err
}

// tellFlags sets those marks that the person in the portal changed, and leaves the others as they
// are in Exchange now.
func (s *Syncback) tellFlags(ctx context.Context, r row, box traffic.Remote) (told, error) {
	at, base, deleted, err := s.changeable(ctx, r, box)
	if err != nil {
		return told{}, err
	}
	if deleted {
		return gone, nil
	}
	want := mergeFlags(baseFlags(base, r.detail.Was), remoteFlags(*r.detail.Flags), at.Flags)
	if want == at.Flags {
		return told{seen: true, place: at.Place, base: sightOf(at), words: "the flags are so"}, nil
	}
	now, err := box.SetFlags(ctx, at.Place, want)
	if err != nil {
		return told{}, err
	}
	if now.Seen != want.Seen || now.Flagged != want.Flagged || now.Answered != want.Answered {
		return told{}, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "STORE", Words: "Exchange said yes but shows other flags"}
	}
	at.Flags = now
	at.Stamp = "" // it is another now
	return told{seen: true, place: at.Place, base: sightOf(at), words: "flags set"}, nil
}

// tellMove moves a message from where the base saw it. Where somebody has moved it in Exchange
// meanwhile it is left there: what happened there after Exchange came back is newer than what was
// done in the portal while it was away.
func (s *Syncback) tellMove(ctx context.Context, r row, box traffic.Remote) (told, error) {
	to, err := s.remoteFolder(ctx, r.mailbox, r.detail.To)
	if err != nil {
		return told{}, err
	}
	base, err := s.baseOf(ctx, r)
	if err != nil {
		return told{}, err
	}
	from, known := s.movedFrom(ctx, r, base)
	likely := []exchange.Folder{to}
	if known {
		likely = append(likely, from)
	}
	at, err := s.locate(ctx, r, base, box, likely...)
	if err != nil {
		return told{}, err
	}
	switch {
	case lies(at, to):
		return told{seen: true, place: at.Place, base: sightOf(at), words: "is there"}, nil
	case binned(at, base):
		return gone, nil
	case known && !lies(at, from) && (base != nil || at.Role != exchange.Inbox):
		return told{seen: true, place: at.Place, base: sightOf(at), note: Moved, words: "was moved in Exchange meanwhile and is left there"}, nil
	}
	err = box.Move(ctx, at.Place, to)
	if made, madeErr := remake(ctx, box, to, err); made {
		err = box.Move(ctx, at.Place, to)
	} else if madeErr != nil {
		err = madeErr
	}
	return told{words: "moved"}, err
}

// movedFrom is where the message lay before the portal moved it: as last seen in Exchange, else as
// the portal showed it.
func (s *Syncback) movedFrom(ctx context.Context, r row, base *row) (exchange.Folder, bool) {
	if base != nil {
		return s.calledNow(ctx, base), true
	}
	if r.detail.From == "" {
		return exchange.Folder{}, false
	}
	from, err := s.remoteFolder(ctx, r.mailbox, r.detail.From)
	return from, err == nil
}

// remake makes a folder anew that was renamed or deleted in Exchange, when something has to go into
// it. Folders with a role are Exchange's own and are never made.
func remake(ctx context.Context, box traffic.Remote, f exchange.Folder, failed error) (made bool, err error) {
	if !errors.Is(failed, exchange.ErrNoFolder) || f.Name == "" {
		return false, nil
	}
	err = box.Create(ctx, f)
	return err == nil, err
}

// lies says whether a copy is in a folder.
func lies(c exchange.Copy, f exchange.Folder) bool {
	switch {
	case f.Name == "":
		return c.Role == f.Role
	case f.Role != "": // what the role's own folder is called is Exchange's business
		return c.Below == f.Role && sameFolder(pathBelow(c.Folder), f.Name)
	}
	return sameFolder(c.Folder, f.Name)
}
