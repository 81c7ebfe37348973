package syncback

import (
	"context"
	"errors"
	"fmt"
	"time"

	"holdover/email"
	"holdover/exchange"
)

// Protocol is what a way speaks.
type Protocol string

const (
	SMTP     Protocol = "smtp"     // Receive or Partner connector, for mail from outside
	Internal Protocol = "internal" // SMTP to an authenticated connector used for nothing else: what goes in there is internal mail
	IMAP     Protocol = "imap"
	EWS      Protocol = "ews"
	Graph    Protocol = "graph"
)

// Protocols are all of them.
func Protocols() []Protocol { return []Protocol{SMTP, Internal, IMAP, EWS, Graph} }

// delivers says whether it hands messages to Exchange's transport; the others open mailboxes.
func (p Protocol) delivers() bool { return p == SMTP || p == Internal }

// names says whether it carries categories: Exchange's IMAP does not.
func (p Protocol) names() bool { return p == EWS || p == Graph }

func (p Protocol) String() string {
	return map[Protocol]string{SMTP: "SMTP", Internal: "connector for internal mail", IMAP: "IMAP", EWS: "EWS", Graph: "Graph"}[p]
}

// Location is where a mailbox lies. "" is not known.
type Location string

const (
	OnPremises Location = "on-premises"
	Online     Location = "online"
)

// Way is one way into Exchange: a connector, what it speaks, and which side it leads to.
type Way struct {
	Speaks Protocol
	At     Location  // of the mailboxes it opens; for SMTP of the connector
	SMTP   Deliverer // of SMTP and Internal
	Mail   Mailboxes // of IMAP, EWS and Graph

	Largest int64 // octets of a message that it carries, as far as is known before it is asked; 0 unknown
}

// Name is the way's name in the ledger and in configuration, e.g. "imap" or "imap@online".
func (w *Way) Name() string {
	if w.At == Online && w.Speaks != Graph {
		return string(w.Speaks) + "@online"
	}
	return string(w.Speaks)
}

// Title is the way's name for people.
func (w *Way) Title() string {
	if w.At == Online && w.Speaks != Graph {
		return w.Speaks.String() + " (Online)"
	}
	return w.Speaks.String()
}

func (w *Way) prove() error {
	if w.Speaks.String() == "" || w.At != OnPremises && w.At != Online {
		return fmt.Errorf("sync-back: no such way: %q at %q", string(w.Speaks), w.At)
	}
	if w.Speaks.delivers() && w.SMTP == nil || !w.Speaks.delivers() && w.Mail == nil {
		return fmt.Errorf("sync-back: way %s has no connector", w.Name())
	}
	return nil
}

// remote is one mailbox in Exchange over one way. The places it answers bear the way's name: they
// mean nothing to another.
type remote struct {
	way     *Way
	address string
}

// finder looks for messages in one mailbox.
type finder interface {
	Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error)
}

func (b remote) Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error) {
	copies, err := b.way.Mail.Find(ctx, b.address, q)
	for i := range copies {
		copies[i].Way = b.way.Name()
	}
	return copies, err
}

func (b remote) Append(ctx context.Context, to exchange.Folder, item exchange.Item) (exchange.Place, error) {
	place, err := b.way.Mail.Append(ctx, b.address, to, item)
	return b.way.placed(place), err
}

// placed notes on a place which way saw it.
func (w *Way) placed(p exchange.Place) exchange.Place {
	if p != (exchange.Place{}) {
		p.Way = w.Name()
	}
	return p
}

func (b remote) SetFlags(ctx context.Context, at exchange.Place, flags exchange.Flags) (exchange.Flags, error) {
	return b.way.Mail.SetFlags(ctx, b.address, at, flags)
}

func (b remote) SetCategories(ctx context.Context, at exchange.Place, change email.CategoryChange) (email.Categories, error) {
	return b.way.Mail.SetCategories(ctx, b.address, at, change)
}

func (b remote) Move(ctx context.Context, at exchange.Place, to exchange.Folder) error {
	return b.way.Mail.Move(ctx, b.address, at, to)
}

func (b remote) Remove(ctx context.Context, at exchange.Place) error {
	return b.way.Mail.Remove(ctx, b.address, at)
}

func (b remote) Create(ctx context.Context, f exchange.Folder) error {
	return b.way.Mail.Create(ctx, b.address, f)
}

func (b remote) Rename(ctx context.Context, f exchange.Folder, name string) error {
	return b.way.Mail.Rename(ctx, b.address, f, name)
}

func (b remote) Discard(ctx context.Context, f exchange.Folder) (kept bool, err error) {
	return b.way.Mail.Discard(ctx, b.address, f)
}

// knows says whether a place can be addressed over this way without looking for it first.
func (b remote) knows(p exchange.Place) bool { return p.Known() && p.Way == b.way.Name() }

// anyWay looks for messages of a mailbox over the first of its ways that answers. Looking changes
// nothing, so every way may be asked, also for what another one left in doubt.
type anyWay struct {
	s       *Syncback
	mailbox email.MailboxID
	address string
}

func (a anyWay) Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error) {
	var failed error
	for _, w := range a.s.lookWays(a.mailbox) {
		copies, err := remote{w, a.address}.Find(ctx, q)
		if err == nil {
			a.s.routes.well(w, a.mailbox)
			return copies, nil
		}
		if errors.Is(err, exchange.ErrNoFolder) || ctx.Err() != nil {
			return nil, err
		}
		a.s.missed(w, a.mailbox, err)
		if errors.Is(err, exchange.ErrThrottled) || errors.Is(err, exchange.ErrElsewhere) {
			return nil, err
		}
		failed = errors.Join(failed, err)
	}
	if failed == nil {
		failed = &exchange.Failure{Kind: exchange.ErrUnreachable, Op: "look", Words: "no way into the mailbox works now"}
	}
	return nil, failed
}

// missed notes a look-up that failed: over a way as a whole, over it for this mailbox, or because
// the mailbox asks for patience. Nothing is proven by it.
func (s *Syncback) missed(w *Way, m email.MailboxID, err error) {
	var f *exchange.Failure
	if !errors.As(err, &f) {
		f = &exchange.Failure{}
	}
	now, words := s.now(), wordsOf(err)
	switch {
	case errors.Is(err, exchange.ErrUnreachable):
		s.routes.ail(w, now, words, f.Remedy)
	case errors.Is(err, exchange.ErrRoute): // somebody else answers there
		s.routes.stop(w, now, words, f.Remedy)
	case errors.Is(err, exchange.ErrElsewhere):
		s.misplaced(m)
	case errors.Is(err, exchange.ErrLogin):
		s.routes.rest(w, m, now, f.After, words, f.Remedy)
	case errors.Is(err, exchange.ErrThrottled):
		s.pace.pause(m, now.Add(max(f.After, 10*time.Second)), words)
	}
}
