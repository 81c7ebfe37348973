package syncback

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"holdover/database"
	"holdover/email"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// DryRun is what would go where if the gates opened now. It is made from the ledger and the store
// alone: nothing is asked of Exchange.
type DryRun struct {
	Items     int
	Mailboxes int
	Parked    int // need a person already, whatever opens
	Flows     []Flow
	Doubts    []Doubt // the first MostDoubts of them
	Doubtful  int     // items with a doubt
	Estimate  Estimate
}

// Flow is one kind of item over one way.
type Flow struct {
	Cargo            traffic.Cargo
	Way              string           // its name, "" when none is known yet
	Title            string           // for people
	At               traffic.Location // "" is not found out yet
	Items, Mailboxes int
	Octets           int64
}

// Doubt is an item that may not go smoothly, and why.
type Doubt struct {
	Line
	Way    string
	Reason string // one of the Doubt... words
	Detail string
}

// Reasons for doubt.
const (
	DoubtNoMailbox = "no-mailbox" // the directory has no address for it
	DoubtNoID      = "no-id"      // without a Message-ID nothing can be looked up in Exchange
	DoubtTooLarge  = "too-large"  // for every way of its path
	DoubtFolder    = "folder"     // a folder that must be there in Exchange, or is gone here
	DoubtGone      = "gone"       // the store has not got the message
	DoubtNoWay     = "no-way"     // every way has said that it cannot carry it
	DoubtNames     = "categories" // no way that is configured carries them
	DoubtUnfit     = "unfit"      // a check before the release would park it
)

// MostDoubts is how many doubts a dry run lists.
const MostDoubts = 500

// dryBatch is how many messages are read from the store at once.
const dryBatch = 200

// DryRun looks at what waits in the mailboxes for which covers is true. each is told of every item with
// its way and its first doubt, "" for none; nil is nobody. checks also lets the checks of a lockdown's
// release look at each message, which reads all of them.
func (s *Syncback) DryRun(ctx context.Context, covers func(email.MailboxID) bool, checks bool, each func(Doubt)) (d DryRun, err error) {
	boxes, err := s.waitingBoxes(ctx, covers)
	if err != nil {
		return d, err
	}
	flows := map[Flow]*Flow{}
	for _, m := range boxes {
		rows, err := s.waitingRows(ctx, m)
		if err != nil {
			return d, err
		}
		seen := map[Flow]bool{}
		for len(rows) > 0 {
			some := rows[:min(len(rows), dryBatch)]
			rows = rows[len(some):]
			sizes, err := s.sizes(ctx, m, some)
			if err != nil {
				return d, err
			}
			for _, r := range some {
				if r.state == Parked {
					d.Parked++
					continue
				}
				size, here := sizes[r.message()]
				if !r.op.gives() && r.op != draft {
					size = 0
				}
				way, doubt, err := s.foresee(ctx, r, size, here, checks)
				if err != nil {
					return d, err
				}
				d.Items++
				key := Flow{Cargo: r.cargo(), At: s.location(m)}
				if way != nil {
					key.Way, key.Title, key.At = way.Name(), way.Title(), way.At
				}
				if flows[key] == nil {
					flows[key] = &Flow{Cargo: key.Cargo, Way: key.Way, Title: key.Title, At: key.At}
				}
				flows[key].Items++
				flows[key].Octets += size
				if !seen[key] {
					seen[key] = true
					flows[key].Mailboxes++
				}
				d.note(r, key.Way, doubt, each)
			}
		}
	}
	d.Mailboxes = len(boxes)
	for _, f := range flows {
		d.Flows = append(d.Flows, *f)
	}
	slices.SortFunc(d.Flows, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(slices.Index(traffic.Cargos(), a.Cargo), slices.Index(traffic.Cargos(), b.Cargo)), cmp.Compare(a.At, b.At), cmp.Compare(a.Way, b.Way))
	})
	d.Estimate, err = s.Estimate(ctx, covers)
	return d, err
}

func (d *DryRun) note(r row, way string, doubt Doubt, each func(Doubt)) {
	doubt.Line, doubt.Way = r.line(), way
	if doubt.Reason != "" {
		if d.Doubtful++; len(d.Doubts) < MostDoubts {
			d.Doubts = append(d.Doubts, doubt)
		}
	}
	if each != nil {
		each(doubt)
	}
}

func (s *Syncback) waitingBoxes(ctx context.Context, covers func(email.MailboxID) bool) (boxes []email.MailboxID, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		boxes = nil
		return eachCount(tx, func(m email.MailboxID, _ State, _ int, _ int64) {
			if covers(m) {
				boxes = append(boxes, m)
			}
		}, `SELECT mailbox, '', COUNT(*), 0 FROM syncback_item WHERE state<>'verified' AND state<>'accepted' GROUP BY mailbox ORDER BY mailbox`)
	})
	return boxes, err
}

