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
	s      *Syncback
	rows   map[string][]row // by Message-ID; what brought or moved an item, newest last
	taken  map[exchange.Place]string
	steady bool // what was seen in Exchange is believed to be there still
}

// kinOf reads the rows of all items that share a Message-ID with one of rows.
func (s *Syncback) kinOf(ctx context.Context, m email.MailboxID, rows []row) (k kin, err error) {
	k = kin{s: s, rows: map[string][]row{}, taken: map[exchange.Place]string{}, steady: true}
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
			all, err := query(tx, `WHERE mailbox=? AND msgid IN (`+database.In(len(chunk))+`) AND op IN ('deliver','append','move','flags','categories') ORDER BY seq`,
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

// has says whether another item bears r's Message-ID.
func (k kin) has(r row) bool {
	return slices.ContainsFunc(k.rows[r.msgid], func(o row) bool { return o.item != r.item })
}

// all are the rows of rows and their kin: what bounds a search in time.
func (k kin) all(rows []row) []row {
	all := slices.Clone(rows)
	for _, r := range rows {
		all = append(all, k.rows[r.msgid]...)
	}
	return all
}

// own picks those copies that are r's message and nobody else's, and keeps them for it. Where r has
// kin, copies must be all that there are, and where is the folder in which r's should lie.
func (k kin) own(ctx context.Context, r row, where exchange.Folder, copies []exchange.Copy) []exchange.Copy {
	own := ownCopies(r, copies)
	if r.op == draft || r.op == erase || r.mark != "" || !k.has(r) {
		return own
	}
	own = slices.DeleteFunc(own, func(c exchange.Copy) bool {
		item, ok := k.taken[c.Place]
		return ok && item != r.item || k.traced(r, c)
	})
	if i := slices.IndexFunc(own, func(c exchange.Copy) bool { return slices.Contains(c.Traces, r.item) }); i >= 0 {
		own = own[i : i+1]
	} else if i := slices.IndexFunc(own, func(c exchange.Copy) bool { return k.saw(r, c) }); i >= 0 {
		own = own[i : i+1]
	} else {
		for _, other := range k.others(r) {
			has := slices.ContainsFunc(copies, func(c exchange.Copy) bool { return slices.Contains(c.Traces, other[0].item) })
			if !has { // else it has its copy: by its line
				own = k.without(ctx, r, other, where, own)
			}
		}
	}
	for _, c := range own {
		k.taken[c.Place] = r.item
	}
	return own
}

// traced says whether a copy carries another item's id in a Received line: it is that item's, wherever it lies. Mail of
// the portal to somebody inside has such a line and the sender's copy has none; a way that loses it leaves the rest to
// the other rules.
func (k kin) traced(r row, c exchange.Copy) bool {
	return slices.ContainsFunc(k.rows[r.msgid], func(o row) bool { return o.item != r.item && slices.Contains(c.Traces, o.item) })
}

// saw says whether r's own item was seen at the place of a copy.
func (k kin) saw(r row, c exchange.Copy) bool {
	return slices.ContainsFunc(append([]row{r}, k.rows[r.msgid]...), func(o row) bool { return o.item == r.item && samePlace(o.place, c.Place) })
}

// samePlace compares places; an id that stays over moves is enough.
func samePlace(a, b exchange.Place) bool {
	return a == b && a.Known() || a.ID != "" && a.ID == b.ID && a.Way == b.Way
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
// folder where it should be. An item that was seen once is somewhere: it takes a copy wherever that
// lies, and best one that lies where r's does not, before r may have what is left. One that may not
// be there takes only what lies in its own folder and not in r's.
func (k kin) without(ctx context.Context, r row, other []row, where exchange.Folder, own []exchange.Copy) []exchange.Copy {
	newest := standing(other)
	apart := func(c exchange.Copy) bool { return !lies(c, where) }
	theirs, err := k.s.remoteFolder(ctx, r.mailbox, newest.target())
	there := func(c exchange.Copy) bool { return err == nil && lies(c, theirs) }
	rules := []func(exchange.Copy) bool{
		func(c exchange.Copy) bool { return newest.mark != "" && slices.Contains(c.Traces, newest.mark) },
		func(c exchange.Copy) bool {
			return slices.ContainsFunc(other, func(o row) bool { return samePlace(o.place, c.Place) })
		},
		func(c exchange.Copy) bool { return newest.mark == "" && there(c) && apart(c) },
	}
	seen := slices.ContainsFunc(other, func(o row) bool { return o.state == Verified })
	gone := slices.ContainsFunc(other, func(o row) bool { return o.note == Gone })
	if k.steady && seen && !gone && newest.mark == "" {
		rules = append(rules, there, apart, func(exchange.Copy) bool { return true })
	}
	for _, is := range rules {
		if i := slices.IndexFunc(own, is); i >= 0 {
			return slices.Delete(own, i, i+1)
		}
	}
	return own
}

// standing is the row that says where an item lies: the last that brought or moved it, as far as its
// rows may have been told. What comes after an unsettled row has not happened.
func standing(item []row) (newest row) {
	newest = item[0]
	for _, r := range item {
		if !r.op.marks() && (r.state != Waiting || r.seq == newest.seq) {
			newest = r
		}
		if r.state != Verified {
			break
		}
	}
	return newest
}
