package syncback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/email"
	"holdover/exchange"
	"holdover/mailstore"
	"holdover/syncback/traffic"
)

// told is what a successful call brought.
type told struct {
	words  string
	place  exchange.Place
	octets int    // that went over the way
	seen   bool   // the call itself saw the effect: nothing is left to look for
	base   *sight // what it saw of the message, nil nothing
	steps  *steps // how far it came, nil: it takes one step
	note   Note
}

// errMissing says that the store cannot give what is to be told.
var errMissing = errors.New("the store has not got the message")

// errNoWay says that the way chosen for a row is not configured any more; nothing was told.
var errNoWay = errors.New("the way is not configured any more")

// tell makes the one call of a claimed row. It is cut when its time is over, well before the
// lease ends, and when a lockdown closes the mailbox.
func (s *Syncback) tell(ctx context.Context, r row) (result told, err error) {
	address, err := s.address(r.mailbox)
	if err != nil {
		return told{}, err
	}
	ctx, cancel, err := s.within(ctx, r)
	if err != nil {
		return told{}, err
	}
	defer cancel()
	w := s.way(r.way)
	if w == nil {
		return told{}, errNoWay
	}
	box := w.Mailbox(address)
	if err := s.tidy(ctx, &r, address); err != nil {
		return told{}, err
	}
	defer func() { result.steps = &r.steps }()
	switch r.op {
	case deliver, put:
		return s.tellMessage(ctx, &r, box)
	case draft:
		return s.tellDraft(ctx, &r, box)
	case erase:
		return s.tellErasure(ctx, r, box)
	case flags:
		return s.tellFlags(ctx, r, box)
	case categories:
		return s.tellCategories(ctx, r, box)
	case move:
		return s.tellMove(ctx, r, box)
	case folder:
		return s.tellFolder(ctx, r, box)
	case rename:
		return s.tellRename(ctx, r, box)
	case discard:
		return s.tellDiscard(ctx, r, box)
	}
	return told{}, fmt.Errorf("unknown operation %q", r.op)
}

// address names the mailbox in Exchange.
func (s *Syncback) address(m email.MailboxID) (string, error) {
	box, ok := s.o.Directory.Mailbox(m)
	if !ok || box.Address == "" {
		return "", &exchange.Failure{Kind: exchange.ErrRefused, Op: "directory", Words: "the directory has no address for this mailbox",
			Remedy: "Put the mailbox back into the directory, then retry."}
	}
	return box.Address, nil
}

// within bounds the call of a claimed row, so that it is over well before the lease is. Who was
// frozen since the claim must not start now: the row may be another's already (X4).
func (s *Syncback) within(ctx context.Context, r row) (context.Context, context.CancelFunc, error) {
	left := s.o.Call
	if r.lease != 0 {
		left = min(left, fromMillis(r.lease).Sub(s.now())-(s.o.Lease-s.o.Call))
	}
	if left <= 0 {
		return nil, nil, &exchange.Failure{Kind: exchange.ErrTemporary, Op: "lease", Words: "the claim was too old to begin"}
	}
	ctx, cancel := context.WithTimeout(ctx, left)
	return ctx, cancel, nil
}

// tellMessage brings a message itself: by SMTP with its original envelope sender and the received
// octets, so that Exchange's rules run; else it is put into its folder.
func (s *Syncback) tellMessage(ctx context.Context, r *row, box traffic.Remote) (told, error) {
	if box.Way.Speaks.Delivers() {
		raw, err := s.octets(ctx, *r)
		if err != nil {
			return told{}, err
		}
		words, err := box.Way.SMTP.Deliver(ctx, r.detail.Sender, []string{box.Address}, raw)
		return told{words: words, octets: len(raw)}, err
	}
	if r.kind == mailstore.Refilled {
		there, err := s.refilled(ctx, *r, box)
		if err != nil {
			return told{}, err
		}
		if there != nil {
			return told{seen: true, place: there.Place, base: sightOf(*there), words: "was there already"}, nil
		}
	}
	copied, err := s.copyOf(ctx, *r)
	if err != nil {
		return told{}, err
	}
	copied.Item.Note = s.aside(ctx, r)
	place, err := box.Append(ctx, copied.To, copied.Item)
	if made, madeErr := remake(ctx, box, copied.To, err); made {
		place, err = box.Append(ctx, copied.To, copied.Item)
	} else if madeErr != nil {
		err = madeErr
	}
	return told{place: place, words: "appended", octets: len(copied.Item.Octets)}, err
}

