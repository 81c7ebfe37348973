package mta

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"holdover/directory"
	"holdover/email"
	"holdover/mailstore"
)

const askTime = 30 * time.Second

type mailID = email.MessageID

// envelope is one transaction's sender and recipients (RFC 5321, 2.3.1).
type envelope struct {
	open    bool
	from    string
	inside  []mailstore.Recipient // each mailbox once for each of its addresses given; the store makes one message
	outside []string              // each address once
}

// addRecipient decides about one RCPT.
func (s *session) addRecipient(to string) error {
	local, domain, err := cutPath(to)
	if err != nil {
		return err
	}
	if strings.EqualFold(local, "postmaster") && (strings.EqualFold(domain, s.in.o.Host) || s.in.o.Directory.Local(to)) {
		return s.addPostmaster(to)
	}
	if !s.in.o.Directory.Local(to) {
		return s.addOutside(to)
	}
	target, err := s.in.o.Directory.Resolve(to)
	if errors.Is(err, directory.ErrUnknown) {
		return s.unknown(to, local)
	}
	if err != nil {
		return err
	}
	return s.addTarget(to, target)
}

// addPostmaster finds whoever reads postmaster's mail, which must not be refused (RFC 5321, 4.5.1).
func (s *session) addPostmaster(to string) error {
	for _, address := range []string{to, s.in.o.Postmaster} {
		if address == "" {
			continue
		}
		if target, err := s.in.o.Directory.Resolve(address); err == nil {
			return s.addTarget(to, target)
		} else if !errors.Is(err, directory.ErrUnknown) {
			return err
		}
	}
	s.in.log.Error("nobody reads postmaster's mail: name an address of a mailbox as postmaster in the configuration")
	return refuse(450, 4, 1, 1, "postmaster has no mailbox here yet, try later")
}

// addOutside relays for the peers that an administrator named, and for nobody else.
func (s *session) addOutside(to string) error {
	peer := peerOf(s.wire.Conn)
	trusted := slices.ContainsFunc(s.in.o.Trusted, func(p netip.Prefix) bool { return p.Contains(peer) })
	if !trusted {
		return refuse(550, 5, 7, 1, "this server does not relay")
	}
	s.addAddress(to)
	return nil
}

// unknown answers for an address that the directory lacks (L15).
func (s *session) unknown(to, local string) error {
	if routed(local) {
		return refuse(550, 5, 7, 1, "this server does not relay")
	}
	if s.in.o.Directory.Final() {
		return directory.ErrUnknown
	}
	if s.in.o.Asker == nil {
		return refuse(450, 4, 1, 1, "this address cannot be checked now, try later")
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	known, err := s.in.o.Asker.Known(ctx, to)
	switch {
	case err != nil:
		return refuse(450, 4, 1, 1, "this address cannot be checked now, try later")
	case known: // its mailbox comes with the next synchronisation of the directory
		return refuse(450, 4, 1, 1, "this address is not ready here, try later")
	}
	return directory.ErrUnknown
}

// addTarget takes a mailbox, or each member of a group.
func (s *session) addTarget(to string, t directory.Target) error {
	var outside []string
	if t.Group != nil {
		outside = t.Group.Outside
	}
	if len(t.Mailboxes)+len(outside) == 0 {
		return refuse(450, 4, 2, 4, "this group has no members now, try later")
	}
	for _, m := range t.Mailboxes {
		if r := (mailstore.Recipient{Mailbox: m.ID, Address: to}); !slices.Contains(s.inside, r) {
			s.inside = append(s.inside, r)
		}
	}
	for _, address := range outside {
		s.addAddress(address)
	}
	return nil
}

func (s *session) addAddress(to string) {
	if !slices.ContainsFunc(s.outside, func(have string) bool { return strings.EqualFold(have, to) }) {
		s.outside = append(s.outside, to)
	}
}

// sender is the mailbox that gets reports about mail relayed for it, "" for a sender from outside:
// strangers are never sent a bounce (X8).
func (s *session) sender() email.MailboxID {
	if s.from == "" {
		return ""
	}
	t, err := s.in.o.Directory.Resolve(s.from)
	if err != nil || t.Group != nil || len(t.Mailboxes) != 1 {
		return ""
	}
	return t.Mailboxes[0].ID
}