func (s *Syncback) waitingRows(ctx context.Context, m email.MailboxID) (rows []row, err error) {
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err = query(tx, `WHERE mailbox=? AND state<>'verified' AND state<>'accepted' ORDER BY seq`, string(m))
		return err
	})
	return rows, err
}

// sizes are the octets of the messages of some rows, as far as the store has them.
func (s *Syncback) sizes(ctx context.Context, m email.MailboxID, rows []row) (map[email.MessageID]int64, error) {
	var ids []email.MessageID
	for _, r := range rows {
		if !r.op.places() && !slices.Contains(ids, r.message()) {
			ids = append(ids, r.message())
		}
	}
	sizes := map[email.MessageID]int64{}
	messages, err := s.o.Store.Messages(ctx, m, ids)
	if err != nil {
		return nil, err
	}
	for _, message := range messages {
		sizes[message.ID] = message.Size
	}
	for _, id := range ids {
		if _, known := sizes[id]; known {
			continue
		}
		if message, err := s.o.Store.Kept(ctx, m, id); err == nil {
			sizes[id] = message.Size
		} else if !errors.Is(err, mailstore.ErrNotFound) {
			return nil, err
		}
	}
	return sizes, nil
}

// foresee answers by which way a row would go, and the first doubt about it.
func (s *Syncback) foresee(ctx context.Context, r row, size int64, here, checks bool) (*traffic.Way, Doubt, error) {
	ways, brings := s.suited(r), r.op.gives() || r.op == draft
	fitting := slices.Clone(ways)
	fitting = slices.DeleteFunc(fitting, func(w *traffic.Way) bool { return w.Largest > 0 && size > w.Largest })
	if r.op == categories {
		fitting = slices.DeleteFunc(fitting, func(w *traffic.Way) bool { return !w.Speaks.Categorises() })
	}
	var way *traffic.Way
	if len(fitting) > 0 {
		way = fitting[0]
	} else if len(ways) > 0 {
		way = ways[0]
	}
	box, known := s.o.Directory.Mailbox(r.mailbox)
	switch {
	case !known || box.Address == "":
		return way, Doubt{Reason: DoubtNoMailbox}, nil
	case len(ways) == 0 && s.location(r.mailbox) != "":
		return way, Doubt{Reason: DoubtNoWay, Detail: r.unsuited}, nil
	case r.op == categories && len(ways) > 0 && !slices.ContainsFunc(ways, func(w *traffic.Way) bool { return w.Speaks.Categorises() }):
		return way, Doubt{Reason: DoubtNames, Detail: way.Title()}, nil
	case brings && !here && r.op != draft: // a draft that is gone was sent or discarded
		return way, Doubt{Reason: DoubtGone}, nil
	case len(ways) > 0 && len(fitting) == 0 && r.op != categories:
		return way, Doubt{Reason: DoubtTooLarge, Detail: way.Title()}, nil
	case !r.op.places() && r.msgid == "":
		return way, Doubt{Reason: DoubtNoID}, nil
	}
	if name, doubt := s.folderDoubt(ctx, r); doubt {
		return way, Doubt{Reason: DoubtFolder, Detail: name}, nil
	}
	if checks && brings && here {
		raw, err := s.o.Store.Raw(ctx, r.mailbox, r.message())
		for _, c := range s.o.Checks {
			if err != nil {
				break
			}
			if why, failed := c.Look(ctx, raw); failed == nil && why != "" {
				return way, Doubt{Reason: DoubtUnfit, Detail: why}, nil
			}
		}
	}
	return way, Doubt{}, nil
}

// folderDoubt says whether a row needs a folder of a person's own that Exchange may not have: it was
// not made by us, or it is gone here.
func (s *Syncback) folderDoubt(ctx context.Context, r row) (name string, doubt bool) {
	if r.op != move && !r.op.gives() {
		return "", false
	}
	to, err := s.remoteFolder(ctx, r.mailbox, r.target())
	if err != nil {
		return string(r.target()), true
	}
	if to.Name == "" {
		return "", false
	}
	err = s.db.Read(ctx, func(tx *database.Tx) error {
		rows, err := query(tx, `WHERE mailbox=? AND item=? LIMIT 1`, string(r.mailbox), folderItem(r.target()))
		doubt = len(rows) == 0
		return err
	})
	return to.Name, doubt || err != nil
}

// Words of a doubt for the log and for lists that are read by programs.
func (d Doubt) String() string { return strings.TrimSpace(d.Reason + " " + d.Detail) }