// copyOf is the message of a row as it is put into a folder of Exchange: a colleague's mail into the
// Inbox, unread, the sent copy into Sent, read; by the way of outside mail they would be marked as
// such, or sent again. Mail from outside is put so only where the configuration prefers received
// dates, and then as it was received.
func (s *Syncback) copyOf(ctx context.Context, r row) (exchange.Put, error) {
	raw, err := s.octets(ctx, r)
	if err != nil {
		return exchange.Put{}, err
	}
	if r.op == deliver {
		return exchange.Put{To: exchange.Folder{Role: exchange.Inbox}, Item: exchange.Item{Octets: raw, Date: fromMillis(r.detail.Date), Others: true}}, nil
	}
	to, err := s.remoteFolder(ctx, r.mailbox, r.detail.To)
	if err != nil {
		return exchange.Put{}, err
	}
	item := exchange.Item{Octets: email.WithoutDraftState(raw), Date: fromMillis(r.detail.Date), Others: r.detail.Others, Categories: r.detail.Categories}
	if r.detail.Flags != nil {
		item.Flags = remoteFlags(*r.detail.Flags)
	}
	return exchange.Put{To: to, Item: item}, nil
}

func missing(err error) error {
	return fmt.Errorf("%w: %w", errMissing, err)
}

// remoteFolder translates a folder of the store.
func (s *Syncback) remoteFolder(ctx context.Context, m email.MailboxID, id mailstore.FolderID) (exchange.Folder, error) {
	switch id {
	case mailstore.Inbox, mailstore.Drafts, mailstore.Sent, mailstore.Archive, mailstore.Trash, mailstore.Junk:
		return exchange.Folder{Role: exchange.Role(id)}, nil
	}
	return s.madeFolder(ctx, m, id)
}

func remoteFlags(f mailstore.Flags) exchange.Flags {
	return exchange.Flags{Seen: f.Seen, Flagged: f.Flagged, Answered: f.Answered}
}

// begin and end keep the calls under way, so that a lockdown can cut them.
func (s *Syncback) begin(m email.MailboxID, cancel context.CancelFunc) {
	s.mu.Lock()
	s.calls[m] = cancel
	s.mu.Unlock()
	if s.locked(context.Background(), m) { // it came between the claim and here
		cancel()
	}
}

func (s *Syncback) end(m email.MailboxID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, m)
}

// cut ends the calls of mailboxes that a lockdown covers.
func (s *Syncback) cut(ctx context.Context) {
	s.mu.Lock()
	var under []email.MailboxID
	for m := range s.calls {
		under = append(under, m)
	}
	s.mu.Unlock()
	for _, m := range under {
		if !s.locked(ctx, m) {
			continue
		}
		s.mu.Lock()
		if cancel := s.calls[m]; cancel != nil {
			cancel()
		}
		s.mu.Unlock()
	}
	s.cutFlights(ctx)
}

// since is how far back Exchange's copies of a row can lie: its own date of an appended copy is
// the message's, that of a delivered one is later. A day and more is left for clocks. Versions of a
// draft may be of any age.
func since(rows []row) time.Time {
	var oldest int64
	for _, r := range rows {
		if r.op == draft || r.op == erase {
			return time.Time{}
		}
		for _, at := range []int64{r.at, r.detail.Date} {
			if at != 0 && (oldest == 0 || at < oldest) {
				oldest = at
			}
		}
	}
	return fromMillis(oldest).AddDate(0, 0, -2)
}
