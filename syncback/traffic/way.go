// Package traffic is about the ways into Exchange: what each speaks and carries, where it leads, which of
// them work at the moment, and how much they may carry. It knows no ledger and no store: what has to go,
// and in which order, is package syncback's.
package traffic

import (
	"context"
	"fmt"

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

// Delivers says whether it hands messages to Exchange's transport; the others open mailboxes.
func (p Protocol) Delivers() bool { return p == SMTP || p == Internal }

// Categorises says whether it carries categories: Exchange's IMAP does not.
func (p Protocol) Categorises() bool { return p == EWS || p == Graph }

func (p Protocol) String() string {
	return map[Protocol]string{SMTP: "SMTP", Internal: "connector for internal mail", IMAP: "IMAP", EWS: "EWS", Graph: "Graph"}[p]
}

// Location is where a mailbox lies. "" is not known.
type Location string

const (
	OnPremises Location = "on-premises"
	Online     Location = "online"
)

// Deliverer hands mail to Exchange; *exchange.SMTP.
type Deliverer interface {
	Deliver(ctx context.Context, from string, to []string, octets []byte) (words string, err error)
}

// Mailboxes reads and changes mailboxes in Exchange; *exchange.IMAP, *exchange.EWS, *exchange.Graph.
type Mailboxes interface {
	Find(ctx context.Context, mailbox string, q exchange.Query) ([]exchange.Copy, error)
	Append(ctx context.Context, mailbox string, to exchange.Folder, item exchange.Item) (exchange.Place, error)
	SetFlags(ctx context.Context, mailbox string, at exchange.Place, flags exchange.Flags) (exchange.Flags, error)
	SetCategories(ctx context.Context, mailbox string, at exchange.Place, change email.CategoryChange) (email.Categories, error)
	Move(ctx context.Context, mailbox string, at exchange.Place, to exchange.Folder) error
	Remove(ctx context.Context, mailbox string, at exchange.Place) error
	Create(ctx context.Context, mailbox string, f exchange.Folder) error
	Rename(ctx context.Context, mailbox string, f exchange.Folder, name string) error
	Discard(ctx context.Context, mailbox string, f exchange.Folder) (kept bool, err error)
}

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
	if w.Speaks.Delivers() && w.SMTP == nil || !w.Speaks.Delivers() && w.Mail == nil {
		return fmt.Errorf("sync-back: way %s has no connector", w.Name())
	}
	return nil
}

// Remote is one mailbox in Exchange over one way. The places it answers bear the way's name: they
// mean nothing to another.
type Remote struct {
	Way     *Way
	Address string
}

// Mailbox is the mailbox with this address over the way.
func (w *Way) Mailbox(address string) Remote { return Remote{Way: w, Address: address} }

// Find looks for messages.
func (b Remote) Find(ctx context.Context, q exchange.Query) ([]exchange.Copy, error) {
	copies, err := b.Way.Mail.Find(ctx, b.Address, q)
	for i := range copies {
		copies[i].Way = b.Way.Name()
	}
	return copies, err
}

// Append stores a message.
func (b Remote) Append(ctx context.Context, to exchange.Folder, item exchange.Item) (exchange.Place, error) {
	place, err := b.Way.Mail.Append(ctx, b.Address, to, item)
	return b.Way.Placed(place), err
}

// Placed notes on a place which way saw it.
func (w *Way) Placed(p exchange.Place) exchange.Place {
	if p != (exchange.Place{}) {
		p.Way = w.Name()
	}
	return p
}

// SetFlags makes a message's flags be as given and answers them as Exchange has them afterwards.
func (b Remote) SetFlags(ctx context.Context, at exchange.Place, flags exchange.Flags) (exchange.Flags, error) {
	return b.Way.Mail.SetFlags(ctx, b.Address, at, flags)
}

// SetCategories changes the categories of a message and answers what it has then.
func (b Remote) SetCategories(ctx context.Context, at exchange.Place, change email.CategoryChange) (email.Categories, error) {
	return b.Way.Mail.SetCategories(ctx, b.Address, at, change)
}

// Move moves a message into another folder.
func (b Remote) Move(ctx context.Context, at exchange.Place, to exchange.Folder) error {
	return b.Way.Mail.Move(ctx, b.Address, at, to)
}

// Remove takes a message away for good.
func (b Remote) Remove(ctx context.Context, at exchange.Place) error {
	return b.Way.Mail.Remove(ctx, b.Address, at)
}

// Create makes a folder.
func (b Remote) Create(ctx context.Context, f exchange.Folder) error {
	return b.Way.Mail.Create(ctx, b.Address, f)
}

// Rename names a folder anew.
func (b Remote) Rename(ctx context.Context, f exchange.Folder, name string) error {
	return b.Way.Mail.Rename(ctx, b.Address, f, name)
}

// Discard takes away an empty folder; kept says that it stayed.
func (b Remote) Discard(ctx context.Context, f exchange.Folder) (kept bool, err error) {
	return b.Way.Mail.Discard(ctx, b.Address, f)
}

// Knows says whether a place can be addressed over this way without looking for it first.
func (b Remote) Knows(p exchange.Place) bool { return p.Known() && p.Way == b.Way.Name() }
