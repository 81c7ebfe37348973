package syncback

import (
	"context"
	"errors"
	"slices"

	"holdover/exchange"
	"holdover/mailstore"
)

// target is the folder where a row's effect shows.
func (r *row) target() mailstore.FolderID {
	switch {
	case r.op == deliver:
		return mailstore.Inbox
	case r.op == draft || r.op == erase:
		return mailstore.Drafts
	case r.detail.To == "":
		return mailstore.Inbox
	}
	return r.detail.To
}

// result is what a look-up says about one row.
type result struct {
	copies []exchange.Copy
	want   exchange.Folder // where it should be; zero: unknown
	wide   bool            // every folder was read
}

// findings are the results of a round, by the row's place in the log.
type findings map[mailstore.Seq]result

// findAll looks for all rows: in the folder where each should be, read once per folder, and in
// every folder for those that are not there. A missing folder proves nothing by itself.
func (s *Syncback) findAll(ctx context.Context, in finder, rows []row) (findings, error) {
	found := findings{}
	if len(rows) == 0 {
		return found, nil
	}
	kin, err := s.kinOf(ctx, rows[0].mailbox, rows)
	if err != nil {
		return nil, err
	}
	groups := map[exchange.Folder][]row{}
	var missing []row
	for _, r := range rows {
		if r.state == InDoubt && (!r.op.gives() || s.o.faults.noLookup) {
			continue // absolute: done again without a look
		}
		to, err := s.remoteFolder(ctx, r.mailbox, r.target())
		if err != nil || r.msgid == "" || kin.has(r) { // whose copy is whose shows only when all are seen
			found[r.seq] = result{want: to}
			missing = append(missing, r)
			continue
		}
		groups[to] = append(groups[to], r)
	}
	for to, group := range groups {
		copies, err := find(ctx, in, group, []exchange.Folder{to})
		if err != nil && !errors.Is(err, exchange.ErrNoFolder) {
			return nil, err
		}
		there := byID(copies)
		for _, r := range group {
			own := ownCopies(r, there[r.msgid])
			found[r.seq] = result{copies: own, want: to}
			if len(own) == 0 {
				missing = append(missing, r)
			}
		}
	}
	return found, s.findWide(ctx, in, kin, missing, found)
}

// findWide reads every folder for rows that are not where they should be.
func (s *Syncback) findWide(ctx context.Context, in finder, kin kin, missing []row, found findings) error {
	var worth []row
	for _, r := range missing {
		if r.msgid != "" && (r.state == InDoubt || r.looks >= wideFrom || kin.has(r)) {
			worth = append(worth, r)
		}
	}
	if len(worth) == 0 {
		return nil
	}
	copies, err := in.Find(ctx, exchange.Query{MessageIDs: idsOf(worth), Since: since(kin.all(worth))})
	if err != nil {
		return err
	}
	there := byID(copies)
	for _, r := range worth {
		own := kin.own(ctx, r, found[r.seq].want, there[r.msgid])
		found[r.seq] = result{copies: own, want: found[r.seq].want, wide: true}
	}
	return nil
}

func byID(copies []exchange.Copy) map[string][]exchange.Copy {
	by := map[string][]exchange.Copy{}
	for _, c := range copies {
		by[c.MessageID] = append(by[c.MessageID], c)
	}
	return by
}

// find asks for the Message-IDs of rows in some folders; nil is all.
func find(ctx context.Context, box finder, rows []row, in []exchange.Folder) ([]exchange.Copy, error) {
	return box.Find(ctx, exchange.Query{MessageIDs: idsOf(rows), Folders: in, Since: since(rows)})
}

// idsOf are the Message-IDs of rows, each once.
func idsOf(rows []row) (ids []string) {
	asked := map[string]bool{}
	for _, r := range rows {
		if r.msgid != "" && !asked[r.msgid] {
			asked[r.msgid] = true
			ids = append(ids, r.msgid)
		}
	}
	return ids
}

// copies finds one row's own copies in some folders.
func copies(ctx context.Context, r row, box finder, in []exchange.Folder) ([]exchange.Copy, error) {
	if r.msgid == "" {
		return nil, nil
	}
	found, err := find(ctx, box, []row{r}, in)
	return ownCopies(r, found), err
}

// ownCopies picks what is the row's message. The sent message bears the Message-ID of its draft, so
// a draft never counts as the message nor the message as its draft. Mail that carries our Received
// line is known by it: another mail may have the same Message-ID (L1).
func ownCopies(r row, copies []exchange.Copy) []exchange.Copy {
	var own []exchange.Copy
	for _, c := range copies {
		isDraft := c.Flags.Draft || c.Role == exchange.Drafts
		if c.MessageID != r.msgid || isDraft != (r.op == draft || r.op == erase) {
			continue
		}
		if r.mark != "" && !slices.Contains(c.Traces, r.mark) || r.steps.keeps(c.Place) {
			continue
		}
		own = append(own, c)
	}
	return own
}
