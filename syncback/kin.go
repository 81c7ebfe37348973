package syncback

import (
	"context"
	"slices"

	"holdover/database"
	"holdover/email"
	"holdover/exchange"
)

// kin are the other items of a mailbox that bear a Message-ID too: the sender's copy of a message
// to oneself, a list's copy of one's own mail, two mails of a careless program. A copy counts for
// one item only, else a lost message would be believed to be there.
type kin struct {
	s     *Syncback
	rows  map[string][]row // by Message-ID; what brought or moved an item, newest last
	taken map[exchange.Place]string
}

// kinOf reads the rows of all items that share a Message-ID with one of rows.
func (s *Syncback) kinOf(ctx context.Context, m email.MailboxID, rows []row) (k kin, err error) {
	k = kin{s: s, rows: map[string][]row{}, taken: map[exchange.Place]string{}}
	asked := map[string]bool{"": true}
	var ids []any
	for _, r := range rows {
		if !asked[r.msgid] {
			asked[r.msgid] = true
			ids = append(ids, r.msgid)
		}
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		clear(k.rows)
		for chunk := range slices.Chunk(ids, 500) {
			all, err := query(tx, `WHERE mailbox=? AND msgid IN (`+database.In(len(chunk))+`) AND op IN ('deliver','append','move','flags') AND state IN ('verified','accepted','in doubt') ORDER BY seq`,
				append([]any{string(m)}, chunk...)...)
			if err != nil {
				return err
			}
			for _, r := range all {
				k.rows[r.msgid] = append(k.rows[r.msgid], r)
			}
		}
		return nil
	})
	return k, err
}

// own picks those copies that are r's message and nobody else's, and keeps them for it.
func (k kin) own(ctx context.Context, r row, copies []exchange.Copy) []exchange.Copy {
	own := slices.DeleteFunc(ownCopies(r, copies), func(c exchange.Copy) bool {
		item, ok := k.taken[c.Place]
		return ok && item != r.item
	})
	if r.op == draft || r.op == erase {
		return own
	}
	for _, other := range k.others(r) {
		own = k.without(ctx, r, other, own)
	}
	for _, c := range own {
		k.taken[c.Place] = r.item
	}
	return own
}

// others are the rows of the other items, by item.
func (k kin) others(r row) (list [][]row) {
	at := map[string]int{}
	for _, o := range k.rows[r.msgid] {
		if o.item == r.item {
			continue
		}
		i, ok := at[o.item]
		if !ok {
			i = len(list)
			at[o.item], list = i, append(list, nil)
		}
		list[i] = append(list[i], o)
	}
	return list
}

// without takes out the copy of another item: the one with its trace, else at its place, else in the
// folder where it should be and r should not. Of an item that was seen and is nowhere of these, it
// is any copy that lies where r does not belong: somebody has moved it.
func (k kin) without(ctx context.Context, r row, other []row, own []exchange.Copy) []exchange.Copy {
	newest := other[len(other)-1]
	where, err := k.s.remoteFolder(ctx, r.mailbox, r.target())
	apart := func(c exchange.Copy) bool { return err == nil && !lies(c, where) }
	theirs, err2 := k.s.remoteFolder(ctx, r.mailbox, newest.target())
	for _, is := range []func(exchange.Copy) bool{
		func(c exchange.Copy) bool { return newest.mark != "" && slices.Contains(c.Traces, newest.mark) },
		func(c exchange.Copy) bool {
			return newest.mark == "" && slices.ContainsFunc(other, func(o row) bool { return o.place == c.Place })
		},
		func(c exchange.Copy) bool { return newest.mark == "" && err2 == nil && lies(c, theirs) && apart(c) },
		func(c exchange.Copy) bool {
			return newest.mark == "" && newest.state == Verified && newest.note != Gone && apart(c)
		},
	} {
		if i := slices.IndexFunc(own, is); i >= 0 {
			return slices.Delete(own, i, i+1)
		}
	}
	return own
}
