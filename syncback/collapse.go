package syncback

import (
	"holdover/database"
	"holdover/mailstore"
)

// enter writes planned rows into the ledger, collapsing what waits (L7): state changes of one
// item to the last state, draft saves to the last version, and a draft that comes and goes
// before it was given back to nothing. Only rows still waiting are touched: what was tried stays.
func (s *Syncback) enter(tx *database.Tx, rows []row) error {
	for _, r := range rows {
		err := inherit(tx, &r)
		if err != nil {
			return err
		}
		switch r.op {
		case flags, categories, move:
			err = enterState(tx, r)
		case draft:
			err = enterDraft(tx, r)
		case erase:
			err = enterErase(tx, r)
		case rename:
			err = enterRename(tx, r)
		case discard:
			err = enterDiscard(tx, r)
		default:
			err = insert(tx, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// inherit takes what identifies the item from an earlier row, when the store cannot say any more.
func inherit(tx *database.Tx, r *row) error {
	if r.msgid != "" || r.op.places() {
		return nil
	}
	earlier, err := query(tx, `WHERE mailbox=? AND item=? AND msgid<>'' ORDER BY seq LIMIT 1`, string(r.mailbox), r.item)
	if err == nil && len(earlier) > 0 {
		r.msgid, r.mark = earlier[0].msgid, earlier[0].mark
	}
	return err
}

// waitingRow finds the waiting row of an item and operation that a new one can join.
func waitingRow(tx *database.Tx, r row, op operation) (*row, error) { return rowIn(tx, r, op, Waiting) }

func rowIn(tx *database.Tx, r row, op operation, state State) (*row, error) {
	found, err := query(tx, `WHERE mailbox=? AND item=? AND op=? AND state=? AND kind<>'refilled' ORDER BY seq DESC LIMIT 1`, string(r.mailbox), r.item, string(op), string(state))
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return &found[0], nil
}

// join puts a newer wish into a waiting row; its place in the order stays.
func join(tx *database.Tx, was, r row) (bool, error) {
	if was.detail.From != "" {
		r.detail.From = was.detail.From // where it lay before all of this
	}
	if was.detail.Was != nil {
		r.detail.Was = was.detail.Was // and how it was marked
	}
	if r.op == categories {
		r.detail.Had = was.detail.Had // and what it was called
	}
	if r.msgid == "" {
		r.msgid = was.msgid
	}
	if r.mark == "" {
		r.mark = was.mark
	}
	result, err := tx.Exec(`UPDATE syncback_item SET op=?, kind=?, detail=?, at=?, msgid=?, mark=?, state='waiting', fence=fence+1 WHERE mailbox=? AND seq=? AND state=? AND fence=?`,
		string(r.op), string(r.kind), encode(r.detail), r.at, r.msgid, r.mark, string(was.mailbox), int64(was.seq), string(was.state), was.fence)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// enterState joins a flag or move row that waits, else makes a row. A row that was tried before is left
// as it is: its first try may have taken effect, and what Exchange shows then would be taken for
// somebody else's doing if it were compared with another wish.
func enterState(tx *database.Tx, r row) error {
	was, err := waitingRow(tx, r, r.op)
	if err != nil {
		return err
	}
	if was != nil && was.attempts == 0 {
		if joined, err := join(tx, *was, r); err != nil || joined {
			return err
		}
	}
	if r.op == categories {
		if joined, err := revive(tx, r); err != nil || joined {
			return err
		}
	}
	return insert(tx, r)
}

// revive puts a newer wish into a row of categories that was parked, and lets it be tried again: nothing of
// it has taken effect, and told after the new one it would bring back what that took off.
func revive(tx *database.Tx, r row) (bool, error) {
	was, err := rowIn(tx, r, r.op, Parked)
	if err != nil || was == nil {
		return false, err
	}
	joined, err := join(tx, *was, r)
	if err == nil && joined {
		_, err = tx.Exec(`UPDATE syncback_item SET attempts=0, unsuited='', words='', remedy='', next=0, changed=? WHERE mailbox=? AND seq=?`, r.changed, string(was.mailbox), int64(was.seq))
	}
	return joined, err
}

// enterDraft joins a version that waits, or turns a farewell that waits (undo) into a version.
func enterDraft(tx *database.Tx, r row) error {
	for _, op := range []operation{draft, erase} {
		was, err := waitingRow(tx, r, op)
		if err != nil {
			return err
		}
		if was != nil {
			if joined, err := join(tx, *was, r); err != nil || joined {
				return err
			}
		}
	}
	return insert(tx, r)
}

// enterErase lets a draft that was never given back vanish; Exchange is told of the others.
func enterErase(tx *database.Tx, r row) error {
	result, err := tx.Exec(`DELETE FROM syncback_item WHERE mailbox=? AND item=? AND op='draft' AND state='waiting' AND attempts=0`, string(r.mailbox), r.item)
	if err != nil {
		return err
	}
	gone, err := result.RowsAffected()
	if err != nil {
		return err
	}
	told, err := query(tx, `WHERE mailbox=? AND item=? AND op='draft' LIMIT 1`, string(r.mailbox), r.item)
	if err != nil {
		return err
	}
	if gone > 0 && len(told) == 0 {
		return nil
	}
	if r.msgid == "" && len(told) > 0 {
		r.msgid = told[0].msgid
	}
	r.detail.From = mailstore.Drafts
	return insert(tx, r)
}
