package syncback

import (
	"context"

	"holdover/database"
	"holdover/exchange"
	"holdover/mailstore"
)

// sight is a message as it was read from Exchange: the base that ours and theirs are compared with.
// Its place stands beside it in the row.
type sight struct {
	Seen     bool          `json:"s,omitempty"`
	Flagged  bool          `json:"f,omitempty"`
	Answered bool          `json:"a,omitempty"`
	Role     exchange.Role `json:"r,omitempty"` // of its folder
	Stamp    string        `json:"v,omitempty"` // changes with the message, where the way has such a thing
}

func sightOf(c exchange.Copy) *sight {
	return &sight{Seen: c.Flags.Seen, Flagged: c.Flags.Flagged, Answered: c.Flags.Answered, Role: c.Role, Stamp: c.Stamp}
}

func encodeSight(b *sight) string {
	if b == nil {
		return ""
	}
	return encode(b)
}

func (b *sight) flags() exchange.Flags {
	return exchange.Flags{Seen: b.Seen, Flagged: b.Flagged, Answered: b.Answered}
}

// see notes in a row what was read of its message.
func (r *row) see(c exchange.Copy) { r.place, r.base = c.Place, sightOf(c) }

// baseOf is the newest row before r in which the item was seen in Exchange, nil when it never was.
func (s *Syncback) baseOf(ctx context.Context, r row) (base *row, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		base = nil
		rows, err := query(tx, `WHERE mailbox=? AND item=? AND seq<? AND state='verified' AND op IN (`+r.op.siblings()+`) AND place<>'' ORDER BY seq DESC LIMIT 1`,
			string(r.mailbox), r.item, int64(r.seq))
		if err != nil || len(rows) == 0 {
			return err
		}
		base = &rows[0]
		return nil
	})
	return base, err
}

// siblings are the operations that saw the same thing: a draft, or the message.
func (o operation) siblings() string {
	if o == draft || o == erase {
		return `'draft'`
	}
	return `'deliver','append','move','flags','categories'`
}

// folder is where the base saw the message.
func (r *row) seenIn() exchange.Folder {
	if r.base != nil && r.base.Role != "" {
		return exchange.Folder{Role: r.base.Role}
	}
	return exchange.Folder{Name: r.place.Folder}
}

// mergeFlags decides each mark by itself: what the person in the portal changed since the base is
// set, everything else stays as it is in Exchange. A mark has two values only, so both sides cannot
// have changed it to different ones and no clock is needed. Without any base ours is set.
func mergeFlags(base *exchange.Flags, ours, theirs exchange.Flags) exchange.Flags {
	if base == nil {
		ours.Draft = theirs.Draft
		return ours
	}
	pick := func(base, ours, theirs bool) bool {
		if ours != base {
			return ours
		}
		return theirs
	}
	return exchange.Flags{Seen: pick(base.Seen, ours.Seen, theirs.Seen), Flagged: pick(base.Flagged, ours.Flagged, theirs.Flagged),
		Answered: pick(base.Answered, ours.Answered, theirs.Answered), Draft: theirs.Draft}
}

// baseFlags are the marks that the portal's change of flags started from: as last read from
// Exchange or, when never read, as the store had them before the change.
func baseFlags(base *row, was *mailstore.Flags) *exchange.Flags {
	switch {
	case base != nil && base.base != nil:
		f := base.base.flags()
		return &f
	case was != nil:
		f := remoteFlags(*was)
		return &f
	}
	return nil
}
